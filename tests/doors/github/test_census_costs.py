"""Background polling costs at most 60 requests an hour and installation, whatever there is to count (N21)."""

import aiohttp
import pytest

from telefonistka_py.census.flow import Census
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import App
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.sandbox import auth
from tests.contracts import github as contract
from tests.doors.github.conftest import Clock
from tests.doors.github.many import Many
from tests.doors.github.test_census import OPEN, PENDING, PROMOTIONS, gauges

HOURS = 3

SMALL = [3] * 40
ASKED = [100] * 100
HUGE = [130] * 100 + [0] * 900
EMPTY = [0] * 2_000


async def polled(many: Many, clock: Clock, hours: float = HOURS) -> Metrics:
    """Takes the census as a scheduler would, for so long."""
    metrics, key, end = Metrics(), auth.key_pair(0)[0], clock().timestamp() + 3600 * hours
    async with many.running(), aiohttp.ClientSession() as session:
        connection = Connection(
            session,
            App("1", key),
            rest_url=many.url,
            graphql_url=f"{many.url}/graphql",
            clock=clock,
            observe=lambda *_: None,
        )
        census = Census(connection, metrics, clock)
        while clock().timestamp() < end:
            clock.now += await census.take()
    assert many.unknown == []
    assert many.sample is not None
    assert contract.problems_of_graphql(*many.sample) == []
    return metrics


async def test_three_installations_of_100_repositories_with_100_pull_requests_stay_below_60_each(clock: Clock) -> None:
    many = Many(clock, dict.fromkeys(("one", "two", "three"), ASKED))
    metrics = await polled(many, clock)
    for account in many.accounts:
        assert many.of_the_fullest_hour(account) <= 60
        assert many.points[account] / HOURS < 500, "a tenth of the limit"
    assert many.of_the_fullest_hour("") <= 13, "the App itself asks where it is installed"
    assert sum(gauges(metrics, OPEN).values()) == sum(gauges(metrics, PENDING).values()) == 3 * 100 * 100
    assert sum(gauges(metrics, PROMOTIONS).values()) == 3 * 100 * 50


@pytest.mark.parametrize("sizes", [HUGE, EMPTY], ids=["13,000 on 1,000", "none on 2,000"])
async def test_what_does_not_fit_into_an_hour_takes_longer_and_costs_no_more(clock: Clock, sizes: list[int]) -> None:
    many = Many(clock, {"one": sizes})
    metrics = await polled(many, clock, 2)
    assert many.of_the_fullest_hour("one") <= 60
    assert len(gauges(metrics, OPEN)) == len(sizes)
    assert sum(gauges(metrics, PENDING).values()) == sum(sizes)


async def test_a_small_place_is_counted_every_five_minutes_for_little(clock: Clock) -> None:
    many = Many(clock, {"one": SMALL})
    await polled(many, clock)
    queries = [each for _, account, each in many.requests if account == "one" and "graphql" in each]
    assert len(queries) >= HOURS * 11
    assert many.of_the_fullest_hour("one") <= 30
    assert many.points["one"] / HOURS < 100
