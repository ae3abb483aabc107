"""What the API server fills in where an object is silent.

Source: the Kubernetes API reference (kubernetes.io/docs/reference/kubernetes-api), "defaults to" of each field.
"""

from collections.abc import Callable

from telefonistka_py.sandbox.argocd import objects, pod_defaults, quantities
from telefonistka_py.sandbox.argocd.model import Json


def fill(obj: Json, number: Callable[[], int]) -> None:
    """Fills `obj` in place, as a create or an update would. `number` gives the next of what has to be unique."""
    filler = _FILLERS.get((objects.group(obj), objects.kind(obj)))
    if filler is not None:
        filler(obj, number)


def _spec(obj: Json) -> Json:
    found = obj.setdefault("spec", {})
    assert isinstance(found, dict)
    return found


def _defaults(place: Json, **values: object) -> None:
    for name, value in values.items():
        if place.get(name) is None:
            place[name] = objects.copied({"value": value})["value"]


def _deployment(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    _defaults(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    strategy = spec["strategy"]
    _defaults(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _defaults(strategy.setdefault("rollingUpdate", {}), maxSurge="25%", maxUnavailable="25%")
    pod_defaults.fill_template(spec)


def _stateful_set(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    retention = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    _defaults(
        spec,
        replicas=1,
        revisionHistoryLimit=10,
        podManagementPolicy="OrderedReady",
        updateStrategy={"type": "RollingUpdate"},
        persistentVolumeClaimRetentionPolicy=retention,
    )
    if spec["updateStrategy"].get("type") == "RollingUpdate":
        _defaults(spec["updateStrategy"].setdefault("rollingUpdate", {}), partition=0)
    for claim in spec.get("volumeClaimTemplates") or []:
        _defaults(claim, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
        _defaults(_spec(claim), volumeMode="Filesystem")
    pod_defaults.fill_template(spec)


def _daemon_set(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    _defaults(spec, revisionHistoryLimit=10, updateStrategy={"type": "RollingUpdate"})
    if spec["updateStrategy"].get("type") == "RollingUpdate":
        _defaults(spec["updateStrategy"].setdefault("rollingUpdate", {}), maxSurge=0, maxUnavailable=1)
    pod_defaults.fill_template(spec)


def _job(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    if spec.get("parallelism") is None:
        _defaults(spec, completions=1)
    _defaults(
        spec,
        backoffLimit=6,
        completionMode="NonIndexed",
        manualSelector=False,
        parallelism=1,
        podReplacementPolicy="TerminatingOrFailed",
        suspend=False,
    )
    pod_defaults.fill_template(spec)


def _cron_job(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    _defaults(spec, concurrencyPolicy="Allow", failedJobsHistoryLimit=1, successfulJobsHistoryLimit=3, suspend=False)
    template = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    spec["jobTemplate"].setdefault("metadata", {})
    pod_defaults.fill_template(template)


def _service(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    _defaults(spec, type="ClusterIP", sessionAffinity="None")
    for port in spec.get("ports") or []:
        _defaults(port, protocol="TCP", targetPort=port.get("port"))
    if spec["type"] == "ExternalName":
        return
    if "clusterIP" not in spec:
        at = number()
        spec["clusterIP"] = f"10.96.{at // 250 % 256}.{at % 250 + 1}"
    _defaults(
        spec,
        clusterIPs=[spec["clusterIP"]],
        internalTrafficPolicy="Cluster",
        ipFamilies=["IPv4"],
        ipFamilyPolicy="SingleStack",
    )
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _defaults(spec, externalTrafficPolicy="Cluster")
        for port in spec.get("ports") or []:
            if "nodePort" not in port:
                port["nodePort"] = 30000 + number() % 2768
    if spec["type"] == "LoadBalancer":
        _defaults(spec, allocateLoadBalancerNodePorts=True)


def _ingress(obj: Json, number: Callable[[], int]) -> None:
    for rule in _spec(obj).get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            _defaults(path, pathType="ImplementationSpecific")


def _autoscaler(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    by_cpu = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
    _defaults(spec, minReplicas=1, metrics=[by_cpu])


def _claim(obj: Json, number: Callable[[], int]) -> None:
    spec = _spec(obj)
    _defaults(spec, volumeMode="Filesystem", storageClassName="standard")
    quantities.settle(spec.setdefault("resources", {}))
    if "volumeName" not in spec:
        spec["volumeName"] = f"pvc-{number():08d}"
    obj["metadata"]["finalizers"] = obj["metadata"].get("finalizers") or ["kubernetes.io/pvc-protection"]
    bound = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    obj["metadata"]["annotations"] = {**bound, **objects.annotations(obj)}


def _secret(obj: Json, number: Callable[[], int]) -> None:
    _defaults(obj, type="Opaque")


def _namespace(obj: Json, number: Callable[[], int]) -> None:
    _defaults(_spec(obj), finalizers=["kubernetes"])
    labels = obj["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = objects.name(obj)


def _binding(obj: Json, number: Callable[[], int]) -> None:
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            _defaults(subject, apiGroup="rbac.authorization.k8s.io")
    if isinstance(obj.get("roleRef"), dict):
        _defaults(obj["roleRef"], apiGroup="rbac.authorization.k8s.io")


def _pod(obj: Json, number: Callable[[], int]) -> None:
    pod_defaults.fill(_spec(obj))


def _replica_set(obj: Json, number: Callable[[], int]) -> None:
    _defaults(_spec(obj), replicas=1)
    pod_defaults.fill_template(_spec(obj))


_RBAC = "rbac.authorization.k8s.io"
_FILLERS: dict[tuple[str, str], Callable[[Json, Callable[[], int]], None]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "Pod"): _pod,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
}
