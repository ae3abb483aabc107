"""What every answer has: limits, tags, pages; faults on order; what isn't known."""

import asyncio

import aiohttp
import pytest

from telefonistka_py.sandbox import Exchange, Hub, Repo
from tests.doors.sandbox.conftest import Caller, Clock

REPO = "/repos/acme/gitops"


async def test_answers_carry_githubs_headers(bot: Caller, repo: Repo) -> None:
    answer = await bot("GET", REPO, X_GitHub_Api_Version="2022-11-28")
    names = {name.lower() for name in answer.headers}
    limits = {f"x-ratelimit-{part}" for part in ("limit", "remaining", "used", "reset", "resource")}
    assert limits | {"x-github-request-id", "etag", "x-github-api-version-selected"} <= names
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_what_did_not_change_costs_nothing(bot: Caller, repo: Repo) -> None:
    first = await bot("GET", f"{REPO}/branches/main")
    again = await bot("GET", f"{REPO}/branches/main", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, "")
    await repo.commit("alice", "main", {"x": "1"})
    changed = await bot("GET", f"{REPO}/branches/main", If_None_Match=first.headers["etag"])
    assert changed.status == 200
    assert int(changed.headers["x-ratelimit-used"]) == int(first.headers["x-ratelimit-used"]) + 1


async def test_the_primary_limit_strikes_and_ends_with_its_window(bot: Caller, hub: Hub, clock: Clock) -> None:
    """N20."""
    hub.limit(primary=100, remaining=1)
    assert (await bot("GET", REPO)).headers["x-ratelimit-remaining"] == "0"
    refused = await bot("GET", REPO)
    assert refused.status == 403
    assert refused.body["message"].startswith("API rate limit exceeded for installation ID")
    assert int(refused.headers["x-ratelimit-reset"]) == int(clock().timestamp()) + 3600
    assert (await bot("GET", "/rate_limit")).body["rate"]["remaining"] == 0


async def test_a_limit_may_be_told_with_429(bot: Caller, hub: Hub) -> None:
    """N20."""
    hub.limit(remaining=0, status=429)
    assert (await bot("GET", REPO)).status == 429
    hub.limit(remaining=10)
    hub.limit_secondary(status=429, retry_after=7, path="/branches/")
    refused = await bot("GET", f"{REPO}/branches/main")
    assert (refused.status, refused.headers["retry-after"]) == (429, "7")
    hub.limit_secondary(status=200, path="/graphql")
    limited = await bot.graphql("{viewer{login}}")
    assert "secondary rate limit" in limited.body["errors"][0]["message"]


async def test_a_window_that_ended_gives_a_new_start(alice: Caller, hub: Hub, clock: Clock) -> None:
    """N20."""
    hub.limit(remaining=0)
    assert (await alice("GET", REPO)).status == 403
    clock.move(hours=1)
    assert (await alice("GET", REPO)).status == 200


async def test_graphql_tells_its_limit_with_status_200(bot: Caller, hub: Hub) -> None:
    """N20."""
    hub.limit(remaining=0, resource="graphql")
    answer = await bot.graphql("{viewer{login}}")
    assert (answer.status, answer.body["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert answer.headers["x-ratelimit-remaining"] == "0"


async def test_the_secondary_limit_comes_when_ordered(bot: Caller, hub: Hub) -> None:
    """N20."""
    hub.limit_secondary(retry_after=60, method="GET", path=r"/branches/")
    assert (await bot("GET", REPO)).status == 200
    refused = await bot("GET", f"{REPO}/branches/main")
    assert (refused.status, refused.headers["retry-after"]) == (403, "60")
    assert "secondary rate limit" in refused.body["message"]
    assert (await bot("GET", f"{REPO}/branches/main")).status == 200


async def test_a_fault_strikes_the_ordered_request_the_ordered_times(bot: Caller, hub: Hub, repo: Repo) -> None:
    sha = (await repo.branches())["main"]
    hub.will_answer(502, method="POST", path=r"/git/refs$", times=2, skip=1)
    answers = [
        (await bot("POST", f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha})).status for name in "abcd"
    ]
    assert answers == [201, 502, 502, 201]
    assert list(await repo.branches()) == ["a", "d", "main"]


async def test_a_fault_after_the_effect_leaves_the_work_done(bot: Caller, hub: Hub, repo: Repo) -> None:
    """N16."""
    await repo.commit("alice", "side", {"x": "1"})
    hub.will_answer(502, method="POST", path=r"/pulls$", after_effect=True)
    answer = await bot("POST", f"{REPO}/pulls", {"title": "T", "head": "side", "base": "main"})
    assert answer.status == 502
    assert [pull.title for pull in repo.pulls()] == ["T"]


@pytest.mark.parametrize("after", [False, True])
async def test_a_connection_can_be_dropped(bot: Caller, hub: Hub, repo: Repo, after: bool) -> None:
    sha = (await repo.branches())["main"]
    hub.will_answer(None, method="POST", after_effect=after)
    with pytest.raises(aiohttp.ClientError):
        await bot("POST", f"{REPO}/git/refs", {"ref": "refs/heads/x", "sha": sha})
    assert ("x" in await repo.branches()) is after
    assert hub.exchanges[-1].status is None


async def test_graphql_can_answer_in_part(bot: Caller, hub: Hub) -> None:
    """N1."""
    errors = [{"type": "SERVICE_UNAVAILABLE", "path": ["viewer"], "message": "Something went wrong."}]
    hub.will_answer(200, operation="Facts", errors=errors)
    assert "errors" not in (await bot.graphql("query Other {viewer{login}}")).body
    answer = await bot.graphql("query Facts {viewer{login}}")
    assert answer.body == {"data": {"viewer": {"login": "telefonistka[bot]"}}, "errors": errors}


async def test_exchanges_are_kept(bot: Caller, hub: Hub, repo: Repo) -> None:
    hub.exchanges.clear()
    await bot("POST", f"{REPO}/git/blobs", {"content": "x"})
    (kept,) = hub.exchanges
    assert (kept.method, kept.path, kept.status) == ("POST", "/api/v3/repos/acme/gitops/git/blobs", 201)
    assert (kept.request_body, kept.actor) == ({"content": "x"}, "telefonistka[bot]")
    assert kept.ended >= kept.started


UNKNOWN = [
    ("GET", f"{REPO}/milestones", None),
    ("GET", f"{REPO}/commits/main/check-suites", None),
    ("GET", f"{REPO}/pulls?page_size=3", None),
    ("POST", f"{REPO}/git/blobs", {"content": "", "path": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN)
async def test_what_it_does_not_know_is_501_and_remembered(
    bot: Caller, hub: Hub, method: str, path: str, body: object
) -> None:
    answer = await bot(method, path, body)
    assert answer.status == 501
    assert hub.unknown == [answer.body["message"]]
    assert method in answer.body["message"]
    hub.unknown.clear()
    hub.exchanges.clear()


async def test_a_body_that_is_no_json_is_refused(hub: Hub, session: aiohttp.ClientSession) -> None:
    async with session.post(f"{hub.url}/graphql", data=b"{") as response:
        assert response.status == 400
        assert (await response.json())["message"] == "Problems parsing JSON"
    hub.exchanges.clear()


async def test_latency_is_added_to_requests_that_run_beside_each_other(bot: Caller, hub: Hub) -> None:
    hub.latency = 0.05
    await asyncio.gather(*(bot("GET", REPO) for _ in range(6)))
    spans = [(each.started, each.ended) for each in hub.exchanges[-6:]]
    assert all(end - start >= 0.05 for start, end in spans)
    assert max(start for start, _ in spans) < min(end for _, end in spans)


async def test_a_test_can_stop_a_request_around_its_effect(bot: Caller, hub: Hub, repo: Repo) -> None:
    sha, seen = (await repo.branches())["main"], list[tuple[str, str | None, int | None, bool]]()

    async def look(exchange: Exchange, when: str) -> None:
        seen.append((when, exchange.actor, exchange.status, "x" in await repo.branches()))

    hub.on_request = look
    await bot("POST", f"{REPO}/git/refs", {"ref": "refs/heads/x", "sha": sha})
    actor = "telefonistka[bot]"
    assert seen == [("before", actor, None, False), ("after", actor, 201, True)]


async def test_a_request_that_is_held_has_not_been_answered(bot: Caller, hub: Hub, repo: Repo) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(exchange: Exchange, when: str) -> None:
        if when == "after":
            reached.set()
            await go_on.wait()

    hub.on_request = hold
    asked = asyncio.create_task(bot("POST", f"{REPO}/git/blobs", {"content": "x"}))
    await reached.wait()
    assert not asked.done()
    go_on.set()
    assert (await asked).status == 201


async def test_who_asks_for_the_first_page_without_a_browser_is_told_where_all_is(hub: Hub, repo: Repo) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{hub.url}/", headers={"Accept": "*/*"}) as answer:
        text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/plain")
    assert f"Open {hub.url}/ in a browser" in text
    assert f"{hub.url}/api/v3" in text
    assert f"git clone {hub.url}/acme/gitops.git" in text
