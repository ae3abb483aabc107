"""What an app wants beside what is there: the items of `managed-resources`, and what they come to.

Source of the shapes: github.com/argoproj/argo-cd, `controller/appcontroller.go` (managedResources) and
`gitops-engine/pkg/diff` (Diff). What is absent is the text `null`.
"""

from telefonistka_py.sandbox.argocd import applying, hiding, ignoring, objects
from telefonistka_py.sandbox.argocd.cluster import Cluster
from telefonistka_py.sandbox.argocd.model import App, Json, Key, Tracking

_EXTRANEOUS = "IgnoreExtraneous"


def pairs(app: App, instance: str, cluster: Cluster, how: Tracking) -> dict[Key, tuple[Json | None, Json | None]]:
    """(wanted, live) of each object that the app wants or that says it is the app's. Hooks are not wanted."""
    wanted = {objects.key(each): each for each in app.targets if not objects.is_hook(each)}
    found: dict[Key, tuple[Json | None, Json | None]] = {}
    for key, target in wanted.items():
        found[key] = (target, cluster.objects.get(key))
    for key in cluster.owned(instance, how):
        if key not in wanted:
            found[key] = (None, cluster.objects[key])
    return found


def item(key: Key, target: Json | None, live: Json | None, app: App, overrides: dict[str, Json]) -> Json:
    """One `v1alpha1ResourceDiff`. Empty texts are left out, as Go's `omitempty` does."""
    if objects.is_secret(target) or objects.is_secret(live):
        target, live = hiding.hidden(target, live)
    normalized, predicted = compared(target, live, app, overrides)
    made: Json = {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "liveState": objects.as_json(live),
        "targetState": objects.as_json(target),
        "normalizedLiveState": objects.as_json(normalized),
        "predictedLiveState": objects.as_json(predicted),
        "hook": live is not None and objects.is_hook(live),
        "modified": _differ(target, normalized, predicted),
        "resourceVersion": objects.metadata(live or {}).get("resourceVersion", ""),
    }
    return {name: value for name, value in made.items() if value not in ("", False)}


def compared(
    target: Json | None, live: Json | None, app: App, overrides: dict[str, Json]
) -> tuple[Json | None, Json | None]:
    """The normalized live object, and what applying `target` would make of it."""
    if target is None or live is None:
        return live, target
    predicted = applying.outcome(live, target, lambda: 1)
    return ignoring.normalized(live, app, overrides), ignoring.normalized(predicted, app, overrides)


def state(target: Json | None, live: Json | None, app: App, overrides: dict[str, Json]) -> str:
    """`Synced` or `OutOfSync`. Something to prune is out of sync too."""
    if target is None:
        spared = _EXTRANEOUS in str(objects.annotations(live or {}).get(objects.COMPARE, ""))
        return "Synced" if spared or objects.is_hook(live or {}) else "OutOfSync"
    normalized, predicted = compared(target, live, app, overrides)
    return "OutOfSync" if _differ(target, normalized, predicted) else "Synced"


def _differ(target: Json | None, normalized: Json | None, predicted: Json | None) -> bool:
    """Whether applying changes anything; what is only live counts as unmodified."""
    return target is not None and normalized != predicted
