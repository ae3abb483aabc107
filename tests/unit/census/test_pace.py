"""However a census goes, an installation is asked less than 60 times in any hour (N21)."""

from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.census import pace

NOW = datetime(2026, 1, 2, 3, tzinfo=UTC)


def ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=each) for each in minutes]


def test_what_was_asked_within_the_hour_counts() -> None:
    assert pace.left([], NOW) == pace.MOST_PER_HOUR < 60
    assert pace.left(ago(0, 30, 59.9, 60, 90), NOW) == pace.MOST_PER_HOUR - 3


def test_there_is_room_again_when_enough_is_an_hour_ago() -> None:
    full = ago(*range(pace.MOST_PER_HOUR))
    assert pace.left(full, NOW) == 0
    assert pace.when_left(full, NOW) == NOW + timedelta(minutes=60 - (pace.MOST_PER_HOUR - 1))
    assert pace.when_left(full[:-1], NOW) == NOW
    assert pace.left(full, pace.when_left(full, NOW)) == 1


@pytest.mark.parametrize("requests", [0, 1, 3, 4, 10, 26, 41])
def test_rounds_in_a_row_stay_within_the_hour(requests: int) -> None:
    wait = pace.pause(requests)
    assert wait >= pace.EVERY
    rounds = 0
    while rounds * wait < pace.HOUR:
        rounds += 1
    assert rounds * requests < 60 + requests
    assert requests * (pace.HOUR / wait) <= pace.AIM_PER_HOUR
