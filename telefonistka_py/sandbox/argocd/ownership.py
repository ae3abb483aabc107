"""`metadata.managedFields`: who set which fields. Docs: kubernetes.io, Server-Side Apply, "Field management"."""

from typing import Any

from telefonistka_py.sandbox.argocd import merging, objects
from telefonistka_py.sandbox.argocd.model import Json

CONTROLLER = "argocd-controller"
_WHOLE = {"annotations", "labels", "limits", "requests", "matchLabels", "selector", "data"}
"""Maps that are also owned as such, by whoever made them."""
_NOBODYS = {"apiVersion", "kind", "status"}
_NOBODYS_METADATA = {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}


def record(live: Json, manager: str, said: Json, when: str, *, of_status: bool = False) -> None:
    """Notes in `live`, in place, that `manager` set what `said` says, and nobody else did any more."""
    entries = objects.metadata(live).get("managedFields") or []
    kept = [each for each in entries if (each["manager"], "subresource" in each) != (manager, of_status)]
    fields = {"f:status": {}} if of_status else owned(said)
    entry: Json = {
        "apiVersion": live["apiVersion"],
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "manager": manager,
        "operation": "Update",
        "time": when,
    }
    if of_status:
        entry["subresource"] = "status"
    live["metadata"]["managedFields"] = [{**each, "fieldsV1": _less(each["fieldsV1"], fields)} for each in kept] + [
        entry
    ]


def owned(obj: Json) -> Json:
    """The set of fields that `obj` says something about."""
    built_in = objects.group(obj) in merging.BUILT_IN
    made: Json = {}
    for name, value in obj.items():
        if name == "metadata" and isinstance(value, dict):
            said = {key: each for key, each in value.items() if key not in _NOBODYS_METADATA}
            if said:
                made["f:metadata"] = _fields(said, "metadata", built_in)
        elif name not in _NOBODYS:
            made[f"f:{name}"] = _fields(value, name, built_in)
    return made


def _fields(value: Any, field: str, built_in: bool) -> Json:
    if isinstance(value, dict):
        whole: Json = {".": {}} if field in _WHOLE else {}
        return whole | {f"f:{name}": _fields(each, name, built_in) for name, each in value.items()}
    if isinstance(value, list):
        key = merging.key_of(field, value, built_in)
        if key is not None:
            return {_entry(field, key, each): {".": {}, **_fields(each, "", built_in)} for each in value}
    return {}


def _entry(field: str, key: str, entry: Json) -> str:
    """The protocol is a part of a port's key (`x-kubernetes-list-map-keys`)."""
    protocol = {"protocol": entry.get("protocol", "TCP")} if field == "ports" else {}
    return f"k:{objects.as_json({key: entry[key], **protocol})}"


def _less(mine: Json, taken: Json) -> Json:
    """`mine` without the leaves that `taken` has."""
    made = {}
    for name, inner in mine.items():
        if name not in taken:
            made[name] = inner
        elif inner and (rest := _less(inner, taken[name])):
            made[name] = rest
    return made
