"""When an endpoint that failed is tried again, and when it is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.fanout import health, model
from telefonistka_py.fanout.health import Health, Try, Wait
from telefonistka_py.fanout.model import Limits

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
LIMITS = Limits()
URL = "https://e.com/hook"


def failing(since: float, *, due_in: float = 0.0, paused: bool = False) -> Health:
    """For so many seconds."""
    return Health(
        URL,
        failing_since=NOW - timedelta(seconds=since),
        failed_at=NOW,
        why="500 in 3 ms",
        next_at=NOW + timedelta(seconds=due_in),
        paused=paused,
    )


def turn(known: Health | None, *, held: bool = False, fresh: bool = True, tried: bool = False) -> Try | Wait:
    return health.turn(known, NOW, held=held, fresh=fresh, tried=tried, limits=LIMITS)


@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_well_is_tried(fresh: bool) -> None:
    assert turn(None, fresh=fresh, tried=True) == Try()
    assert turn(Health(URL, ok_at=NOW), fresh=fresh, tried=True) == Try()


def test_a_push_is_tried_at_once_even_where_others_failed() -> None:
    assert turn(failing(60, due_in=50)) == Try()
    assert isinstance(turn(failing(60, due_in=50), fresh=False), Wait)
    assert turn(failing(60), fresh=False) == Try()


def test_where_another_is_being_tried_one_waits() -> None:
    waiting = turn(failing(60, due_in=50), tried=True)
    assert waiting == Wait(
        NOW + timedelta(seconds=50), "the endpoint has been failing since 2024-05-17 11:59 UTC: 500 in 3 ms"
    )
    assert turn(failing(60), tried=True, fresh=False) == replace(waiting, until=NOW + LIMITS.first_wait)


def test_a_paused_endpoint_is_only_tried_now_and_then() -> None:
    assert isinstance(turn(failing(9e5, due_in=50, paused=True)), Wait)
    assert turn(failing(9e5, paused=True), fresh=False) == Try()


def test_an_endpoint_paused_by_hand_is_never_tried() -> None:
    assert turn(None, held=True) == Wait(NOW + LIMITS.longest_wait, "the endpoint is paused by hand")


@pytest.mark.parametrize(
    ("since", "jitter", "told", "wait"),
    [
        (0, 1, 0, 5),
        (0, 0, 0, 2.5),
        (60, 1, 0, 60),
        (60, 0, 0, 30),
        (9_000, 1, 0, 3_600),
        (60, 1, 90, 90),
        (0, 1, 9e5, 3_600),
    ],
)
def test_the_wait_doubles_from_seconds_to_an_hour(since: float, jitter: float, told: float, wait: float) -> None:
    after = health.failed(failing(since), URL, "503", NOW, jitter, timedelta(seconds=told), LIMITS)
    assert after.next_at == NOW + timedelta(seconds=wait)


def test_from_five_seconds_on_it_is_tried_some_dozen_times_in_the_first_day() -> None:
    known: Health | None = None
    moment, tries = NOW, 0
    while moment < NOW + timedelta(hours=24):
        known = health.failed(known, URL, "503", moment, 1.0, None, LIMITS)
        assert known.next_at is not None
        moment, tries = known.next_at, tries + 1
    assert tries == 34


def test_days_of_failure_pause_an_endpoint_and_a_success_ends_it() -> None:
    assert not health.failed(failing(3600 * 71), URL, "503", NOW, 1, None, LIMITS).paused
    paused = health.failed(failing(3600 * 73), URL, "503", NOW, 1, None, LIMITS)
    assert paused.paused
    assert health.worked(paused, URL, NOW) == Health(URL, ok_at=NOW)


def test_a_success_is_no_news_for_a_while() -> None:
    known = health.worked(None, URL, NOW)
    assert health.worked(known, URL, NOW + timedelta(minutes=9)) is known
    assert health.worked(known, URL, NOW + timedelta(minutes=10)).ok_at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize("known", [Health(URL), Health(URL, ok_at=NOW), failing(60, paused=True)])
def test_what_is_kept_is_read_back(known: Health) -> None:
    assert health.read(health.write(known)) == known


def test_an_endpoint_of_old_is_forgotten() -> None:
    month = timedelta(days=31)
    assert health.is_forgotten(Health(URL, ok_at=NOW - month), NOW)
    assert not health.is_forgotten(replace(failing(60), ok_at=NOW - month), NOW)


def test_people_see_no_query() -> None:
    """N30: it may hold a token."""
    assert model.shown("https://e.com/hook?token=x") == URL
    assert model.key("https://e.com/hook?token=x") != model.key(URL)
