"""The connections to one host and port, and whose turn it is there."""

import asyncio
import ssl
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

SLOW = 1.0
"""Seconds after which a request counts as one that hangs: nobody waits in line behind it."""

_MOST_LINES = 256
_IDLE_SECONDS = 60.0
_KEPT_SECONDS = 20.0


class Full(Exception):
    """No turn came in time."""


class Line:
    """Up to `most` requests at once, each with a connection to itself; who waits gets one in order."""

    def __init__(self, context: ssl.SSLContext, most: int, watch: Callable[[], float]) -> None:
        self._context = context
        self._most = most
        self._watch = watch
        self._free: list[httpx.AsyncHTTPTransport] = []
        self._underway: dict[httpx.AsyncHTTPTransport, float] = {}
        self._waiting: deque[asyncio.Future[httpx.AsyncHTTPTransport]] = deque()
        self.used_at = watch()

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """Waits for a turn for `patience` seconds at most; raises `Full` when none comes, at once behind a slow one."""
        transport = self._take() or await self._wait(patience)
        try:
            yield transport
        finally:
            self.used_at = self._watch()
            self._give(transport)

    def _take(self) -> httpx.AsyncHTTPTransport | None:
        if len(self._underway) >= self._most:
            return None
        transport = self._free.pop() if self._free else self._made()
        self._underway[transport] = self._watch()
        return transport

    def _made(self) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEPT_SECONDS)
        return httpx.AsyncHTTPTransport(verify=self._context, limits=limits)

    def _give(self, transport: httpx.AsyncHTTPTransport) -> None:
        del self._underway[transport]
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._underway[transport] = self._watch()
                waiter.set_result(transport)
                return
        self._free.append(transport)

    async def _wait(self, patience: float) -> httpx.AsyncHTTPTransport:
        if self._watch() - min(self._underway.values()) > SLOW:
            raise Full
        waiter: asyncio.Future[httpx.AsyncHTTPTransport] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await asyncio.wait((waiter,), timeout=patience)
        except asyncio.CancelledError:
            self._leave(waiter)
            raise
        if not waiter.done():
            self._leave(waiter)
            raise Full
        return waiter.result()

    def _leave(self, waiter: asyncio.Future[httpx.AsyncHTTPTransport]) -> None:
        if waiter.done():
            self._give(waiter.result())
        else:
            self._waiting.remove(waiter)

    @property
    def idle(self) -> bool:
        return not self._underway and not self._waiting

    async def close(self) -> None:
        for transport in self._free:
            await transport.aclose()
        self._free.clear()


class Lines:
    """One per host, port and way of checking certificates; those that nobody uses any more are closed."""

    def __init__(self, most: int, verified: ssl.SSLContext, watch: Callable[[], float]) -> None:
        self._most = most
        self._verified = verified
        self._unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._unverified.check_hostname = False
        self._unverified.verify_mode = ssl.CERT_NONE
        self._watch = watch
        self._lines: OrderedDict[tuple[str, bool], Line] = OrderedDict()

    async def to(self, origin: str, *, skip_tls: bool) -> Line:
        """The line to `origin`, such as `https://example.com:8443`: a connection is never shared between names."""
        await self._let_go()
        key = (origin, skip_tls)
        if key not in self._lines:
            self._lines[key] = Line(self._unverified if skip_tls else self._verified, self._most, self._watch)
        self._lines.move_to_end(key)
        return self._lines[key]

    async def _let_go(self) -> None:
        """Closes the line that was asked for longest ago, if nobody uses it and it is old or one too many."""
        for key, line in self._lines.items():
            if line.idle and (self._watch() - line.used_at > _IDLE_SECONDS or len(self._lines) > _MOST_LINES):
                del self._lines[key]
                await line.close()
            return

    async def close(self) -> None:
        for line in self._lines.values():
            await line.close()
        self._lines.clear()
