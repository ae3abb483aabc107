"""A request GitHub would refuse, as an exception that carries GitHub's own answer."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """`status`, `message` and, for a 422, the `errors` list that GitHub sends along."""

    def __init__(
        self, status: int, message: str, errors: list[Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status, self.message, self.errors, self.headers = status, message, errors, dict(headers or {})


class Unknown(Exception):
    """The sandbox doesn't know this method, path, key or field: answered 501, and remembered in `hub.unknown`."""


class SandboxError(Exception):
    """A person handed the sandbox something it can't use. `str(error)` is one sentence that says what to do."""


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(message: str) -> Refusal:
    """A 422 with a sentence and no `errors` list."""
    return Refusal(422, message)


def failed(*errors: Any) -> Refusal:
    """GitHub's `Validation Failed`, with its list of what failed."""
    return Refusal(422, "Validation Failed", list(errors))


def custom(resource: str, message: str, field: str | None = None) -> Json:
    """One item of `errors` whose code is `custom`."""
    error: Json = {"resource": resource, "code": "custom", "message": message}
    if field is not None:
        error["field"] = field
    return error


def wrong(resource: str, field: str, code: str = "invalid") -> Json:
    """One item of `errors` that names a field: `invalid`, `missing`, `missing_field`, `already_exists`."""
    return {"resource": resource, "field": field, "code": code}
