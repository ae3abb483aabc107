"""`fields`, by which the list of apps is told what to leave out.

It is in no published description; the web interface uses it. Argo CD knows exactly these fields of an app, names them
with `items.` before, and ignores any other in silence. With a leading `-` the named ones are left out instead.
Source: github.com/argoproj/argo-cd, `pkg/apiclient/application/forwarder_overwrite.go`.
"""

from typing import Any

from telefonistka_py.sandbox.argocd.model import Json

KNOWN = (
    "metadata.name",
    "metadata.namespace",
    "metadata.annotations",
    "metadata.labels",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "spec",
    "status.sourceHydrator",
    "status.sync.status",
    "status.health",
    "status.summary",
    "status.operationState.startedAt",
    "status.operationState.finishedAt",
    "status.operationState.phase",
    "status.operationState.operation.sync",
    "status.resources",
    "operation.sync",
)


def chosen(app: Json, fields: str) -> Json:
    """The part of `app` that is asked for; all of it for an empty `fields`."""
    if not fields:
        return app
    exclude = fields.startswith("-")
    named = set(fields.removeprefix("-").split(","))
    made: Json = {}
    for known in KNOWN:
        if (f"items.{known}" in named) == exclude:
            continue
        value = _at(app, known.split("."))
        # Go's nil maps are written as null, its nil interfaces not at all.
        if value is not None or known in ("metadata.annotations", "metadata.labels", "metadata.deletionTimestamp"):
            _put(made, known.split("."), value)
    return made


def _at(value: Any, way: list[str]) -> Any:
    for part in way:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _put(place: Json, way: list[str], value: Any) -> None:
    for part in way[:-1]:
        place = place.setdefault(part, {})
    place[way[-1]] = value
