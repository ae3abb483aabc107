"""Takes the census: lists the repositories, counts in them, fills the gauges, and says when to come again.

What can't be read leaves its gauges as they are: an error is no zero.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from telefonistka_py.census import pace, share
from telefonistka_py.census.place import Place
from telefonistka_py.errors import Limited, OperatorMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.feedback.status import CONTEXT
from telefonistka_py.github import connection, tallies
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.tallies import Ask, Tally
from telefonistka_py.names import RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.promotion.draft import LABEL

RESERVE = 0.2
"""The share of GitHub's limit that is left to promotions."""
TOO_LONG = timedelta(minutes=20)
"""How long our status may be pending before it is counted (contract §10)."""

log = structlog.get_logger()


class Census:
    """Remembers, between one call and the next, what was counted and what it cost."""

    def __init__(self, github: Connection, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._github = github
        self._clock = clock
        self._gauges = (metrics.open_prs, metrics.open_promotion_prs, metrics.open_prs_pending)
        self._places: dict[int | None, Place] = {}
        self._find_again_at: datetime | None = None

    async def take(self, known: Sequence[RepoName] = ()) -> timedelta:
        """Counts where it is time to; answers how long to wait before the next call, which must not overlap this one.

        With a personal token `known` are the repositories to count in. Raises the house's errors only when the
        installations can't be listed; trouble in one of them stays there, and is logged.
        """
        now = self._clock()
        if self._find_again_at is None or self._find_again_at <= now:
            await self._find_places(now)
        for place in self._places.values():
            if place.due <= self._clock():
                await self._visit(place, known)
        now = self._clock()
        soonest = min((place.due for place in self._places.values()), default=now + pace.EVERY)
        return max(soonest - now, timedelta(seconds=1))

    def troubles(self) -> tuple[str, ...]:
        """What whoever runs the server must do before all can be counted; each sentence once."""
        return tuple(dict.fromkeys(place.trouble for place in self._places.values() if place.trouble))

    def clear(self) -> None:
        """Takes back all gauges, and forgets everything: for who no longer takes the census."""
        for place in self._places.values():
            self._drop(place, list(place.known))
        self._places, self._find_again_at = {}, None

    async def _find_places(self, now: datetime) -> None:
        here: list[int | None] = [None]
        if self._github.is_app:
            here = [each.id for each in await self._github.installations()]
        self._find_again_at = now + pace.EVERY * (1 + len(here) // 100)
        for gone in self._places.keys() - set(here):
            place = self._places.pop(gone)
            self._drop(place, list(place.known))
        for installation in here:
            self._places.setdefault(installation, Place(installation, now))

    async def _visit(self, place: Place, known: Sequence[RepoName]) -> None:
        try:
            if not place.todo and place.pages is None:
                self._begin(place, known)
            while place.todo or place.pages is not None:
                now = self._clock()
                if pace.left(place.spent, now) <= 0:
                    place.put_off(pace.when_left(place.spent, now), now)
                    return
                place.used(now)
                if place.pages is not None and place.installation is not None:
                    await self._list(place, place.installation, place.pages)
                else:
                    await self._query(place)
            place.done(self._clock())
            place.trouble = ""
        except (WorldUnwell, OperatorMistake, Refused) as error:
            told = error.retry_at if isinstance(error, WorldUnwell) else None
            if isinstance(error, OperatorMistake):
                place.trouble = f"{str(error).rstrip('.')}."
            now = self._clock()
            place.failed(isinstance(error, Limited))
            place.put_off(told or now, now)
            log.warning("pull requests not counted", installation=place.installation, why=str(error))

    def _begin(self, place: Place, known: Sequence[RepoName]) -> None:
        place.begin()
        if place.installation is None:
            self._count_in(place, tuple(dict.fromkeys(known)))
        elif place.relist_at is None or place.relist_at <= self._clock():
            place.pages = []
        else:
            self._count_in(place, place.repos)

    async def _list(self, place: Place, installation: int, pages: list[connection.Page]) -> None:
        page = await self._github.repository_page(installation, len(pages) + 1, reserve=RESERVE)
        pages.append(page)
        if not page.more:
            place.pages = None  # even if what follows fails: the list is read anew then
            listed = connection.whole(pages)
            place.list_again_after(self._clock(), len(pages))
            self._count_in(place, tuple(each.name for each in listed))

    def _count_in(self, place: Place, repos: tuple[RepoName, ...]) -> None:
        here = set(repos)
        self._drop(place, [name for name in place.known if name not in here])
        place.ask(repos)

    async def _query(self, place: Place) -> None:
        asks, rest = share.batch(place.todo, place.heaviest)
        transport = self._github.transport(place.installation)
        try:
            found = await tallies.take(transport, asks, label=LABEL, context=CONTEXT, reserve=RESERVE)
        except TelefonistkaError:
            place.todo = rest + asks  # behind the others: what always fails must not keep them waiting
            raise
        place.todo = rest
        for ask in asks:
            self._count(place, ask, found[ask.repo])

    def _count(self, place: Place, ask: Ask, tally: Tally | None) -> None:
        repo = ask.repo
        if tally is None:
            self._drop(place, [repo])
            return
        now = self._clock()
        pending = place.pending.pop(repo, 0) + sum(now - since > TOO_LONG for since in tally.pending_since)
        if tally.next is not None:
            place.pending[repo] = pending
            place.todo.append(share.further(ask, tally.next, tally.open - tally.seen))
            return
        place.known[repo] = tally.open
        for gauge, count in zip(self._gauges, (tally.open, tally.labelled, pending), strict=True):
            gauge.labels(repo_slug=repo).set(count)

    def _drop(self, place: Place, repos: Iterable[RepoName]) -> None:
        for repo in repos:
            if place.known.pop(repo, None) is not None:
                for gauge in self._gauges:
                    gauge.remove(repo)
