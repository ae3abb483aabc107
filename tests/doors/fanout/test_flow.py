"""What becomes of a push at an endpoint that does not take it: hours and days, by a clock that is moved by hand."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from telefonistka_py.errors import HeldBack
from telefonistka_py.events import own, parse
from telefonistka_py.events.model import ForwardEvent
from telefonistka_py.fanout import health, hosts, model
from telefonistka_py.fanout.book import Book
from telefonistka_py.fanout.flow import FanOut
from telefonistka_py.fanout.model import Limits
from telefonistka_py.fanout.outbound import Outbound
from telefonistka_py.inbox.model import Delivery, Done, Inbox
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.names import Lane, RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server import signature
from tests.doors.fanout.receivers import Receiver, receiving
from tests.doors.inbox.conftest import HandClock

SECRET = "a secret of the tests"
BODY = b'{"ref": "refs/heads/main"}'
LIMITS = Limits(allowed=hosts.parse("127.0.0.0/8"))


class Stage:
    """Fan-out over a real inbox, which holds the push `p1`."""

    def __init__(self, inbox: Inbox, clock: HandClock, limits: Limits = LIMITS) -> None:
        self.inbox, self.clock, self.metrics = inbox, clock, Metrics()
        self.outbound = Outbound(limits, ssl.create_default_context(), time.monotonic)
        watch = lambda: clock.now.timestamp()  # noqa: E731
        book = Book(inbox, clock, watch, self.metrics)
        self.fan = FanOut(inbox, self.outbound, book, limits, self.metrics, clock, time.process_time, lambda: 1.0)

    def event(self, *urls: str, source: str = "p1") -> ForwardEvent:
        return ForwardEvent(RepoName("acme/gitops"), source, model.FIRST, urls, False, 0.0, self.clock())

    async def round(self, *urls: str, source: str = "p1") -> Done:
        return await self.fan.on_forward(self.event(*urls, source=source))

    async def again(self, delivery: Delivery) -> Done | HeldBack:
        """What becomes of a delivery that a round left."""
        event = parse.parse(delivery.kind, delivery.body, parse.JSON)
        assert isinstance(event, ForwardEvent)
        try:
            return await self.fan.on_forward(event)
        except HeldBack as held:
            return held

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"telefonistka_webhook_proxy_{name}", labels)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def stage(tmp_path: Path, clock: HandClock) -> AsyncIterator[Stage]:
    inbox = await open_inbox(tmp_path / "inbox.sqlite3", clock)
    headers = ((signature.HEADER, signature.sign(SECRET, BODY)), ("X-GitHub-Delivery", "p1"))
    await inbox.put(Delivery("p1", "push", Lane("acme/gitops@main"), headers, BODY, clock()))
    stage = Stage(inbox, clock)
    yield stage
    await stage.outbound.close()
    await inbox.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(SECRET) as receiver:
        yield receiver


async def test_what_failed_follows_with_the_settlement_and_what_worked_does_not(
    stage: Stage, receiver: Receiver, unused_tcp_port: int
) -> None:
    dead = f"http://127.0.0.1:{unused_tcp_port}/hook?token=x"
    done = await stage.round(receiver.url + "/", dead)
    [left] = done.then
    assert done.note.startswith("forwarded to 1 of 2, 1 will be tried again; ")
    assert "token" not in done.note
    assert left.id == own.forward_id(model.key(dead), "p1")
    assert left.not_before == stage.clock() + timedelta(seconds=5)
    url = dead.partition("?")[0]
    assert stage.metric("upstream_requests_total", status="unreachable", method="POST", url=url) == 1
    assert stage.metric("upstream_requests_total", status="200", method="POST", url=receiver.url + "/") == 1
    assert stage.metric("upstream_seconds_count") == 2


async def test_a_push_is_tried_for_a_day_and_then_given_up_for_all_to_see(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    [left] = (await stage.round(receiver.url + "/")).then
    waits = []
    while isinstance(end := await _when_due(stage, left), HeldBack):
        waits.append(end.retry_at - stage.clock())
        left = replace(left, not_before=end.retry_at)
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]
    assert max(waits) == timedelta(hours=1)
    assert sum(waits, timedelta()) + timedelta(seconds=5) == timedelta(hours=24)
    assert end.note.startswith(f"{receiver.url}/ given up after 24 hours: 500 in ")
    assert stage.metric("given_up_total") == 1
    assert stage.metric("retries_total") == len(receiver.got) - 1


async def _when_due(stage: Stage, delivery: Delivery) -> Done | HeldBack:
    assert delivery.not_before is not None
    stage.clock.advance(seconds=(delivery.not_before - stage.clock()).total_seconds())
    return await stage.again(delivery)


async def test_an_endpoint_that_is_well_again_gets_all_that_waits_for_it(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    url = receiver.url + "/"
    [left] = (await stage.round(url)).then
    receiver.status = 200
    done = await _when_due(stage, left)
    assert isinstance(done, Done)
    assert done.hasten == own.forward_id(model.key(url))
    assert (await stage.round(url)).hasten == ""


async def test_a_later_push_that_is_taken_hastens_the_earlier_ones(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    urls = [f"{receiver.url}/{name}" for name in "ab"]
    await stage.round(*urls)
    receiver.status = 200
    assert (await stage.round(urls[0])).hasten == own.forward_id(model.key(urls[0]))
    receiver.status = 500
    await stage.round(*urls)
    receiver.status = 200
    assert (await stage.round(*urls)).hasten == "forward:"


async def test_one_push_at_a_time_tries_an_endpoint_that_fails(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    url = receiver.url + "/"
    await stage.round(url)
    receiver.opened.clear()
    first = asyncio.create_task(stage.round(url))
    await receiver.wait_for(2)
    second = await stage.round(url)
    assert len(receiver.got) == 2
    assert "the endpoint has been failing since" in second.note
    assert len(second.then) == 1
    receiver.opened.set()
    await first


async def test_after_days_of_failure_an_endpoint_is_paused_and_probed(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    url = receiver.url + "/"
    await stage.round(url)
    stage.clock.advance(hours=73)
    await stage.round(url)
    assert stage.metric("paused_endpoints") == 1
    count = len(receiver.got)
    [left] = (await stage.round(url)).then
    assert len(receiver.got) == count, "a push to it waits"
    receiver.status = 200
    assert isinstance(await _when_due(stage, left), Done)
    assert stage.metric("paused_endpoints") == 0
    await stage.round(url)
    assert len(receiver.got) == count + 2


async def test_an_endpoint_paused_by_hand_gets_nothing_until_it_is_resumed(stage: Stage, receiver: Receiver) -> None:
    url = receiver.url + "/"
    await stage.inbox.note(health.HELD + model.key(url), stage.clock().isoformat())
    [left] = (await stage.round(url)).then
    held = await stage.again(left)
    assert isinstance(held, HeldBack)
    assert (receiver.got, stage.metric("paused_endpoints")) == ([], 1)
    await stage.inbox.note(health.HELD + model.key(url), None)
    assert isinstance(await stage.again(left), Done)
    assert len(receiver.got) == 1


async def test_a_refused_address_is_not_tried_again(stage: Stage) -> None:
    done = await stage.round("http://169.254.169.254/latest/meta-data")
    assert done.then == ()
    assert "1 never; http://169.254.169.254/latest/meta-data refused: 169.254.169.254 is a link-local" in done.note
    assert stage.metric("refused_total") == 1


async def test_a_push_that_is_no_longer_kept_is_told(stage: Stage, receiver: Receiver) -> None:
    done = await stage.round(receiver.url + "/", source="gone")
    assert done.note == "not forwarded: the push gone is no longer in the inbox (TELEFONISTKA_KEEP_DAYS)"
    assert stage.metric("given_up_total") == 1


async def test_what_is_known_of_an_endpoint_survives_a_restart(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    url = receiver.url + "/"
    await stage.round(url)
    kept = await stage.inbox.notes(health.NOTES)
    assert list(kept) == [health.NOTES + model.key(url)]
    again = Stage(stage.inbox, stage.clock)
    receiver.status = 200
    assert (await again.round(url)).hasten == own.forward_id(model.key(url))
    await again.outbound.close()


async def test_endpoints_of_old_are_forgotten(stage: Stage, receiver: Receiver) -> None:
    await stage.round(receiver.url + "/old")
    stage.clock.advance(days=31)
    await stage.round(receiver.url + "/new")
    await stage.fan.book.reopen()
    assert list(await stage.inbox.notes(health.NOTES)) == [health.NOTES + model.key(receiver.url + "/new")]


async def test_the_urls_in_the_metrics_are_bounded(stage: Stage, receiver: Receiver) -> None:
    for first in range(0, 502, 100):  # a round is over after a while, whatever is left
        await stage.round(*(f"{receiver.url}/{number}" for number in range(first, min(first + 100, 502))))
    counted = [
        sample.labels["url"]
        for metric in stage.metrics.proxy_requests.collect()
        for sample in metric.samples
        if sample.value
    ]
    assert (len(counted), counted.count("other")) == (501, 1)
