"""The HTTP door: GitHub's webhooks come in here, and nothing is acknowledged before it is durable."""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.events import parse
from telefonistka_py.events.model import Event, lane
from telefonistka_py.inbox.model import Delivery, Inbox, Receipt
from telefonistka_py.observability import logs, metrics, tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Arrival, Tracer
from telefonistka_py.server import health, origin, sender, signature
from telefonistka_py.server.attempt import about
from telefonistka_py.server.hooks import Hooks
from telefonistka_py.server.room import NoRoom, Room
from telefonistka_py.server.status_page import StatusPage
from telefonistka_py.server.worker import Worker

LARGEST_BODY = 25 * 1024 * 1024
"""Bytes. GitHub sends no larger payload: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>."""

_READING_SECONDS = 30.0
_CHUNK = 256 * 1024
_RETRY_AFTER = {"Retry-After": "30"}
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_KIND = re.compile(r"[a-z_]{1,64}")

log = logs.get()


@dataclass(frozen=True)
class Door:
    """What the handlers need. `secrets` are the webhook's, the current one first; `clock` gives aware UTC."""

    secrets: Sequence[str]
    inbox: Inbox
    worker: Worker
    metrics: Metrics
    clock: Callable[[], datetime]
    hooks: Hooks | None = None
    """Where GitHub's webhooks come from, if others are to be turned away."""
    room: Room = field(default_factory=Room)
    on_scrape: Callable[[], None] = lambda: None
    """Called before the metrics are read."""
    status_page: StatusPage | None = None
    """None: there is none, and its address is not found."""
    tracer: Tracer = tracing.OFF
    app_id: int | None = None
    """Our own App's; None where we act by a token."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/webhook", self._webhook)
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        if self.status_page is not None:
            app.router.add_get("/", self.status_page.handle)
        return app

    async def _webhook(self, request: web.Request) -> web.Response:
        began = self.clock()
        try:
            self._check_sender(request)
            _refuse_by_headers(request)
            with ExitStack() as taken:
                return await self._taken_in(request, began, taken)
        except NoRoom:
            log.warning("a webhook was put off: too many bodies are being read")
            return _answer(503, "Too many deliveries at once; redeliver it later.", _RETRY_AFTER)
        except _Refused as refused:
            self.metrics.webhook_hits.labels(parsing=refused.parsing).inc()
            who = sender.told(request.headers, self.app_id) if refused.status == 401 else {}
            log.warning("a webhook was refused", status=refused.status, why=refused.why, peer=request.remote, **who)
            return _answer(refused.status, refused.why, _RETRY_AFTER if refused.status == 503 else None)

    async def _taken_in(self, request: web.Request, began: datetime, taken: ExitStack) -> web.Response:
        body = await _body(request, lambda size: taken.enter_context(self.room.for_body(size)))
        by_previous = self._authenticate(request, body)
        delivery, event = _delivery(request, body, self.clock())
        self.metrics.webhook_hits.labels(parsing="successful").inc()
        if by_previous:
            self.metrics.by_previous_secret.inc()
        told = {"by_previous_secret": True} if by_previous else {}
        with logs.bound(delivery=delivery.id, event=delivery.kind, **told, **about(event)):
            return await self._store(delivery, began)

    def _check_sender(self, request: web.Request) -> None:
        if self.hooks is None:
            return
        forwarded = request.headers.getall("X-Forwarded-For", [])
        address = origin.sender(request.remote, forwarded, self.hooks.proxies)
        allowed = self.hooks.allows(address)
        if allowed is None:
            raise _Refused(503, "GitHub's addresses are not known yet; redeliver it later.")
        if not allowed:
            raise _Refused(403, f"{address or 'The sender'} is none of the addresses that GitHub sends webhooks from.")

    def _authenticate(self, request: web.Request, body: bytes) -> bool:
        """Whether it was another secret than the current one that the body was signed with."""
        given = request.headers.get(signature.HEADER)
        if not given:
            weak = "; SHA-1 alone (X-Hub-Signature) is not taken" if "X-Hub-Signature" in request.headers else ""
            raise _Refused(401, f"{signature.HEADER} is missing{weak}: set a secret in the webhook's settings.")
        place = signature.fitting(self.secrets, body, given)
        if place is None:
            raise _Refused(401, f"{signature.HEADER} does not fit the body: check the webhook's secret.")
        return place > 0

    async def _store(self, delivery: Delivery, began: datetime) -> web.Response:
        try:
            receipt = await self.inbox.put(delivery)
        except WorldUnwell as error:
            log.error("a delivery could not be stored", why=str(error))
            return _answer(503, "The delivery could not be stored; redeliver it later.", _RETRY_AFTER)
        log.info("the delivery came in", receipt=receipt.value)
        is_first = receipt is Receipt.STORED
        self.tracer.arrived(Arrival(delivery.id, delivery.kind, receipt.value, is_first, began, self.clock()))
        match receipt:
            case Receipt.KNOWN:
                return _answer(200, "This delivery is known already.")
            case Receipt.STORED:
                return _answer(202, "Stored; it will be handled.")
            case Receipt.REVIVED:
                return _answer(202, "Stored; it will be handled again.")

    async def _live(self, _request: web.Request) -> web.Response:
        return _answer(200, "alive")

    async def _ready(self, _request: web.Request) -> web.Response:
        report = await health.look(self.inbox, self.worker, self.clock())
        return web.json_response(
            {"ready": report.ready, "problems": report.problems, "warnings": report.warnings},
            status=200 if report.ready else 503,
        )

    async def _metrics(self, _request: web.Request) -> web.Response:
        await health.count(self.inbox, self.worker, self.metrics, self.clock())
        self.on_scrape()
        return web.Response(body=self.metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})


class _Refused(Exception):
    """A webhook that changes nothing. `parsing` is its word in the metrics."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.parsing = "parsing_failed" if status == 400 else "validation_failed"


def _refuse_by_headers(request: web.Request) -> None:
    """Before a byte of the body is read, where possible."""
    if request.content_type not in parse.READABLE:
        raise _Refused(415, f"The content type must be {parse.JSON} or {parse.FORM}.")
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        raise _Refused(413, "The body is larger than 25 MiB.")


async def _body(request: web.Request, take: Callable[[int], object]) -> bytes:
    """The raw body. Space is taken for what has come, not for what was announced: nobody has proved anything yet."""
    body = bytearray()
    try:
        async with asyncio.timeout(_READING_SECONDS):
            async for chunk in request.content.iter_chunked(_CHUNK):
                if len(body) + len(chunk) > LARGEST_BODY:
                    raise _Refused(413, "The body is larger than 25 MiB.")
                take(len(chunk))
                body += chunk
        return bytes(body)
    except TimeoutError:
        raise _Refused(408, f"The body did not arrive within {_READING_SECONDS:g} s.") from None
    except (web.RequestPayloadError, ConnectionError):
        raise _Refused(400, "The body broke off.") from None


def _delivery(request: web.Request, body: bytes, now: datetime) -> tuple[Delivery, Event]:
    id = _header(request, "X-GitHub-Delivery", _ID)
    kind = _header(request, "X-GitHub-Event", _KIND)
    try:
        event = parse.parse(kind, body, request.headers.get("Content-Type", ""))
    except parse.MalformedEvent as malformed:
        raise _Refused(400, f"This is no {kind} event: {malformed}.") from None
    # Latin-1 gives every byte a character, so that a forwarded header is the same byte for byte.
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers)
    return Delivery(id=id, kind=kind, lane=lane(event), headers=headers, body=body, received_at=now), event


def _header(request: web.Request, name: str, pattern: re.Pattern[str]) -> str:
    value = request.headers.get(name, "")
    if not pattern.fullmatch(value):
        raise _Refused(400, f"The header {name} is {'malformed' if value else 'missing'}.")
    return value


def _answer(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)
