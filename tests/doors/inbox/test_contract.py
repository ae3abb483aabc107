"""What every durable inbox promises (N11, N12, N17). A second store joins by the `reopen` fixture."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from telefonistka_py.inbox.model import Claim, ClaimLost, Counts, Dead, Done, GivenBack, Inbox, Receipt, RetryAt, State
from tests import logged
from tests.doors.inbox.conftest import HandClock, Reopen, delivery


async def claimed(inbox: Inbox, worker: str = "w") -> Claim:
    claim = await inbox.claim(worker)
    assert claim is not None
    return claim


async def test_a_delivery_comes_out_byte_for_byte_as_it_went_in(inbox: Inbox) -> None:
    given = delivery(body=bytes(range(256)) * 100)
    assert await inbox.put(given) is Receipt.STORED
    claim = await claimed(inbox, "slot-3")
    assert claim.delivery == given
    assert (claim.attempt, claim.worker) == (1, "slot-3")


async def test_what_was_put_is_there_after_a_restart(reopen: Reopen) -> None:
    await (await reopen()).put(delivery())
    assert (await claimed(await reopen())).delivery == delivery()


async def test_a_known_delivery_is_stored_once_while_it_waits_is_underway_or_is_done(inbox: Inbox) -> None:
    await inbox.put(delivery())
    assert await inbox.put(delivery()) is Receipt.KNOWN
    claim = await claimed(inbox)
    assert await inbox.put(delivery()) is Receipt.KNOWN
    await inbox.settle(claim, Done("opened 1 pull request"))
    assert await inbox.put(delivery()) is Receipt.KNOWN
    assert await inbox.claim("w") is None
    assert await inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=0)


async def test_the_same_delivery_put_many_times_at_once_is_stored_once(inbox: Inbox) -> None:
    receipts = await asyncio.gather(*(inbox.put(delivery()) for _ in range(20)))
    assert sorted(receipts) == [Receipt.KNOWN] * 19 + [Receipt.STORED]
    assert (await inbox.counts()).waiting == 1


async def test_a_dead_delivery_is_taken_up_again_from_its_first_attempt(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    await inbox.settle(await claimed(inbox), RetryAt(clock.now, "502"))
    await inbox.settle(await claimed(inbox), Dead("no luck"))
    assert await inbox.claim("w") is None
    clock.advance(hours=1)
    assert await inbox.put(delivery()) is Receipt.REVIVED
    again = await claimed(inbox)
    assert (again.delivery, again.attempt, again.first_claimed_at) == (delivery(), 1, clock.now)


async def test_a_revived_delivery_waits_behind_what_its_lane_holds(inbox: Inbox) -> None:
    await inbox.put(delivery("a"))
    await inbox.settle(await claimed(inbox), Dead("bug"))
    await inbox.put(delivery("b"))
    underway = await claimed(inbox)
    await inbox.put(delivery("a"))
    assert await inbox.claim("w") is None
    await inbox.settle(underway, Done(""))
    assert (await claimed(inbox)).delivery.id == "a"


async def test_a_lane_runs_one_at_a_time_in_order_of_arrival_and_lanes_run_side_by_side(inbox: Inbox) -> None:
    for id, lane in [("a1", "r#1"), ("a2", "r#1"), ("b1", "r#2"), ("a3", "r#1"), ("b2", "r#2")]:
        await inbox.put(delivery(id, lane))
    a1, b1 = await claimed(inbox), await claimed(inbox)
    assert (a1.delivery.id, b1.delivery.id) == ("a1", "b1")
    assert await inbox.claim("w") is None
    await inbox.settle(a1, Done(""))
    a2 = await claimed(inbox)
    assert a2.delivery.id == "a2"
    await inbox.settle(b1, Dead("bug"))
    assert (await claimed(inbox)).delivery.id == "b2"
    await inbox.settle(a2, Done(""))
    assert (await claimed(inbox)).delivery.id == "a3"


async def test_a_delivery_that_waits_for_its_retry_holds_its_own_lane_only(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery("first", "r#1"))
    await inbox.put(delivery("second", "r#1"))
    later = clock.now + timedelta(minutes=5)
    await inbox.settle(await claimed(inbox), RetryAt(later, "rate limit"))
    await inbox.put(delivery("other", "r#2"))
    assert (await claimed(inbox)).delivery.id == "other"
    assert await inbox.claim("w") is None
    assert await inbox.next_due() == later
    clock.advance(minutes=5)
    again = await claimed(inbox)
    assert (again.delivery.id, again.attempt) == ("first", 2)
    await inbox.settle(again, Done(""))
    assert (await claimed(inbox)).delivery.id == "second"


async def test_a_retry_that_is_due_goes_before_what_arrived_after_it(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery("old", "r#1"))
    await inbox.settle(await claimed(inbox), RetryAt(clock.now + timedelta(seconds=1), "502"))
    await inbox.put(delivery("new", "r#2"))
    clock.advance(seconds=1)
    assert (await claimed(inbox)).delivery.id == "old"


async def test_a_clock_set_back_delays_no_fresh_delivery(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    clock.advance(hours=-3)
    assert await inbox.claim("w") is not None


async def test_a_retry_survives_a_restart_with_its_moment_and_its_count(reopen: Reopen, clock: HandClock) -> None:
    inbox = await reopen()
    await inbox.put(delivery())
    began = clock.now
    await inbox.settle(await claimed(inbox), RetryAt(began + timedelta(minutes=1), "502"))
    inbox = await reopen()
    assert await inbox.claim("w") is None
    clock.advance(minutes=1)
    claim = await claimed(inbox)
    assert (claim.attempt, claim.first_claimed_at) == (2, began)


async def test_what_a_dead_process_had_underway_waits_again_and_its_attempt_counts(reopen: Reopen) -> None:
    inbox = await reopen()
    await inbox.put(delivery())
    await claimed(inbox)
    again = await claimed(await reopen())
    assert (again.delivery.id, again.attempt) == ("d1", 2)


async def test_a_claim_without_heartbeats_is_taken_over_and_its_owner_is_refused(
    inbox: Inbox, clock: HandClock
) -> None:
    await inbox.put(delivery("d1"))
    await inbox.put(delivery("d2"))
    lost = await claimed(inbox, "slow")
    clock.advance(seconds=61)
    current = await claimed(inbox, "quick")
    assert (current.delivery.id, current.attempt) == ("d1", 2)
    with pytest.raises(ClaimLost, match="d1"):
        await inbox.heartbeat(lost)
    with pytest.raises(ClaimLost, match="d1"):
        await inbox.settle(lost, Dead("late"))
    assert await inbox.claim("w") is None, "the refused settlement must not free the lane"
    await inbox.settle(current, Done(""))
    assert (await claimed(inbox)).delivery.id == "d2"


async def test_a_claim_with_heartbeats_is_left_alone(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    claim = await claimed(inbox)
    for _ in range(5):
        clock.advance(seconds=50)
        await inbox.heartbeat(claim)
        assert await inbox.claim("other") is None
    await inbox.settle(claim, Done(""))


async def test_a_claim_can_be_settled_once(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    claim = await claimed(inbox)
    await inbox.settle(claim, RetryAt(clock.now, "502"))
    with pytest.raises(ClaimLost):
        await inbox.settle(claim, Done(""))
    await claimed(inbox)
    with pytest.raises(ClaimLost):
        await inbox.settle(claim, Done(""))


async def test_a_delivery_given_back_is_due_at_once_and_its_attempt_is_not_counted(inbox: Inbox) -> None:
    await inbox.put(delivery())
    first = await claimed(inbox)
    await inbox.settle(first, GivenBack())
    second = await claimed(inbox)
    assert second.attempt == 1
    with pytest.raises(ClaimLost):
        await inbox.heartbeat(first)


async def test_an_attempt_that_only_waited_is_not_counted(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    for _ in range(3):
        claim = await claimed(inbox)
        assert claim.attempt == 1
        await inbox.settle(claim, RetryAt(clock.now + timedelta(hours=1), "a limit", counted=False))
        assert await inbox.claim("w") is None
        clock.advance(hours=1)
    await inbox.settle(await claimed(inbox), RetryAt(clock.now, "502"))
    assert (await claimed(inbox)).attempt == 2


async def test_counts_follow_every_change(reopen: Reopen, clock: HandClock) -> None:
    inbox = await reopen()
    for number in range(5):
        await inbox.put(delivery(f"d{number}", f"r#{number}"))
    claims = [await claimed(inbox) for _ in range(4)]
    await inbox.settle(claims[0], Done(""))
    await inbox.settle(claims[1], Dead("bug"))
    await inbox.settle(claims[2], RetryAt(clock.now + timedelta(hours=1), "502"))
    assert await inbox.counts() == Counts(waiting=2, underway=1, done=1, dead=1)
    assert await (await reopen()).counts() == Counts(waiting=3, underway=0, done=1, dead=1)


async def test_nothing_is_due_later_when_nothing_waits_for_a_moment(inbox: Inbox) -> None:
    assert await inbox.next_due() is None
    await inbox.put(delivery())
    assert await inbox.next_due() is None


async def test_whoever_waits_for_a_change_hears_of_a_put_and_of_a_settlement(inbox: Inbox) -> None:
    await inbox.changed()
    waiting = asyncio.create_task(inbox.changed())
    await inbox.counts()
    assert not waiting.done()
    await inbox.put(delivery())
    await asyncio.wait_for(waiting, 5)
    claim = await claimed(inbox)
    waiting = asyncio.create_task(inbox.changed())
    await inbox.settle(claim, Done(""))
    await asyncio.wait_for(waiting, 5)


async def test_a_check_changes_no_delivery(inbox: Inbox) -> None:
    await inbox.put(delivery())
    await inbox.check()
    await inbox.check()
    assert await inbox.counts() == Counts(waiting=1, underway=0, done=0, dead=0)


async def test_work_of_our_own_waits_for_its_moment_and_holds_its_lane_until_then(
    inbox: Inbox, clock: HandClock
) -> None:
    later = replace(delivery("own", "r#1"), not_before=clock.now + timedelta(hours=1))
    await inbox.put(later)
    await inbox.put(delivery("next", "r#1"))
    assert await inbox.claim("w") is None
    assert await inbox.next_due() == clock.now + timedelta(hours=1)
    kept = await inbox.find("own")
    assert kept is not None
    assert kept.delivery == later
    clock.advance(hours=1)
    assert (await claimed(inbox)).delivery == replace(later, not_before=None)


async def test_what_follows_from_a_delivery_may_be_the_same_again_at_a_later_moment(
    inbox: Inbox, clock: HandClock
) -> None:
    await inbox.put(delivery("round", "chores"))
    again = replace(delivery("round", "chores", b"second"), not_before=clock.now + timedelta(hours=1))
    await inbox.settle(await claimed(inbox), Done("first", then=(again,)))
    assert await inbox.claim("w") is None
    assert await inbox.counts() == Counts(waiting=1, underway=0, done=0, dead=0)
    clock.advance(hours=1)
    assert (await claimed(inbox)).delivery.body == b"second"


async def waits(inbox: Inbox, clock: HandClock, id: str) -> None:
    """Takes up what is due: it waits a day for something to happen."""
    claim = await claimed(inbox)
    assert claim.delivery.id == id
    await inbox.settle(claim, RetryAt(clock.now + timedelta(days=1), "checks", counted=False, anew=True))


async def hasten(inbox: Inbox, start: str) -> None:
    await inbox.put(delivery("news", "news"))
    claim = await claimed(inbox)
    assert claim.delivery.id == "news"
    await inbox.settle(claim, Done("", hasten=start))
    await inbox.drop("news")


async def test_what_waits_for_something_is_due_once_that_happens(inbox: Inbox, clock: HandClock) -> None:
    for id in ("look:1", "other:1", "look:2"):
        await inbox.put(delivery(id, id))
        await waits(inbox, clock, id)
    await hasten(inbox, "look:")
    assert {(await claimed(inbox)).delivery.id for _ in range(2)} == {"look:1", "look:2"}
    assert await inbox.claim("w") is None


async def test_what_looked_before_something_happened_looks_again_at_once(inbox: Inbox, clock: HandClock) -> None:
    """The news of a check comes while somebody looks at the checks: nothing else would tell of it."""
    await inbox.put(delivery("look:1", "r#1"))
    look = await claimed(inbox)
    await hasten(inbox, "look:")
    await inbox.settle(look, RetryAt(clock.now + timedelta(days=1), "checks", counted=False, anew=True))
    assert await inbox.next_due() == clock.now
    await waits(inbox, clock, "look:1")
    assert await inbox.claim("w") is None, "once"
    assert await inbox.next_due() == clock.now + timedelta(days=1)


async def test_something_that_happens_shortens_no_wait_for_another_reason(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery("look:1", "r#1"))
    look = await claimed(inbox)
    await hasten(inbox, "look:")
    await inbox.settle(look, RetryAt(clock.now + timedelta(hours=1), "a limit", counted=False))
    assert await inbox.claim("w") is None
    assert await inbox.next_due() == clock.now + timedelta(hours=1)


@pytest.mark.parametrize("end", [Done(""), Dead("no luck")], ids=["done", "dead"])
async def test_something_that_happens_does_not_bring_back_what_ends(
    inbox: Inbox, clock: HandClock, end: Done | Dead
) -> None:
    await inbox.put(delivery("look:1", "r#1"))
    look = await claimed(inbox)
    await hasten(inbox, "look:")
    await inbox.settle(look, end)
    clock.advance(days=1)
    assert await inbox.claim("w") is None


async def test_what_was_hastened_and_taken_over_looks_once(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery("look:1", "r#1"))
    await claimed(inbox)
    await hasten(inbox, "look:")
    clock.advance(minutes=2)
    await waits(inbox, clock, "look:1")
    assert await inbox.claim("w") is None


async def test_turns_of_different_names_wait_for_nobody_and_give_what_they_hold_back(inbox: Inbox) -> None:
    async with asyncio.timeout(10):
        async with inbox.turn("a"), inbox.turn("b"):
            pass
        with pytest.raises(ZeroDivisionError):
            async with inbox.turn("a"):
                1 / 0  # noqa: B018
        async with inbox.turn("a"):
            pass


async def crashed(inbox: Inbox, clock: HandClock, times: int) -> None:
    """As many claims as `times` are made, and never heard of again."""
    for _ in range(times):
        await claimed(inbox)
        clock.advance(minutes=2)


async def test_claims_in_a_row_that_nobody_settled_are_counted(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    await crashed(inbox, clock, 3)
    claim = await claimed(inbox)
    assert (claim.crashes, claim.attempt) == (3, 4)
    await inbox.settle(claim, RetryAt(clock.now, "502"))
    assert (await claimed(inbox)).crashes == 0


async def test_a_worker_may_pass_over_what_may_kill_it(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery("poison", "r#1"))
    await crashed(inbox, clock, 1)
    again = await inbox.claim("w", suspects=False)
    assert again is not None
    assert again.delivery.id == "poison"
    await inbox.put(delivery("other", "r#2"))
    clock.advance(minutes=2)
    other = await inbox.claim("w", suspects=False)
    assert other is not None
    assert other.delivery.id == "other"
    assert await inbox.claim("w", suspects=False) is None
    assert (await claimed(inbox)).delivery.id == "poison"


async def test_deliveries_are_listed_newest_first_by_state_and_by_lane(inbox: Inbox, clock: HandClock) -> None:
    for id, lane in (("a", "r#1"), ("b", "r#2"), ("c", "r#1"), ("d", "r#3")):
        await inbox.put(delivery(id, lane))
    await inbox.settle(await claimed(inbox), Dead("no luck"))
    await inbox.settle(await claimed(inbox, "w7"), RetryAt(clock.now + timedelta(hours=1), "502"))
    assert [entry.id for entry in await inbox.entries()] == ["d", "c", "b", "a"]
    assert [entry.id for entry in await inbox.entries(most=2)] == ["d", "c"]
    assert [entry.id for entry in await inbox.entries(lane="r#1")] == ["c", "a"]
    (dead,) = await inbox.entries(state=State.DEAD)
    assert (dead.id, dead.note, dead.attempt, dead.settled_at) == ("a", "no luck", 1, clock.now)
    retried = (await inbox.entries(state=State.WAITING, lane="r#2"))[0]
    assert (retried.due_at, retried.note, retried.worker) == (clock.now + timedelta(hours=1), "502", "w7")


async def test_one_delivery_is_found_with_its_content(inbox: Inbox) -> None:
    await inbox.put(delivery(body=b"\x00\xff"))
    kept = await inbox.find("d1")
    assert kept is not None
    assert kept.delivery == delivery(body=b"\x00\xff")
    assert (kept.entry.state, kept.entry.attempt, kept.entry.note) == (State.WAITING, 0, "")
    assert await inbox.find("d2") is None


@pytest.mark.parametrize("ended", [Done("opened"), Dead("bug")], ids=lambda each: type(each).__name__)
async def test_what_ended_can_be_handled_again_by_hand(inbox: Inbox, ended: Done | Dead) -> None:
    await inbox.put(delivery())
    await inbox.settle(await claimed(inbox), ended)
    assert await inbox.again("d1") is (State.DONE if isinstance(ended, Done) else State.DEAD)
    claim = await claimed(inbox)
    assert (claim.delivery, claim.attempt) == (delivery(), 1)


async def test_what_waits_is_due_now_when_asked_for_by_hand(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    await inbox.settle(await claimed(inbox), RetryAt(clock.now + timedelta(hours=1), "502"))
    assert await inbox.again("d1") is State.WAITING
    claim = await claimed(inbox)
    assert await inbox.again("d1") is State.UNDERWAY
    assert await inbox.again("d2") is None
    await inbox.settle(claim, Done(""))


async def test_what_is_dropped_is_forgotten_and_its_lane_goes_on(inbox: Inbox) -> None:
    for id in ("a", "b"):
        await inbox.put(delivery(id, "r#1"))
    assert await inbox.drop("a") is State.WAITING
    claim = await claimed(inbox)
    assert claim.delivery.id == "b"
    assert await inbox.drop("b") is State.UNDERWAY
    assert await inbox.drop("a") is None
    await inbox.settle(claim, Done(""))
    assert await inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=0)
    assert await inbox.put(delivery("a", "r#1")) is Receipt.STORED


async def test_what_was_done_long_ago_is_forgotten_and_nothing_else(inbox: Inbox, clock: HandClock) -> None:
    for id in ("old1", "old2", "old3", "dead", "new"):
        await inbox.put(delivery(id, id))
    for id in ("old1", "old2", "old3"):
        claim = await claimed(inbox)
        assert claim.delivery.id == id
        await inbox.settle(claim, Done(""))
    await inbox.settle(await claimed(inbox), Dead("bug"))
    clock.advance(days=7)
    await inbox.settle(await claimed(inbox), Done(""))
    limit = clock.now - timedelta(days=1)
    assert await inbox.forget(limit, most=2) == 2
    assert await inbox.forget(limit) == 1
    assert await inbox.forget(limit) == 0
    assert {entry.id for entry in await inbox.entries()} == {"dead", "new"}


async def test_the_oldest_webhook_that_is_not_handled_is_known(inbox: Inbox, clock: HandClock) -> None:
    """Underway counts, ended does not, and neither does our own work, which may wait for days."""
    assert await inbox.oldest_open() is None
    hour = timedelta(hours=1)
    chore = replace(delivery("own", lane="chore"), kind="telefonistka/chore", received_at=clock.now - 3 * hour)
    await inbox.put(chore)
    await inbox.settle(await claimed(inbox), RetryAt(clock.now + hour, "later"))
    assert await inbox.oldest_open() is None
    await inbox.put(replace(delivery("old"), received_at=clock.now - 2 * hour))
    await inbox.put(replace(delivery("new"), received_at=clock.now - hour))
    claim = await claimed(inbox)
    assert await inbox.oldest_open() == clock.now - 2 * hour
    await inbox.settle(claim, Dead("no luck"))
    assert await inbox.oldest_open() == clock.now - hour
    await inbox.settle(await claimed(inbox), Done("handled"))
    assert await inbox.oldest_open() is None


@pytest.mark.parametrize("text", ["caf\udce9.yaml", "a \N{PILE OF POO} b"])
async def test_names_of_files_that_are_no_utf8_settle_like_any_other(inbox: Inbox, clock: HandClock, text: str) -> None:
    for id, settlement in (("a", Done(text)), ("b", Dead(text)), ("c", RetryAt(clock.now, text))):
        await inbox.put(delivery(id, id))
        await inbox.settle(await claimed(inbox), settlement)
        kept = await inbox.find(id)
        assert kept is not None
        assert kept.entry.note == text.replace("\udce9", "?")
        await inbox.drop(id)


async def test_ids_are_found_by_their_start_and_nothing_in_it_is_a_pattern(inbox: Inbox) -> None:
    for id in ("a%c-2", "a%c-1", "abc-1", "b", "A%c-1", "a%c-3"):
        await inbox.put(delivery(id, id))
    assert await inbox.ids("a%c-", most=2) == ["a%c-1", "a%c-2"]
    assert await inbox.ids("a", most=9) == ["a%c-1", "a%c-2", "a%c-3", "abc-1"]
    assert await inbox.ids("a_c", most=9) == []


async def test_what_is_taken_over_from_who_is_gone_is_noted_and_logged(inbox: Inbox, clock: HandClock) -> None:
    await inbox.put(delivery())
    await claimed(inbox, "pod-7")
    clock.advance(minutes=2)
    with logged.kept() as log:
        assert (await claimed(inbox, "pod-8")).crashes == 1
    kept = await inbox.find("d1")
    assert kept is not None
    assert kept.entry.note == "taken over: pod-7 was not heard of any more"
    [line] = log.lines("a delivery is taken over from a worker that is gone")
    assert (line["delivery"], line["worker"], line["crashes"]) == ("d1", "pod-7", 1)


async def test_what_a_process_that_is_gone_had_underway_is_noted_when_the_next_one_starts(reopen: Reopen) -> None:
    first = await reopen()
    await first.put(delivery())
    await claimed(first, "pod-7")
    kept = await (await reopen()).find("d1")
    assert kept is not None
    assert (kept.entry.state, kept.entry.note) == (State.WAITING, "taken over: pod-7 was not heard of any more")
