"""Turns what GitHub answers when it does not do as asked into the house's four kinds of error."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.github import clocks, limits


class Refused(TelefonistkaError):
    """GitHub understood the request and won't do it: 404, 405, 409, 410, 413, 422. The caller knows what that means."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """GitHub's own words, its `errors` included."""


class Lacking(OperatorMistake):
    """This GitHub has no such fields or arguments: an Enterprise Server of an older version."""

    def __init__(self, message: str, fields: frozenset[str]) -> None:
        super().__init__(message)
        self.fields = fields
        """Their names, without what they are missing from."""


class Unauthorized(OperatorMistake):
    """GitHub does not know the token: wrong, revoked, or past its end."""

    def __init__(self, message: str, *, ahead: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.ahead = ahead
        """How far GitHub's clock is ahead of ours, by its answer: a signed proof of ours may merely be out of time."""


class Forbidden(OperatorMistake):
    """GitHub knows us, and we may not: a permission is missing, the conversation is locked, the repository archived."""


def of_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], data: Any, now: datetime
) -> TelefonistkaError:
    """The error that an answer of 300 and over is, limits aside: those are `limits`'."""
    said = in_words(data) or f"HTTP {status}"
    what = sentence(method, path, status, data)
    if status >= 500 or status == 304:
        return WorldUnwell(what, retry_at=limits.retry_after(headers, now))
    if status == 401:
        advice = "Check the App's id and private key, or the token"
        return Unauthorized(f"{what}. {advice}", ahead=clocks.ahead(headers, now))
    if status == 403:
        needed = headers.get("x-accepted-github-permissions")
        hint = f" (needed: {needed})" if needed else ""
        return Forbidden(f"{what}. The App or token lacks a permission{hint}")
    if 300 <= status < 400:
        return OperatorMistake(f"{what}. The repository was renamed or moved, or GITHUB_HOST names the wrong place")
    return Refused(what, status=status, reason=said)


def of_graphql(operation: str, errors: Sequence[Any]) -> TelefonistkaError:
    """The error that a GraphQL answer with `errors` is, limits aside; GitHub sends it as HTTP 200."""
    found = [error for error in errors if isinstance(error, dict)]
    said = "; ".join(str(error.get("message", "")) for error in found[:3]) or "no reason given"
    kinds = {str(error.get("type", "")) for error in found}
    what = f"GitHub could not answer the query {operation}: {said}"
    lacking = [_lacking(error) for error in found]
    if found and all(lacking):
        return Lacking(f"{what}. This version of GitHub Enterprise Server is too old for that", frozenset(lacking))
    if kinds == {"NOT_FOUND"}:
        return Refused(what, status=404, reason=said)
    if kinds == {"UNPROCESSABLE"}:
        return Refused(what, status=422, reason=said)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return OperatorMistake(f"{what}. The App or token lacks a permission")
    return WorldUnwell(what)


def _lacking(error: Mapping[str, Any]) -> str:
    """The field or argument that the server's schema lacks, if that is the error."""
    details = error.get("extensions")
    if not isinstance(details, dict) or details.get("code") not in ("undefinedField", "argumentNotAccepted"):
        return ""
    return str(details.get("fieldName") or details.get("argumentName") or "")


def sentence(method: str, path: str, status: int, data: Any) -> str:
    """What was asked, and what was answered."""
    return f"GitHub answered {status} to {method} {path}: {in_words(data) or f'HTTP {status}'}"


def in_words(data: Any) -> str:
    """What an answer's body says: its `message`, and its `errors`; empty when it says nothing."""
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
