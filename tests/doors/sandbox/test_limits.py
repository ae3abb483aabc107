"""What the sandbox counts, and what it says of it, is what GitHub documents."""

from email.utils import parsedate_to_datetime

from telefonistka_py.sandbox import App, Hub, Repo
from tests.doors.sandbox.conftest import Caller, Clock, app_jwt, installed

REPO = "/repos/acme/gitops"


async def test_a_304_costs_nothing_and_says_so(bot: Caller, repo: Repo) -> None:
    first = await bot("GET", REPO)
    for _ in range(3):
        again = await bot("GET", REPO, If_None_Match=first.headers["etag"])
        assert again.status == 304
        assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]


async def test_a_304_without_credentials_is_counted(nobody: Caller, repo: Repo) -> None:
    repo.private = False
    first = await nobody("GET", REPO)
    again = await nobody("GET", REPO, If_None_Match=first.headers["etag"])
    assert again.status == 304
    assert int(again.headers["x-ratelimit-remaining"]) == int(first.headers["x-ratelimit-remaining"]) - 1


async def test_answers_are_dated_by_githubs_clock(bot: Caller, repo: Repo, clock: Clock) -> None:
    clock.move(days=3)
    assert parsedate_to_datetime((await bot("GET", "/rate_limit")).headers["date"]) == clock()


async def test_an_enterprise_server_may_tell_of_no_limits(bot: Caller, hub: Hub, repo: Repo) -> None:
    hub.limit(remaining=0)
    hub.without_limits()
    for answer in (await bot("GET", REPO), await bot.graphql("{viewer{login}}")):
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]


async def test_one_accounts_limit_is_no_other_ones(hub: Hub, nobody: Caller, app: App, bot: Caller) -> None:
    await hub.add_repo("other/repo", files={"a": "b"})
    other = app_of_the_account(hub, "other")
    hub.limit(remaining=0, account="acme")
    assert (await bot("GET", REPO)).status == 403
    made = await nobody.as_token(app_jwt(app, hub.clock()))("POST", f"/app/installations/{other}/access_tokens")
    assert (await nobody.as_token(made.body["token"])("GET", "/repos/other/repo")).status == 200


async def test_a_suspended_installation_is_listed_as_such_and_gets_nothing(
    hub: Hub, nobody: Caller, app: App, bot: Caller
) -> None:
    hub.suspend("acme")
    proven = nobody.as_token(app_jwt(app, hub.clock()))
    [listed] = (await proven("GET", "/app/installations")).body
    assert listed["suspended_at"] is not None
    refused = await proven("POST", f"/app/installations/{app.installation_id}/access_tokens")
    assert (refused.status, refused.body["message"]) == (403, "This installation has been suspended")
    assert (await bot("GET", REPO)).status == 403
    hub.suspend("acme", False)
    assert (await (await installed(hub, nobody, app))("GET", REPO)).status == 200


def app_of_the_account(hub: Hub, login: str) -> int:
    return next(each.id for each in hub.installations.values() if each.account.login == login)
