"""What is live beside what is wanted."""

import json

from telefonistka_py.sandbox import Content, Repo
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.doors.sandbox.argocd.conftest import DEPLOYMENT, SECRET, SERVICE, Client


async def test_what_is_synced_is_unmodified_though_the_server_filled_it(argo: ArgoCd, client: Client) -> None:
    await argo.sync(await argo.add_app("a", "dev/nginx", destination="web"))
    found = (await client.managed("a"))["Deployment"]
    where = {name: found.get(name) for name in ("group", "kind", "namespace", "name", "modified", "hook")}
    assert where == {
        "group": "apps",
        "kind": "Deployment",
        "namespace": "web",
        "name": "nginx",
        "modified": None,
        "hook": None,
    }
    assert found["targetState"]["metadata"]["namespace"] == "web"
    assert "strategy" not in found["targetState"]["spec"]
    assert found["liveState"]["spec"]["strategy"]["type"] == "RollingUpdate"
    assert found["resourceVersion"] == found["liveState"]["metadata"]["resourceVersion"]
    assert "status" in found["liveState"]
    assert not {"status"} & found["normalizedLiveState"].keys()
    assert found["predictedLiveState"] == found["normalizedLiveState"]


async def test_a_change_is_predicted_by_merging_it_into_what_is_live(argo: ArgoCd, client: Client, repo: Repo) -> None:
    await argo.sync(await argo.add_app("a", "dev/nginx", destination="web"))
    sidecar = {"name": "injected", "image": "proxy:1"}
    containers = argo.cluster.objects[next(iter(argo.cluster.objects))]["spec"]["template"]["spec"]["containers"]
    change = {"spec": {"template": {"spec": {"containers": [*containers, sidecar]}}}}
    argo.cluster.change("Deployment", "nginx", change, manager="istio")
    new = DEPLOYMENT.replace("nginx:1.0", "nginx:2.0").replace("  replicas: 2\n", "")
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": f"{new}---\n{SERVICE}"})
    await client.app("a", refresh="hard")
    found = (await client.managed("a"))["Deployment"]
    assert found["modified"] is True
    predicted = found["predictedLiveState"]["spec"]
    images = [each["image"] for each in predicted["template"]["spec"]["containers"]]
    assert images == ["nginx:2.0", "proxy:1"]
    assert (found["normalizedLiveState"]["spec"]["replicas"], predicted["replicas"]) == (2, 1)
    assert "Service" in await client.managed("a")
    assert (await client.managed("a"))["Service"].get("modified") is None


async def test_what_is_only_wanted_or_only_live_says_so(argo: ArgoCd, client: Client, repo: Repo) -> None:
    app = await argo.add_app("a", "dev/nginx", destination="web")
    new = (await client.managed("a"))["Deployment"]
    assert (new["liveState"], new["normalizedLiveState"], new["modified"]) == (None, None, True)
    assert new["predictedLiveState"] == new["targetState"]
    await argo.sync(app)
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT})
    await argo.refresh(app)
    extra = (await client.managed("a"))["Service"]
    assert (extra["targetState"], extra["predictedLiveState"], extra.get("modified")) == (None, None, None)
    assert app.sync == "OutOfSync"
    assert {"kind": "Service", "requiresPruning": True}.items() <= app.status["resources"][0].items()


async def test_an_app_that_can_not_be_rendered_shows_what_is_live_as_if_unwanted(
    argo: ArgoCd, client: Client, repo: Repo
) -> None:
    """N1: whoever takes this for a deletion is caught."""
    app = await argo.add_app("a", "dev/nginx", destination="web")
    await argo.sync(app)
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": "a: ["})
    await client.app("a", refresh="hard")
    assert app.sync == "Unknown"
    assert app.status["conditions"][0]["type"] == "ComparisonError"
    assert {each["targetState"] for each in (await client.managed("a")).values()} == {None}


async def test_an_app_without_objects_answers_with_nothing_at_all(argo: ArgoCd, client: Client, repo: Repo) -> None:
    await repo.commit("alice", "main", {"empty/README.md": "x"})
    await argo.add_app("a", "empty")
    assert await client.app("a", "/managed-resources") == {}


async def test_the_question_can_be_narrowed(argo: ArgoCd, client: Client) -> None:
    await argo.add_app("a", "dev/nginx", destination="web")
    assert (await client.managed("a", group="apps", namespace="web")).keys() == {"Deployment"}
    assert (await client.managed("a", kind="Service", name="other")).keys() == set()


async def test_secrets_show_that_they_differ_and_not_how(argo: ArgoCd, client: Client, repo: Repo) -> None:
    """N30."""
    app = await argo.add_app("db", "dev/db")
    await argo.sync(app)
    same = (await client.managed("db"))["Secret"]
    assert (same["liveState"]["data"], same["targetState"]["data"]) == ({"password": "+" * 8}, {"password": "+" * 8})
    assert same.get("modified") is None
    await repo.commit("alice", "main", {"dev/db/secret.yaml": SECRET.replace("horse", "battery")})
    await argo.refresh(app)
    other = (await client.managed("db"))["Secret"]
    assert (other["targetState"]["data"], other["liveState"]["data"]) == ({"password": "+" * 8}, {"password": "+" * 9})
    assert other["modified"] is True
    whole = json.dumps(other)
    assert not any(each in whole for each in ("horse", "battery", "Y29ycmVjdCBob3JzZQ"))


async def test_hooks_are_live_and_not_wanted(argo: ArgoCd, client: Client, repo: Repo) -> None:
    hook = "apiVersion: batch/v1\nkind: Job\n"
    hook += "metadata: {name: migrate, annotations: {argocd.argoproj.io/hook: PreSync}}\n"
    await repo.commit("alice", "main", {"dev/db/job.yaml": hook + "spec: {template: {spec: {containers: []}}}\n"})
    app = await argo.add_app("db", "dev/db")
    assert (await client.managed("db")).keys() == {"Secret"}
    argo.cluster.apply(app.targets[0])
    await argo.sync(app)
    found = (await client.managed("db"))["Job"]
    assert (found["hook"], found["targetState"], app.sync) == (True, None, "Synced")
    assert "Job" in await client.manifests("db")


async def test_what_app_and_settings_ignore_is_in_neither_state(argo: ArgoCd, client: Client) -> None:
    rule = {"group": "apps", "kind": "Deployment", "name": "nginx", "jsonPointers": ["/spec/replicas"]}
    app = await argo.add_app("a", "dev/nginx", destination="web", spec={"ignoreDifferences": [rule]})
    argo.overrides["Service"] = {"ignoreDifferences": "jsonPointers: [/spec/ports/0/port]\n"}
    await argo.sync(app)
    argo.cluster.change("Deployment", "nginx", {"spec": {"replicas": 7}})
    await argo.refresh(app)
    assert app.sync == "Synced"
    found = await client.managed("a")
    assert "replicas" not in found["Deployment"]["normalizedLiveState"]["spec"]
    assert found["Deployment"]["liveState"]["spec"]["replicas"] == 7
    assert "port" not in found["Service"]["predictedLiveState"]["spec"]["ports"][0]


async def test_what_is_not_the_apps_own_is_left_alone(argo: ArgoCd, client: Client) -> None:
    copied = {"argocd.argoproj.io/tracking-id": "a:/ConfigMap:web/original"}
    argo.cluster.add(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "copy", "namespace": "web", "annotations": copied},
        }
    )
    await argo.sync(await argo.add_app("a", "dev/nginx", destination="web"), prune=True)
    assert (await client.managed("a")).keys() == {"Deployment", "Service"}
    assert argo.cluster.find("ConfigMap", "copy") is not None


async def test_an_object_spared_by_its_options_does_not_count(argo: ArgoCd, repo: Repo) -> None:
    spared = "{argocd.argoproj.io/compare-options: IgnoreExtraneous}"
    service = SERVICE.replace("{name: nginx}", f"{{name: nginx, annotations: {spared}}}")
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": f"{DEPLOYMENT}---\n{service}"})
    app = await argo.add_app("a", "dev/nginx", destination="web")
    await argo.sync(app)
    await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT})
    await argo.refresh(app)
    assert app.sync == "Synced"


async def test_apps_of_one_repository_each_know_their_own(argo: ArgoCd, client: Client, repo: Repo) -> None:
    for name, path in (("nginx-dev", "dev/nginx"), ("db-dev", "dev/db")):
        await argo.sync(await argo.add_app(name, path, destination="web"))
    pull = await repo.open_pull(
        "alice", head=await _changed(repo, {"dev/nginx/all.yaml": DEPLOYMENT.replace("1.0", "2.0")}), title="Two"
    )
    assert (await client.managed("nginx-dev")).keys() == {"Deployment", "Service"}
    assert (await client.managed("db-dev")).keys() == {"Secret"}
    wanted = await client.manifests("nginx-dev", revision=pull.head_sha)
    assert wanted["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:2.0"
    assert (await client.manifests("db-dev", revision=pull.head_sha)) == await client.manifests("db-dev")


async def _changed(repo: Repo, files: dict[str, Content | None]) -> str:
    await repo.commit("alice", "feature", files)
    return "feature"
