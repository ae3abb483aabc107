"""Checks that could not be made are made again later, and hold up nothing of their pull request meanwhile (N17)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telefonistka_py.events import own
from telefonistka_py.events.model import PullRequest, RecheckEvent, lane
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import RepoName

LONGEST = timedelta(minutes=30)


@dataclass(frozen=True)
class Rechecks:
    """Puts them off. `first` is the wait after the first failure; it doubles with each further one."""

    clock: Callable[[], datetime]
    first: timedelta = timedelta(seconds=30)
    most: int = 60
    """Tries; with waits that double up to half an hour, about a day."""

    def later(
        self, repo: RepoName, installation: int | None, pull: PullRequest, tries: int, error: Exception
    ) -> Delivery | None:
        """The next try of a check that failed `tries` times before this one; None when that was the last."""
        if tries + 1 >= self.most:
            return None
        event = RecheckEvent(repo, installation, pull.number, pull.head_sha, tries + 1, due=False)
        usual = self.clock() + min(self.first * (1 << min(tries, 20)), LONGEST)
        return self._delivery(event, max(getattr(error, "retry_at", None) or usual, usual))

    def due(self, event: RecheckEvent) -> Delivery:
        """The same one, which takes its turn now."""
        return self._delivery(replace(event, due=True), None)

    def _delivery(self, event: RecheckEvent, not_before: datetime | None) -> Delivery:
        return Delivery(
            id=own.recheck_id(event),
            kind=own.RECHECK,
            lane=lane(event),
            headers=(("Content-Type", "application/json"),),
            body=own.body(event),
            received_at=self.clock(),
            not_before=not_before,
        )


def repository_page(pull: PullRequest) -> str:
    """The address of the repository that `pull` is in."""
    return pull.html_url.rpartition("/pull/")[0]
