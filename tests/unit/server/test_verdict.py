"""What becomes of a delivery that failed depends on who must act."""

from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.errors import OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.inbox.model import Claim, Dead, Delivery, Done, RetryAt
from telefonistka_py.names import Lane
from telefonistka_py.server import verdict
from telefonistka_py.server.verdict import Patience

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
DELIVERY = Delivery("d1", "push", Lane("r#1"), (), b"{}", NOW)


def on(error: BaseException, attempt: int = 1, *, hours: float = 0, jitter: float = 1.0) -> object:
    claim = Claim(DELIVERY, attempt, 0, NOW - timedelta(hours=hours), "w", "1:1")
    return verdict.on(error, claim, NOW, Patience(), jitter)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (8, 128), (9, 256), (10, 300), (299, 300)]
)
def test_the_wait_doubles_up_to_five_minutes_and_jitter_takes_off_up_to_half(attempt: int, seconds: float) -> None:
    error = WorldUnwell("502")
    assert on(error, attempt) == RetryAt(NOW + timedelta(seconds=seconds), "502")
    assert on(error, attempt, jitter=0) == RetryAt(NOW + timedelta(seconds=seconds / 2), "502")


def test_a_wait_that_was_told_is_kept() -> None:
    reset = NOW + timedelta(minutes=47)
    assert on(WorldUnwell("rate limit", retry_at=reset), 3) == RetryAt(reset, "rate limit")


def test_a_told_moment_that_has_passed_does_not_hammer() -> None:
    past = WorldUnwell("rate limit", retry_at=NOW - timedelta(minutes=1))
    assert on(past) == RetryAt(NOW + timedelta(seconds=1), "rate limit")


def test_an_operators_mistake_waits_longer() -> None:
    assert on(OperatorMistake("no permission")) == RetryAt(NOW + timedelta(minutes=5), "no permission")


@pytest.mark.parametrize("error", [WorldUnwell("502"), OperatorMistake("no permission")])
def test_what_lasts_a_day_is_given_up_and_no_sooner_however_often_it_was_tried(error: Exception) -> None:
    assert isinstance(on(error, 10, hours=23.9), RetryAt)
    assert isinstance(on(error, 3000, hours=23.9), RetryAt)
    assert on(error, 10, hours=24) == Dead(f"Given up after 10 attempts, the last one failed: {error}")


def test_after_300_attempts_a_short_wait_is_no_longer_believed() -> None:
    soon = WorldUnwell("503", retry_at=NOW + timedelta(seconds=1))
    assert on(soon, 299) == RetryAt(NOW + timedelta(seconds=1), "503")
    assert on(soon, 300) == RetryAt(NOW + timedelta(minutes=5), "503")


def test_days_in_which_the_server_was_stopped_end_nothing() -> None:
    assert isinstance(on(WorldUnwell("502"), 2, hours=72), RetryAt)


def test_a_repositorys_mistake_is_done_with_its_sentence() -> None:
    assert on(RepoMistake("line 3: unknown key")) == Done("line 3: unknown key")


def test_anything_else_is_a_bug() -> None:
    assert on(KeyError("x")) == Dead("This is a bug: KeyError: 'x'")
