"""Who may ask what: App JWTs, installation tokens, personal tokens, nobody."""

import json
from typing import Any

import jwt
import pytest

from telefonistka_py.sandbox import App, Hub, Repo
from tests.doors.sandbox.conftest import Caller, Clock, app_jwt

REPO = "/repos/acme/gitops"


async def test_an_app_proves_itself_by_its_key(nobody: Caller, app: App, clock: Clock) -> None:
    """The issuer may be written as a number too, as older libraries do."""
    claims = {"iat": int(clock().timestamp()), "exp": int(clock().timestamp()) + 60, "iss": app.id}
    by_number = jwt.api_jws.encode(json.dumps(claims).encode(), app.private_key_pem, "RS256")
    for token in (app_jwt(app, clock()), by_number):
        assert (await nobody.as_token(token)("GET", "/app")).body["slug"] == "telefonistka"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"age": 700, "life": -1}, "('exp')"),
    "too long": ({"life": 900}, "too far in the future"),
    "from the future": ({"age": -120, "life": 500}, "('iat')"),
}


@pytest.mark.parametrize(("claims", "says"), WRONG.values(), ids=WRONG.keys())
async def test_a_jwt_with_wrong_times_is_refused(
    nobody: Caller, app: App, clock: Clock, claims: dict[str, Any], says: str
) -> None:
    """N22."""
    answer = await nobody.as_token(app_jwt(app, clock(), **claims))("GET", "/app")
    assert answer.status == 401
    assert says in answer.body["message"]


async def test_a_clock_a_little_ahead_is_forgiven(nobody: Caller, app: App, clock: Clock) -> None:
    """N22."""
    assert (await nobody.as_token(app_jwt(app, clock(), age=-30, life=500))("GET", "/app")).status == 200


async def test_another_apps_key_is_refused(hub: Hub, nobody: Caller, app: App, clock: Clock) -> None:
    other = hub.add_app("other")
    forged = app_jwt(other, clock(), iss=str(app.id))
    answer = await nobody.as_token(forged)("GET", "/app")
    assert (answer.status, answer.body["message"]) == (401, "A JSON web token could not be decoded")


async def test_an_installation_token_ends_after_an_hour(bot: Caller, clock: Clock) -> None:
    """N22."""
    assert (await bot("GET", REPO)).status == 200
    clock.move(minutes=59)
    assert (await bot("GET", REPO)).status == 200
    clock.move(minutes=1)
    answer = await bot("GET", REPO)
    assert (answer.status, answer.body["message"]) == (401, "Bad credentials")


async def test_a_token_can_be_narrowed(hub: Hub, nobody: Caller, app: App, clock: Clock, repo: Repo) -> None:
    await hub.add_repo("acme/other")
    url = f"/app/installations/{app.installation_id}/access_tokens"
    wish = {"repositories": ["gitops"], "permissions": {"contents": "read"}}
    made = await nobody.as_token(app_jwt(app, clock()))("POST", url, wish)
    narrow = nobody.as_token(made.body["token"])
    assert (await narrow("GET", f"{REPO}/branches/main")).status == 200
    assert (await narrow("GET", "/repos/acme/other")).status == 404
    refused = await narrow("POST", f"{REPO}/git/blobs", {"content": "x"})
    assert (refused.status, refused.body["message"]) == (403, "Resource not accessible by integration")
    listed = await narrow("GET", "/installation/repositories")
    assert [each["full_name"] for each in listed.body["repositories"]] == ["acme/gitops"]


async def test_installations_come_in_pages(hub: Hub, nobody: Caller, app: App, clock: Clock) -> None:
    """N22."""
    for number in range(3):
        await hub.add_repo(f"org{number}/gitops")
    caller = nobody.as_token(app_jwt(app, clock()))
    second = await caller("GET", "/app/installations?per_page=2&page=2")
    assert [each["account"]["login"] for each in second.body] == ["org1", "org2"]
    found = await caller("GET", "/repos/org2/gitops/installation")
    assert found.body["id"] == second.body[1]["id"]
    assert (await caller("GET", "/repos/org2/nope/installation")).status == 404


async def test_what_one_may_not_see_is_not_found(hub: Hub, nobody: Caller, repo: Repo) -> None:
    hub.add_user("mallory")
    stranger = nobody.as_token(hub.user("mallory").token)
    for caller in (stranger, nobody):
        answer = await caller("GET", REPO)
        assert (answer.status, answer.body["message"]) == (404, "Not Found")
    assert (await nobody.as_token("ghp_wrong")("GET", REPO)).status == 401


async def test_a_reader_comments_but_does_not_write(hub: Hub, nobody: Caller, repo: Repo) -> None:
    """N24."""
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="T")
    carol = nobody.as_token(hub.user("carol").token)
    assert (await carol("POST", f"{REPO}/issues/{pull.number}/comments", {"body": "/retrigger"})).status == 201
    for method, path, body in (
        ("POST", f"/statuses/{pull.head_sha}", {"state": "success"}),
        ("PUT", f"/pulls/{pull.number}/merge", {}),
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": pull.head_sha}),
        ("PATCH", f"/pulls/{pull.number}", {"title": "Mine"}),
        ("POST", f"/issues/{pull.number}/labels", {"labels": ["x"]}),
    ):
        assert (await carol(method, REPO + path, body)).status == 403, path
    assert not pull.merged


async def test_permission_levels_are_told_as_github_tells_them(bot: Caller, hub: Hub, repo: Repo) -> None:
    hub.add_user("dave", access={"acme/gitops": "maintain"})
    hub.add_user("mallory")
    seen = {}
    for login in ("alice", "carol", "dave", "mallory", "acme"):
        shape = (await bot("GET", f"{REPO}/collaborators/{login}/permission")).body
        seen[login] = (shape["permission"], shape["role_name"])
    assert seen == {
        "alice": ("write", "write"),
        "carol": ("read", "read"),
        "dave": ("write", "maintain"),
        "mallory": ("none", "none"),
        "acme": ("admin", "admin"),
    }
    assert (await bot("GET", f"{REPO}/collaborators/nobody/permission")).status == 404


async def test_an_app_without_a_permission_is_refused(hub: Hub, nobody: Caller, repo: Repo, clock: Clock) -> None:
    app = hub.add_app("reader", permissions={"contents": "read"})
    url = f"/app/installations/{app.installation_id}/access_tokens"
    token = (await nobody.as_token(app_jwt(app, clock()))("POST", url)).body["token"]
    reader, sha = nobody.as_token(token), (await repo.branches())["main"]
    assert (await reader("GET", f"{REPO}/git/commits/{sha}")).status == 200
    assert (await reader("POST", f"{REPO}/statuses/{sha}", {"state": "success"})).status == 403
    assert (await reader("GET", f"{REPO}/pulls")).status == 403


async def test_everything_is_there_with_and_without_the_enterprise_prefix(bot: Caller, repo: Repo) -> None:
    plain = Caller(bot.session, bot.url, bot.token, prefix="")
    assert (await plain("GET", REPO)).body == (await bot("GET", REPO)).body
    graphql = await plain("POST", "/graphql", {"query": "{viewer{login}}"})
    assert graphql.body == {"data": {"viewer": {"login": "telefonistka[bot]"}}}
