"""Over HTTP: what GitHub says of its limits is kept, and nothing is sent against it (N20)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from telefonistka_py.errors import Limited, WorldUnwell
from telefonistka_py.github.transport import Transport
from telefonistka_py.sandbox import Hub
from tests.doors.github.conftest import FILES, Clock, Line

REPO = "/repos/acme/gitops"


async def asked(transport: Transport, reserve: float = 0.0) -> Any:
    """A query."""
    return (await transport.query("Viewer", "query Viewer { viewer { login } }", {}, reserve=reserve))["viewer"]


async def refused(asking: object) -> datetime:
    assert asyncio.iscoroutine(asking)
    with pytest.raises(Limited) as caught:
        await asking
    return caught.value.retry_at


async def test_the_last_request_is_made_and_the_one_after_it_is_not_sent(line: Line, clock: Clock) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit(remaining=1, account="acme")
    await transport.get(REPO)
    sent = len(line.hub.exchanges)
    assert await refused(transport.get(REPO)) == clock() + timedelta(hours=1)
    assert await refused(transport.mutate("POST", f"{REPO}/issues", {"title": "x"})) == clock() + timedelta(hours=1)
    assert len(line.hub.exchanges) == sent, "GitHub would only have refused"
    clock.move(hours=1)
    assert (await transport.get(REPO))["full_name"] == "acme/gitops"


async def test_a_refusal_by_the_limit_says_when_to_come_back_and_graphql_goes_on(line: Line, clock: Clock) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit(remaining=0, account="acme")
    assert await refused(transport.get(REPO)) == clock() + timedelta(hours=1, seconds=1)
    assert await asked(transport)


async def test_graphql_has_a_limit_of_its_own(line: Line, clock: Clock) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit(remaining=0, account="acme", resource="graphql")
    assert await refused(asked(transport)) == clock() + timedelta(hours=1, seconds=1)
    sent = len(line.hub.exchanges)
    await refused(asked(transport))
    assert len(line.hub.exchanges) == sent
    assert await transport.get(REPO)


async def test_of_two_installations_only_the_limited_one_waits(line: Line) -> None:
    await line.hub.add_repo("other/repo", files=FILES)
    connection = line.connection()
    line.hub.limit(remaining=0, account="acme")
    ours, theirs = (connection.transport(line.installation(name)) for name in ("acme", "other"))
    await refused(ours.get(REPO))
    assert await theirs.get("/repos/other/repo")
    line.hub.limit_secondary(path="/repos/acme", retry_after=None)
    line.clock.move(hours=2)
    await refused(ours.get(REPO))
    assert await theirs.get("/repos/other/repo")


@pytest.mark.parametrize("status", [403, 429])
async def test_a_secondary_limit_stops_reads_and_queries_too(line: Line, clock: Clock, status: int) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit_secondary(method="POST", path="/issues$", retry_after=17, status=status)
    until = await refused(transport.mutate("POST", f"{REPO}/issues", {"title": "x"}))
    assert until == clock() + timedelta(seconds=17)
    sent = len(line.hub.exchanges)
    assert await refused(transport.get(REPO)) == until
    assert await refused(asked(transport)) == until
    assert len(line.hub.exchanges) == sent
    clock.move(seconds=17)
    assert (await transport.mutate("POST", f"{REPO}/issues", {"title": "x"}))["number"] == 1


async def test_mutations_that_wait_for_their_turn_are_not_sent_after_a_limit(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit_secondary(method="POST", path="/issues$", retry_after=None, times=100)
    made = [transport.mutate("POST", f"{REPO}/issues", {"title": str(number)}) for number in range(20)]
    outcomes = await asyncio.gather(*made, return_exceptions=True)
    assert all(isinstance(each, Limited) for each in outcomes)
    assert len(line.requests("/issues")) == 1


async def test_a_secondary_limit_of_a_query_comes_with_status_200_and_grows_until_a_success(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit_secondary(path="/graphql$", status=200, retry_after=None, times=2)
    for minutes in (1, 2):
        assert await refused(asked(transport)) == line.clock() + timedelta(minutes=minutes)
        line.clock.move(minutes=minutes)
    await asked(transport)
    line.hub.limit_secondary(path="/graphql$", status=200, retry_after=None)
    assert await refused(asked(transport)) == line.clock() + timedelta(minutes=1)


async def test_an_enterprise_server_without_limits_is_never_waited_for(line: Line) -> None:
    line.hub.without_limits()
    transport = line.connection().transport(line.installation())
    for _ in range(3):
        assert await transport.get(REPO, reserve=0.99)
        assert await asked(transport, reserve=0.99)


async def test_background_work_leaves_a_fifth_and_promotions_use_everything(line: Line, clock: Clock) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.limit(remaining=1000, account="acme")
    await transport.get(REPO, reserve=0.2)
    sent = len(line.hub.exchanges)
    assert await refused(transport.get(REPO, reserve=0.2)) == clock() + timedelta(hours=1)
    assert len(line.hub.exchanges) == sent
    assert await transport.get(REPO)


async def test_a_clock_that_is_off_waits_as_long_as_github_means(line: Line, clock: Clock) -> None:
    """N22."""
    behind = line.connection(clock=lambda: clock() - timedelta(minutes=5))
    transport = behind.transport(line.installation())
    line.hub.limit(remaining=0, account="acme")
    assert await refused(transport.get(REPO)) == clock() - timedelta(minutes=5) + timedelta(hours=1, seconds=1)


async def test_maintenance_is_no_limit_but_its_word_is_kept(line: Line, clock: Clock, hub_503: Hub) -> None:
    transport = line.connection().transport(line.installation())
    with pytest.raises(WorldUnwell) as caught:
        await transport.get(REPO)
    assert not isinstance(caught.value, Limited)
    assert caught.value.retry_at == clock() + timedelta(seconds=90)


@pytest.fixture
def hub_503(line: Line) -> Hub:
    line.hub.will_answer(503, path=f"{REPO}$", retry_after=90)
    return line.hub
