"""What the status page tells. Moments are aware UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telefonistka_py.fanout.health import Health
from telefonistka_py.github.budget import Left
from telefonistka_py.github.in_flight import Found
from telefonistka_py.inbox.model import Counts, Entry
from telefonistka_py.names import RepoName


@dataclass(frozen=True)
class Server:
    """This replica."""

    version: str
    replica: str
    started_at: datetime
    github: str
    """GitHub's pages: `https://github.com`, without a slash at the end."""


@dataclass(frozen=True)
class Deliveries:
    """What the inbox holds because of webhooks; each list is the newest of its kind."""

    counts: Counts
    chores: int
    """What waits for its next time on a timer."""
    dead: Sequence[Entry]
    waiting: Sequence[Entry]
    underway: Sequence[Entry]
    recent: Sequence[Entry]


@dataclass(frozen=True)
class Endpoint:
    """One that pushes are forwarded to, and that is not well or is paused."""

    key: str
    health: Health | None
    held_since: str
    """When it was paused by hand; empty if it was not."""


@dataclass(frozen=True)
class Flights:
    """Open promotions of one repository."""

    repo: RepoName
    found: Found | None
    """None: GitHub has not answered yet."""
    seen_at: datetime | None
    trouble: str
    """Why GitHub could not be asked the last time; empty when it could."""


@dataclass(frozen=True)
class Facts:
    server: Server
    now: datetime
    problems: Sequence[str]
    """What an operator must do, and what can't be read, a sentence each."""
    deliveries: Deliveries | None
    """None: the inbox can't be read, which is among the problems."""
    endpoints: Sequence[Endpoint]
    left: Sequence[tuple[str, Left]]
    """By who we are at GitHub: `installation 7`."""
    flights: Sequence[Flights]
