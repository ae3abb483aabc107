"""What is remembered of one installation between one visit and the next."""

from dataclasses import dataclass, field
from datetime import datetime

from telefonistka_py.census import pace, share
from telefonistka_py.github.connection import Page
from telefonistka_py.github.tallies import Ask
from telefonistka_py.names import RepoName

_MOST_FAILURES = 5
"""Failed requests of one round before it is given up, and another is begun."""


@dataclass
class Place:
    """One installation, or all that a personal token sees. Its rounds may take several visits."""

    installation: int | None
    due: datetime
    repos: tuple[RepoName, ...] = ()
    relist_at: datetime | None = None
    pages: list[Page] | None = None
    """Of a list that is being read."""
    todo: list[Ask] = field(default_factory=list)
    """What is left of this round."""
    requests: int = 0
    """Of this round."""
    failures: int = 0
    heaviest: int = share.HEAVIEST
    spent: list[datetime] = field(default_factory=list)
    """When requests were made, of the last hour."""
    trouble: str = ""
    """What whoever runs the server must do before it can be counted here, as a sentence; empty: nothing."""
    known: dict[RepoName, int] = field(default_factory=dict)
    """Open pull requests of the repositories whose gauges are set."""
    pending: dict[RepoName, int] = field(default_factory=dict)
    """Of repositories whose pages are not all read yet."""

    def begin(self) -> None:
        """A new round."""
        self.requests, self.failures, self.pending = 0, 0, {}
        self.heaviest = min(self.heaviest * 2, share.HEAVIEST)

    def ask(self, repos: tuple[RepoName, ...]) -> None:
        """This round counts in `repos`."""
        self.repos = repos
        self.todo = [share.first(name, self.known.get(name)) for name in repos]

    def used(self, now: datetime) -> None:
        """A request is being made."""
        self.spent = [each for each in self.spent if now - each < pace.HOUR] + [now]
        self.requests += 1

    def failed(self, limited: bool) -> None:
        """A request failed: perhaps it asked for too much. A limit says nothing of that."""
        if limited:
            return
        self.failures += 1
        self.heaviest = max(self.heaviest // 2, share.LIGHTEST)
        if self.failures >= _MOST_FAILURES:
            self.todo, self.pages = [], None

    def done(self, now: datetime) -> None:
        self.due = now + pace.pause(self.requests)

    def put_off(self, until: datetime, now: datetime) -> None:
        self.due = max(until, now + pace.EVERY)

    def list_again_after(self, now: datetime, requests: int) -> None:
        """The list just read, in so many requests, holds for a while."""
        self.relist_at = now + requests * pace.RELIST
