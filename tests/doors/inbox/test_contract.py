"""What every durable inbox promises (N11, N12, N17). A second store joins by the `reopen` fixture."""

import asyncio
from datetime import timedelta

import pytest

from telefonistka_py.inbox.model import Claim, ClaimLost, Counts, Dead, Done, GivenBack, Inbox, Receipt, RetryAt
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
