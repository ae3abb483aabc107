"""Apps made of few objects."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from telefonistka_py.argocd import compare, keys, normalize, pair
from telefonistka_py.argocd.model import (
    Answer,
    AppDiff,
    Facts,
    IgnoreRule,
    Managed,
    Object,
    ObjectId,
    Prune,
    Question,
    Tracking,
)

TRACKING = Tracking("label", instances=frozenset({"nginx-prod"}))


def no_jq(questions: Sequence[Question]) -> list[Answer]:
    raise AssertionError(f"jq was asked: {questions}")


def id_of(found: Object, namespace: str = "prod") -> ObjectId:
    group, kind = pair.group_of(found), found["kind"]
    namespace = found["metadata"].get("namespace", namespace)
    if keys.belongs_to_no_namespace(group, kind):
        namespace = ""
    return ObjectId(group, kind, namespace, found["metadata"]["name"])


def managed(live: Object | None, target: Object | None = None, *, in_sync: bool = True, **more: Any) -> Managed:
    known = live or target
    assert known
    return Managed(id_of(known), live=live, normalized=live, target=target, predicted=live if in_sync else None, **more)


def diff(
    items: Sequence[Managed],
    manifests: Sequence[Object],
    rules: Sequence[IgnoreRule] = (),
    *,
    prune: Prune = Prune.AUTOMATIC,
    tracking: Tracking = TRACKING,
    jq: Any = no_jq,
) -> AppDiff:
    return compare.app(Facts(items, manifests, "prod", prune, tracking, rules), jq)


def config_map(name: str = "conf", annotations: Mapping[str, str] | None = None, **data: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def holding(data: Mapping[str, str], name: str = "conf") -> dict[str, Any]:
    """A ConfigMap with `data`."""
    return config_map(name) | {"data": dict(data)}


def noted(live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    """`live` with the note of what was applied."""
    metadata = live["metadata"]
    notes = metadata.get("annotations", {}) | {normalize.LAST_APPLIED: json.dumps(applied)}
    return live | {"metadata": metadata | {"annotations": notes}}
