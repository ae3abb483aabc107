"""What the API server fills in below a pod's specification.

Source: the Kubernetes API reference, page "Pod" (kubernetes.io/docs/reference/kubernetes-api).
"""

from telefonistka_py.sandbox.argocd import quantities
from telefonistka_py.sandbox.argocd.model import Json

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}
_MODE = 420
"""0644, of files in volumes."""
_FILES = {"configMap", "secret", "downwardAPI", "projected"}


def fill_template(spec: Json) -> None:
    """Fills `template` of a workload's specification. Jobs have to say their restart policy themselves."""
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    fill(template.setdefault("spec", {}))


def fill(spec: Json) -> None:
    """Fills a pod's specification in place."""
    missing: Json = {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    _into(spec, missing)
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container)
    for volume in spec.get("volumes") or []:
        _volume(volume)


def _container(container: Json) -> None:
    image = str(container.get("image", ""))
    tagged = ":" in image.rpartition("/")[2] or "@" in image
    pull = "IfNotPresent" if tagged and not image.endswith(":latest") else "Always"
    _into(
        container,
        {
            "imagePullPolicy": pull,
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        },
    )
    for port in container.get("ports") or []:
        _into(port, {"protocol": "TCP"})
    for variable in container.get("env") or []:
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(field, dict):
            _into(field, {"apiVersion": "v1"})
    for name in _PROBES:
        if isinstance(container.get(name), dict):
            _probe(container[name])
    _requests(container["resources"])


def _probe(probe: Json) -> None:
    _into(probe, _PROBE)
    if isinstance(probe.get("httpGet"), dict):
        _into(probe["httpGet"], {"path": "/", "scheme": "HTTP"})


def _requests(resources: Json) -> None:
    """What is limited and not requested is requested up to its limit."""
    quantities.settle(resources)
    limits = resources.get("limits")
    if isinstance(limits, dict):
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _volume(volume: Json) -> None:
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}
    for name in _FILES & volume.keys():
        if isinstance(volume[name], dict):
            _into(volume[name], {"defaultMode": _MODE})
    if isinstance(volume.get("hostPath"), dict):
        _into(volume["hostPath"], {"type": ""})


def _into(place: Json, missing: Json) -> None:
    for name, value in missing.items():
        if place.get(name) is None:
            place[name] = dict(value) if isinstance(value, dict) else value
