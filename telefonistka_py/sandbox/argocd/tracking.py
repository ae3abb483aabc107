"""The mark that tells whose an object is. Docs: user-guide/resource_tracking."""

from telefonistka_py.sandbox.argocd import objects
from telefonistka_py.sandbox.argocd.model import Json, Tracking

ANNOTATION = "argocd.argoproj.io/tracking-id"
LONGEST_LABEL = 63


def marked(obj: Json, app: str, namespace: str, how: Tracking) -> Json:
    """A copy of `obj` that belongs to `app`; `namespace`: the app's destination."""
    made = objects.copied(obj)
    metadata = made.setdefault("metadata", {})
    if how.method in ("annotation", "annotation+label"):
        metadata["annotations"] = {**objects.annotations(made), ANNOTATION: _id(made, app, namespace)}
    if how.method in ("label", "annotation+label"):
        metadata["labels"] = {**(metadata.get("labels") or {}), how.label: app[:LONGEST_LABEL]}
    return made


def owner(obj: Json, how: Tracking) -> str | None:
    """The app that an object says it belongs to. An id that names another object is a copied one and counts for
    nothing."""
    if how.method == "label":
        labels = objects.metadata(obj).get("labels") or {}
        return labels.get(how.label)
    said = str(objects.annotations(obj).get(ANNOTATION, ""))
    app, _, rest = said.partition(":")
    of_its_own = rest == f"{objects.group(obj)}/{objects.kind(obj)}:{objects.namespace(obj)}/{objects.name(obj)}"
    return app if app and (of_its_own or objects.kind(obj) in objects.CLUSTER_SCOPED) else None


def _id(obj: Json, app: str, namespace: str) -> str:
    where = objects.namespace(obj) or namespace
    return f"{app}:{objects.group(obj)}/{objects.kind(obj)}:{where}/{objects.name(obj)}"
