"""Waiting for GitHub's limits, or for people, uses up nobody's patience (N20)."""

from datetime import UTC, datetime, timedelta

from telefonistka_py.errors import HeldBack, Limited, WorldUnwell
from telefonistka_py.inbox.model import Claim, Dead, Delivery, RetryAt
from telefonistka_py.names import Lane
from telefonistka_py.server import verdict
from telefonistka_py.server.verdict import Patience

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DELIVERY = Delivery("d1", "push", Lane("r#1"), (), b"{}", NOW)


def on(error: Exception, attempt: int, days: float = 0.0) -> object:
    claim = Claim(DELIVERY, attempt, 0, NOW - timedelta(days=days), "w", "1:1")
    return verdict.on(error, claim, NOW, Patience(), 1.0)


def test_a_limit_is_waited_for_as_often_and_as_long_as_it_takes() -> None:
    reset = NOW + timedelta(minutes=47)
    limited = Limited("rate limit", retry_at=reset)
    assert on(limited, attempt=1000, days=7) == RetryAt(reset, "rate limit", counted=False)
    assert isinstance(on(WorldUnwell("502", retry_at=reset), attempt=1000, days=7), Dead)


def test_a_limits_end_that_has_passed_does_not_hammer() -> None:
    past = Limited("rate limit", retry_at=NOW - timedelta(minutes=1))
    assert on(past, attempt=1) == RetryAt(NOW + timedelta(seconds=1), "rate limit", counted=False)


def test_waiting_for_people_does_not_count_either() -> None:
    held = HeldBack("checks", retry_at=NOW + timedelta(minutes=5))
    assert on(held, attempt=1) == RetryAt(NOW + timedelta(minutes=5), "checks", counted=False, anew=True)
