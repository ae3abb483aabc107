"""What an answer says of GitHub's limits. Plain: `budget` remembers it.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telefonistka_py.github import clocks

LONGEST = timedelta(days=1)
"""No wait is believed to be longer: GitHub's windows last an hour."""

_LIMIT = re.compile(r"rate limit|abuse detection|too many requests", re.IGNORECASE)
_SECONDARY = re.compile(r"secondary|abuse detection", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class Standing:
    """What is left of one resource (`core`, `graphql`, `search`, …) until `reset`, by our clock."""

    resource: str
    limit: int
    remaining: int
    reset: datetime


@dataclass(frozen=True)
class Spent:
    """The primary limit: nothing is left of `resource` until then."""

    resource: str
    until: datetime


@dataclass(frozen=True)
class Paused:
    """The secondary limit: nothing at all is welcome until then; None when GitHub does not say until when."""

    until: datetime | None


Limit = Spent | Paused


def standing(headers: Mapping[str, str], now: datetime) -> Standing | None:
    """None when the answer has no such headers: an Enterprise Server may have no limits."""
    limit, remaining = headers.get("x-ratelimit-limit", ""), headers.get("x-ratelimit-remaining", "")
    reset = _reset(headers, now)
    if reset is None or not _SECONDS.fullmatch(limit) or not _SECONDS.fullmatch(remaining):
        return None
    return Standing(headers.get("x-ratelimit-resource", "core"), int(limit), int(remaining), reset)


def in_refusal(status: int, headers: Mapping[str, str], said: str, resource: str, now: datetime) -> Limit | None:
    """The limit that a refusal over HTTP is, if it is one. `resource` is what the request was expected to count for."""
    if status not in (403, 429):
        return None
    if wait := retry_after(headers, now):
        return Paused(wait)
    if spent := _spent(headers, resource, now):
        return spent
    return Paused(None) if status == 429 or _LIMIT.search(said) else None


def in_errors(errors: Sequence[Any], headers: Mapping[str, str], now: datetime) -> Limit | None:
    """The limit that a GraphQL answer is, if it is one: GitHub sends it as HTTP 200 with `errors`."""
    found = [error for error in errors if isinstance(error, dict)]
    said = "; ".join(str(error.get("message", "")) for error in found)
    if not any(error.get("type") in ("RATE_LIMITED", "RATE_LIMIT") for error in found) and not _LIMIT.search(said):
        return None
    if wait := retry_after(headers, now):
        return Paused(wait)
    if _SECONDARY.search(said):
        return Paused(None)
    reset = _reset(headers, now)  # a costly query may be refused although something is left
    return Spent("graphql", _later(reset, now)) if reset else Paused(None)


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to come back, by the `retry-after` of an answer: seconds, or a date."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return now + min(timedelta(seconds=int(text)), LONGEST)
    if (date := clocks.moment(text)) is not None:
        return min(max(date - clocks.ahead(headers, now), now), now + LONGEST)
    return None


def _spent(headers: Mapping[str, str], resource: str, now: datetime) -> Spent | None:
    reset = _reset(headers, now)
    if headers.get("x-ratelimit-remaining") != "0" or reset is None:
        return None
    return Spent(headers.get("x-ratelimit-resource", resource), _later(reset, now))


def _reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the window ends, by our clock even if that is wrong: what counts is how long it is until then."""
    text = headers.get("x-ratelimit-reset", "")
    if not _SECONDS.fullmatch(text):
        return None
    latest = now + LONGEST + abs(ahead := clocks.ahead(headers, now))
    reset = datetime.fromtimestamp(min(int(text), latest.timestamp()), UTC)
    return reset - ahead


def _later(reset: datetime, now: datetime) -> datetime:
    """GitHub counts in whole seconds, so one more is waited; a moment that has passed does not make us hammer."""
    return max(reset, now) + timedelta(seconds=1)
