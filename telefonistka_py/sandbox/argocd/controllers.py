"""What controllers write into objects: their status, and a few marks of their own."""

from typing import Any

from telefonistka_py.sandbox.argocd import objects
from telefonistka_py.sandbox.argocd.model import Json

MANAGER = "kube-controller-manager"
REVISION = "deployment.kubernetes.io/revision"


def tend(live: Json, when: str) -> None:
    """Sets the status of what is there, in place, as controllers do once all is well."""
    kind, group = objects.kind(live), objects.group(live)
    if (group, kind) == ("apps", "Deployment"):
        live["metadata"]["annotations"] = {**objects.annotations(live), REVISION: str(live["metadata"]["generation"])}
    status = _status(group, kind, live, when)
    if status is not None:
        live["status"] = status


def _status(group: str, kind: str, live: Json, when: str) -> Json | None:
    spec = live.get("spec") or {}
    generation = live["metadata"].get("generation")
    replicas = spec.get("replicas", 1)
    match (group, kind):
        case ("apps", "Deployment"):
            available: dict[str, Any] = {
                "type": "Available",
                "status": "True",
                "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.",
                "lastTransitionTime": when,
                "lastUpdateTime": when,
            }
            counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), replicas)
            return {"observedGeneration": generation, "conditions": [available], **counts}
        case ("apps", "StatefulSet"):
            counts = dict.fromkeys(("replicas", "readyReplicas", "currentReplicas", "updatedReplicas"), replicas)
            return {"observedGeneration": generation, "currentRevision": f"{objects.name(live)}-1", **counts}
        case ("apps", "DaemonSet"):
            names = ("currentNumberScheduled", "desiredNumberScheduled", "numberReady", "numberMisscheduled")
            return {"observedGeneration": generation, **dict.fromkeys(names, 1)}
        case ("", "Service") | ("networking.k8s.io", "Ingress"):
            return {"loadBalancer": {}}
        case ("batch", "CronJob"):
            return {"lastScheduleTime": when, "lastSuccessfulTime": when}
        case ("batch", "Job"):
            return {"succeeded": 1, "startTime": when, "completionTime": when}
        case ("autoscaling", "HorizontalPodAutoscaler"):
            least = spec.get("minReplicas", 1)
            return {"currentReplicas": least, "desiredReplicas": least, "currentMetrics": None, "conditions": []}
        case ("", "PersistentVolumeClaim"):
            wanted = (spec.get("resources") or {}).get("requests") or {}
            return {"phase": "Bound", "accessModes": spec.get("accessModes") or [], "capacity": dict(wanted)}
        case ("", "Namespace"):
            return {"phase": "Active"}
    return None
