"""Starts the server's parts in order, and stops them in the order that loses nothing."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.events import own
from telefonistka_py.github.connection import Connection
from telefonistka_py.inbox.model import Delivery, Inbox, Receipt
from telefonistka_py.observability import logs, tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Tracer
from telefonistka_py.server.attempt import Attempts, Handle, OnDead
from telefonistka_py.server.guard import Guards
from telefonistka_py.server.hooks import Fetch, Hooks
from telefonistka_py.server.room import Room
from telefonistka_py.server.status_page import StatusPage
from telefonistka_py.server.verdict import Patience
from telefonistka_py.server.web import Door
from telefonistka_py.server.worker import Beside, Worker
from telefonistka_py.settings import AppIdentity, Listen, Settings

_CLOSING_SECONDS = 5.0
_KEEP_ALIVE_SECONDS = 75.0
"""Longer than load balancers keep idle connections, so that it is they who close them."""
_BACKLOG = 1024

log = logs.get()


@dataclass(frozen=True)
class Parts:
    """What the server is given: the flow's handlers, and the world's clock and dice."""

    inbox: Inbox
    """Outlives the server; whoever opened it closes it."""
    handle: Handle
    metrics: Metrics
    clock: Callable[[], datetime]
    """Aware UTC."""
    jitter: Callable[[], float]
    """From 0 to 1."""
    on_dead: OnDead | None = None
    hook_addresses: Fetch | None = None
    """Fetches the addresses that GitHub sends webhooks from; needed where others are to be turned away."""
    room: Room = field(default_factory=Room)
    """For the bodies of webhooks that are being read."""
    on_scrape: Callable[[], None] = lambda: None
    """Called before the metrics are read."""
    at_start: tuple[Delivery, ...] = ()
    """Work of our own that every server begins with."""
    github: Connection | None = None
    """What the status page asks for promotions in flight and for limits; None: it shows neither."""
    patience: Patience | None = None
    """How retries are spaced; by default as `Patience` says, with the settings' hours."""
    tracer: Tracer = tracing.OFF


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    url: str
    """Where it listens: `http://127.0.0.1:8080`."""
    inbox: Inbox
    worker: Worker


@asynccontextmanager
async def running(settings: Settings, parts: Parts) -> AsyncIterator[Running]:
    """The server, answering while the context is open and drained at its end.

    Raises `OperatorMistake` when it can't start.
    """
    for delivery in parts.at_start:
        if await parts.inbox.put(delivery) is Receipt.KNOWN:
            await parts.inbox.again(delivery.id)  # after an outage is when deliveries are missing: not in ten minutes
    worker = Worker(
        _attempts(settings, parts),
        parts.metrics,
        slots=settings.worker_slots,
        name=settings.replica,
        beside=_beside(settings),
        tracer=parts.tracer,
    )
    worker.start()
    try:
        hooks = Hooks(settings.trusted_proxies) if settings.only_from_github else None
        page = _status_page(settings, parts, worker)
        door = Door(
            settings.webhook_secrets,
            parts.inbox,
            worker,
            parts.metrics,
            parts.clock,
            hooks,
            room=parts.room,
            on_scrape=parts.on_scrape,
            status_page=page,
            tracer=parts.tracer,
            app_id=settings.identity.app_id if isinstance(settings.identity, AppIdentity) else None,
        )
        # Deliveries are still accepted while the worker drains: what comes then waits for the next process.
        async with _known(hooks, parts.hook_addresses), _site(door.application(), settings.listen) as url:
            log.info(
                "the server listens", url=url, inbox="the database" if settings.database_url else str(settings.inbox)
            )
            try:
                yield Running(url, parts.inbox, worker)
            finally:
                await worker.drain(settings.drain_seconds)
                if page is not None:
                    await page.close()
    finally:
        await worker.drain(0)


async def serve(settings: Settings, parts: Parts) -> None:
    """Runs the server until SIGTERM or SIGINT, then drains it; a second signal cuts the drain short.

    Raises `OperatorMistake` when it can't start, and whatever bug ended the worker.
    """
    for notice in settings.notices:
        log.warning(notice)
    with _signals() as signals:
        async with running(settings, parts) as server:
            signals.again = server.worker.hurry
            stopping = asyncio.create_task(signals.stop.wait())
            ended = asyncio.create_task(server.worker.ended())
            await asyncio.wait((stopping, ended), return_when=asyncio.FIRST_COMPLETED)
            log.info("the server stops; what is underway is finished first", at_most_seconds=settings.drain_seconds)
            await server.worker.drain(settings.drain_seconds)
            stopping.cancel()
            await ended
    log.info("the server has stopped")


def _status_page(settings: Settings, parts: Parts, worker: Worker) -> StatusPage | None:
    if not settings.status_token:
        return None
    return StatusPage(
        token=settings.status_token,
        secrets=settings.secrets(),
        inbox=parts.inbox,
        worker=worker,
        github=parts.github,
        html_url=settings.github.html,
        replica=settings.replica,
        clock=parts.clock,
    )


def _beside(settings: Settings) -> dict[str, Beside]:
    return {own.FORWARD: Beside(settings.fanout.slots)}


def _attempts(settings: Settings, parts: Parts) -> Attempts:
    return Attempts(
        inbox=parts.inbox,
        handle=parts.handle,
        clock=parts.clock,
        jitter=parts.jitter,
        on_dead=parts.on_dead,
        patience=parts.patience or Patience(give_up_after=timedelta(hours=settings.give_up_hours)),
        handler_seconds=settings.handler_seconds,
        heartbeat_seconds=settings.stale_seconds / 3,
    )


@dataclass
class _Signals:
    """What SIGTERM and SIGINT do: the first one sets `stop`, each further one calls `again`."""

    stop: asyncio.Event
    again: Callable[[], None]

    def heard(self) -> None:
        if self.stop.is_set():
            self.again()
        self.stop.set()


@contextmanager
def _signals() -> Iterator[_Signals]:
    """Listens from before the server answers, so that no signal ends the process halfway."""
    signals = _Signals(asyncio.Event(), again=lambda: None)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.heard)
    try:
        yield signals
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _known(hooks: Hooks | None, fetch: Fetch | None) -> AsyncIterator[None]:
    if hooks is None:
        yield
        return
    assert fetch is not None
    async with hooks.kept_current(fetch):
        yield


@asynccontextmanager
async def _site(app: web.Application, listen: Listen) -> AsyncIterator[str]:
    # A compressed body stays compressed: the signature is over the bytes that came, and no small body grows large.
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        shutdown_timeout=_CLOSING_SECONDS,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
    )
    await runner.setup()
    assert runner.server is not None
    try:
        try:
            listener = await asyncio.get_running_loop().create_server(
                Guards(runner.server), listen.host, listen.port, backlog=_BACKLOG
            )
        except OSError as error:
            raise OperatorMistake(_why_not(listen, error)) from None
        try:
            yield _url(listen, listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
    finally:
        await runner.cleanup()


def _why_not(listen: Listen, error: OSError) -> str:
    where = f"{listen.host or ''}:{listen.port}"
    if error.errno == errno.EADDRINUSE:
        return f"LISTEN_ADDR {where} is in use already: stop the other program, or set LISTEN_ADDR to another port."
    why = error.strerror or str(error)
    return f"LISTEN_ADDR {where} can't be listened on ({why}): set it to an address of this machine and a free port."


def _url(listen: Listen, port: int) -> str:
    host = listen.host or "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
