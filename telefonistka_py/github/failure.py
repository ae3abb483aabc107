"""Turns what GitHub answers when it does not do as asked into the house's four kinds of error."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell

SECONDARY_PAUSE = timedelta(seconds=60)
"""How long to wait after a secondary limit that does not say
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit)."""

_LIMIT = re.compile(r"rate limit|abuse detection|too many requests", re.IGNORECASE)


class Refused(TelefonistkaError):
    """GitHub understood the request and won't do it: 404, 405, 409, 410, 413, 422. The caller knows what that means."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """GitHub's own words, its `errors` included."""


class Unauthorized(OperatorMistake):
    """GitHub does not know the token: wrong, revoked, or past its end."""


class Forbidden(OperatorMistake):
    """GitHub knows us, and we may not: a permission is missing, the conversation is locked, the repository archived."""


def of_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], data: Any, now: datetime
) -> TelefonistkaError:
    """The error that an answer of 300 and over is."""
    said = _said(data) or f"HTTP {status}"
    what = f"GitHub answered {status} to {method} {path}: {said}"
    if status >= 500:
        return WorldUnwell(what)
    if status in (403, 429) and (limited := _limited(status, headers, said, now)):
        return WorldUnwell(what, retry_at=limited)
    if status == 401:
        return Unauthorized(f"{what}. Check the App's id and private key, or the token")
    if status == 403:
        needed = headers.get("x-accepted-github-permissions")
        hint = f" (needed: {needed})" if needed else ""
        return Forbidden(f"{what}. The App or token lacks a permission{hint}")
    if 300 <= status < 400:
        return OperatorMistake(f"{what}. The repository was renamed or moved, or GITHUB_HOST names the wrong place")
    return Refused(what, status=status, reason=said)


def of_graphql(operation: str, errors: Sequence[Any], reset: datetime | None, now: datetime) -> TelefonistkaError:
    """The error that a GraphQL answer with `errors` is; GitHub sends it as HTTP 200, limits included."""
    found = [error for error in errors if isinstance(error, dict)]
    said = "; ".join(str(error.get("message", "")) for error in found[:3]) or "no reason given"
    kinds = {str(error.get("type", "")) for error in found}
    what = f"GitHub could not answer the query {operation}: {said}"
    if "RATE_LIMITED" in kinds or "RATE_LIMIT" in kinds or _LIMIT.search(said):
        return WorldUnwell(what, retry_at=reset if reset and reset > now else now + SECONDARY_PAUSE)
    if kinds == {"NOT_FOUND"}:
        return Refused(what, status=404, reason=said)
    if kinds == {"UNPROCESSABLE"}:
        return Refused(what, status=422, reason=said)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return OperatorMistake(f"{what}. The App or token lacks a permission")
    return WorldUnwell(what)


def _limited(status: int, headers: Mapping[str, str], said: str, now: datetime) -> datetime | None:
    """When to come back, if this is a limit at all: as told, else a minute from now."""
    if (wait := headers.get("retry-after", "")).isdigit():
        return now + timedelta(seconds=int(wait))
    if headers.get("x-ratelimit-remaining") == "0" and (reset := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(datetime.fromtimestamp(int(reset), UTC), now) + timedelta(seconds=1)
    return now + SECONDARY_PAUSE if status == 429 or _LIMIT.search(said) else None


def _said(data: Any) -> str:
    if not isinstance(data, dict):
        return str(data).strip()[:200] if data else ""
    details = data.get("errors") or []
    parts = [str(data.get("message", ""))]
    for detail in details if isinstance(details, list) else [details]:
        if isinstance(detail, dict):
            words = (detail.get("resource"), detail.get("field"), detail.get("code"), detail.get("message"))
            parts.append(" ".join(str(word) for word in words if word))
        else:
            parts.append(str(detail))
    return "; ".join(part for part in parts if part)
