"""One app: asked for, made, patched, deleted."""

import json
from typing import Any

import pytest

from telefonistka_py.sandbox import Hub, Repo
from telefonistka_py.sandbox.argocd import ArgoCd, Key
from tests.doors.sandbox.argocd.conftest import DEPLOYMENT, Client

APPS = "/api/v1/applications"
LIVE = Key("apps", "Deployment", "web", "nginx")


def patch(change: Any, kind: str = "merge") -> dict[str, Any]:
    return {"name": "a", "patchType": kind, "patch": json.dumps(change)}


def wanted(repo: Repo, **changes: Any) -> dict[str, Any]:
    source = {"repoURL": repo.clone_url, "path": "dev/nginx", "targetRevision": "HEAD"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "web"}
    metadata = {"name": "temp-a", "labels": {"ours": "yes"}}
    return {
        "metadata": metadata,
        "spec": {"project": "default", "source": source, "destination": destination} | changes,
    }


@pytest.mark.parametrize("path", ["", "/managed-resources", "/manifests"])
async def test_what_is_missing_looks_forbidden_unless_its_project_is_named(client: Client, path: str) -> None:
    missing = await client("GET", f"{APPS}/none{path}")
    assert (missing.status, missing.body) == (
        403,
        {"error": "permission denied", "code": 7, "message": "permission denied"},
    )
    named = await client("GET", f"{APPS}/none{path}", project="default")
    assert (named.status, named.body["message"]) == (404, 'applications.argoproj.io "none" not found')


async def test_an_app_of_another_namespace_is_found_there_only(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx", namespace="team")
    assert (await client("GET", f"{APPS}/a")).status == 403
    assert (await client("GET", f"{APPS}/a", appNamespace="team")).status == 200
    assert (await client("GET", f"{APPS}/a", appNamespace="team", project="other")).status == 404


async def test_a_change_in_git_is_seen_after_a_refresh(client: Client, argo: ArgoCd, repo: Repo) -> None:
    app = await argo.add_app("a", "dev/nginx", destination="web")
    await argo.sync(app)
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT.replace("nginx:1.0", "nginx:2.0")})
    assert (await client.app("a"))["status"]["sync"]["status"] == "Synced"
    seen = (await client.app("a", refresh="hard"))["status"]["sync"]
    assert (seen["status"], seen["revision"]) == ("OutOfSync", (await repo.branches())["main"])


async def test_health_and_sync_are_true_until_they_are_ordered(client: Client, argo: ArgoCd) -> None:
    app = await argo.add_app("a", "dev/nginx", destination="web")
    assert (app.health, app.sync) == ("Missing", "OutOfSync")
    await argo.sync(app)
    assert (app.health, app.sync) == ("Healthy", "Synced")
    argo.set(app, health="Degraded", sync="Unknown")
    status = (await client.app("a", refresh="normal"))["status"]
    assert (status["health"]["status"], status["sync"]["status"]) == ("Degraded", "Unknown")


async def test_a_merge_patch_changes_the_revision_and_null_takes_it_away(
    client: Client, argo: ArgoCd, repo: Repo
) -> None:
    app = await argo.add_app("a", "dev/nginx")
    await repo.commit("alice", "feature", {"dev/nginx/all.yaml": DEPLOYMENT})
    answer = await client("PATCH", f"{APPS}/a", patch({"spec": {"source": {"targetRevision": "feature"}}}))
    assert answer.body["spec"]["source"]["targetRevision"] == "feature"
    assert answer.body["status"]["sync"]["revision"] == (await repo.branches())["feature"]
    assert app.metadata["generation"] == 2
    await client("PATCH", f"{APPS}/a", patch({"spec": {"source": {"targetRevision": None}}}))
    assert "targetRevision" not in app.sources[0]


async def test_a_json_patch_reaches_one_of_several_sources(client: Client, argo: ArgoCd, repo: Repo) -> None:
    sources = [{"repoURL": repo.clone_url, "path": path} for path in ("dev/nginx", "dev/db")]
    app = await argo.add_app("a", sources=sources)
    await repo.commit("alice", "feature", {"x": "1"})
    steps = [
        {"op": "test", "path": "/spec/sources/1/path", "value": "dev/db"},
        {"op": "add", "path": "/spec/sources/1/targetRevision", "value": "feature"},
    ]
    assert (await client("PATCH", f"{APPS}/a", patch(steps, "json"))).status == 200
    assert [each.get("targetRevision") for each in app.sources] == [None, "feature"]
    stale = [{"op": "test", "path": "/spec/sources/0/path", "value": "dev/db"}]
    assert (await client("PATCH", f"{APPS}/a", patch(stale, "json"))).status == 500


async def test_a_patch_to_what_can_not_be_rendered_is_refused_and_changes_nothing(client: Client, argo: ArgoCd) -> None:
    app = await argo.add_app("a", "dev/nginx")
    answer = await client("PATCH", f"{APPS}/a", patch({"spec": {"source": {"targetRevision": "gone"}}}))
    assert (answer.status, answer.body["code"]) == (400, 3)
    assert "unable to resolve 'gone' to a commit SHA" in answer.body["message"]
    assert app.sources[0]["targetRevision"] == "HEAD"
    assert (await client("PATCH", f"{APPS}/a", patch({}, "strategic"))).status == 400


async def test_who_may_only_look_changes_nothing(client: Client, argo: ArgoCd, repo: Repo) -> None:
    await argo.add_app("a", "dev/nginx")
    reader = client.as_token(argo.add_account("reader", may=["applications get"]).token)
    refused = [
        await reader("PATCH", f"{APPS}/a", patch({})),
        await reader("DELETE", f"{APPS}/a", cascade="false"),
        await reader("POST", APPS, wanted(repo), validate="false"),
    ]
    assert [each.status for each in refused] == [403] * 3
    assert refused[0].body["message"] == "permission denied: applications, update, default/a, sub: reader"
    assert len(argo.apps) == 1


async def test_the_same_app_again_is_no_error_and_another_needs_upsert(
    client: Client, argo: ArgoCd, repo: Repo
) -> None:
    for _ in range(2):
        assert (await client("POST", APPS, wanted(repo), validate="false")).status == 200
    other = wanted(repo) | {"metadata": {"name": "temp-a", "labels": {"ours": "no"}}}
    refused = await client("POST", APPS, other, validate="false")
    assert (refused.status, refused.body["message"]) == (
        400,
        "existing application spec is different, use upsert flag to force update",
    )
    assert (await client("POST", APPS, other, validate="false", upsert="true")).status == 200
    assert argo.app("temp-a").metadata["labels"] == {"ours": "no"}


async def test_only_a_validated_app_has_to_render(client: Client, argo: ArgoCd, repo: Repo) -> None:
    broken = wanted(repo, source={"repoURL": repo.clone_url, "path": "nowhere"})
    assert (await client("POST", APPS, broken)).status == 400
    made = await client("POST", APPS, broken, validate="false")
    assert made.body["status"]["sync"]["status"] == "Unknown"
    assert "nowhere: app path does not exist" in made.body["status"]["conditions"][0]["message"]
    assert (await client("POST", APPS, wanted(repo, project="none"))).status == 403
    assert (await client("POST", APPS, wanted(repo, destination={}))).status == 400


@pytest.mark.parametrize(("query", "left"), [({}, False), ({"cascade": "false"}, True), ({"cascade": "true"}, False)])
async def test_deleting_an_app_takes_its_objects_unless_told_not_to(
    client: Client, argo: ArgoCd, query: dict[str, str], left: bool
) -> None:
    await argo.sync(await argo.add_app("a", "dev/nginx", destination="web"))
    argo.cluster.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bystander"}})
    assert (await client("DELETE", f"{APPS}/a", **query)).body == {}
    assert (LIVE in argo.cluster.objects) is left
    assert argo.cluster.find("ConfigMap", "bystander") is not None
    assert argo.apps == {}


async def test_a_policy_for_no_cascade_is_refused(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    answer = await client("DELETE", f"{APPS}/a", cascade="false", propagationPolicy="foreground")
    assert (answer.status, len(argo.apps)) == (400, 1)
    assert (await client("DELETE", f"{APPS}/a", cascade="perhaps")).status == 400


async def test_an_automated_app_syncs_each_revision_once(client: Client, argo: ArgoCd, repo: Repo) -> None:
    app = await argo.add_app("a", "dev/nginx", destination="web", automated={})
    assert app.sync == "Synced"
    argo.cluster.change("Deployment", "nginx", {"spec": {"replicas": 7}})
    await client.app("a", refresh="hard")
    assert argo.cluster.objects[LIVE]["spec"]["replicas"] == 7
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT})
    await client.app("a", refresh="hard")
    assert argo.cluster.objects[LIVE]["spec"]["replicas"] == 2
    assert argo.cluster.find("Service", "nginx"), "nothing is pruned unless that is wanted"


async def test_prune_and_self_heal_do_what_they_say(argo: ArgoCd, repo: Repo) -> None:
    app = await argo.add_app("a", "dev/nginx", destination="web", automated={"prune": True, "selfHeal": True})
    argo.cluster.change("Deployment", "nginx", {"spec": {"replicas": 7}})
    await argo.refresh(app)
    assert argo.cluster.objects[LIVE]["spec"]["replicas"] == 2
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT})
    await argo.refresh(app)
    assert argo.cluster.find("Service", "nginx") is None


async def test_automation_that_is_switched_off_does_nothing(argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx", automated={"enabled": False})
    assert argo.cluster.objects == {}


async def test_an_app_of_a_repository_that_nobody_knows_says_so(argo: ArgoCd, hub: Hub) -> None:
    app = await argo.add_app("a", "x", repo="https://github.com/acme/other.git")
    assert "Repository not found" in app.status["conditions"][0]["message"]
    same = await argo.add_app("b", "dev/nginx", repo="git@github.com:Acme/GitOps.git")
    assert "conditions" not in same.status
