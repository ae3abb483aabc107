"""Traces: one for each webhook, from its arrival to the last request that it led to. Off unless they are asked for.

Nothing is stored for them and nothing is added to a delivery, whose headers are forwarded as they came. All ids that
must agree between replicas, restarts and retries are derived from what a delivery has anyway: its id and the moments of
its arrival and of its first attempt. Nothing of OpenTelemetry is imported here.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from telefonistka_py.observability import logs

FIELDS = ("delivery", "event", "attempt", "repo", "pr", "action", "ref", "sha", "push", "chore")
"""What of a log line's bound fields a span carries as well, as `telefonistka.delivery` and so on."""

Ending = Callable[[str], None]
"""Is told how an attempt ended: done, retry, dead, given_back, lost."""

log = logs.get()


@dataclass(frozen=True)
class Arrival:
    """A webhook that is in the inbox now."""

    delivery: str
    kind: str
    receipt: str
    """stored, known or revived."""
    is_first: bool
    """Whether the inbox did not know it; a redelivery is a further span of the same trace."""
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Work:
    """One attempt at a delivery."""

    delivery: str
    kind: str
    webhook: str | None
    """The id of the webhook to whose trace it belongs; None for work of our own that no webhook led to."""
    received_at: datetime
    first_claimed_at: datetime
    is_first: bool
    """Whether it is the attempt that `first_claimed_at` tells of; the others link to that one."""
    attempt: int


@dataclass(frozen=True)
class Asked:
    """A request that we made, told after its end."""

    name: str
    """Few different ones: `GitHub GET pulls/files`."""
    seconds: float
    status: int | None
    """The HTTP status; None when it was not answered."""
    failed: bool
    attributes: dict[str, str]
    """Without queries, headers and bodies: nothing in them is secret."""


class Tracer(Protocol):
    """Every method returns at once, and none of them ever fails a delivery."""

    def arrived(self, arrival: Arrival) -> None: ...

    def attempt(self, work: Work) -> AbstractContextManager[Ending]:
        """While it is open, requests of this task and of those it starts are part of the attempt."""
        ...

    def asked(self, asked: Asked) -> None: ...

    def close(self) -> None:
        """Sends what is left, for a few seconds at most."""
        ...


class Off:
    """No traces."""

    def arrived(self, arrival: Arrival) -> None:
        return

    @contextmanager
    def attempt(self, work: Work) -> Iterator[Ending]:
        yield lambda outcome: None

    def asked(self, asked: Asked) -> None:
        return

    def close(self) -> None:
        return


OFF = Off()


def start(wanted: bool, replica: str, clock: Callable[[], datetime]) -> Tracer:
    """A tracer that sends to where the `OTEL_*` variables say, if that is wanted and OpenTelemetry is installed.

    `clock` gives aware UTC.
    """
    if not wanted:
        return OFF
    try:
        from telefonistka_py.observability import tracing_otlp
    except ImportError as error:
        log.warning("no traces are sent: install telefonistka-py[otel]", why=str(error))
        return OFF
    try:
        return tracing_otlp.Otlp(replica, clock)
    except ValueError as error:  # OpenTelemetry's words; they name the variable, or what is wrong with its value
        log.warning("no traces are sent: a variable OTEL_… can't be used", why=str(error))
        return OFF


def trace_of(work: Work) -> str:
    """What the trace of `work` is derived from: our own work returns under the same id, each time as a new trace."""
    return work.webhook if work.webhook is not None else f"{work.delivery} {work.received_at.isoformat()}"


def trace_id(origin: str) -> int:
    """16 bytes for a trace: the same wherever it is asked for."""
    return int.from_bytes(sha256(f"trace {origin}".encode()).digest()[:16], "big") or 1


def span_id(*parts: str) -> int:
    """8 bytes for a span that others refer to without having seen it."""
    return int.from_bytes(sha256(" ".join(("span", *parts)).encode()).digest()[:8], "big") or 1


def arrival_span(delivery: str) -> int:
    """The span of a webhook's first arrival, the parent of all attempts."""
    return span_id("arrival", delivery)


def first_attempt_span(work: Work) -> int:
    return span_id("attempt", work.delivery, work.first_claimed_at.isoformat())
