"""ApplicationSets, and the apps they would make."""

from typing import Any

import pytest

from telefonistka_py.sandbox import Repo
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.doors.sandbox.argocd.conftest import DEPLOYMENT, Answer, Client

GENERATE = "/api/v1/applicationsets/generate"


def app_set(repo: Repo, generators: list[dict[str, Any]], name: str, path: str, **spec: Any) -> dict[str, Any]:
    source = {"repoURL": repo.clone_url, "targetRevision": "HEAD", "path": path}
    app = {"project": "default", "source": source, "destination": {"namespace": "web"}}
    return {"generators": generators, "template": {"metadata": {"name": name}, "spec": app}, **spec}


def folders(repo: Repo, *paths: str, revision: str = "HEAD", **more: Any) -> dict[str, Any]:
    directories = [{"path": path.removeprefix("!"), "exclude": path.startswith("!")} for path in paths]
    return {"git": {"repoURL": repo.clone_url, "revision": revision, "directories": directories, **more}}


async def asked(client: Client, spec: dict[str, Any]) -> Answer:
    return await client("POST", GENERATE, {"applicationSet": {"metadata": {"name": "set"}, "spec": spec}})


async def generated(client: Client, spec: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, path) of each app."""
    answer = await asked(client, spec)
    assert answer.status == 200, answer.body
    apps = answer.body.get("applications", [])
    return [(each["metadata"]["name"], each["spec"]["source"]["path"]) for each in apps]


async def test_folders_become_apps(client: Client, repo: Repo) -> None:
    spec = app_set(repo, [folders(repo, "dev/*")], "{{path.basename}}-{{path[0]}}", "{{path}}")
    assert await generated(client, spec) == [("db-dev", "dev/db"), ("nginx-dev", "dev/nginx")]


async def test_folders_can_be_excluded_and_asterisks_stop_at_slashes(client: Client, repo: Repo) -> None:
    spec = app_set(repo, [folders(repo, "*", "*/*", "!dev/db", "!prod")], "{{path}}", "{{path}}")
    assert [path for _, path in await generated(client, spec)] == ["dev", "dev/nginx", "prod/nginx"]


async def test_the_generators_revision_is_the_one_that_is_looked_at(client: Client, repo: Repo) -> None:
    await repo.commit("alice", "feature", {"dev/New_App/a.yaml": DEPLOYMENT})
    sha = (await repo.branches())["feature"]
    spec = app_set(repo, [folders(repo, "dev/*", revision=sha)], "{{path.basenameNormalized}}", "{{path}}")
    assert ("new-app", "dev/New_App") in await generated(client, spec)
    lost = await asked(client, app_set(repo, [folders(repo, "*", revision="lost")], "x", "x"))
    assert (lost.status, lost.body["code"]) == (500, 2)
    assert "unable to resolve 'lost' to a commit SHA" in lost.body["message"]


async def test_go_templates_reach_into_values(client: Client, repo: Repo) -> None:
    name = "{{ .path.basenameNormalized }}-{{index .path.segments 0}}-{{.values.cluster}}{{.missing}}"
    git = folders(repo, "dev/db", values={"cluster": "east"})
    spec = app_set(repo, [git], name, "{{.path.path}}", goTemplate=True)
    assert await generated(client, spec) == [("db-dev-east<no value>", "dev/db")]
    strict = await asked(client, spec | {"goTemplateOptions": ["missingkey=error"]})
    assert (strict.status, "map has no entry for key 'missing'" in strict.body["message"]) == (500, True)


@pytest.mark.parametrize("go", [False, True])
async def test_lists_become_apps(client: Client, repo: Repo, go: bool) -> None:
    elements = [{"env": {"name": "dev"}, "path": "dev/db"}, {"env": {"name": "prod"}, "path": "prod/nginx"}]
    dot = "." if go else ""
    spec = app_set(
        repo, [{"list": {"elements": elements}}], f"a-{{{{{dot}env.name}}}}", f"{{{{{dot}path}}}}", goTemplate=go
    )
    assert await generated(client, spec) == [("a-dev", "dev/db"), ("a-prod", "prod/nginx")]


async def test_what_is_not_filled_stays_without_go_templates(client: Client, repo: Repo) -> None:
    spec = app_set(repo, [{"list": {"elements": [{"a": "1"}]}}], "x-{{b}}", "{{a}}")
    assert await generated(client, spec) == [("x-{{b}}", "1")]


async def test_generated_apps_would_take_their_objects_with_them(client: Client, argo: ArgoCd, repo: Repo) -> None:
    """Whoever makes an app of one and deletes it has to say `cascade=false`."""
    spec = app_set(repo, [folders(repo, "dev/db")], "x", "{{path}}")
    found = (await asked(client, spec)).body["applications"][0]["metadata"]
    assert found == {"name": "x", "namespace": "argocd", "finalizers": ["resources-finalizer.argocd.argoproj.io"]}
    kept = spec | {"syncPolicy": {"preserveResourcesOnDeletion": True}}
    assert "finalizers" not in (await asked(client, kept)).body["applications"][0]["metadata"]
    assert argo.apps == {}


async def test_nothing_generated_is_an_empty_answer(client: Client, repo: Repo) -> None:
    assert (await asked(client, app_set(repo, [folders(repo, "none/*")], "x", "x"))).body == {}


async def test_it_takes_the_right_to_create_application_sets(client: Client, argo: ArgoCd, repo: Repo) -> None:
    reader = client.as_token(argo.add_account("reader", may=["applications get", "applicationsets get"]).token)
    assert (await asked(reader, app_set(repo, [folders(repo, "*")], "x", "x"))).status == 403
    assert (await client("POST", GENERATE, {})).status == 500
    templated = app_set(repo, [folders(repo, "*")], "x", "x")
    templated["template"]["spec"]["project"] = "{{path}}"
    assert "templated `project` fields" in (await asked(client, templated)).body["message"]


async def test_application_sets_are_listed(client: Client, argo: ArgoCd, repo: Repo) -> None:
    where = "/api/v1/applicationsets"
    assert (await client("GET", where)).body["items"] is None
    spec = app_set(repo, [folders(repo, "dev/*")], "{{path.basename}}", "{{path}}")
    argo.add_app_set("set", spec, labels={"team": "web"})
    listed = (await client("GET", where, selector="team=web")).body["items"]
    assert listed[0]["spec"] == spec
    for query in ({"selector": "team=db"}, {"projects": "other"}, {"appsetNamespace": "team"}):
        assert (await client("GET", where, **query)).body["items"] is None
    reader = client.as_token(argo.add_account("reader", may=["applications get"]).token)
    assert (await reader("GET", where)).body["items"] is None


@pytest.mark.parametrize(
    ("generator", "said"),
    [({"clusters": {}}, "the generator clusters"), ({"list": {"elements": [{}]}}, "the template {{.a | upper}}")],
)
async def test_what_the_stand_in_has_not_learnt_is_noted(
    client: Client, argo: ArgoCd, repo: Repo, generator: dict[str, Any], said: str
) -> None:
    assert (await asked(client, app_set(repo, [generator], "{{.a | upper}}", "x", goTemplate=True))).status == 501
    assert argo.unknown == [f"The stand-in for Argo CD doesn't know {said}."]
    argo.unknown.clear()
