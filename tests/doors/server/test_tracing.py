"""A webhook's trace holds together over retries, restarts and replicas, and nothing is stored for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from telefonistka_py.app import argo
from telefonistka_py.argocd.instances import Instance
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import Lane
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Asked, Tracer
from telefonistka_py.settings import Settings
from tests.doors.server.conftest import Gate, Hands, StartServer, payload, utc
from tests.otlp import Collector, Span, collecting

TraceAs = Callable[[str], Tracer]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
async def traced(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> TraceAs:
    """Makes the tracer of a replica."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    return lambda replica: tracing.start(True, replica, utc)


async def sent(*tracers: Tracer) -> None:
    """Returns when all that they saw is at the collector."""
    for tracer in tracers:
        await asyncio.to_thread(tracer.close)


def one(spans: list[Span]) -> Span:
    [span] = spans
    return span


async def test_a_webhooks_attempt_and_its_requests_are_one_trace(
    start: StartServer, hands: Hands, collector: Collector, traced: TraceAs
) -> None:
    tracer = traced("first")

    async def ask() -> str:
        tracer.asked(Asked("GitHub GET pulls/files", 0.25, 502, True, {"url.path": "/repos/acme/infra/pulls/1/files"}))
        return "asked"

    hands.will["d1"] = [ask]
    async with start(tracer=tracer) as server:
        await server.deliver("d1")
        await server.running.worker.settled()
    await sent(tracer)
    webhook, handled, asked = (one(collector.named(start)) for start in ("webhook", "handle", "GitHub"))
    assert {span.trace for span in collector.spans} == {f"{tracing.trace_id('d1'):032x}"}
    assert (webhook.parent, handled.parent, asked.parent) == ("", webhook.id, handled.id)
    about = {"telefonistka.delivery": "d1", "telefonistka.repo": "acme/infra", "telefonistka.pr": 1}
    for span in (webhook, handled, asked):
        assert about.items() <= span.attributes.items()
        assert span.attributes["telefonistka.event"] == "pull_request"
    assert webhook.attributes["telefonistka.receipt"] == "stored"
    assert (handled.attributes["telefonistka.attempt"], handled.attributes["telefonistka.outcome"]) == (1, "done")
    assert (asked.failed, asked.seconds, asked.attributes["http.response.status_code"]) == (True, 0.25, 502)
    assert not webhook.failed
    assert not handled.failed
    assert webhook.service["service.name"] == "telefonistka"
    assert webhook.service["service.instance.id"] == "first"


async def test_a_retry_is_in_the_same_trace_and_leads_to_the_first_attempt(
    start: StartServer, hands: Hands, collector: Collector, traced: TraceAs
) -> None:
    hands.will["d1"] = [WorldUnwell("GitHub answered 502"), KeyError("a bug")]
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        await server.deliver("d1")
        await server.running.worker.settled()
    await sent(tracer)
    webhook = one(collector.named("webhook"))
    first, second = sorted(collector.named("handle"), key=lambda span: str(span.attributes["telefonistka.attempt"]))
    assert first.parent == second.parent == webhook.id
    assert [span.attributes["telefonistka.outcome"] for span in (first, second)] == ["retry", "dead"]
    assert (first.links, second.links) == ((), ((first.trace, first.id),))
    assert second.id != first.id
    assert (first.failed, second.failed) == (False, True)


async def test_another_replica_goes_on_with_the_same_trace(
    start: StartServer, hands: Hands, collector: Collector, traced: TraceAs
) -> None:
    """What the first one began and gave back: all that the second one has is the delivery."""
    gate = Gate()
    hands.will["d1"] = [gate]
    first, second = traced("first"), traced("second")
    async with start(tracer=first, drain_seconds=0) as server:
        await server.deliver("d1")
        await gate.begun.wait()
    async with start(tracer=second) as server:
        await server.running.worker.settled()
    await sent(first, second)
    given_back, done = sorted(collector.named("handle"), key=lambda span: str(span.service["service.instance.id"]))
    assert [span.attributes["telefonistka.outcome"] for span in (given_back, done)] == ["given_back", "done"]
    assert given_back.trace == done.trace
    assert given_back.parent == done.parent == one(collector.named("webhook")).id
    assert done.links == ((given_back.trace, given_back.id),)


async def test_a_redelivery_is_a_further_span_of_its_webhooks_trace(
    start: StartServer, collector: Collector, traced: TraceAs
) -> None:
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        assert [await server.deliver("d1") for _ in range(2)] == [202, 200]
        await server.running.worker.settled()
    await sent(tracer)
    first, again = collector.named("webhook")
    assert (first.attributes["telefonistka.receipt"], again.attributes["telefonistka.receipt"]) == ("stored", "known")
    assert (again.trace, again.parent) == (first.trace, first.id)
    assert len({span.id for span in collector.spans}) == len(collector.spans) == 3


def own_work(id: str, kind: str, minutes_ago: int = 0) -> Delivery:
    """Work of our own; the hands don't care what it is."""
    body = b'{"repo": "acme/infra", "installation": null, "number": 1}'
    at = utc() - timedelta(minutes=minutes_ago)
    return Delivery(id, kind, Lane(id), (("Content-Type", "application/json"),), body, at)


async def test_work_that_returns_under_one_id_is_a_new_trace_each_time(
    start: StartServer, collector: Collector, traced: TraceAs
) -> None:
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        for minutes_ago in (2, 1):
            await server.running.inbox.put(own_work("missed:acme/infra#1", own.MISSED, minutes_ago))
            await server.running.worker.settled()
            await server.running.inbox.drop("missed:acme/infra#1")
    await sent(tracer)
    first, second = collector.named("handle")
    assert first.trace != second.trace
    assert first.parent == second.parent == ""


async def test_what_a_webhook_leads_to_later_is_part_of_its_trace(
    start: StartServer, collector: Collector, traced: TraceAs
) -> None:
    tracer = traced("first")
    forward = replace(
        own_work(own.forward_id("endpoint", "d1"), own.FORWARD),
        body=b'{"repo": "acme/infra", "source": "d1", "key": "endpoint", "endpoints": ["https://ci.example.com/"], '
        b'"skip_tls": false, "spread_ms": 0, "began": "2026-01-01T00:00:00+00:00"}',
    )
    async with start(tracer=tracer) as server:
        await server.deliver("d1")
        await server.running.inbox.put(forward)
        await server.running.worker.settled()
    await sent(tracer)
    webhook = one(collector.named("webhook"))
    assert one(collector.named(f"handle {own.FORWARD}")).parent == webhook.id
    assert {span.trace for span in collector.spans} == {webhook.trace}


async def test_a_sampled_trace_is_whole_and_another_is_not_there_at_all(
    start: StartServer, hands: Hands, collector: Collector, traced: TraceAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    ids = [f"d{number}" for number in range(20)]
    for id in ids:
        hands.will[id] = [WorldUnwell("GitHub answered 502")]
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        for number, id in enumerate(ids):
            await server.deliver(id, number + 1)
        await server.running.worker.settled()
    await sent(tracer)
    sizes = [len(collector.trace(tracing.trace_id(id))) for id in ids]
    assert set(sizes) == {0, 3}
    assert 4 <= sizes.count(3) <= 16


async def test_requests_outside_an_attempt_are_left_out(
    start: StartServer, collector: Collector, traced: TraceAs
) -> None:
    tracer = traced("first")
    tracer.asked(Asked("GitHub GET meta", 0.1, 200, False, {}))
    async with start(tracer=tracer) as server:
        await server.deliver("d1")
        await server.running.worker.settled()
    await sent(tracer)
    assert collector.named("GitHub") == []
    assert len(collector.spans) == 2


async def test_a_collector_that_is_gone_fails_no_delivery(
    start: StartServer, hands: Hands, traced: TraceAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        assert await server.deliver("d1") == 202
        await server.running.worker.settled()
    await sent(tracer)
    assert [delivery.id for delivery, _ in hands.handled] == ["d1"]


async def test_a_delivery_is_stored_as_it_came_whether_it_is_traced_or_not(start: StartServer, traced: TraceAs) -> None:
    """Its headers are forwarded byte for byte."""
    tracer = traced("first")
    async with start(tracer=tracer) as server:
        await server.deliver("d1")
        kept = await server.running.inbox.find("d1")
        await server.running.worker.settled()
    await sent(tracer)
    assert kept is not None
    assert kept.delivery.body == payload(1)
    assert not {"traceparent", "tracestate"} & {name.lower() for name, _ in kept.delivery.headers}


async def test_requests_to_an_argo_cd_are_part_of_the_attempt(
    start: StartServer, hands: Hands, collector: Collector, traced: TraceAs, configured: Settings
) -> None:
    async def version(_request: web.Request) -> web.Response:
        return web.json_response({"Version": "v3.6.0"})

    app = web.Application()
    app.router.add_get("/api/version", version)
    tracer = traced("first")
    async with TestServer(app) as argo_cd:
        instance = Instance("dev", str(argo_cd.make_url("")), "the-token-of-argo-cd", False)
        read = replace(configured, argocd_instances=(instance,))
        async with argo.clients(read, Metrics(), tracer) as [client]:
            hands.will["d1"] = [client.version]
            async with start(tracer=tracer) as server:
                await server.deliver("d1")
                await server.running.worker.settled()
    await sent(tracer)
    asked = one(collector.named("Argo CD version"))
    assert asked.parent == one(collector.named("handle")).id
    assert (asked.attributes["telefonistka.argocd.instance"], asked.failed) == ("dev", False)
    assert asked.attributes["http.response.status_code"] == 200
    assert not any(b"the-token" in body for body in collector.bodies)
