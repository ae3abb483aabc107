"""What an app wants at a revision."""

import pytest

from telefonistka_py.sandbox import Content, Hub, Link, Repo
from telefonistka_py.sandbox.argocd import ArgoCd, Tracking
from tests.doors.sandbox.argocd.conftest import DEPLOYMENT, SECRET, SERVICE, Client

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


async def rendered(argo: ArgoCd, client: Client, repo: Repo, files: dict[str, Content], **spec: object) -> list[str]:
    """The names of what a folder with these files comes to."""
    await repo.commit("alice", "main", {f"odd/{name}": content for name, content in files.items()})
    await argo.add_app("odd", spec={"source": {"repoURL": repo.clone_url, "path": "odd", **spec}})
    found = await client.app("odd", "/manifests")
    return [each.partition('"name":"')[2].partition('"')[0] for each in found.get("manifests", [])]


@pytest.mark.parametrize("how", ["branch", "sha", "short", "ref", "tag"])
async def test_a_revision_may_be_named_in_every_way(argo: ArgoCd, client: Client, repo: Repo, how: str) -> None:
    await argo.add_app("a", "dev/nginx")
    await repo.commit("alice", "feature/x", {"dev/nginx/all.yaml": DEPLOYMENT.replace("1.0", "2.0")})
    sha = (await repo.branches())["feature/x"]
    await repo.git.run("update-ref", "refs/tags/v1", sha)
    ways = {"branch": "feature/x", "sha": sha, "short": sha[:8], "ref": "refs/heads/feature/x", "tag": "v1"}
    found = await client.manifests("a", revision=ways[how])
    assert found["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:2.0"
    assert found.keys() == {"Deployment"}
    assert (await client.manifests("a")).keys() == {"Deployment", "Service"}
    assert (await client.manifests("a", revision="HEAD")).keys() == {"Deployment", "Service"}


async def test_manifests_are_as_written_but_for_the_mark(argo: ArgoCd, client: Client) -> None:
    await argo.add_app("a", "dev/nginx", destination="web")
    found = (await client.manifests("a"))["Service"]
    mark = {"argocd.argoproj.io/tracking-id": "a:/Service:web/nginx"}
    assert found["metadata"] == {"name": "nginx", "annotations": mark}
    assert found["spec"] == {"selector": {"app": "nginx"}, "ports": [{"port": 80}]}


@pytest.mark.parametrize(
    ("method", "labels", "annotations"),
    [
        ("label", {"mine": "a"}, None),
        ("annotation", None, {"argocd.argoproj.io/tracking-id": "a:/Service:web/nginx"}),
        ("annotation+label", {"mine": "a"}, {"argocd.argoproj.io/tracking-id": "a:/Service:web/nginx"}),
    ],
)
async def test_the_mark_is_a_label_an_annotation_or_both(
    hub: Hub, repo: Repo, client: Client, method: str, labels: object, annotations: object
) -> None:
    async with ArgoCd.running(hub, tracking=Tracking(method, "mine")) as argo:
        app = await argo.add_app("a", "dev/nginx", destination="web")
        asking = Client(client.session, argo.url, argo.token)
        metadata = (await asking.manifests("a"))["Service"]["metadata"]
        assert (metadata.get("labels"), metadata.get("annotations")) == (labels, annotations)
        await argo.sync(app)
        assert app.sync == "Synced"
        await repo.commit("alice", "main", {"dev/nginx/all.yaml": DEPLOYMENT})
        await argo.refresh(app)
        assert (await asking.managed("a"))["Service"]["targetState"] is None


async def test_an_app_of_another_namespace_marks_with_both_names(argo: ArgoCd, client: Client) -> None:
    await argo.add_app("a", "dev/nginx", namespace="team", destination="web")
    metadata = (await client.manifests("a", appNamespace="team"))["Service"]["metadata"]
    assert metadata["annotations"] == {"argocd.argoproj.io/tracking-id": "team_a:/Service:web/nginx"}


async def test_the_values_of_a_secret_stay_inside(argo: ArgoCd, client: Client) -> None:
    """N30."""
    await argo.add_app("db", "dev/db")
    secret = (await client.manifests("db"))["Secret"]
    assert secret["data"] == {"password": "++++++++"}
    assert "stringData" not in secret


async def test_sources_are_rendered_together_each_at_its_own_revision(argo: ArgoCd, client: Client, repo: Repo) -> None:
    sources = [{"repoURL": repo.clone_url, "path": path} for path in ("dev/nginx", "dev/db")]
    values = {"repoURL": repo.clone_url, "ref": "values"}
    app = await argo.add_app("a", sources=[values, *sources])
    assert len(app.status["sync"]["revisions"]) == 3
    more = f"{SECRET}---\n{MAP % 'more'}"
    await repo.commit("alice", "feature", {"dev/db/secret.yaml": more, "dev/nginx/all.yaml": MAP % "less"})
    sha = (await repo.branches())["feature"]
    found = await client.manifests("a", revisions=sha, sourcePositions="3")
    assert found.keys() == {"Deployment", "Service", "Secret", "ConfigMap"}
    assert (await client.manifests("a", revisions=[sha, sha], sourcePositions=["2", "3"])).keys() == {
        "ConfigMap",
        "Secret",
    }
    assert (await client.manifests("a", revision=sha)).keys() == {"Deployment", "Service", "Secret"}
    missing = await client("GET", "/api/v1/applications/a/manifests", revisions=sha, sourcePositions="4")
    assert (missing.status, missing.body["message"]) == (500, "source position is out of range")
    short = await client("GET", "/api/v1/applications/a/manifests", revisions=sha, sourcePositions=["2", "3"])
    assert (short.status, short.body["code"]) == (500, 13)


async def test_what_can_not_be_resolved_or_read_is_an_error(argo: ArgoCd, client: Client, repo: Repo) -> None:
    """N1."""
    await argo.add_app("a", "dev/nginx")
    answer = await client("GET", "/api/v1/applications/a/manifests", revision="0" * 40)
    assert (answer.status, answer.body["code"]) == (500, 2)
    assert answer.body["message"] == (
        f"error generating manifests: rpc error: code = Unknown desc = unable to resolve '{'0' * 40}' to a commit SHA"
    )
    await repo.commit("alice", "gone", {"dev/nginx": None})
    gone = await client("GET", "/api/v1/applications/a/manifests", revision="gone")
    assert "dev/nginx: app path does not exist" in gone.body["message"]
    await repo.commit("alice", "broken", {"dev/nginx/all.yaml": "a: [\n"})
    broken = await client("GET", "/api/v1/applications/a/manifests", revision="broken")
    assert (broken.status, broken.body["code"]) == (400, 9)
    assert 'Failed to unmarshal "all.yaml"' in broken.body["message"]


@pytest.mark.parametrize(
    ("file", "said"),
    [("Chart.yaml", "helm template"), ("kustomization.yaml", "kustomize build <path to cached source>")],
)
async def test_other_tools_fail_as_they_do(argo: ArgoCd, client: Client, repo: Repo, file: str, said: str) -> None:
    await repo.commit("alice", "main", {f"dev/nginx/{file}": "name: x\n"})
    await argo.add_app("a", "dev/nginx")
    answer = await client("GET", "/api/v1/applications/a/manifests")
    assert answer.status == 500
    assert "Manifest generation error (cached): " in answer.body["message"]
    assert said in answer.body["message"]


async def test_a_folder_gives_its_manifests_and_nothing_else(argo: ArgoCd, client: Client, repo: Repo) -> None:
    files: dict[str, Content] = {
        "a.yml": f"{MAP % 'a'}---\n# nothing\n---\n{MAP % 'a2'}",
        "b.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}',
        "c.txt": MAP % "c",
        "d.yaml": "# +argocd:skip-file-rendering\n" + MAP % "d",
        "e.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: e}}\n",
        "f.yaml": Link("a.yml"),
        "below/g.yaml": MAP % "g",
    }
    assert await rendered(argo, client, repo, files) == ["a", "a2", "b", "e"]


async def test_recursion_and_patterns_choose_files(argo: ArgoCd, client: Client, repo: Repo) -> None:
    files: dict[str, Content] = {f"{name}.yaml": MAP % name[-1] for name in ("a", "b", "below/c", "below/d")}
    chosen = {"recurse": True, "include": "{a.yaml,below/*}", "exclude": "*d.yaml"}
    assert await rendered(argo, client, repo, files, directory=chosen) == ["a", "c"]


async def test_a_folder_without_manifests_has_none(argo: ArgoCd, client: Client, repo: Repo) -> None:
    assert await rendered(argo, client, repo, {"README.md": "x"}) == []
    assert await client.app("odd", "/manifests") == {}


async def test_yaml_is_read_as_kubernetes_reads_it(argo: ArgoCd, client: Client, repo: Repo) -> None:
    data = "data: {date: 2024-01-02, time: 1:30, octal: 0644, flag: yes, float: 1e3, text: '80', port: 80}\n"
    await repo.commit("alice", "main", {"odd/a.yaml": MAP % "a" + data})
    await argo.add_app("odd", "odd")
    expected = {"date": "2024-01-02", "time": "1:30", "octal": 420, "flag": True, "float": 1000.0}
    assert (await client.manifests("odd"))["ConfigMap"]["data"] == expected | {"text": "80", "port": 80}


async def test_an_object_without_a_kind_is_an_error(argo: ArgoCd, client: Client, repo: Repo) -> None:
    await repo.commit("alice", "main", {"odd/values.yaml": "tag: 1\n"})
    await argo.add_app("odd", "odd")
    answer = await client("GET", "/api/v1/applications/odd/manifests")
    assert (answer.status, SERVICE in str(answer.body)) == (400, False)
