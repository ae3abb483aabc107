"""What is said of the webhook and of what GitHub could hand over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.doctor import judge_webhook
from telefonistka_py.doctor.facts import Handed, Hook
from telefonistka_py.doctor.model import Health

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOOK = Hook("https://bot.example.com/webhook", "json", False, True)


def handed(*codes: int, status: str = "x") -> list[Handed]:
    """The newest first, an hour apart."""
    return [Handed(NOW - timedelta(hours=at), "push", code, status) for at, code in enumerate(codes)]


@pytest.mark.parametrize("content_type", ["json", "form"])
def test_a_webhook_as_it_should_be_is_fine(content_type: str) -> None:
    [found] = judge_webhook.hook(replace(HOOK, content_type=content_type))
    assert found.health is Health.FINE


@pytest.mark.parametrize(
    ("hook", "health", "part"),
    [
        (replace(HOOK, url=""), Health.WRONG, "no webhook address"),
        (replace(HOOK, url="https://bot.example.com/"), Health.DOUBTFUL, "the server takes them at /webhook"),
        (replace(HOOK, url="http://bot.example.com/webhook"), Health.DOUBTFUL, "unencrypted"),
        (replace(HOOK, insecure=True), Health.DOUBTFUL, "does not check the certificate"),
        (replace(HOOK, has_secret=False), Health.WRONG, "no secret"),
        (replace(HOOK, content_type="xml"), Health.WRONG, "content type"),
    ],
)
def test_each_thing_that_is_odd_is_told(hook: Hook, health: Health, part: str) -> None:
    [found] = [each for each in judge_webhook.hook(hook) if each.health is not Health.FINE]
    assert found.health is health
    assert part in found.said
    assert found.advice


@pytest.mark.parametrize(
    ("codes", "health"),
    [
        ((200, 202, 200), Health.FINE),
        ((202, 502, 200), Health.DOUBTFUL),
        ((502, 202, 200), Health.WRONG),
        ((), Health.DOUBTFUL),
    ],
)
def test_the_newest_attempt_decides(codes: tuple[int, ...], health: Health) -> None:
    [found] = judge_webhook.deliveries(handed(*codes), NOW)
    assert found.health is health


@pytest.mark.parametrize(
    ("code", "status", "part"),
    [
        (0, "", "could not reach the server"),
        (502, "failed to connect to host", "could not reach the server"),
        (504, "timed out", "could not reach the server"),
        (401, "Unauthorized", "The secrets differ"),
        (403, "Forbidden", "TELEFONISTKA_ONLY_FROM_GITHUB"),
        (404, "Not Found", "at /webhook"),
        (503, "Service Unavailable", "/ready"),
        (500, "Internal Server Error", "server's log"),
    ],
)
def test_what_github_saw_tells_what_to_do(code: int, status: str, part: str) -> None:
    [found] = judge_webhook.deliveries(handed(code, status=status), NOW)
    assert part in found.advice


@pytest.mark.parametrize(("code", "status"), [(0, ""), (502, "failed to connect to host"), (503, "x"), (502, "x")])
def test_where_nothing_answers_perhaps_no_server_was_started_yet(code: int, status: str) -> None:
    [found] = judge_webhook.deliveries(handed(code, status=status), NOW)
    assert found.advice.endswith("Or no server runs there yet.")


def test_a_previous_secret_is_told_with_how_to_see_that_it_is_used_no_more() -> None:
    assert list(judge_webhook.secrets(1)) == []
    [found] = judge_webhook.secrets(2)
    assert found.health is Health.DOUBTFUL
    assert "telefonistka_webhooks_accepted_by_previous_secret_total" in found.advice
