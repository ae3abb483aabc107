"""Small facts about Kubernetes objects."""

import copy
import json
from typing import Any

from telefonistka_py.sandbox.argocd.model import Json, Key

CLUSTER_SCOPED = {
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
}
"""Built-in kinds without a namespace (kubectl api-resources --namespaced=false). Other kinds count as namespaced."""

HOOK = "argocd.argoproj.io/hook"
COMPARE = "argocd.argoproj.io/compare-options"


def group(obj: Json) -> str:
    """The API group: empty for the core group."""
    version = str(obj.get("apiVersion", ""))
    return version.rpartition("/")[0]


def version(obj: Json) -> str:
    return str(obj.get("apiVersion", "")).rpartition("/")[2]


def kind(obj: Json) -> str:
    return str(obj.get("kind", ""))


def name(obj: Json) -> str:
    return str(metadata(obj).get("name", ""))


def namespace(obj: Json) -> str:
    return str(metadata(obj).get("namespace") or "")


def metadata(obj: Json) -> Json:
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def annotations(obj: Json) -> Json:
    found = metadata(obj).get("annotations")
    return found if isinstance(found, dict) else {}


def key(obj: Json) -> Key:
    return Key(group(obj), kind(obj), namespace(obj), name(obj))


def is_secret(obj: Json | None) -> bool:
    return obj is not None and kind(obj) == "Secret" and group(obj) == ""


def is_hook(obj: Json) -> bool:
    """Docs: user-guide/resource_hooks; Helm's hooks count too."""
    return HOOK in annotations(obj) or "helm.sh/hook" in annotations(obj)


def in_namespace(obj: Json, default: str) -> Json:
    """A copy that says its namespace: its own, or the destination's; none for what belongs to the cluster."""
    made = copied(obj)
    made.setdefault("metadata", {})
    if kind(obj) in CLUSTER_SCOPED:
        made["metadata"].pop("namespace", None)
    elif not namespace(obj):
        made["metadata"]["namespace"] = default
    return made


def copied(obj: Json) -> Json:
    return copy.deepcopy(obj)


def as_json(value: Any) -> str:
    """As Go writes JSON: keys sorted, nothing between."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
