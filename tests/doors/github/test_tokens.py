"""Tokens are renewed once for all who wait, and a clock that is off is allowed for (N22)."""

import asyncio
from datetime import datetime, timedelta

import pytest

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github.credentials import App
from telefonistka_py.sandbox import auth
from tests.doors.github.conftest import Clock, Line

REPO = "/repos/acme/gitops"


async def test_fifty_callers_at_once_ask_for_one_token(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.latency = 0.01
    await asyncio.gather(*(transport.get(REPO) for _ in range(50)))
    assert len(line.requests("/access_tokens")) == 1


async def test_a_token_near_its_end_is_renewed_once_for_all(line: Line, clock: Clock) -> None:
    transport = line.connection().transport(line.installation())
    await transport.get(REPO)
    clock.move(minutes=56)
    await asyncio.gather(*(transport.get(REPO) for _ in range(50)))
    assert len(line.requests("/access_tokens")) == 2


async def test_a_token_that_was_revoked_is_replaced_once_although_many_requests_failed_with_it(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    await transport.get(REPO)
    line.hub.tokens.clear()
    line.hub.latency = 0.01
    answers = await asyncio.gather(*(transport.get(REPO) for _ in range(50)))
    assert {each["full_name"] for each in answers} == {"acme/gitops"}
    assert len(line.requests("/access_tokens")) == 2


async def test_a_late_refusal_of_an_old_token_does_not_cost_the_new_one(line: Line) -> None:
    """Two requests fail with the same token; the second answer comes when the first has long brought a new one."""
    transport = line.connection().transport(line.installation())
    await transport.get(REPO)
    [old] = line.hub.tokens
    slow, first_failed = asyncio.Event(), asyncio.Event()

    async def hold(exchange: object, when: str) -> None:
        path = getattr(exchange, "path", "")
        if when == "after" and path.endswith("/branches/main"):
            first_failed.set()
            await slow.wait()

    line.hub.tokens.pop(old)
    line.hub.on_request = hold
    late = asyncio.ensure_future(transport.get(f"{REPO}/branches/main"))
    await first_failed.wait()
    line.hub.on_request = None
    await transport.get(REPO)
    assert len(line.requests("/access_tokens")) == 2
    slow.set()
    assert (await late)["name"] == "main"
    await transport.get(REPO)
    assert len(line.requests("/access_tokens")) == 2, "the new token was thrown away"


async def test_a_change_that_was_refused_for_its_token_is_made_once(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    await transport.get(REPO)
    line.hub.tokens.clear()
    made = await transport.mutate("POST", f"{REPO}/issues", {"title": "x"})
    assert (made["number"], len(line.hub.repo("acme/gitops").issues)) == (1, 1)


async def test_a_token_that_is_refused_again_and_again_is_left_to_time(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.will_answer(401, path=f"{REPO}$", times=10)
    with pytest.raises(WorldUnwell):
        await transport.get(REPO)
    assert len(line.requests("/access_tokens")) == 2


async def test_a_failure_to_get_a_token_is_shared_by_all_who_wait_for_it(line: Line) -> None:
    transport = line.connection().transport(line.installation())
    line.hub.latency = 0.01
    line.hub.will_answer(502, path="/access_tokens$", times=100)
    outcomes = await asyncio.gather(*(transport.get(REPO) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, WorldUnwell) for each in outcomes)
    assert len(line.requests("/access_tokens")) == 1
    line.hub.faults.waiting.clear()
    assert await transport.get(REPO)


@pytest.mark.parametrize("minutes", [-600, -30, -5, -1, 1, 5, 30, 600])
async def test_a_clock_that_is_off_is_allowed_for(line: Line, clock: Clock, minutes: int) -> None:
    connection = line.connection(clock=lambda: clock() + timedelta(minutes=minutes))
    transport = connection.transport(line.installation())
    assert await transport.get(REPO)
    asked = len(line.requests("/access_tokens"))
    assert asked <= 2, "one refusal tells how far it is off"
    assert await transport.get(REPO)
    assert len(line.requests("/access_tokens")) == asked, "the token's end is told by GitHub's clock"
    clock.move(minutes=70)
    assert await transport.get(REPO)
    assert len(line.requests("/access_tokens")) == asked + 1, "and so is the next proof"


async def test_a_clock_that_is_off_by_days_must_be_set_by_somebody(line: Line, clock: Clock) -> None:
    transport = line.connection(clock=lambda: clock() - timedelta(days=2)).transport(line.installation())
    with pytest.raises(OperatorMistake, match="clock is 172800 s behind GitHub's; set it"):
        await transport.get(REPO)


async def test_a_key_that_is_wrong_is_not_taken_for_a_clock(line: Line, clock: Clock) -> None:
    wrong = App(str(line.app.id), auth.key_pair(7)[0])

    def off() -> datetime:
        return clock() - timedelta(minutes=30)

    transport = line.connection(wrong, clock=off).transport(line.installation())
    with pytest.raises(OperatorMistake, match="Check the App's id and private key"):
        await transport.get(REPO)
    assert len(line.requests("/access_tokens")) <= 2
