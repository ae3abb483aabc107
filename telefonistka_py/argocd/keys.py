"""The fields of Kubernetes' own kinds: which lists are told apart by which key, what is a quantity, what is filled in.

Taken from https://kubernetes.io/docs/reference/kubernetes-api/ and the OpenAPI description behind it. A kind that is
not named here is taken for a custom resource: plain maps, and lists that are replaced as a whole
(https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes).
"""

from collections.abc import Mapping

from telefonistka_py.argocd import pods
from telefonistka_py.argocd.pods import METADATA, QUANTITIES, QUANTITY, SELECTOR, WORDS
from telefonistka_py.argocd.shapes import OPAQUE, PLAIN, Shape, default, keyed, listed, struct

_STRATEGY = Shape(
    {
        "type": default("RollingUpdate"),
        "rollingUpdate": struct(maxSurge=default("25%"), maxUnavailable=default("25%")),
    },
    retain=True,
    empty_is_absent=True,
)
_JOB_SPEC = struct(
    template=pods.template(pods.JOB_POD_SPEC),
    selector=SELECTOR,
    parallelism=default(1),
    completions=PLAIN,
    backoffLimit=default(6),
    completionMode=default("NonIndexed"),
    suspend=default(False),
)
_CLAIM = struct(
    apiVersion=default("v1"),
    kind=default("PersistentVolumeClaim"),
    metadata=pods.TEMPLATE_METADATA,
    spec=pods.CLAIM_SPEC,
    status=Shape({"phase": default("Pending")}, empty_is_absent=True),
)
_METRIC = struct(
    **dict.fromkeys(
        ("resource", "containerResource", "pods", "object", "external"),
        struct(target=struct(value=QUANTITY, averageValue=QUANTITY), metric=struct(selector=SELECTOR)),
    )
)
_LIMIT = struct(
    max=QUANTITIES, min=QUANTITIES, default=QUANTITIES, defaultRequest=QUANTITIES, maxLimitRequestRatio=QUANTITIES
)
_PEERS = listed(struct(podSelector=SELECTOR, namespaceSelector=SELECTOR))
_NETWORK_PORTS = listed(struct(protocol=default("TCP")))
_SUBJECTS = listed(struct(apiGroup=default("rbac.authorization.k8s.io")))
_BINDING = struct(subjects=_SUBJECTS, roleRef=struct(apiGroup=default("rbac.authorization.k8s.io")))
_DATA = struct(data=WORDS, binaryData=WORDS)
_WEBHOOK = struct(
    namespaceSelector=SELECTOR,
    objectSelector=SELECTOR,
    matchConditions=keyed("name"),
    clientConfig=struct(service=struct(port=default(443))),
    rules=listed(struct(scope=default("*"))),
    timeoutSeconds=default(10),
    failurePolicy=default("Fail"),
    matchPolicy=default("Equivalent"),
    reinvocationPolicy=default("Never"),
)
_WEBHOOKS = struct(webhooks=keyed("name", entry=_WEBHOOK))
_ADMISSION = struct(spec=struct(matchConditions=keyed("name"), variables=keyed("name")))

_KINDS: Mapping[tuple[str, str], Shape] = {
    ("", "Pod"): struct(spec=pods.SPEC),
    ("", "PodTemplate"): struct(template=pods.template()),
    ("", "ReplicationController"): struct(spec=struct(template=pods.template(), replicas=default(1))),
    ("", "Service"): struct(
        spec=struct(
            ports=keyed("port", "protocol", entry=struct(protocol=default("TCP"))),
            selector=WORDS,
            type=default("ClusterIP"),
            sessionAffinity=default("None"),
            internalTrafficPolicy=default("Cluster"),
        )
    ),
    ("", "ConfigMap"): _DATA,
    ("", "Secret"): Shape({"data": WORDS, "type": default("Opaque")}),
    ("", "ServiceAccount"): struct(secrets=keyed("name")),
    ("", "Namespace"): PLAIN,
    ("", "Endpoints"): PLAIN,
    ("", "PersistentVolume"): struct(
        spec=struct(
            capacity=QUANTITIES,
            volumeMode=default("Filesystem"),
            persistentVolumeReclaimPolicy=default("Retain"),
        )
    ),
    ("", "PersistentVolumeClaim"): struct(spec=pods.CLAIM_SPEC),
    ("", "ResourceQuota"): struct(spec=struct(hard=QUANTITIES)),
    ("", "LimitRange"): struct(spec=struct(limits=listed(_LIMIT))),
    ("apps", "Deployment"): struct(
        spec=struct(
            template=pods.template(),
            selector=SELECTOR,
            strategy=_STRATEGY,
            replicas=default(1),
            revisionHistoryLimit=default(10),
            progressDeadlineSeconds=default(600),
        )
    ),
    ("apps", "ReplicaSet"): struct(spec=struct(template=pods.template(), selector=SELECTOR, replicas=default(1))),
    ("apps", "StatefulSet"): struct(
        spec=struct(
            template=pods.template(),
            selector=SELECTOR,
            volumeClaimTemplates=listed(_CLAIM),
            updateStrategy=Shape(
                {"type": default("RollingUpdate"), "rollingUpdate": struct(partition=default(0))}, empty_is_absent=True
            ),
            podManagementPolicy=default("OrderedReady"),
            replicas=default(1),
            revisionHistoryLimit=default(10),
            persistentVolumeClaimRetentionPolicy=struct(whenDeleted=default("Retain"), whenScaled=default("Retain")),
        )
    ),
    ("apps", "DaemonSet"): struct(
        spec=struct(
            template=pods.template(),
            selector=SELECTOR,
            updateStrategy=Shape(
                {
                    "type": default("RollingUpdate"),
                    "rollingUpdate": struct(maxSurge=default(0), maxUnavailable=default(1)),
                },
                empty_is_absent=True,
            ),
            revisionHistoryLimit=default(10),
        )
    ),
    ("batch", "Job"): struct(spec=_JOB_SPEC),
    ("batch", "CronJob"): struct(
        spec=struct(
            jobTemplate=struct(metadata=pods.TEMPLATE_METADATA, spec=_JOB_SPEC),
            concurrencyPolicy=default("Allow"),
            suspend=default(False),
            successfulJobsHistoryLimit=default(3),
            failedJobsHistoryLimit=default(1),
        )
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): struct(spec=struct(metrics=listed(_METRIC), minReplicas=default(1))),
    ("networking.k8s.io", "Ingress"): PLAIN,
    ("networking.k8s.io", "IngressClass"): PLAIN,
    ("networking.k8s.io", "NetworkPolicy"): struct(
        spec=struct(
            podSelector=SELECTOR,
            ingress=listed(Shape({"from": _PEERS, "ports": _NETWORK_PORTS})),
            egress=listed(struct(to=_PEERS, ports=_NETWORK_PORTS)),
        )
    ),
    ("policy", "PodDisruptionBudget"): struct(spec=struct(selector=SELECTOR)),
    ("rbac.authorization.k8s.io", "Role"): PLAIN,
    ("rbac.authorization.k8s.io", "ClusterRole"): PLAIN,
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("scheduling.k8s.io", "PriorityClass"): struct(preemptionPolicy=default("PreemptLowerPriority")),
    ("storage.k8s.io", "StorageClass"): struct(
        reclaimPolicy=default("Delete"), volumeBindingMode=default("Immediate"), parameters=WORDS
    ),
    ("storage.k8s.io", "CSIDriver"): PLAIN,
    ("node.k8s.io", "RuntimeClass"): struct(overhead=struct(podFixed=QUANTITIES)),
    ("coordination.k8s.io", "Lease"): PLAIN,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _ADMISSION,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): PLAIN,
}


def _object(shape: Shape) -> Shape:
    return Shape({**shape.fields, "metadata": METADATA}, typed=shape.typed)


_SHAPES = {names: _object(shape) for names, shape in _KINDS.items()}
_CUSTOM = _object(OPAQUE)

_WITHOUT_NAMESPACE = {
    "": {"Namespace", "Node", "PersistentVolume", "ComponentStatus"},
    "apiextensions.k8s.io": {"CustomResourceDefinition"},
    "apiregistration.k8s.io": {"APIService"},
    "certificates.k8s.io": {"CertificateSigningRequest", "ClusterTrustBundle"},
    "flowcontrol.apiserver.k8s.io": {"FlowSchema", "PriorityLevelConfiguration"},
    "networking.k8s.io": {"IngressClass", "IPAddress", "ServiceCIDR"},
    "node.k8s.io": {"RuntimeClass"},
    "policy": {"PodSecurityPolicy"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding"},
    "scheduling.k8s.io": {"PriorityClass"},
    "storage.k8s.io": {"StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass"},
}
_ALL_WITHOUT_NAMESPACE = {"admissionregistration.k8s.io"}


def shape(group: str, kind: str) -> Shape:
    """What is known of a kind of object."""
    return _SHAPES.get((group, kind), _CUSTOM)


def belongs_to_no_namespace(group: str, kind: str) -> bool | None:
    """None of a kind that is not known."""
    if group in _ALL_WITHOUT_NAMESPACE or kind in _WITHOUT_NAMESPACE.get(group, ()):
        return True
    return False if (group, kind) in _SHAPES else None
