"""Which apps there are, for whom, and how much of them."""

import pytest

from telefonistka_py.sandbox import Repo
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.doors.sandbox.argocd.conftest import Answer, Client

LIST = "/api/v1/applications"


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["metadata"]["name"] for each in answer.body["items"] or []]


async def test_apps_come_by_name_and_none_at_all_is_null(client: Client, argo: ArgoCd) -> None:
    assert (await client("GET", LIST)).body["items"] is None
    for name in ("b", "a"):
        await argo.add_app(name, "dev/nginx")
    assert names(await client("GET", LIST)) == ["a", "b"]


async def test_fields_leave_out_all_but_what_was_asked_for(client: Client, argo: ArgoCd) -> None:
    app = await argo.add_app("a", "dev/nginx", annotations={"x": "y"})
    asked = "items.metadata.name,items.metadata.annotations,items.metadata.labels,items.status.sync.status"
    found = (await client("GET", LIST, fields=asked)).body
    metadata = {"name": "a", "annotations": {"x": "y"}, "labels": None}
    assert found["items"] == [{"metadata": metadata, "status": {"sync": {"status": "OutOfSync"}}}]
    assert found["metadata"] == {"resourceVersion": app.metadata["resourceVersion"]}
    rest = (await client("GET", LIST, fields="-items.spec")).body["items"][0]
    assert "spec" not in rest
    assert rest["metadata"]["name"] == "a"


async def test_repo_is_compared_letter_by_letter_with_the_first_source(
    client: Client, argo: ArgoCd, repo: Repo
) -> None:
    charts, ours = {"repoURL": "https://charts.example", "chart": "x", "ref": "x"}, repo.clone_url
    await argo.add_app("one", "dev/nginx")
    await argo.add_app("other-spelling", "dev/nginx", repo=ours.removesuffix(".git"))
    await argo.add_app("second", sources=[charts, {"repoURL": ours, "path": "dev/nginx"}])
    await argo.add_app("first", sources=[{"repoURL": ours, "path": "dev/nginx"}, charts])
    assert names(await client("GET", LIST, repo=ours)) == ["first", "one"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("team=web", ["a"]),
        ("team==web,env=dev", ["a"]),
        ("team!=web", ["b", "c"]),
        ("team in (web, db)", ["a", "b"]),
        ("team notin (web)", ["b", "c"]),
        ("team", ["a", "b"]),
        ("!team", ["c"]),
        ("example.com/sha=abc", ["c"]),
    ],
)
async def test_a_selector_chooses_by_labels(client: Client, argo: ArgoCd, selector: str, found: list[str]) -> None:
    await argo.add_app("a", "dev/nginx", labels={"team": "web", "env": "dev"})
    await argo.add_app("b", "dev/nginx", labels={"team": "db"})
    await argo.add_app("c", "dev/nginx", labels={"example.com/sha": "abc"})
    assert names(await client("GET", LIST, selector=selector)) == found


async def test_a_selector_that_can_not_be_read_is_refused(client: Client) -> None:
    answer = await client("GET", LIST, selector="team=(")
    assert (answer.status, answer.body["code"]) == (500, 2)


async def test_name_project_and_namespace_narrow_the_list(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    await argo.add_app("b", "dev/nginx", project="web")
    await argo.add_app("a", "dev/nginx", namespace="team")
    assert names(await client("GET", LIST, name="b")) == ["b"]
    assert names(await client("GET", LIST, projects=["web", "none"])) == ["b"]
    assert names(await client("GET", LIST, project="default")) == ["a", "a"]
    assert names(await client("GET", LIST, appNamespace="team")) == ["a"]


async def test_without_a_token_there_is_no_answer_and_little_of_the_settings(client: Client, argo: ArgoCd) -> None:
    nobody = client.as_token(None)
    refused = await nobody("GET", LIST)
    assert (refused.status, refused.body["code"]) == (401, 16)
    assert (await client.as_token("made up")("GET", LIST)).status == 401
    assert "resourceOverrides" not in (await nobody("GET", "/api/v1/settings")).body
    settings = (await client("GET", "/api/v1/settings")).body
    assert settings["trackingMethod"] == "annotation"
    assert settings["resourceOverrides"]["*/*"]["ignoreDifferences"] == "jsonPointers:\n- /status\n"
    assert (await nobody("GET", "/api/version")).body["Version"] == "v3.3.2"


async def test_what_one_may_not_see_is_not_listed(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    await argo.add_app("b", "dev/nginx", project="web")
    web = client.as_token(argo.add_account("web", may=["applications get"], projects=["web"]).token)
    assert names(await web("GET", LIST)) == ["b"]
    assert names(await client.as_token(argo.add_account("none", may=[]).token)("GET", LIST)) == []
