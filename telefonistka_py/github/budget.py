"""What one identity may still ask of GitHub, from what GitHub's own answers said. It never waits: it refuses.

Whoever is refused comes back at the moment that the refusal names; nothing is sent before, and nobody sleeps meanwhile
(N20). What GitHub doesn't tell (an Enterprise Server without limits) holds nothing back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telefonistka_py.errors import Limited
from telefonistka_py.github.limits import Limit, Paused, Standing

FIRST_PAUSE = timedelta(seconds=60)
"""After a secondary limit that does not say for how long; it doubles as long as none of our requests succeeds
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit)."""
LONGEST_PAUSE = timedelta(minutes=15)

_SAME_WINDOW = timedelta(minutes=1)
"""Resets this close are those of one window, told by different machines of GitHub."""


@dataclass(frozen=True)
class Left:
    """What one identity may still ask, as far as GitHub's answers told."""

    standings: tuple[Standing, ...]
    """One per resource, by name."""
    paused_until: datetime | None
    """None: nothing asked us to pause."""


class Budget:
    """One identity's. `jitter` gives numbers from 0 to 1, and lengthens pauses that GitHub doesn't name by a quarter
    at most."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._known: dict[str, Standing] = {}
        self._shut_until: datetime | None = None
        self._strikes = 0
        """All there ever were; tells requests that were sent before the last one from later ones."""
        self._in_a_row = 0

    def left(self, now: datetime) -> Left:
        """What is known; a window that has passed tells nothing any more."""
        standings = (known for _, known in sorted(self._known.items()) if known.reset > now)
        shut = self._shut_until if self._shut_until and self._shut_until > now else None
        return Left(tuple(standings), shut)

    def admit(self, resource: str, now: datetime, reserve: float = 0.0) -> int:
        """A ticket for one request, to be handed back with what came of it. Raises `Limited` when it must not be sent.

        `reserve` is the share of the limit, from 0 to 1, that has to stay for others.
        """
        if self._shut_until is not None and self._shut_until > now:
            raise Limited("GitHub asked us to pause, so nothing is sent until then", retry_at=self._shut_until)
        known = self._known.get(resource)
        if known is None or known.reset <= now:
            return self._strikes
        if known.remaining == 0:
            raise Limited(f"GitHub's limit of {resource} requests is used up until its reset", retry_at=known.reset)
        if known.remaining < reserve * known.limit:
            left = f"{known.remaining} of {known.limit} {resource} requests are left"
            raise Limited(f"{left}, and those are kept for more important work", retry_at=known.reset)
        return self._strikes

    def told(self, standing: Standing, now: datetime) -> None:
        """Every answer tells what is left. Answers overtake one another, so the least of a window counts."""
        known = self._known.get(standing.resource)
        if known is None or known.reset <= now or standing.reset >= known.reset + _SAME_WINDOW:
            self._known[standing.resource] = standing
        elif standing.reset > known.reset - _SAME_WINDOW:
            least = min(known.remaining, standing.remaining)
            self._known[standing.resource] = replace(known, limit=standing.limit, remaining=least)

    def went_well(self, ticket: int) -> None:
        """A request was answered without meeting a limit. One sent before the last pause proves nothing."""
        if ticket == self._strikes:
            self._in_a_row = 0

    def hit(self, limit: Limit, ticket: int, what: str, now: datetime) -> Limited:
        """Remembers a limit that a request met; answers the error that the request ends with."""
        if not isinstance(limit, Paused):
            self._known[limit.resource] = Standing(limit.resource, 0, 0, limit.until)
            return Limited(what, retry_at=limit.until)
        first = ticket == self._strikes  # several that were underway at once meet the same limit: it counts as one
        if first:
            self._strikes += 1
            self._in_a_row += 1
        shut = self._shut_until if self._shut_until and self._shut_until > now else None
        until = limit.until or (shut if shut and not first else now + self._pause())
        self._shut_until = max(until, shut or until)
        return Limited(what, retry_at=self._shut_until)

    def _pause(self) -> timedelta:
        doubled = min(FIRST_PAUSE * (1 << min(max(self._in_a_row - 1, 0), 10)), LONGEST_PAUSE)
        return doubled * (1 + self._jitter() / 4)
