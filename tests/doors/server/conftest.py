"""A real server on loopback with a real inbox, and hands that a test tells what to do with each delivery."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from telefonistka_py import settings
from telefonistka_py.app import store
from telefonistka_py.events.model import Event, PullRequestEvent
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Tracer
from telefonistka_py.server import run, signature
from telefonistka_py.server.hooks import Fetch
from telefonistka_py.server.room import Room
from telefonistka_py.server.run import Running
from telefonistka_py.server.verdict import Patience
from telefonistka_py.settings import Settings

SECRET = "the webhook's secret"
PREVIOUS = "the secret before"
AT_ONCE = Patience(first=timedelta(0), longest=timedelta(0), operator=timedelta(0))


@dataclass
class Hands:
    """Handles deliveries as told: by default well. `will` holds what to do with a delivery's next attempts."""

    seen: list[str] = field(default_factory=list)
    handled: list[tuple[Delivery, Event]] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    will: dict[str, list[Exception | Callable[[], Awaitable[str]]]] = field(default_factory=dict)

    async def handle(self, delivery: Delivery, event: Event) -> str:
        self.seen.append(delivery.id)
        orders = self.will.get(delivery.id, [])
        order = orders.pop(0) if orders else None
        if isinstance(order, Exception):
            raise order
        note = await order() if order else "nothing to do"
        self.handled.append((delivery, event))
        return note

    async def on_dead(self, delivery: Delivery, event: Event, why: str) -> None:
        assert isinstance(event, PullRequestEvent)
        self.dead.append((delivery.id, why))


class Gate:
    """A handler that says it has begun, and goes on when it is opened."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.opened = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> str:
        self.begun.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "went through the gate"


def payload(number: int = 1) -> bytes:
    """A merged pull request, with what the event's shape asks for."""
    return json.dumps(
        {
            "action": "closed",
            "repository": {
                "full_name": "acme/infra",
                "default_branch": "main",
                "html_url": "https://github.com/acme/infra",
            },
            "pull_request": {
                "number": number,
                "title": "Raise the replicas",
                "merged": True,
                "merge_commit_sha": "c" * 40,
                "html_url": f"https://github.com/acme/infra/pull/{number}",
                "head": {"ref": "change", "sha": "a" * 40},
                "base": {"ref": "main", "sha": "b" * 40},
            },
        }
    ).encode()


@dataclass
class Server:
    """What a test does with a server from outside."""

    running: Running
    http: aiohttp.ClientSession
    hands: Hands
    metrics: Metrics

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with self.http.post(f"{self.running.url}/webhook", data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def deliver(self, id: str = "d1", number: int = 1, **headers: str) -> int:
        """Sends a signed delivery as GitHub does; the answer's status."""
        status, _ = await self.post(payload(number), signed(payload(number), id) | headers)
        return status

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(f"{self.running.url}{path}") as answer:
            return answer.status, await answer.text()

    async def ready(self) -> tuple[int, Any]:
        status, text = await self.get("/ready")
        return status, json.loads(text)

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def signed(body: bytes, id: str = "d1", secret: str = SECRET, kind: str = "pull_request") -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": id,
        "X-GitHub-Event": kind,
        signature.HEADER: signature.sign(secret, body),
    }


def utc() -> datetime:
    return datetime.now(UTC)


StartServer = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    environ = {
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_WEBHOOK_SECRET_PREVIOUS": PREVIOUS,
        "GITHUB_OAUTH_TOKEN": "token",
        "LISTEN_ADDR": "127.0.0.1:0",
        "TELEFONISTKA_INBOX": str(tmp_path / "inbox.sqlite3"),
        "TELEFONISTKA_DRAIN_SECONDS": "5",
    }
    return settings.read(environ)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def start(configured: Settings, hands: Hands) -> StartServer:
    """Starts a server; keyword arguments replace settings, `patience` the retries' spacing."""

    @asynccontextmanager
    async def started(
        patience: Patience = AT_ONCE,
        hook_addresses: Fetch | None = None,
        tracer: Tracer = tracing.OFF,
        room: Room | None = None,
        **changes: Any,
    ) -> AsyncIterator[Server]:
        metrics, read = Metrics(), replace(configured, **changes)
        async with store.opened(read, utc) as inbox:
            parts = run.Parts(
                inbox=inbox,
                handle=hands.handle,
                on_dead=hands.on_dead,
                metrics=metrics,
                clock=utc,
                jitter=lambda: 0.0,
                patience=patience,
                hook_addresses=hook_addresses,
                room=room or Room(),
                tracer=tracer,
            )
            async with (
                run.running(read, parts) as running,
                aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as http,
            ):
                yield Server(running, http, hands, metrics)

    return started


@pytest.fixture
async def server(start: StartServer) -> AsyncIterator[Server]:
    async with start() as server:
        yield server
