"""What fan-out speaks of: its limits, and how an attempt at an endpoint can end."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telefonistka_py.fanout.hosts import Allowed

FIRST = "all"
"""In place of an endpoint's key: the first round of a push, which goes to all of them."""


@dataclass(frozen=True)
class Limits:
    """How long, how often and where to endpoints are tried. The operator's (`TELEFONISTKA_FANOUT_…`)."""

    timeout: timedelta = timedelta(seconds=10)
    """For one attempt, from the look-up of the host to the end of the answer."""
    connect: timedelta = timedelta(seconds=3)
    """For a connection, and for a turn at a busy host."""
    first_wait: timedelta = timedelta(seconds=5)
    """The wait after a failure; it grows with the time that the endpoint has been failing."""
    longest_wait: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(hours=24)
    """How long one push is tried at one endpoint."""
    pause_after: timedelta = timedelta(hours=72)
    """An endpoint that failed for so long is paused: only one push at a time tries it, every `longest_wait`."""
    per_host: int = 10
    """Requests at once to one host and port."""
    slots: int = 100
    """Pushes that are being forwarded at once."""
    allowed: Allowed = field(default_factory=Allowed)


@dataclass(frozen=True)
class Answered:
    """The endpoint answered. `retry_after` is its wish, if it has one."""

    status: int
    seconds: float
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Unanswered:
    """It could not be reached, or did not answer in time. `kind` is one of few words, for counting."""

    kind: str
    why: str
    seconds: float


@dataclass(frozen=True)
class Forbidden:
    """Nothing was sent: the operator's rules are against it. Trying again would not help."""

    why: str


@dataclass(frozen=True)
class Busy:
    """Nothing was sent: its host has as many requests underway as it may have."""

    why: str


Attempt = Answered | Unanswered | Forbidden | Busy


@dataclass(frozen=True)
class Sent:
    """The endpoint took the push."""

    note: str


@dataclass(frozen=True)
class Later:
    """It did not; there is another time."""

    when: datetime
    note: str


@dataclass(frozen=True)
class Never:
    """It did not, and there is none."""

    note: str


Result = Sent | Later | Never


def key(url: str) -> str:
    """A short name for an endpoint: 12 hexadecimal digits."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def shown(url: str) -> str:
    """A URL for people and metrics: without its query, which may hold a secret (N30)."""
    return url.partition("?")[0]
