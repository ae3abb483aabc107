"""What changes something: apps made, patched and deleted, and ApplicationSets tried out."""

from typing import Any

from telefonistka_py.sandbox.argocd import comparing, denial, generating, objects, patches, reconciling, rendering
from telefonistka_py.sandbox.argocd.calling import Call, route
from telefonistka_py.sandbox.argocd.model import App, AppSet, Json

CASCADING = generating.FINALIZER
_POLICIES = {"", "foreground", "background"}


@route("POST", "/api/v1/applications", query="upsert validate", body=True)
async def create_app(call: Call) -> Json:
    """The same app again is no error; another of its name needs `upsert`. With `validate` the sources must render."""
    argo = call.argo
    metadata, spec = _parts(call.body)
    app = App({**metadata, "namespace": metadata.get("namespace") or argo.namespace}, spec, {})
    call.demand("applications", "create", app.project, app.name)
    await _check(call, app, call.flag("validate", default=True))
    existing = argo.apps.get((app.namespace, app.name))
    if existing is None:
        argo.born(app)
    elif _same(existing, app):
        return existing.shown()
    elif not call.flag("upsert", default=False):
        message = "existing application spec is different, use upsert flag to force update"
        raise denial.Denial(denial.INVALID, message)
    else:
        call.demand("applications", "update", app.project, app.name)
        _update(call, existing, app)
        app = existing
    await reconciling.look(argo, app)
    return app.shown()


@route("PATCH", "/api/v1/applications/{name}", body=True)
async def patch_app(call: Call) -> Json:
    """`patch` is text; its kind is `merge`, or `json`, which is meant when none is named. The result is validated."""
    app = call.app()
    call.demand("applications", "update", app.project, app.name)
    text = call.body.get("patch")
    patch = text if isinstance(text, str) else ""
    metadata, spec = _parts(patches.patched(app.shown(), str(call.body.get("patchType") or ""), patch))
    changed = App({**metadata, "name": app.name, "namespace": app.namespace}, spec, app.status)
    await _check(call, changed, validate=True)
    _update(call, app, changed)
    await reconciling.look(call.argo, app)
    return app.shown()


@route("DELETE", "/api/v1/applications/{name}", query="cascade propagationPolicy appNamespace project")
async def delete_app(call: Call) -> Json:
    """Unless `cascade=false`, everything live that is the app's goes too, whatever its finalizers say.

    Docs: user-guide/app_deletion.
    """
    app, cascade = call.app(), call.flag("cascade", default=True)
    call.demand("applications", "delete", app.project, app.name)
    policy = call.one("propagationPolicy")
    if not cascade and policy:
        raise denial.Denial(denial.INVALID, "cannot set propagation policy when cascading is disabled")
    if policy not in _POLICIES:
        raise denial.Denial(denial.INVALID, f"invalid propagation policy: {policy}")
    if cascade:
        argo = call.argo
        for key, (_, live) in comparing.pairs(app, argo.instance(app), argo.cluster, argo.tracking).items():
            if live is not None:
                argo.cluster.delete(key)
    del call.argo.apps[(app.namespace, app.name)]
    return {}


@route("POST", "/api/v1/applicationsets/generate", body=True, since=(2, 14), absent=405)
async def generate(call: Call) -> Json:
    """The apps that an ApplicationSet would make; nothing is kept. It takes the right to create ApplicationSets.

    None: `{}`. Docs: the command `argocd appset generate`.
    """
    argo, said = call.argo, call.body.get("applicationSet")
    if not isinstance(said, dict):
        message = "error creating ApplicationSets: ApplicationSets is nil in request"
        raise denial.Denial(denial.UNKNOWN, message)
    metadata, spec = _parts(said)
    project = str(spec.get("template", {}).get("spec", {}).get("project") or "")
    if "{{" in project:
        why = (
            "error validating ApplicationSets: the Argo CD API does not currently support creating ApplicationSets with"
        )
        raise denial.Denial(denial.UNKNOWN, f"{why} templated `project` fields")
    call.demand("applicationsets", "create", project or "default", str(metadata.get("name")))
    try:
        found = await generating.applications(argo.hub, AppSet(metadata, spec), argo.namespace)
    except denial.Denial as problem:
        raise problem.within("unable to generate Applications of ApplicationSet") from problem
    return (
        {"applications": [{"metadata": each["metadata"], "spec": each["spec"], "status": {}} for each in found]}
        if (found)
        else {}
    )


def _parts(said: Any) -> tuple[Json, Json]:
    """Metadata and specification of an Application or ApplicationSet."""
    metadata, spec = (said.get(part) if isinstance(said, dict) else None for part in ("metadata", "spec"))
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise denial.Denial(denial.UNKNOWN, "error validating and normalizing app: resource name may not be empty")
    return objects.copied(metadata), objects.copied(spec if isinstance(spec, dict) else {})


async def _check(call: Call, app: App, validate: bool) -> None:
    """A project must exist; with `validate` the sources must render."""
    argo = call.argo
    if app.project not in argo.projects:
        raise denial.denied()
    if not app.spec.get("destination"):
        message = f"application destination spec for {app.name} is invalid: destination server or name is missing"
        raise denial.Denial(denial.INVALID, message)
    if not validate:
        return
    try:
        await rendering.render(argo.hub, app, argo.instance(app), argo.tracking, app.sources)
    except denial.Denial as problem:
        message = f"application spec for {app.name} is invalid: InvalidSpecError: {problem.message}"
        raise denial.Denial(denial.INVALID, message) from problem


def _same(one: App, other: App) -> bool:
    def said(app: App) -> list[Any]:
        return [app.spec, *(app.metadata.get(name) or None for name in ("labels", "annotations", "finalizers"))]

    return said(one) == said(other)


def _update(call: Call, app: App, new: App) -> None:
    """Takes over what people say of an app; what the server says stays."""
    for name in ("labels", "annotations", "finalizers"):
        app.metadata.pop(name, None)
        if new.metadata.get(name):
            app.metadata[name] = new.metadata[name]
    if app.spec != new.spec:
        app.metadata["generation"] = app.metadata.get("generation", 1) + 1
    app.spec = new.spec
    app.metadata["resourceVersion"] = call.argo.next_version()
