"""What an App, a person and nobody may do; what an archived repository still takes."""

from typing import Any

import pytest

from telefonistka_py.sandbox import App, Hub, Repo
from telefonistka_py.sandbox.model import PERMISSIONS
from tests.doors.sandbox.conftest import Caller, installed, opened

REPO = "/repos/acme/gitops"
SHA = "c" * 40
OPERATIONS: list[tuple[str, str, Any, str, str]] = [
    ("POST", "/git/trees", {"tree": []}, "contents", "contents=write"),
    ("POST", "/pulls", {"title": "T", "head": "side", "base": "main"}, "pull_requests", "pull_requests=write"),
    ("POST", "/pulls/1/reviews", {"event": "APPROVE"}, "pull_requests", "pull_requests=write"),
    ("PUT", "/pulls/1/merge", {}, "contents", "contents=write"),
    ("POST", f"/statuses/{SHA}", {"state": "success"}, "statuses", "statuses=write"),
    ("GET", "/pulls/1/files", None, "pull_requests", "pull_requests=read"),
    ("GET", "/commits/main/check-runs", None, "checks", "checks=read"),
    ("DELETE", "/git/refs/heads/side", None, "contents", "contents=write"),
]


@pytest.mark.parametrize(("method", "path", "body", "lacks", "accepted"), OPERATIONS, ids=lambda it: str(it)[:30])
async def test_an_app_without_the_permission_is_told_which(
    hub: Hub, repo: Repo, nobody: Caller, method: str, path: str, body: Any, lacks: str, accepted: str
) -> None:
    await opened(repo)
    weak = hub.add_app("weak", permissions={name: level for name, level in PERMISSIONS.items() if name != lacks})
    answer = await (await installed(hub, nobody, weak))(method, REPO + path, body)
    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["x-accepted-github-permissions"] == accepted


async def test_either_of_two_permissions_will_do(hub: Hub, repo: Repo, nobody: Caller) -> None:
    await opened(repo)
    url, body = f"{REPO}/issues/1/comments", {"body": "Hello"}
    for name in ("issues", "pull_requests"):
        one = await installed(hub, nobody, hub.add_app(f"only-{name}", permissions={name: "write"}))
        assert (await one("POST", url, body)).status == 201
    none = await installed(hub, nobody, hub.add_app("none", permissions={"contents": "write"}))
    answer = await none("POST", url, body)
    assert answer.headers["x-accepted-github-permissions"] == "issues=write; pull_requests=write"


async def test_what_is_taken_from_an_app_is_gone_at_once(bot: Caller, app: App, repo: Repo) -> None:
    assert (await bot("POST", f"{REPO}/git/blobs", {"content": "x"})).status == 201
    app.permissions["contents"] = "read"
    assert (await bot("POST", f"{REPO}/git/blobs", {"content": "x"})).status == 403
    assert (await bot("GET", f"{REPO}/branches/main")).status == 200


QUERIES = {
    "contents": "defaultBranchRef { name }",
    "pull_requests": "pullRequests(first: 1) { nodes { number } }",
    "statuses": "pullRequest(number: 1) { commits(last: 1) { nodes { commit { status { state } } } } }",
    "checks": "pullRequest(number: 1) { statusCheckRollup { state } }",
}


@pytest.mark.parametrize(("lacks", "fields"), QUERIES.items())
async def test_graphql_forbids_what_the_app_may_not_read(
    bot: Caller, app: App, repo: Repo, lacks: str, fields: str
) -> None:
    """N1: what may not be read is an error beside a null, not an absence."""
    await opened(repo)
    query = f'query {{ repository(owner: "acme", name: "gitops") {{ {fields} }} }}'
    assert "errors" not in (await bot.graphql(query)).body
    del app.permissions[lacks]
    answer = await bot.graphql(query)
    (error,) = answer.body["errors"]
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by integration")


async def test_everybodys_permission_can_be_asked(bot: Caller, hub: Hub, repo: Repo) -> None:
    hub.add_user("mallory")
    for login, level in {"m": "maintain", "t": "triage", "root": "admin"}.items():
        hub.add_user(login, access={"acme/gitops": level})
    expected = {
        "alice": ("write", "write"),
        "carol": ("read", "read"),
        "m": ("write", "maintain"),
        "t": ("read", "triage"),
        "root": ("admin", "admin"),
        "mallory": ("none", "none"),
    }
    for login, (short, role) in expected.items():
        found = (await bot("GET", f"{REPO}/collaborators/{login}/permission")).body
        assert (found["permission"], found["role_name"]) == (short, role), login
    missing = await bot("GET", f"{REPO}/collaborators/nobody-here/permission")
    assert (missing.status, missing.body["message"]) == (404, "nobody-here is not a user")


ARCHIVED = [
    ("POST", "/git/blobs", {"content": "x"}),
    ("POST", "/issues/1/comments", {"body": "x"}),
    ("PUT", "/pulls/1/merge", {}),
    ("POST", "/pulls/1/reviews", {"event": "APPROVE"}),
]


async def test_an_archived_repository_is_read_only(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    repo.archived = True
    for method, path, body in ARCHIVED:
        answer = await bot(method, REPO + path, body)
        assert (answer.status, answer.body["message"]) == (403, "Repository was archived so is read-only."), path
    assert (await bot("GET", f"{REPO}/pulls/1")).status == 200
    close = "mutation($id: ID!) { closePullRequest(input: {pullRequestId: $id}) { pullRequest { number } } }"
    id = (await bot("GET", f"{REPO}/pulls/1")).body["node_id"]
    assert (await bot.graphql(close, id=id)).body["errors"][0]["type"] == "FORBIDDEN"
    assert pull.state == "open"


async def test_a_reaction_is_given_once(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    comment = await repo.comment("alice", 1, "/retrigger")
    url = f"{REPO}/issues/comments/{comment.id}"
    first, again = [await bot("POST", f"{url}/reactions", {"content": "eyes"}) for _ in range(2)]
    assert (first.status, again.status, first.body["id"]) == (201, 200, again.body["id"])
    assert (await bot("POST", f"{url}/reactions", {"content": "cake"})).status == 422
    counted = (await bot("GET", f"{REPO}/issues/1/comments")).body[0]["reactions"]
    assert (counted["total_count"], counted["eyes"], counted["+1"]) == (1, 1, 0)
