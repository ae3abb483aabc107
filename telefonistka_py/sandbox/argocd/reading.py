"""What is only asked. Docs: the API's own page at `/swagger-ui` of every Argo CD, and developer-guide/api-docs."""

import json
from typing import Any

from telefonistka_py.sandbox.argocd import comparing, denial, fields, hiding, objects, reconciling, rendering, selectors
from telefonistka_py.sandbox.argocd.calling import Call, route
from telefonistka_py.sandbox.argocd.model import App, Json, Key

_LIST = "name refresh projects resourceVersion selector repo appNamespace project"


@route("GET", "/api/version", open=True)
async def version(call: Call) -> Json:
    return {"Version": call.argo.version, "GoVersion": "go1.25", "Platform": "linux/amd64", "KubectlVersion": "v0.34.0"}


@route("GET", "/api/v1/settings", open=True)
async def settings(call: Call) -> Json:
    """Overrides carry `ignoreDifferences` as YAML text, as the Go type writes itself; the description has an object.

    Who is not signed in learns less.
    """
    argo = call.argo
    public = {"url": argo.url, "appLabelKey": argo.tracking.label, "statusBadgeEnabled": False, "dexConfig": None}
    if call.account is None:
        return public
    private = {"resourceOverrides": argo.overrides, "trackingMethod": argo.tracking.method}
    return public | private | {"controllerNamespace": argo.namespace, "appsInAnyNamespaceEnabled": True}


@route("GET", "/api/v1/applications", query=f"{_LIST} fields")
async def list_apps(call: Call) -> Json:
    """Apps by name. `repo` is compared letter by letter, with the first source only. No app at all is `items: null`."""
    projects, matches = call.many("project", "projects"), selectors.read(call.one("selector"))
    found = [
        each
        for _, each in sorted(call.argo.apps.items(), key=lambda pair: (pair[1].name, pair[0]))
        if (not call.one("name") or call.one("name") == each.name)
        and (not call.one("appNamespace") or call.one("appNamespace") == each.namespace)
        and (not projects or each.project in projects)
        and (not call.one("repo") or call.one("repo") == each.sources[0].get("repoURL"))
        and matches(each.metadata.get("labels") or {})
        and call.may("applications", "get", each.project)
    ]
    items = [fields.chosen(each.shown(), call.one("fields")) for each in found]
    return {"metadata": {"resourceVersion": call.argo.resource_version}, "items": items or None}


@route("GET", "/api/v1/applications/{name}", query=_LIST)
async def get_app(call: Call) -> Json:
    """With `refresh` (`normal`, `hard`) the sources are looked at again first, and an automated app may sync."""
    found = call.app()
    if call.one("refresh"):
        await reconciling.look(call.argo, found)
    return found.shown()


@route(
    "GET",
    "/api/v1/applications/{applicationName}/managed-resources",
    query="namespace name version group kind appNamespace project",
)
async def managed_resources(call: Call) -> Json:
    """From what the controller rendered last, which a change in git does not reach before a refresh. None: `{}`."""
    argo, app = call.argo, call.app("applicationName")
    found = comparing.pairs(app, argo.instance(app), argo.cluster, argo.tracking)
    asked = {name: call.one(name) for name in ("group", "kind", "namespace", "name") if call.one(name)}
    items = [
        comparing.item(key, *pair, app, argo.overrides)
        for key, pair in sorted(found.items())
        if all(getattr(key, name) == value for name, value in asked.items())
    ]
    return {"items": items} if items else {}


@route(
    "GET",
    "/api/v1/applications/{name}/manifests",
    query="revision appNamespace project sourcePositions revisions noCache",
)
async def manifests(call: Call) -> Json:
    """What the sources want at a revision, as they were written but for the tracking mark, Secrets without values.

    An app with several sources takes `sourcePositions`, counted from 1, with as many `revisions`; `revision` means
    nothing to it. The answer does not say which commits it is about. No manifests: `{}`.
    """
    argo, app = call.argo, call.app()
    sources = _sources(app, call)
    try:
        found = await rendering.render(argo.hub, app, argo.instance(app), argo.tracking, sources)
    except denial.Denial as problem:
        raise problem.within("error generating manifests") from problem
    texts = [
        objects.as_json(hiding.hidden(each, None)[0] if objects.is_secret(each) else each) for each in found.objects
    ]
    return {"manifests": texts} if texts else {}


def _sources(app: App, call: Call) -> list[Json]:
    sources = [dict(each) for each in app.sources]
    if "sources" not in app.spec:
        if call.one("revision"):
            sources[0]["targetRevision"] = call.one("revision")
        return sources
    asked = call.many("revisions")
    for at, position in enumerate(call.many("sourcePositions")):
        if not position.isdecimal() or not 1 <= int(position) <= len(sources):
            raise denial.Denial(denial.UNKNOWN, "source position is out of range")
        if at >= len(asked):
            message = f"runtime error: index out of range [{at}] with length {len(asked)}"
            raise denial.Denial(denial.INTERNAL, message)
        sources[int(position) - 1]["targetRevision"] = asked[at]
    return sources


@route(
    "GET",
    "/api/v1/applications/{appName}/server-side-diff",
    query="appNamespace project targetManifests",
    since=(3, 2),
)
async def server_side_diff(call: Call) -> Json:
    """A dry run of each manifest.

    Live objects are matched by their place in a list that a query can't carry, so that over REST the released servers
    fail at the first manifest; `argo.diffs_over_rest` plays one that looks the live objects up itself.
    Source: `server/application/application.go` (ServerSideDiff), `util/argo/diff/diff.go` (preDiffNormalize).
    """
    app = call.app("appName")
    texts = call.many("targetManifests")
    if texts and not call.argo.diffs_over_rest:
        raise denial.Denial(denial.INTERNAL, "runtime error: index out of range [0] with length 0")
    items = [_dry_run(call, app, _parsed(text, at)) for at, text in enumerate(texts)]
    return {"items": items, "modified": any(each["modified"] for each in items)}


def _dry_run(call: Call, app: App, said: Any) -> Json:
    target = objects.in_namespace(said, app.destination)
    key: Key = objects.key(target)
    live = call.argo.cluster.objects.get(key)
    normalized, predicted = comparing.compared(target, live, app, call.argo.overrides)
    where = {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}
    states = {"targetState": objects.as_json(predicted), "liveState": objects.as_json(normalized)}
    return {**where, **states, "modified": normalized != predicted}


def _parsed(text: str, at: int) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        message = f"error unmarshaling target manifest {at}: {error}"
        raise denial.Denial(denial.UNKNOWN, message) from error
    return found


@route("GET", "/api/v1/applicationsets", query="projects selector appsetNamespace")
async def list_app_sets(call: Call) -> Json:
    argo, projects, matches = call.argo, call.many("projects"), selectors.read(call.one("selector"))
    found = [
        each
        for _, each in sorted(argo.app_sets.items())
        if (not call.one("appsetNamespace") or call.one("appsetNamespace") == each.metadata["namespace"])
        and matches(each.metadata.get("labels") or {})
        and call.may("applicationsets", "get", _project(each.spec))
        and (not projects or _project(each.spec) in projects)
    ]
    return {"metadata": {"resourceVersion": argo.resource_version}, "items": [each.shown() for each in found] or None}


def _project(spec: Json) -> str:
    return str(spec.get("template", {}).get("spec", {}).get("project") or "default")
