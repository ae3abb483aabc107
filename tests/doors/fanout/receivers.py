"""Endpoints on loopback that check the webhook's signature themselves, as Argo CD does."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Got:
    """One request, as it came."""

    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    genuine: bool
    """Its signature fits its body."""

    def header(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.headers if key.decode().lower() == name.lower()]

    @property
    def delivery(self) -> str:
        return self.header("X-GitHub-Delivery")[0]


@dataclass
class Receiver:
    """Answers with `status`, after `opened` is set. `arrived` wakes whoever waits for requests."""

    secret: str
    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"ok"
    got: list[Got] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    underway: int = 0
    most_underway: int = 0
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.opened.set()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        mac = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(mac, request.headers.get("X-Hub-Signature-256", ""))
        self.underway += 1
        self.most_underway = max(self.most_underway, self.underway)
        try:
            async with self._arrived:
                self.got.append(Got(request.raw_path, tuple(request.raw_headers), body, genuine))
                self._arrived.notify_all()
            await self.opened.wait()
        finally:
            self.underway -= 1
        return web.Response(status=self.status if genuine else 401, headers=self.headers, body=self.answer)

    async def wait_for(self, count: int, seconds: float = 20) -> None:
        """Returns when so many requests have come in all."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.got) >= count)


@asynccontextmanager
async def receiving(secret: str, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver for as long as the context is open."""
    receiver = Receiver(secret)
    app = web.Application(client_max_size=30 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, auto_decompress=False, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=tls).start()
        receiver.url = f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()
