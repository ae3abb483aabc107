"""What `kubectl apply` makes of a live object: last applied, live and wanted, merged in three ways.

Docs: kubernetes.io, Declarative Management of Kubernetes Objects Using Configuration Files, "How apply calculates
differences and merges changes". Lists of built-in kinds are merged by the keys that the API's types declare
(`x-kubernetes-patch-merge-key`); all lists of other kinds are replaced.
"""

from typing import Any

from telefonistka_py.sandbox.argocd import objects
from telefonistka_py.sandbox.argocd.model import Json

BUILT_IN = {
    "",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
}
_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "secrets": "name",
    "conditions": "type",
    "ownerReferences": "uid",
}
"""Field to key, for lists of objects. `ports` has two keys, see `key_of`."""


def key_of(field: str, items: list[Any], built_in: bool) -> str | None:
    """The key that tells the entries of the list at `field` apart; None for a list that is replaced as a whole."""
    if not built_in or not all(isinstance(each, dict) for each in items):
        return None
    if field == "ports":
        key = "containerPort" if any("containerPort" in each for each in items) else "port"
    else:
        key = _KEYS.get(field, "")
    return key if key and all(key in each for each in items) else None


def applied(last: Json | None, live: Json, target: Json) -> Json:
    """What the live object becomes: a new value, no defaults filled in. `last` None: nothing is taken away."""
    merged = _merged(last, live, target, "", objects.group(target) in BUILT_IN)
    assert isinstance(merged, dict)
    return merged


def _merged(last: Any, live: Any, target: Any, field: str, built_in: bool) -> Any:
    if isinstance(target, dict) and isinstance(live, dict):
        return _merged_maps(last if isinstance(last, dict) else {}, live, target, built_in)
    if isinstance(target, list) and isinstance(live, list):
        before = last if isinstance(last, list) else []
        key = key_of(field, [*before, *live, *target], built_in)
        if key is not None:
            return _merged_lists(before, live, target, key, built_in)
    return target


def _merged_maps(last: Json, live: Json, target: Json, built_in: bool) -> Json:
    made = {}
    for name, value in live.items():
        if name in target:
            if target[name] is not None:
                made[name] = _merged(last.get(name), value, target[name], name, built_in)
        elif name not in last:
            made[name] = value
    added = {name: _without_nulls(value) for name, value in target.items() if name not in live and value is not None}
    return made | added


def _merged_lists(last: list[Any], live: list[Any], target: list[Any], key: str, built_in: bool) -> list[Any]:
    before = {each[key]: each for each in last}
    there = {each[key]: each for each in live}
    wanted = [each[key] for each in target]
    made = [_merged(before.get(each[key], {}), there.get(each[key], {}), each, "", built_in) for each in target]
    return made + [each for each in live if each[key] not in wanted and each[key] not in before]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value
