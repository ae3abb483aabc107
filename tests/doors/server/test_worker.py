"""How deliveries are handled: many at once, one per lane, and ended by who must act (N11, N12, N15, N17)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telefonistka_py.errors import OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.events.model import Event
from telefonistka_py.inbox.model import Counts, Delivery, Inbox
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.names import Lane
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server.attempt import Attempts
from telefonistka_py.server.verdict import Patience
from telefonistka_py.server.worker import Worker
from tests.doors.inbox.conftest import HandClock
from tests.doors.server.conftest import AT_ONCE, Gate, Hands, Server, StartServer, payload


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def inbox(tmp_path: Path, clock: HandClock) -> AsyncIterator[Inbox]:
    inbox = await open_inbox(tmp_path / "by-hand.sqlite3", clock)
    yield inbox
    await inbox.close()


async def put(inbox: Inbox, id: str, number: int = 1) -> None:
    lane, now = Lane(f"acme/infra#{number}"), datetime(2024, 5, 17, tzinfo=UTC)
    await inbox.put(Delivery(id, "pull_request", lane, (), payload(number), now))


async def test_lanes_run_side_by_side_and_within_a_lane_in_order(server: Server, hands: Hands) -> None:
    slow = Gate()
    hands.will["a1"] = [slow]
    for id, number in [("a1", 1), ("a2", 1), ("b1", 2), ("b2", 2), ("c1", 3)]:
        await server.deliver(id, number)
    await slow.begun.wait()
    done = await _until_done(server, 3)
    assert (done, sorted(hands.seen)) == (3, ["a1", "b1", "b2", "c1"])
    slow.opened.set()
    await server.running.worker.settled()
    assert hands.seen.index("a1") < hands.seen.index("a2")
    assert hands.seen.index("b1") < hands.seen.index("b2")


async def _until_done(server: Server, done: int) -> int:
    """Waits on the inbox itself, since the worker is never idle while a gate is shut."""
    while (counts := await server.running.inbox.counts()).done < done:
        await server.get("/live")
    return counts.done


async def test_no_more_than_the_slots_are_handled_at_once(start: StartServer, hands: Hands) -> None:
    gates = [Gate() for _ in range(3)]
    for number, gate in enumerate(gates):
        hands.will[f"d{number}"] = [gate]
    async with start(worker_slots=2) as server:
        for number in range(3):
            await server.deliver(f"d{number}", number + 1)
        await asyncio.gather(gates[0].begun.wait(), gates[1].begun.wait())
        await server.running.inbox.check()
        assert not gates[2].begun.is_set()
        assert (await server.running.inbox.counts()).underway == 2
        for gate in gates:
            gate.opened.set()
        await server.running.worker.settled()
    assert len(hands.handled) == 3


async def test_an_unwell_world_is_tried_again_until_it_is_well(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [WorldUnwell("502")] * 5
    await server.deliver()
    await server.running.worker.settled()
    assert (len(hands.seen), len(hands.handled), hands.dead) == (6, 1, [])


async def test_a_repositorys_mistake_is_done_and_not_tried_again(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [RepoMistake("telefonistka.yaml line 3: unknown key")]
    await server.deliver()
    await server.running.worker.settled()
    assert await server.running.inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=0)
    assert (hands.seen, hands.dead) == (["d1"], [])


async def test_a_bug_ends_dead_is_told_and_frees_its_lane(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [KeyError("a bug")]
    await server.deliver("d1")
    await server.deliver("d2")
    await server.running.worker.settled()
    assert await server.running.inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=1)
    assert hands.dead == [("d1", "This is a bug: KeyError: 'a bug'")]


async def test_a_handler_that_cancels_itself_is_a_bug_and_stops_no_other(server: Server, hands: Hands) -> None:
    async def cancelled() -> str:
        raise asyncio.CancelledError

    hands.will["d1"] = [cancelled]
    await server.deliver("d1", 1)
    await server.deliver("d2", 2)
    await server.running.worker.settled()
    assert [id for id, _ in hands.dead] == ["d1"]
    assert len(hands.handled) == 1


async def test_that_dead_could_not_be_told_changes_nothing(inbox: Inbox, clock: HandClock) -> None:
    async def fail(_delivery: Delivery, _event: Event, _why: str = "") -> str:
        raise KeyError("told nobody")

    async def fail_to_tell(delivery: Delivery, event: Event, why: str) -> None:
        await fail(delivery, event, why)

    worker = Worker(Attempts(inbox, fail, clock, lambda: 0.0, on_dead=fail_to_tell), Metrics())
    worker.start()
    await put(inbox, "d1")
    await worker.settled()
    assert (await inbox.counts()).dead == 1
    await worker.drain(0)


async def test_a_handler_that_takes_too_long_is_stopped_and_tried_again(start: StartServer, hands: Hands) -> None:
    stuck = Gate()
    hands.will["d1"] = [stuck]
    async with start(handler_seconds=0.01) as server:
        await server.deliver()
        await server.running.worker.settled()
    assert stuck.cancelled
    assert (hands.seen, len(hands.handled)) == (["d1", "d1"], 1)


async def test_a_timeout_of_the_handlers_own_is_a_bug(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [TimeoutError("unwrapped")]
    await server.deliver()
    await server.running.worker.settled()
    assert len(hands.dead) == 1


async def test_a_delivery_that_waits_for_its_retry_holds_no_slot_and_no_other_lane(
    inbox: Inbox, clock: HandClock, hands: Hands
) -> None:
    limited = WorldUnwell("rate limit", retry_at=clock.now + timedelta(hours=1))
    hands.will["limited"] = [limited]
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0), Metrics(), slots=1)
    worker.start()
    await put(inbox, "limited", 1)
    await put(inbox, "behind it", 1)
    await put(inbox, "elsewhere", 2)
    await worker.idle()
    assert hands.seen == ["limited", "elsewhere"]
    assert await inbox.next_due() == limited.retry_at
    clock.advance(minutes=59)
    await worker.idle()
    assert len(hands.seen) == 2
    clock.advance(minutes=1)
    await worker.settled()
    assert hands.seen == ["limited", "elsewhere", "limited", "behind it"]
    await worker.drain(0)


async def test_a_retry_that_becomes_due_is_taken_up_without_any_other_news(start: StartServer, hands: Hands) -> None:
    soon = timedelta(milliseconds=20)
    hands.will["d1"] = [WorldUnwell("502"), OperatorMistake("a permission is missing")]
    async with start(patience=Patience(first=soon, operator=soon)) as server:
        await server.deliver()
        async with asyncio.timeout(10):
            await server.running.worker.settled()
    assert len(hands.handled) == 1


async def test_what_never_gets_well_ends_dead_and_is_told(inbox: Inbox, clock: HandClock, hands: Hands) -> None:
    hands.will["d1"] = [WorldUnwell("502")] * 100
    hour = timedelta(hours=1)
    patience = Patience(first=hour, longest=hour, give_up_after=24 * hour, fewest_attempts=3)
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0, hands.on_dead, patience), Metrics())
    worker.start()
    await put(inbox, "d1")
    for _ in range(10):
        await worker.idle()
        clock.advance(hours=7)
    assert hands.dead == [("d1", "Given up after 5 attempts, the last one failed: 502")]
    await worker.drain(0)


async def test_a_claim_that_was_taken_over_stops_its_handler(inbox: Inbox, clock: HandClock, hands: Hands) -> None:
    gate = Gate()
    hands.will["d1"] = [gate]
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0, heartbeat_seconds=0.001), Metrics(), slots=1)
    worker.start()
    await put(inbox, "d1")
    await gate.begun.wait()
    clock.advance(minutes=5)
    assert await inbox.claim("another") is not None
    await worker.idle()
    assert gate.cancelled
    assert (await inbox.counts()).underway == 1, "the one who took it over still has it"
    await worker.drain(0)


async def test_a_drain_finishes_what_is_underway_and_takes_up_nothing_more(
    inbox: Inbox, clock: HandClock, hands: Hands
) -> None:
    gate = Gate()
    hands.will["d1"] = [gate]
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0), Metrics())
    worker.start()
    await put(inbox, "d1", 1)
    await gate.begun.wait()
    draining = asyncio.create_task(worker.drain(60))
    await worker.ended()
    await put(inbox, "d2", 2)
    gate.opened.set()
    await draining
    assert hands.seen == ["d1"]
    assert await inbox.counts() == Counts(waiting=1, underway=0, done=1, dead=0)


@pytest.mark.parametrize("hurried", [False, True])
async def test_a_drain_past_its_deadline_gives_the_rest_back_uncounted(
    inbox: Inbox, clock: HandClock, hands: Hands, hurried: bool
) -> None:
    gate = Gate()
    hands.will["d1"] = [gate]
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0, hands.on_dead), Metrics())
    worker.start()
    await put(inbox, "d1")
    await gate.begun.wait()
    if hurried:
        worker.hurry()
    await worker.drain(60 if hurried else 0)
    assert gate.cancelled
    claim = await inbox.claim("the next process")
    assert claim is not None
    assert (claim.delivery.id, claim.attempt, hands.dead) == ("d1", 1, [])


async def test_a_worker_is_idle_only_when_nothing_is_underway(server: Server, hands: Hands) -> None:
    gate = Gate()
    hands.will["d1"] = [gate]
    await server.deliver()
    await gate.begun.wait()
    idle = asyncio.create_task(server.running.worker.idle())
    for _ in range(5):
        await server.running.inbox.check()
    assert not idle.done()
    gate.opened.set()
    await idle
    assert len(hands.handled) == 1


async def test_whoever_waits_for_a_drained_worker_is_told(inbox: Inbox, clock: HandClock, hands: Hands) -> None:
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0, patience=AT_ONCE), Metrics())
    worker.start()
    await worker.drain(0)
    with pytest.raises(RuntimeError, match="stopped"):
        await worker.idle()


async def after_crashes(inbox: Inbox, clock: HandClock, times: int) -> None:
    """Every delivery in the inbox was claimed so often by a process that then died."""
    for _ in range(times):
        while await inbox.claim("dead"):
            pass
        clock.advance(minutes=2)


async def test_a_delivery_that_kills_the_server_is_parked_after_five_times_and_its_lane_goes_on(
    inbox: Inbox, clock: HandClock, hands: Hands
) -> None:
    await put(inbox, "poison")
    await put(inbox, "next")
    await after_crashes(inbox, clock, 5)
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0, hands.on_dead), Metrics())
    worker.start()
    await worker.settled()
    await worker.drain(0)
    assert hands.seen == ["next"]
    assert hands.dead == [("poison", "Parked: the server died 5 times in a row while it handled this.")]
    assert await inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=1)


async def test_what_may_have_killed_the_server_is_handled_one_at_a_time_beside_what_is_fresh(
    inbox: Inbox, clock: HandClock, hands: Hands
) -> None:
    await put(inbox, "a", 1)
    await put(inbox, "b", 2)
    await after_crashes(inbox, clock, 2)
    await put(inbox, "fresh", 3)
    gates = {id: Gate() for id in ("a", "b", "fresh")}
    for id, gate in gates.items():
        hands.will[id] = [gate]
    worker = Worker(Attempts(inbox, hands.handle, clock, lambda: 0.0), Metrics())
    worker.start()
    await asyncio.gather(gates["a"].begun.wait(), gates["fresh"].begun.wait())
    assert (await inbox.counts()).underway == 2
    gates["a"].opened.set()
    await gates["b"].begun.wait()
    for gate in gates.values():
        gate.opened.set()
    await worker.settled()
    await worker.drain(0)
    assert sorted(hands.seen) == ["a", "b", "fresh"]


async def test_a_bug_outside_of_the_handling_ends_the_delivery_too(
    inbox: Inbox, clock: HandClock, hands: Hands
) -> None:
    def no_dice() -> float:
        raise ZeroDivisionError("the dice are lost")

    hands.will["d1"] = [WorldUnwell("502")]
    await put(inbox, "d1")
    await put(inbox, "next")
    worker = Worker(Attempts(inbox, hands.handle, clock, no_dice), Metrics())
    worker.start()
    await worker.settled()
    await worker.drain(0)
    assert hands.seen == ["d1", "next"]
    kept = await inbox.find("d1")
    assert kept is not None
    assert kept.entry.note == "This is a bug of the worker: ZeroDivisionError: the dice are lost"
