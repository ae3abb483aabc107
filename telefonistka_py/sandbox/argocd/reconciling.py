"""The controller's part: to look at an app's sources and at the cluster, to tell how things stand, and to sync."""

from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.argocd import comparing, objects, rendering
from telefonistka_py.sandbox.argocd.denial import Denial
from telefonistka_py.sandbox.argocd.model import App, Json

if TYPE_CHECKING:
    from telefonistka_py.sandbox.argocd.argo import ArgoCd

HISTORY = 10
"""Entries of the history that are kept (docs: revisionHistoryLimit)."""


async def look(argo: "ArgoCd", app: App) -> None:
    """Renders the sources anew and tells how things stand; an automated app is synced when it has to be.

    After an error nothing is wanted any more, as far as the controller knows: sync is `Unknown`, there is a condition,
    and `managed-resources` shows what is live as if nobody wanted it.
    """
    app.refreshed += 1
    revisions: tuple[str, ...] = ()
    try:
        rendered = await rendering.render(argo.hub, app, argo.instance(app), argo.tracking, app.sources)
    except Denial as problem:
        app.targets, why = [], problem.within("Failed to load target state").message
    else:
        app.targets = _told_apart([objects.in_namespace(each, app.destination) for each in rendered.objects])
        revisions, why = rendered.revisions, ""
    tell(argo, app, revisions, why)
    if not why and _syncs_itself(app, revisions):
        sync(argo, app, revisions, prune=bool((app.automated or {}).get("prune")))


def tell(argo: "ArgoCd", app: App, revisions: tuple[str, ...], why: str = "") -> None:
    """Writes the app's status from what was rendered last and what is live now."""
    found = comparing.pairs(app, argo.instance(app), argo.cluster, argo.tracking)
    states = {key: comparing.state(*pair, app, argo.overrides) for key, pair in found.items()}
    missing = any(live is None for _, live in found.values())
    synced = "Unknown" if why else ("OutOfSync" if "OutOfSync" in states.values() else "Synced")
    now = when(argo)
    conditions = [{"type": "ComparisonError", "message": why, "lastTransitionTime": now}] if why else []
    one = {"revision": revisions[0] if revisions else ""} if "sources" not in app.spec else {"revisions": [*revisions]}
    app.status |= {
        "sync": {"status": app.forced.get("sync", synced), **one, "comparedTo": _compared_to(app)},
        "health": {"status": app.forced.get("health", "Missing" if missing else "Healthy")},
        "resources": [
            {"group": key.group, "version": objects.version(pair[0] or pair[1] or {}), "kind": key.kind}
            | {"namespace": key.namespace, "name": key.name, "status": states[key]}
            | ({"requiresPruning": True} if pair[0] is None else {})
            for key, pair in sorted(found.items())
        ],
        "reconciledAt": now,
        "sourceType": "Directory",
        "summary": {"images": sorted(_images(live for _, live in found.values()))},
    }
    app.status.pop("conditions", None)
    if conditions:
        app.status["conditions"] = conditions


def sync(argo: "ArgoCd", app: App, revisions: tuple[str, ...], *, prune: bool) -> None:
    """Applies what was rendered last; with `prune` what is no longer wanted is deleted (docs: user-guide/auto_sync)."""
    started = when(argo)
    for key, (target, _) in comparing.pairs(app, argo.instance(app), argo.cluster, argo.tracking).items():
        if target is not None:
            argo.cluster.apply(target)
        elif prune:
            argo.cluster.delete(key)
    app.synced = revisions
    tell(argo, app, revisions)
    which: Json = {"revision": revisions[0] if revisions else ""}
    if "sources" in app.spec:
        which = {"revisions": [*revisions], "sources": app.sources}
    else:
        which["source"] = app.sources[0]
    history = app.status.get("history") or []
    entry = {"id": len(history), "deployStartedAt": started, "deployedAt": when(argo), **which}
    app.status["history"] = [*history, entry][-HISTORY:]
    app.status["operationState"] = {
        "phase": "Succeeded",
        "message": "successfully synced (all tasks run)",
        "startedAt": started,
        "finishedAt": when(argo),
        "operation": {
            "sync": {"prune": prune, **{name: which[name] for name in ("revision", "revisions") if name in which}}
        },
        "syncResult": which,
    }


def when(argo: "ArgoCd") -> str:
    return argo.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _syncs_itself(app: App, revisions: tuple[str, ...]) -> bool:
    """Each revision is synced once; what drifted since is healed only with `selfHeal`."""
    if app.automated is None or app.sync != "OutOfSync":
        return False
    return app.synced != revisions or bool(app.automated.get("selfHeal"))


def _told_apart(found: list[Json]) -> list[Json]:
    """Of several objects with one key the last counts."""
    return list({objects.key(each): each for each in found}.values())


def _compared_to(app: App) -> Json:
    named = "sources" if "sources" in app.spec else "source"
    return {named: app.spec.get(named) or {}, "destination": app.spec.get("destination") or {}}


def _images(found: Iterable[Json | None]) -> set[str]:
    specs = [((live or {}).get("spec") or {}).get("template") or {} for live in found]
    containers = [each for spec in specs for each in (spec.get("spec") or {}).get("containers") or []]
    return {str(each["image"]) for each in containers if each.get("image")}
