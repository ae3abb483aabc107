"""Traces are asked for by OpenTelemetry's own variables, cost nothing when they are not, and need no storage."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py import settings
from telefonistka_py.observability import tracing
from telefonistka_py.observability.tracing import Work
from telefonistka_py.settings import Settings

LEAST = {"GITHUB_WEBHOOK_SECRET": "the hook's own secret", "GITHUB_OAUTH_TOKEN": "ghp_oauth-token"}
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def read(environ: Mapping[str, str]) -> Settings:
    return settings.read({**LEAST, **environ})


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
        (
            {
                **ENDPOINT,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            True,
        ),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_traces_are_sent_where_the_standard_variables_say_so(environ: Mapping[str, str], wanted: bool) -> None:
    assert read(environ).traces is wanted


def test_a_protocol_that_is_not_spoken_is_told_and_stops_nothing() -> None:
    [notice] = read({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).notices
    assert "'grpc'" in notice
    assert "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" in notice


def test_what_lets_us_in_at_the_collector_is_a_secret() -> None:
    found = read({**ENDPOINT, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=very%20secret, x-team=other"})
    assert {"very%20secret", "very secret", "other"} <= set(found.secrets())
    assert "very" not in repr(found)


def test_no_trace_is_taken_up_where_none_is_wanted() -> None:
    assert tracing.start(False, "server", lambda: AT) is tracing.OFF


WITHOUT = """
import sys
{before}
from datetime import UTC, datetime
from telefonistka_py import settings
from telefonistka_py.app import wiring
from telefonistka_py.observability import tracing
from telefonistka_py.server import run
read = settings.read({environ})
assert tracing.start(read.traces, read.replica, lambda: datetime.now(UTC)) is tracing.OFF
print([name for name in sys.modules if name.startswith("opentelemetry") and sys.modules[name] is not None])
"""


@pytest.mark.parametrize(
    ("before", "environ", "told"),
    [("", LEAST, False), ("sys.modules['opentelemetry'] = None", {**LEAST, **ENDPOINT}, True)],
    ids=["not wanted", "not installed"],
)
def test_nothing_of_opentelemetry_is_imported(before: str, environ: Mapping[str, str], told: bool) -> None:
    code = WITHOUT.format(before=before, environ=dict(environ))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert ("install telefonistka-py[otel]" in done.stdout + done.stderr) is told


def work(webhook: str | None = None, days: int = 0) -> Work:
    return Work("chore:census", "telefonistka/chore", webhook, AT + timedelta(days=days), AT, True, 1)


def test_ids_are_the_same_wherever_they_are_derived() -> None:
    """Replicas of two versions may handle one delivery: the derivation must not change."""
    assert f"{tracing.trace_id('72d3162e'):032x}" == "9de15f920d239389e64de4d20d822624"
    assert f"{tracing.arrival_span('72d3162e'):016x}" == "6590f14cd24e3f91"
    assert f"{tracing.first_attempt_span(work()):016x}" == "9becb816d2cbe081"


def test_our_own_work_is_a_new_trace_each_time_unless_a_webhook_led_to_it() -> None:
    assert tracing.trace_of(work()) != tracing.trace_of(work(days=1))
    assert tracing.trace_of(work("d1")) == tracing.trace_of(work("d1", days=1)) == "d1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grcp"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:port"),
    ],
)
def test_a_variable_that_sends_no_traces_is_named_at_start(name: str, value: str) -> None:
    found = read({**ENDPOINT, name: value})
    assert not found.traces
    [notice] = found.notices
    assert notice.startswith(f"No traces are sent: {name} is ")


def test_a_header_that_is_no_pair_is_a_secret_too() -> None:
    assert read({**ENDPOINT, "OTEL_EXPORTER_OTLP_HEADERS": "open-sesame"}).trace_secrets == ("open-sesame",)


def test_what_opentelemetry_refuses_stops_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert tracing.start(True, "replica", lambda: datetime.now(UTC)) is tracing.OFF
