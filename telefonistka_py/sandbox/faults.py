"""Faults as data: what will go wrong with which request, and how often."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """One wrong answer that waits for its request."""

    status: int | None
    """None drops the connection without an answer."""
    method: str | None = None
    path: str | None = None
    """A regular expression, searched in the path without `/api/v3` and without the query."""
    operation: str | None = None
    """A GraphQL operation's name."""
    times: int = 1
    skip: int = 0
    """How many matching requests pass before it strikes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """JSON, a string, or a function from the real answer to the wrong one (with `after_effect`)."""
    errors: list[dict[str, Any]] | None = None
    """GraphQL errors put beside the real data."""
    after_effect: bool = False
    """The work is done, and only then the answer is lost or replaced."""

    def matches(self, method: str, path: str, operation: str | None) -> bool:
        return (
            self.times > 0
            and self.method in (None, method)
            and (self.path is None or re.search(self.path, path) is not None)
            and self.operation in (None, operation)
        )


class Faults:
    """The faults of one hub, in the order they were ordered."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def strike(self, method: str, path: str, operation: str | None) -> Fault | None:
        """The fault that this request meets, counted as used."""
        for fault in self.waiting:
            if not fault.matches(method, path, operation):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            self.waiting = [each for each in self.waiting if each.times > 0]
            return fault
        return None


def spoiled(fault: Fault, real: Any) -> Any:
    """The body of the wrong answer."""
    if fault.errors is not None:
        return {**(real if isinstance(real, dict) else {"data": None}), "errors": fault.errors}
    if isinstance(fault.body, Callable):  # type: ignore[arg-type]
        return fault.body(real)
    if fault.body is not None:
        return fault.body
    words = {500: "Server Error", 502: "Server Error", 503: "Service unavailable", 404: "Not Found"}
    return {
        "message": words.get(fault.status or 0, "Sandbox fault"),
        "documentation_url": "https://docs.github.com/rest",
    }
