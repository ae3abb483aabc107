"""The stores keep the Protocol's promises whatever comes after what, and whatever comes at the same moment (N11, N12).

Steps are thrown by dice, the same ones on every run. One after another, each answer is the model's. At the same moment,
some order of theirs explains all answers and what is seen afterwards: as if they had come one after another.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from telefonistka_py.inbox import postgres, postgres_lanes, postgres_link
from telefonistka_py.inbox.model import Claim, Counts, Dead, Done, Entry, Inbox
from tests.doors.inbox.conftest import HandClock, Reopen, age_heartbeats, delivery
from tests.doors.inbox.promised import STALE_AFTER, Promised, without_the_past
from tests.doors.inbox.thrown import Step, Thrower, again, claim, drop, put


@dataclass(frozen=True)
class Seen:
    """What can be asked of the inbox without changing it."""

    entries: Sequence[Entry]
    counts: Counts
    oldest_open: datetime | None
    next_due: datetime | None

    def __str__(self) -> str:
        return f"{_lines(self.entries)}\n  {self.counts} oldest={self.oldest_open} next={self.next_due}"


def _lines(entries: Sequence[Entry]) -> str:
    return "\n".join(
        f"  {it.id} {it.lane} {it.state} attempt={it.attempt} crashes={it.crashes} due={it.due_at} {it.note!r}"
        for it in entries
    )


async def seen(inbox: Inbox, now: datetime) -> Seen:
    entries = [without_the_past(each, now) for each in await inbox.entries(most=100)]
    return Seen(entries, await inbox.counts(), await inbox.oldest_open(), await inbox.next_due())


def promised(model: Promised, found: Seen) -> Seen:
    """What should be seen. What is due already may be told as the next to be due, as it is to be claimed first."""
    due = model.next_due()
    if found.next_due is not None and found.next_due <= model.now and model.claimable():
        due = found.next_due
    return Seen(model.entries(), model.counts(), model.oldest_open(), due)


# One after another


@pytest.mark.parametrize("seed", range(2))
async def test_each_answer_is_the_promised_one_whatever_came_before(
    reopen: Reopen, clock: HandClock, seed: int
) -> None:
    inbox, model, story = await reopen(), Promised(clock.now), list[str]()
    thrower = Thrower(random.Random(seed), clock, alone=True)
    for _ in range(150):
        match thrower.dice.randrange(40):
            case 0:
                story.append("reopen")
                inbox = await reopen()
                for id in model.underway():
                    model.taken_over(id)
            case 1 | 2 | 3 | 4:
                thrower.passes()
                model.now = clock.now
                story.append(f"it is {clock.now:%T}")
            case _:
                step = thrower.step()
                await taken(step, inbox, model, thrower.held, story)
        found = await seen(inbox, clock.now)
        assert found == promised(model, found), "\n".join(
            [*story, "found", str(found), "promised", str(promised(model, found))]
        )
    while model.stale() or model.claimable():
        last = claim("pod-1", suspects=True, alone=True)
        await taken(last, inbox, model, thrower.held, story)


async def taken(step: Step, inbox: Inbox, model: Promised, held: list[Claim], story: list[str]) -> None:
    """Takes the step in both; adds the claim that it made, if any, to `held`."""
    got = await step.ask(inbox)
    story.append(_line(step, got))
    assert step.fits(model, got), "\n".join(story)
    if isinstance(got, Claim):
        held.append(got)


def _line(step: Step, got: object) -> str:
    return f"{step.name} -> {f'{got.delivery.id} {got.token}' if isinstance(got, Claim) else got}"


# At the same moment


@dataclass(frozen=True)
class Taken:
    """A step with its answer, and when it began and ended, in ticks."""

    step: Step
    got: object
    began: int
    ended: int

    def __str__(self) -> str:
        return f"[{self.began}-{self.ended}] {_line(self.step, self.got)}"


def ends(start: Promised, burst: Sequence[Taken]) -> Iterator[Promised]:
    """Where the steps may have led: in each order that explains every answer, and in which none that had ended before
    another began comes after it. Who is not heard of any more may be taken over at any moment, or by the next claim.
    """
    burst = [each for each in burst if each.got is not None or each.step.none_tells]
    known: set[object] = set()
    waiting = [(start, tuple(range(len(burst))))]
    while waiting:
        model, left = waiting.pop()
        if (model.state, left) in known:
            continue
        known.add((model.state, left))
        if not left:
            yield model
        for id in model.stale():
            after = model.copy()
            after.taken_over(id)
            waiting.append((after, left))
        for number in left:
            if all(burst[other].ended > burst[number].began for other in left):
                after = model.copy()
                if burst[number].step.fits(after, burst[number].got):
                    waiting.append((after, tuple(other for other in left if other != number)))


async def at_once(dice: random.Random, calls: Sequence[tuple[Inbox, Step]], ticks: Iterator[int]) -> list[Taken]:
    """Takes all steps, a little before or after one another."""

    async def take(inbox: Inbox, step: Step, turns: int) -> Taken:
        for _ in range(turns):
            await asyncio.sleep(0)
        began = next(ticks)
        got = await step.ask(inbox)
        return Taken(step, got, began, next(ticks))

    return await asyncio.gather(*(take(*call, dice.randrange(8)) for call in calls))


ROWS = """
SELECT d.id, d.lane, d.state, d.due_at, p.seq IS NOT NULL, job.id, job.lock, job.status, job.scheduled_at,
job.worker_id IS NOT NULL FROM deliveries AS d FULL JOIN procrastinate_jobs AS job ON job.id = job_id
LEFT JOIN payloads AS p ON p.seq = d.seq ORDER BY d.seq
"""


async def assert_sound(db: postgres_link.Db, now: datetime, story: str) -> None:
    """The oldest open delivery of each lane, and it alone, has a job, which says the same as the delivery's row."""
    lanes: set[str] = set()
    for id, lane, state, due_at, whole, job, lock, status, scheduled_at, worked_on in await postgres_link.rows_of(
        db, ROWS
    ):
        told = f"{id}: {state}, due {due_at}; job {job}: {status}, scheduled {scheduled_at}\n{story}"
        assert id is not None, f"a job without a delivery\n{told}"
        assert whole, f"a delivery without its content\n{told}"
        first = state in ("waiting", "underway") and lane not in lanes
        assert (job is not None) == first, f"a job is for who is first in its lane\n{told}"
        if first:
            lanes.add(lane)
            assert lock == lane, told
            assert status == {"waiting": "todo", "underway": "doing"}[state], told
            assert worked_on == (state == "underway"), told
        if first and state == "waiting":
            assert scheduled_at == due_at or (_past(scheduled_at, now) and _past(due_at, now)), told


def _past(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now


@pytest.fixture
async def replicas(database_url: str, clock: HandClock) -> AsyncIterator[list[Inbox]]:
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(3):
            opened.append(await postgres.open_inbox(database_url, clock, stale_after=STALE_AFTER))
            stack.push_async_callback(opened[-1].close)
        yield list[Inbox](opened)


@pytest.mark.parametrize("seed", range(2))
async def test_what_replicas_do_at_the_same_moment_is_as_if_done_one_after_another(
    replicas: list[Inbox], database_url: str, clock: HandClock, seed: int
) -> None:
    clock.followers.append(lambda passed: age_heartbeats(database_url, passed))
    thrower = Thrower(random.Random(seed), clock, alone=False)
    dice, ticks = thrower.dice, count()
    possible = [Promised(clock.now)]
    async with await postgres_link.connected(database_url) as db:
        for _ in range(110):
            clock.now += timedelta(milliseconds=1)
            if dice.random() < 0.15:
                thrower.passes()
            for model in possible:
                model.now = clock.now
                model.forgotten.clear()
            calls = [(dice.choice(replicas), step) for step in thrower.burst()]
            burst = await at_once(dice, calls, ticks)
            thrower.held += [each.got for each in burst if isinstance(each.got, Claim)]
            before = _lines(possible[0].entries())
            story = f"before:\n{before}\nat once:\n" + "\n".join(map(str, burst))
            await assert_sound(db, clock.now, story)
            found = await seen(replicas[0], clock.now)
            explained = (end for start in possible for end in ends(start, burst) if found == promised(end, found))
            possible = list({end.state: end for end in explained}.values())
            assert possible, f"no order explains it\n{story}\nafter:\n{found}"


# On purpose


async def test_what_follows_waits_for_its_moment_though_others_are_hastened(inbox: Inbox, clock: HandClock) -> None:
    later = clock.now + timedelta(hours=1)
    await inbox.put(replace(delivery("look:1", "r#1"), not_before=later))
    await inbox.put(delivery("news", "r#2"))
    news = await inbox.claim("w")
    assert news is not None
    follows = replace(delivery("look:2", "r#1"), not_before=later)
    await inbox.settle(news, Done("", then=(follows,), hasten="look:"))
    hastened = await inbox.claim("w")
    assert hastened is not None
    assert hastened.delivery.id == "look:1"
    await inbox.settle(hastened, Done(""))
    assert await inbox.claim("w") is None
    assert await inbox.next_due() == later


# Another lane is what a redelivery may have after an update


async def dead(inbox: Inbox, id: str) -> None:
    await inbox.put(delivery(id, "r#1"))
    its = await inbox.claim("w")
    assert its is not None
    await inbox.settle(its, Dead("no luck"))


async def waits_for_a_lock(db: postgres_link.Db, asking: asyncio.Task[Any]) -> bool:
    """Whether it came to where it waits for another transaction; else it is done."""
    waits = (
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
    )
    while not asking.done():
        if await postgres_link.row_of(db, waits):
            return True
    return False


async def test_who_is_heard_of_at_the_last_is_not_taken_over(
    replicas: list[Inbox], database_url: str, clock: HandClock
) -> None:
    here, there, _ = replicas
    for id in ("gone", "slow"):
        await here.put(delivery(id, id))
    gone, slow = [await here.claim("w") for _ in range(2)]
    assert gone is not None
    assert slow is not None
    clock.advance(seconds=70)
    age_heartbeats(database_url, timedelta(seconds=70))
    async with await postgres_link.connected(database_url) as db, await postgres_link.connected(database_url) as other:
        async with other.transaction():  # in the way of whoever takes both over
            await other.execute("SELECT FROM deliveries WHERE id = 'gone' FOR UPDATE")
            taking = asyncio.ensure_future(there.claim("w"))
            assert await waits_for_a_lock(db, taking)
            await here.heartbeat(slow)
        again = await taking
    assert again is not None
    assert again.delivery.id == "gone"
    await here.heartbeat(slow)
    assert await there.claim("w") is None


@pytest.mark.parametrize("step", [put(delivery("d", "r#2")), drop("d")], ids=["put", "drop"])
async def test_nothing_takes_away_what_waits_again_since_it_was_looked_at(
    replicas: list[Inbox], database_url: str, step: Step
) -> None:
    await dead(replicas[0], "d")
    async with await postgres_link.connected(database_url) as db, await postgres_link.connected(database_url) as other:
        async with other.transaction():
            await other.execute("UPDATE deliveries SET state = 'waiting' WHERE id = 'd'")
            asking = asyncio.ensure_future(step.ask(replicas[1]))
            assert await waits_for_a_lock(db, asking)
        await asking
        assert await postgres_link.rows_of(db, "SELECT state, lane FROM deliveries") == [("waiting", "r#1")]


@pytest.mark.parametrize("step", [again("d"), drop("d")], ids=["again", "drop"])
async def test_what_is_done_by_hand_is_done_in_the_lane_where_the_delivery_is_by_then(
    replicas: list[Inbox], database_url: str, step: Step
) -> None:
    await dead(replicas[0], "d")
    async with (
        await postgres_link.connected(database_url) as db,
        await postgres_link.connected(database_url) as other,
        db.transaction(),
    ):
        await postgres_lanes.lock(db, {"r#2"})
        async with other.transaction():
            await postgres_lanes.lock(other, {"r#1"})
            asking = asyncio.ensure_future(step.ask(replicas[1]))
            assert await waits_for_a_lock(db, asking)
            await other.execute("UPDATE deliveries SET lane = 'r#2' WHERE id = 'd'")
        assert await waits_for_a_lock(db, asking)
    await asking
