"""Kill points: just before and just after each request that the server makes."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from telefonistka_py.sandbox.model import Exchange

Side = Literal["before", "after"]
"""`before` the request reaches GitHub's state, or `after` its effect and ahead of the answer."""

_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_ID = re.compile(r"\b[0-9]{4,}\b")
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")


@dataclass(frozen=True)
class Point:
    """At the request `request`, when it is made for the `time`-th time."""

    request: str
    time: int
    side: Side

    def __str__(self) -> str:
        return f"{self.side} {self.request}, time {self.time}"


def request_of(exchange: Exchange) -> str:
    """What is asked, without what differs from run to run: `POST /repos/acme/gitops/git/trees`, `Look`."""
    path = exchange.path.partition("?")[0].removeprefix("/api/v3")
    if path.endswith("/graphql"):
        query = exchange.request_body.get("query", "") if isinstance(exchange.request_body, dict) else ""
        found = _OPERATION.search(query)
        return found[1] if found else "a query"
    return f"{exchange.method} {_ID.sub('ID', _SHA.sub('SHA', path))}"


class Counted:
    """Tells the requests of one run apart."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self._times: dict[int, int] = {}

    def point(self, exchange: Exchange, side: Side) -> Point:
        """Where the run is. Each exchange must be shown `before` first."""
        request = request_of(exchange)
        if side == "before":
            self.made[request] += 1
            self._times[id(exchange)] = self.made[request]
        return Point(request, self._times[id(exchange)], side)

    def points(self) -> list[Point]:
        """Every point that there was."""
        sides: tuple[Side, Side] = ("before", "after")
        return [
            Point(request, time, side)
            for request, times in self.made.items()
            for time in range(1, times + 1)
            for side in sides
        ]
