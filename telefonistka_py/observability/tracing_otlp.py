"""Traces by OTLP over HTTP, with OpenTelemetry's SDK. Imported only where traces are wanted: the extra `otel`.

Endpoint, headers, sampler and batches are the SDK's, from the standard variables
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import structlog
from opentelemetry import context as current
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from telefonistka_py.observability import tracing
from telefonistka_py.observability.tracing import Arrival, Asked, Ending, Work

_CLOSING_SECONDS = 5.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DISTRIBUTION = "telefonistka-py"

Attributes = dict[str, str | int]


@dataclass(frozen=True)
class _Place:
    """Where a span that starts now is put."""

    context: Context
    trace: int = 0
    """The trace that it is the root of; 0 if it has a parent."""
    span: int = 0
    """Its own id; 0 for a random one."""


class _Ids(RandomIdGenerator):
    """Gives the ids that were put down for the next span, else random ones. For one thread."""

    def __init__(self) -> None:
        self.trace = self.span = 0

    def generate_trace_id(self) -> int:
        return self.trace or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self.span or super().generate_span_id()


class Otlp:
    """`Tracer`, for the thread of the event loop alone; spans are sent in the background."""

    def __init__(self, replica: str, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ids = _Ids()
        self._provider = TracerProvider(resource=_resource(replica), id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_DISTRIBUTION)

    def arrived(self, arrival: Arrival) -> None:
        """One of a webhook that the inbox knew has the first arrival as its parent."""
        root = tracing.arrival_span(arrival.delivery)
        place = _Place(Context(), tracing.trace_id(arrival.delivery), root)
        if not arrival.is_first:
            place = _Place(self._below(arrival.delivery))
        attributes = {**_bound(), "telefonistka.receipt": arrival.receipt}
        span = self._start(f"webhook {arrival.kind}", place, SpanKind.SERVER, arrival.began, attributes)
        span.end(_nanoseconds(arrival.ended))

    @contextmanager
    def attempt(self, work: Work) -> Iterator[Ending]:
        span = self._start(
            f"handle {work.kind}", self._place(work), SpanKind.CONSUMER, self._clock(), {}, self._links(work)
        )

        def ended(outcome: str) -> None:
            span.set_attribute("telefonistka.outcome", outcome)
            if outcome == "dead":
                span.set_status(Status(StatusCode.ERROR))

        token = current.attach(trace.set_span_in_context(span))
        try:
            yield ended
        finally:
            current.detach(token)
            span.set_attributes(_bound())
            span.end(_nanoseconds(self._clock()))

    def asked(self, asked: Asked) -> None:
        """What is asked outside an attempt belongs to no webhook, and is left out."""
        if not trace.get_current_span().get_span_context().is_valid:
            return
        ended = self._clock()
        attributes: Attributes = {**asked.attributes, **_bound()}
        if asked.status is not None:
            attributes["http.response.status_code"] = asked.status
        began = ended - timedelta(seconds=asked.seconds)
        span = self._start(asked.name, _Place(current.get_current()), SpanKind.CLIENT, began, attributes)
        if asked.failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_nanoseconds(ended))

    def close(self) -> None:
        # A collector that is gone would be waited for longer than a process may take to stop.
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)

    def _place(self, work: Work) -> _Place:
        span = tracing.first_attempt_span(work) if work.is_first else 0
        if work.webhook is not None:
            return _Place(self._below(work.webhook), span=span)
        return _Place(Context(), tracing.trace_id(tracing.trace_of(work)), span)

    def _links(self, work: Work) -> tuple[Link, ...]:
        """A further attempt leads back to the first, wherever that was made."""
        if work.is_first:
            return ()
        trace_id = tracing.trace_id(tracing.trace_of(work))
        first = SpanContext(
            trace_id, tracing.first_attempt_span(work), is_remote=True, trace_flags=self._flags(trace_id)
        )
        return (Link(first),)

    def _below(self, webhook: str) -> Context:
        """The context in which a span is a child of the webhook's arrival, which another process may have seen."""
        trace_id = tracing.trace_id(webhook)
        parent = SpanContext(trace_id, tracing.arrival_span(webhook), is_remote=True, trace_flags=self._flags(trace_id))
        return trace.set_span_in_context(NonRecordingSpan(parent), Context())

    def _flags(self, trace_id: int) -> TraceFlags:
        """What the sampler decided of the trace, here or elsewhere: it decides by the trace's id."""
        decision = self._provider.sampler.should_sample(None, trace_id, "webhook").decision
        return TraceFlags(TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)

    def _start(
        self,
        name: str,
        place: _Place,
        kind: SpanKind,
        began: datetime,
        attributes: Mapping[str, str | int],
        links: tuple[Link, ...] = (),
    ) -> trace.Span:
        self._ids.trace, self._ids.span = place.trace, place.span
        try:
            return self._tracer.start_span(
                name,
                place.context,
                kind=kind,
                attributes=attributes,
                links=links,
                start_time=_nanoseconds(began),
                record_exception=False,  # its text would be the only one that nobody looked through for secrets
            )
        finally:
            self._ids.trace = self._ids.span = 0


def _bound() -> Attributes:
    """What the lines of the log say of the event at hand."""
    bound = structlog.contextvars.get_contextvars()
    return {
        f"telefonistka.{name}": value if isinstance(value, int) else str(value)
        for name in tracing.FIELDS
        if (value := bound.get(name)) is not None
    }


def _resource(replica: str) -> Resource:
    told = Resource.create({SERVICE_INSTANCE_ID: replica, SERVICE_VERSION: version(_DISTRIBUTION)})
    if str(told.attributes.get(SERVICE_NAME, "unknown_service")).startswith("unknown_service"):
        return told.merge(Resource({SERVICE_NAME: "telefonistka"}))
    return told


def _nanoseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
