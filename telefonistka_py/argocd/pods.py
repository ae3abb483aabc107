"""The fields of pods, and of all that makes pods.

Merge keys and strategies (`x-kubernetes-patch-merge-key`, `x-kubernetes-patch-strategy`, `x-kubernetes-list-map-keys`)
and defaults are those of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ and of the
published OpenAPI description behind it. Lists that are not named are atomic.
"""

from dataclasses import replace

from telefonistka_py.argocd.shapes import PLAIN, Merge, Shape, default, keyed, listed, struct

QUANTITY = Shape(quantity=True)
QUANTITIES = Shape(entries=QUANTITY, empty_is_absent=True)
"""Such as `limits`: by resource."""
WORDS = Shape(empty_is_absent=True)
"""A map of strings, such as `nodeSelector`."""
SHARED_WORDS = replace(WORDS, by_key_only=True)
"""Labels and annotations of an object: controllers write into them too."""
SELECTOR = struct(matchLabels=WORDS)
OWNERS = keyed("uid")

METADATA = struct(
    labels=SHARED_WORDS,
    annotations=SHARED_WORDS,
    ownerReferences=OWNERS,
    finalizers=Shape(merge=Merge.SET),
)
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/"""

TEMPLATE_METADATA = struct(labels=WORDS, annotations=WORDS, ownerReferences=OWNERS, finalizers=Shape(merge=Merge.SET))

_FIELD_REF = struct(apiVersion=default("v1"))
_HTTP_GET = struct(scheme=default("HTTP"))
_HANDLER = struct(httpGet=_HTTP_GET)
_PROBE = struct(
    httpGet=_HTTP_GET,
    grpc=struct(service=default("")),
    timeoutSeconds=default(1),
    periodSeconds=default(10),
    successThreshold=default(1),
    failureThreshold=default(3),
)

RESOURCES = Shape({"limits": QUANTITIES, "requests": QUANTITIES, "claims": keyed("name")}, empty_is_absent=True)

_RESOURCE_FIELD = struct(divisor=Shape(quantity=True, default="0"))

CONTAINER = struct(
    ports=keyed("containerPort", "protocol", entry=struct(protocol=default("TCP"))),
    env=keyed(
        "name",
        entry=struct(valueFrom=struct(fieldRef=_FIELD_REF, resourceFieldRef=_RESOURCE_FIELD), value=default("")),
    ),
    volumeMounts=keyed("mountPath"),
    volumeDevices=keyed("devicePath"),
    resources=RESOURCES,
    livenessProbe=_PROBE,
    readinessProbe=_PROBE,
    startupProbe=_PROBE,
    lifecycle=struct(postStart=_HANDLER, preStop=_HANDLER),
    terminationMessagePath=default("/dev/termination-log"),
    terminationMessagePolicy=default("File"),
)

CONTAINERS = keyed("name", entry=CONTAINER)

_MODE = default(0o644)
_DOWNWARD_ITEMS = listed(struct(fieldRef=_FIELD_REF, resourceFieldRef=_RESOURCE_FIELD))
CLAIM_SPEC = struct(resources=RESOURCES, volumeMode=default("Filesystem"), selector=SELECTOR)

_PROJECTED = struct(
    defaultMode=_MODE,
    sources=listed(
        struct(serviceAccountToken=struct(expirationSeconds=default(3600)), downwardAPI=struct(items=_DOWNWARD_ITEMS))
    ),
)

VOLUME = Shape(
    {
        "secret": struct(defaultMode=_MODE),
        "configMap": struct(defaultMode=_MODE),
        "downwardAPI": struct(defaultMode=_MODE, items=_DOWNWARD_ITEMS),
        "projected": _PROJECTED,
        "emptyDir": struct(sizeLimit=QUANTITY),
        "hostPath": struct(type=default("")),
        "ephemeral": struct(volumeClaimTemplate=struct(metadata=TEMPLATE_METADATA, spec=CLAIM_SPEC)),
    },
    retain=True,
)

_TERMS = listed(struct(labelSelector=SELECTOR, namespaceSelector=SELECTOR))
_WEIGHTED = listed(struct(podAffinityTerm=struct(labelSelector=SELECTOR, namespaceSelector=SELECTOR)))
_POD_AFFINITY = struct(
    requiredDuringSchedulingIgnoredDuringExecution=_TERMS, preferredDuringSchedulingIgnoredDuringExecution=_WEIGHTED
)

SPEC = struct(
    containers=CONTAINERS,
    initContainers=CONTAINERS,
    ephemeralContainers=CONTAINERS,
    volumes=keyed("name", entry=VOLUME),
    imagePullSecrets=keyed("name"),
    hostAliases=keyed("ip"),
    topologySpreadConstraints=keyed("topologyKey", "whenUnsatisfiable", entry=struct(labelSelector=SELECTOR)),
    schedulingGates=keyed("name"),
    resourceClaims=keyed("name", entry=Shape(retain=True)),
    nodeSelector=WORDS,
    overhead=QUANTITIES,
    resources=RESOURCES,
    affinity=struct(podAffinity=_POD_AFFINITY, podAntiAffinity=_POD_AFFINITY),
    securityContext=Shape(empty_is_absent=True),
    restartPolicy=default("Always"),
    dnsPolicy=default("ClusterFirst"),
    schedulerName=default("default-scheduler"),
    terminationGracePeriodSeconds=default(30),
    enableServiceLinks=default(True),
)

JOB_POD_SPEC = replace(SPEC, fields={**SPEC.fields, "restartPolicy": PLAIN})
"""A job must say when to restart."""


def template(spec: Shape = SPEC) -> Shape:
    """A pod template."""
    return struct(metadata=TEMPLATE_METADATA, spec=spec)
