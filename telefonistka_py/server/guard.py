"""Connections that say nothing, or say it too slowly, are closed; aiohttp itself waits for a first request for ever."""

import asyncio
from collections.abc import Callable
from functools import partial

from telefonistka_py.observability import logs

HEADERS_SECONDS = 10.0
"""How long the headers of a connection's first request may take. Later ones are covered by the keep-alive time."""

MOST_CONNECTIONS = 1000
"""Open at once; further ones are closed before anything is read. A load balancer keeps far fewer."""

_END = b"\r\n\r\n"

log = logs.get()


class Guards:
    """Makes the protocol of each connection: a guard in front of the server's own."""

    def __init__(
        self,
        server: Callable[[], asyncio.Protocol],
        *,
        seconds: float = HEADERS_SECONDS,
        most: int = MOST_CONNECTIONS,
    ) -> None:
        self._server = server
        self._seconds = seconds
        self._most = most
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        return _Guard(self._server(), self._seconds, self._enter, self._leave)

    def _enter(self) -> bool:
        self._open += 1
        return self._open <= self._most

    def _leave(self) -> None:
        self._open -= 1


class _Guard(asyncio.Protocol):
    """Hands everything on, and cuts the connection if the first request's headers are late."""

    def __init__(
        self, inner: asyncio.Protocol, seconds: float, enter: Callable[[], bool], leave: Callable[[], None]
    ) -> None:
        self._inner = inner
        self._seconds = seconds
        self._enter = enter
        self._leave = leave
        self._tail = b""
        self._timer: asyncio.TimerHandle | None = None
        self._welcome = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._welcome = self._enter()
        if not self._welcome:
            log.warning("a connection was refused: too many are open")
            transport.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(self._seconds, partial(self._late, transport))
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            seen = self._tail + data
            if _END in seen:
                self._stop()
            self._tail = seen[1 - len(_END) :]
        if self._welcome:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._welcome else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._leave()
        if self._welcome:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _late(self, transport: asyncio.Transport) -> None:
        log.warning("a connection was closed: its headers did not arrive", seconds=self._seconds)
        self._timer = None
        transport.abort()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._tail = b""
