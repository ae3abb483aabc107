"""What is measured of the work on deliveries: how long they wait and take, how attempts end, and their spans."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from telefonistka_py.events import own
from telefonistka_py.inbox.model import Claim, Delivery
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Tracer, Work

Ending = Callable[[str, float], None]
"""Is told how an attempt ended, in a word of few, and after how many seconds."""

_COUNTED_KINDS = frozenset({"pull_request", "issue_comment", "push"})


def kind(delivery: Delivery) -> str:
    """A label for the metrics: one of few."""
    return delivery.kind if delivery.kind in _COUNTED_KINDS else "other"


@dataclass(frozen=True)
class Measured:
    """`clock` gives aware UTC."""

    metrics: Metrics
    clock: Callable[[], datetime]
    tracer: Tracer = tracing.OFF

    def claimed(self, claim: Claim, asked_at: datetime) -> bool:
        """Whether nobody had `claim`'s delivery before; the inbox was asked for it at `asked_at`."""
        if claim.first_claimed_at < asked_at:
            return False
        if _is_webhook(claim.delivery):
            waited = claim.first_claimed_at - claim.delivery.received_at
            self.metrics.lane_wait.labels(kind=kind(claim.delivery)).observe(_seconds(waited))
        return True

    @contextmanager
    def attempt(self, claim: Claim, is_first: bool) -> Iterator[Ending]:
        """One attempt, while it is open; how it ended is to be told."""
        label = kind(claim.delivery)
        with self.tracer.attempt(work(claim, is_first)) as traced:

            def ended(outcome: str, seconds: float) -> None:
                self.metrics.deliveries_handled.labels(kind=label, outcome=outcome).inc()
                self.metrics.delivery_seconds.labels(kind=label).observe(seconds)
                traced(outcome)

            yield ended

    def done(self, delivery: Delivery) -> None:
        """`delivery` is settled, and nothing of it is left to do."""
        if _is_webhook(delivery):
            age = self.clock() - delivery.received_at
            self.metrics.delivery_age.labels(kind=kind(delivery)).observe(_seconds(age))


def work(claim: Claim, is_first: bool) -> Work:
    """What the tracer is told of an attempt."""
    delivery = claim.delivery
    return Work(
        delivery=delivery.id,
        kind=delivery.kind,
        webhook=_webhook(delivery),
        received_at=delivery.received_at,
        first_claimed_at=claim.first_claimed_at,
        is_first=is_first,
        attempt=claim.attempt,
    )


def _is_webhook(delivery: Delivery) -> bool:
    """Not our own work: how long that waits is our own choice."""
    return "/" not in delivery.kind


def _webhook(delivery: Delivery) -> str | None:
    """The webhook that led to `delivery`, or that it is."""
    if delivery.kind in (own.FORWARD, own.BRANCH):
        return delivery.id.rpartition(":")[2]
    return delivery.id if _is_webhook(delivery) else None


def _seconds(span: timedelta) -> float:
    """Clocks of several replicas may differ a little: never below zero."""
    return max(0.0, span.total_seconds())
