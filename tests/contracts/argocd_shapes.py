"""Argo CD's description, read, and put right where Go's types write themselves otherwise."""

import json
import lzma
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tests.contracts import openapi
from tests.contracts.argocd_refresh import EXTRACT

FREE: dict[str, Any] = {}
OWN_FORMS: dict[str, dict[str, Any]] = {
    "v1JSON": FREE,
    "runtimeRawExtension": FREE,
    "v1FieldsV1": FREE,
    "intstrIntOrString": {"type": ["integer", "string"]},
    "protobufAny": FREE,
    "v1alpha1ResourceOverride": {
        "type": "object",
        "properties": {
            "health.lua": {"type": "string"},
            "health.lua.useOpenLibs": {"type": "boolean"},
            "actions": {"type": "string"},
            "ignoreDifferences": {"type": "string"},
            "ignoreResourceUpdates": {"type": "string"},
            "knownTypeFields": {"type": "array", "items": {"$ref": "#/definitions/v1alpha1KnownTypeField"}},
        },
    },
}
"""Definitions whose Go types have a `MarshalJSON` that the generator of the description does not see."""

TYPED = ("v1alpha1Application", "v1alpha1ApplicationSet")
"""Definitions that also take `apiVersion` and `kind`, which Go embeds."""

FIELDS = {
    "items.metadata.annotations",
    "items.metadata.creationTimestamp",
    "items.metadata.deletionTimestamp",
    "items.metadata.labels",
    "items.metadata.name",
    "items.metadata.namespace",
    "items.operation.sync",
    "items.spec",
    "items.status.health",
    "items.status.operationState.finishedAt",
    "items.status.operationState.operation.sync",
    "items.status.operationState.phase",
    "items.status.operationState.startedAt",
    "items.status.resources",
    "items.status.sourceHydrator",
    "items.status.summary",
    "items.status.sync.status",
}
"""What `fields` can choose in a list of apps; anything else is ignored without a word.

Source: github.com/argoproj/argo-cd, `pkg/apiclient/application/forwarder_overwrite.go`.
"""


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Swagger 2.0: `paths` by template and lower-case method, `definitions` by name."""
    found: dict[str, Any] = json.loads(lzma.decompress(EXTRACT.read_bytes()))
    definitions = found["definitions"]
    definitions |= {name: own for name, own in OWN_FORMS.items() if name in definitions}
    for name in TYPED:
        definitions[name]["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    return found


def as_go_writes(node: Any) -> Any:
    """A copy in which lists and maps, and what is a reference to one, may be null, as Go writes nil."""
    if isinstance(node, list):
        return [as_go_writes(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: as_go_writes(value) for key, value in node.items()}
    if copy.get("type") in ("array", "object", "string", "integer", "boolean", "number"):
        copy["type"] = [copy["type"], "null"]
    return copy


def unknown_keys(schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    """The places of keys that the description does not name: Argo CD ignores them in silence."""
    yield from openapi.unknown_keys(description(), schema, value, where)


def problems_of_fields(value: str) -> Iterator[str]:
    for name in value.removeprefix("-").split(","):
        if name not in FIELDS:
            yield f"query.fields: {name!r} is no field that Argo CD can choose"
