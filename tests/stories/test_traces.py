"""What whoever runs the server sees of one promotion: a trace, lines of the log, metrics. A real process is watched."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from telefonistka_py.observability import tracing
from telefonistka_py.sandbox.model import Delivery, Pull
from tests.otlp import Span, collecting
from tests.stories.house import SECRET, House, component, level

KEY = "the-collectors-api-key"


@dataclass
class Process:
    """`telefonistka server` in a process of its own."""

    child: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""

    async def said(self, event: str, **fields: object) -> dict[str, Any]:
        """The first line of the log that says `event` with `fields`, when it comes."""
        for earlier in self.lines:
            if earlier["event"] == event and fields.items() <= earlier.items():
                return earlier
        while (line := await self._next()) is not None:
            if line["event"] == event and fields.items() <= line.items():
                return line
        raise AssertionError(f"the server ended without saying {event!r}:\n{self.text}")

    async def stop(self) -> None:
        self.child.terminate()
        while await self._next() is not None:
            pass
        assert await self.child.wait() == 0, self.text

    async def _next(self) -> dict[str, Any] | None:
        assert self.child.stderr is not None
        async with asyncio.timeout(30):
            raw = (await self.child.stderr.readline()).decode()
        if not raw:
            return None
        self.text += raw
        line: dict[str, Any] = json.loads(raw)
        self.lines.append(line)
        return line


@asynccontextmanager
async def server(house: House, **environ: str) -> AsyncIterator[Process]:
    """The server of the house, as an operator starts it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "telefonistka_py",
        "server",
        env={"PATH": os.environ["PATH"], **house.environment(), **environ},
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    process = Process(child)
    try:
        listening = await process.said("the server listens")
        house.hub.set_webhook(house.app, f"{listening['url']}/webhook")
        yield process
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@dataclass
class Promotion:
    """A change that alice merged, and what was seen of it."""

    pull: Pull
    merged: Delivery
    process: Process
    metrics: str


async def promoted(house: House, **environ: str) -> Promotion:
    """alice merges a change, the server opens promotions for it, and stops."""
    repo = await house.repo(level())
    async with server(house, LOG_LEVEL="debug", **environ) as process:
        # Its first look for deliveries that were missed would ask again for one that is on its way.
        await process.said("the delivery was handled", chore="recovery")
        pull = await house.change(repo, {**component("workspace/nginx", tag="2.0")})
        await house.hub.delivered()
        [merged] = [
            each
            for each in house.hub.deliveries
            if (each.event, each.action) == ("pull_request", "closed") and each.payload["number"] == pull.number
        ]
        await process.said("the delivery was handled", delivery=merged.guid)
        async with aiohttp.ClientSession() as http, http.get(f"{process.lines[0]['url']}/metrics") as answer:
            metrics = await answer.text()
        await process.stop()
    assert len(house.promotions(repo)) == 1
    return Promotion(pull, merged, process, metrics)


async def test_a_promotions_trace_goes_from_the_webhook_to_the_last_request(house: House) -> None:
    async with collecting() as collector:
        seen = await promoted(
            house,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS=f"api-key={KEY}",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
        )
    spans = collector.trace(tracing.trace_id(seen.merged.guid))
    [webhook] = [span for span in spans if span.name == "webhook pull_request"]
    [handled] = [span for span in spans if span.name == "handle pull_request"]
    requests = [span for span in spans if span.name.startswith("GitHub ")]
    assert len(spans) == 2 + len(requests)
    assert (webhook.parent, handled.parent) == ("", webhook.id)
    assert {span.parent for span in requests} == {handled.id}
    about = {
        "telefonistka.delivery": seen.merged.guid,
        "telefonistka.event": "pull_request",
        "telefonistka.action": "closed",
        "telefonistka.repo": "acme/gitops",
        "telefonistka.pr": seen.pull.number,
    }
    assert all(about.items() <= span.attributes.items() for span in spans)
    assert (handled.attributes["telefonistka.attempt"], handled.attributes["telefonistka.outcome"]) == (1, "done")
    assert collector.headers[0]["api-key"] == KEY
    assert (webhook.service["service.name"], webhook.service["deployment.environment.name"]) == ("telefonistka", "test")
    assert seen_by(requests) >= asked_for(house, seen.merged)
    hidden = [SECRET, KEY, "ghs_", *house.app.private_key_pem.splitlines()[1:-1]]
    assert not [secret for secret in hidden if secret in seen.process.text]
    assert not [secret for secret in hidden for raw in collector.bodies if secret.encode() in raw]
    told = " ".join(str(value) for span in collector.spans for value in span.attributes.values())
    assert not [sign for sign in ("?", "{", "mutation") if sign in told]  # neither queries nor bodies


def seen_by(requests: list[Span]) -> set[tuple[object, object, object]]:
    told = [span.attributes for span in requests]
    return {(each["http.request.method"], each["url.path"], each["http.response.status_code"]) for each in told}


def asked_for(house: House, merged: Delivery) -> set[tuple[object, object, object]]:
    """Every change that the bot made to the repository: the merge alone leads to any."""
    return {
        (exchange.method, urlsplit(exchange.path).path, exchange.status)
        for exchange in house.requests()
        if exchange.method != "GET" and "/repos/" in exchange.path and "/statuses/" not in exchange.path
    } | {("POST", f"/api/v3/repos/acme/gitops/statuses/{merged.payload['pull_request']['head']['sha']}", 201)}


async def test_the_lines_of_a_promotion_say_what_they_are_about_and_hold_no_secret(house: House) -> None:
    seen = await promoted(house)
    lines = [line for line in seen.process.lines if line.get("delivery") == seen.merged.guid]
    assert {"the delivery came in", "the delivery was handled"} <= {line["event"] for line in lines}
    for line in lines:
        assert (line["repo"], line["pr"], line["level"]) == ("acme/gitops", seen.pull.number, line["level"])
        assert line["timestamp"]
    handled = next(line for line in lines if line["event"] == "the delivery was handled")
    [promotion] = house.promotions(house.hub.repo("acme/gitops"))
    assert f"#{promotion.number}" in handled["note"]
    for secret in [SECRET, "ghs_", *house.app.private_key_pem.splitlines()[1:-1]]:
        assert secret not in seen.process.text


async def test_a_promotion_is_in_the_metrics(house: House) -> None:
    seen = await promoted(house)
    for line in (
        'telefonistka_webhook_server_webhook_hits_total{parsing="successful"} ',
        'telefonistka_github_github_operations_total{api_group="repos",api_path="pulls",method="POST",'
        'repo_slug="acme/gitops",status="201"} 1.0',
        'telefonistka_github_github_rest_api_client_rate_limit{repo_owner="acme"} ',
        'telefonistka_github_github_rest_api_client_rate_remaining{repo_owner="acme"} ',
        'telefonistka_github_commit_status_updates_total{repo_slug="acme/gitops",status="success"} ',
        'telefonistka_delivery_age_seconds_bucket{kind="pull_request",le="',
        'telefonistka_delivery_lane_wait_seconds_bucket{kind="pull_request",le="',
        'telefonistka_github_request_seconds_bucket{le="0.05",method="POST",operation="pulls"} ',
        "telefonistka_ready 1.0",
    ):
        assert line in seen.metrics
