"""Nothing is sent while a limit holds, and everything else is (N20, N21)."""

from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.errors import Limited
from telefonistka_py.github.budget import FIRST_PAUSE, Budget
from telefonistka_py.github.limits import Paused, Spent, Standing

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESET = NOW + timedelta(minutes=20)


def budget(jitter: float = 0.0) -> Budget:
    return Budget(lambda: jitter)


def told(of: Budget, remaining: int, *, reset: datetime = RESET, resource: str = "core", now: datetime = NOW) -> None:
    of.told(Standing(resource, 5000, remaining, reset), now)


def refused(of: Budget, now: datetime = NOW, resource: str = "core", reserve: float = 0.0) -> datetime | None:
    """Until when; None when it is admitted."""
    try:
        of.admit(resource, now, reserve)
    except Limited as error:
        return error.retry_at
    return None


def test_what_nobody_told_holds_nothing_back() -> None:
    assert refused(budget(), reserve=0.9) is None


def test_when_none_is_left_nothing_is_sent_until_the_reset() -> None:
    it = budget()
    told(it, 1)
    assert refused(it) is None
    told(it, 0)
    assert refused(it) == RESET
    assert refused(it, RESET) is None


def test_each_resource_has_its_own_limit() -> None:
    it = budget()
    told(it, 0, resource="graphql")
    assert refused(it, resource="core") is None
    assert refused(it, resource="graphql") == RESET


def test_answers_that_overtake_one_another_do_not_make_it_more() -> None:
    it = budget()
    told(it, 0)
    told(it, 3, reset=RESET + timedelta(seconds=1))
    assert refused(it) == RESET


def test_a_late_answer_of_the_window_before_takes_nothing_away() -> None:
    it = budget()
    told(it, 4000, reset=RESET + timedelta(hours=1))
    told(it, 0)
    assert refused(it) is None


def test_a_new_window_is_a_new_start() -> None:
    it = budget()
    told(it, 0)
    told(it, 4999, reset=RESET + timedelta(hours=1), now=RESET)
    assert refused(it, RESET) is None


def test_background_work_leaves_a_reserve_and_important_work_does_not() -> None:
    it = budget()
    told(it, 999)
    assert refused(it, reserve=0.2) == RESET
    assert refused(it) is None
    assert refused(it, reserve=0.19) is None


def test_a_limit_that_is_met_shuts_its_resource_until_then() -> None:
    it = budget()
    error = it.hit(Spent("core", RESET), it.admit("core", NOW), "403", NOW)
    assert error.retry_at == RESET
    assert refused(it) == RESET
    assert refused(it, resource="graphql") is None


def test_a_secondary_limit_shuts_the_door_for_everything_exactly_as_long_as_told() -> None:
    it = budget(jitter=1.0)
    until = NOW + timedelta(seconds=17)
    assert it.hit(Paused(until), it.admit("core", NOW), "403", NOW).retry_at == until
    assert refused(it, resource="graphql") == until
    assert refused(it, until) is None


def pauses(it: Budget, times: int) -> list[timedelta]:
    found, now = [], NOW
    for _ in range(times):
        until = it.hit(Paused(None), it.admit("core", now), "403", now).retry_at
        found.append(until - now)
        now = until
    return found


def test_a_secondary_limit_that_says_nothing_pauses_a_minute_then_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    assert [each.total_seconds() for each in pauses(budget(), 7)] == [60, 120, 240, 480, 900, 900, 900]
    assert [each.total_seconds() for each in pauses(budget(1.0), 2)] == [75, 150]


def test_a_success_makes_the_next_pause_short_again() -> None:
    it = budget()
    pauses(it, 3)
    later = NOW + timedelta(hours=1)
    it.went_well(it.admit("core", later))
    assert it.hit(Paused(None), it.admit("core", later), "403", later).retry_at == later + FIRST_PAUSE


def test_several_requests_that_meet_the_same_limit_at_once_count_as_one() -> None:
    it = budget()
    tickets = [it.admit("core", NOW) for _ in range(10)]
    assert {it.hit(Paused(None), ticket, "403", NOW).retry_at for ticket in tickets} == {NOW + FIRST_PAUSE}
    later = NOW + FIRST_PAUSE
    assert it.hit(Paused(None), it.admit("core", later), "403", later).retry_at == later + 2 * FIRST_PAUSE


def test_a_success_of_a_request_that_was_sent_before_the_limit_proves_nothing() -> None:
    it = budget()
    early = it.admit("core", NOW)
    it.hit(Paused(None), it.admit("core", NOW), "403", NOW)
    it.went_well(early)
    later = NOW + FIRST_PAUSE
    assert it.hit(Paused(None), it.admit("core", later), "403", later).retry_at == later + 2 * FIRST_PAUSE


def test_a_shorter_word_does_not_open_the_door_early() -> None:
    it = budget()
    tickets = [it.admit("core", NOW) for _ in range(2)]
    long = NOW + timedelta(minutes=5)
    it.hit(Paused(long), tickets[0], "403", NOW)
    it.hit(Paused(NOW + timedelta(seconds=1)), tickets[1], "403", NOW)
    assert refused(it) == long


def test_the_error_says_why_in_a_sentence() -> None:
    it = budget()
    told(it, 500)
    with pytest.raises(Limited, match="500 of 5000 core requests are left, and those are kept for more important work"):
        it.admit("core", NOW, 0.2)
