"""What we do on a timer.

A chore is work of our own in the inbox: when it is done, the same one waits for its next time, so that of many replicas
one does it, and a restart forgets none.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from telefonistka_py import counted
from telefonistka_py.app import trouble
from telefonistka_py.argocd import temporary_apps
from telefonistka_py.argocd.client import Client
from telefonistka_py.census.flow import Census
from telefonistka_py.config.model import Config
from telefonistka_py.drift import report
from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.events.model import Chore, ChoreEvent, lane
from telefonistka_py.github.application import NotInstalled
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.failure import Refused
from telefonistka_py.inbox.model import Delivery, Done, Inbox
from telefonistka_py.names import RepoName
from telefonistka_py.recovery import model as remembered
from telefonistka_py.recovery.flow import Recovery
from telefonistka_py.templates import Templates

SWEEP_EVERY = timedelta(minutes=10)
"""Six requests in a quiet hour: one page of GitHub's log each."""

TIDY_EVERY = timedelta(hours=1)

CLEAN_EVERY = timedelta(minutes=15)
"""One request to each Argo CD."""

AGAIN = timedelta(minutes=30)
"""After how long a chore that failed is tried again, if nobody says otherwise."""

_LONGEST_SECONDS = 540.0
"""Less than the worker gives a handler: what the worker stops is tried at once, and in the end given up."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Turn:
    """How a chore went: a line for the log, when to come again (None: never), and what to remember until then."""

    note: str
    again_in: timedelta | None
    memory: str = ""
    operator: str | None = ""
    """What whoever runs the server must do before it can go well, as a sentence; empty: nothing. None: this turn did
    not get far enough to know, and what was known before still holds."""


@dataclass
class _Counted:
    """Until when this process' census holds; None when it has taken none."""

    until: datetime | None = None


@dataclass(frozen=True)
class Chores:
    """Does them."""

    github: Connection
    inbox: Inbox | None
    """None where there is no server: nothing is done on a timer there."""
    templates: Templates
    clock: Callable[[], datetime]
    keep_done: timedelta
    """How long deliveries that were handled stay in the inbox, to be looked at and repeated."""
    census: Census
    clusters: tuple[Client, ...] = ()
    """One for each Argo CD."""
    counted: _Counted = field(default_factory=_Counted)

    async def on_due(self, event: ChoreEvent) -> Done:
        """Does a chore and puts down its next time. A failure only delays it: the next time is the retry."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                turn = await self._turn(event)
        except (WorldUnwell, OperatorMistake, Refused) as error:
            log.warning("chore not done", chore=event.chore.value, repo=event.repo, why=str(error))
            again_in = _until(getattr(error, "retry_at", None), self.clock())
            operator = _sentence(error) if isinstance(error, OperatorMistake) else None
            turn = Turn(f"not done: {error}", again_in, event.memory, operator)
        except Exception as error:
            log.error("chore broken off", chore=event.chore.value, repo=event.repo, exc_info=error)
            turn = Turn(f"broken off: {type(error).__name__}: {error}", AGAIN, event.memory, None)
        await self._remember(event, turn)
        if turn.again_in is None:
            return Done(turn.note)
        now = self.clock()
        again = ChoreEvent(event.chore, event.repo, event.installation, turn.memory)
        return Done(turn.note, then=(delivery(again, now, now + turn.again_in),))

    async def _remember(self, event: ChoreEvent, turn: Turn) -> None:
        if self.inbox is None or turn.operator is None:
            return
        try:
            await trouble.remember(self.inbox, lane(event), turn.operator)
        except WorldUnwell as error:  # the chore itself went as it went
            log.warning("what a chore needs could not be noted", chore=event.chore.value, why=str(error))

    async def _turn(self, event: ChoreEvent) -> Turn:
        match event.chore:
            case Chore.DRIFT_REPORT:
                return await self._report_drift(event)
            case Chore.RECOVERY:
                return await self._recover(event.memory)
            case Chore.TIDYING:
                return await self._tidy()
            case Chore.CENSUS:
                return await self._count()
            case Chore.SWEEPING:
                return await self._clean()

    async def _recover(self, memory: str) -> Turn:
        if not self.github.is_app:
            await self.github.prove()  # nothing else asks GitHub anything while no webhook comes
        note, after = await self._recovery().sweep(remembered.read(memory, self.clock()))
        again_in = timedelta(minutes=1) if after.cursor else SWEEP_EVERY
        return Turn(note, again_in, remembered.write(after))

    def _recovery(self) -> Recovery:
        assert self.inbox is not None
        return Recovery(self.github, self.inbox, self.clock)

    async def _tidy(self) -> Turn:
        assert self.inbox is not None
        total = 0
        while count := await self.inbox.forget(self.clock() - self.keep_done):
            total += count
        return Turn(f"forgot {counted.of(total, 'delivery', 'deliveries')} handled long ago", TIDY_EVERY)

    async def _count(self) -> Turn:
        known = [] if self.github.is_app else await self._recovery().known()
        wait = await self.census.take(known)
        self.counted.until = self.clock() + 2 * wait
        return Turn("counted open pull requests", wait, operator=" ".join(self.census.troubles()))

    async def _clean(self) -> Turn:
        """Temporary apps that processes which died left in Argo CD are deleted; one that is down waits for its turn."""
        count, troubles = 0, []
        for client in self.clusters:
            try:
                count += await temporary_apps.sweep(client, self.clock())
            except TelefonistkaError as error:
                log.warning("temporary apps not looked for", instance=client.name, why=str(error))
                troubles += [_sentence(error)] if isinstance(error, OperatorMistake) else []
        note = f"deleted {counted.of(count, 'temporary app')} left behind"
        return Turn(note, CLEAN_EVERY, operator=" ".join(troubles))

    def on_scrape(self) -> None:
        """Before metrics are read: what this process counted is taken back when another has gone on counting."""
        if self.counted.until is not None and self.counted.until < self.clock():
            self.counted.until = None
            self.census.clear()

    async def _report_drift(self, event: ChoreEvent) -> Turn:
        assert event.repo is not None
        try:
            # The event's installation is old: the App may have another there by now, or none.
            repository = await self.github.repository(event.repo, None)
            note, every = await report.bring_up_to_date(repository, self.templates)
        except NotInstalled as error:
            return Turn(f"no longer reported: {error}", None)
        except Refused as error:
            if error.status in (404, 410):
                return Turn(f"no longer reported: {error}", None)
            raise
        return Turn(note, every)


_STANDING = (Chore.RECOVERY, Chore.TIDYING, Chore.CENSUS, Chore.SWEEPING)


def standing(now: datetime) -> tuple[Delivery, ...]:
    """The chores of every server, due at once; the inbox ignores those that it has."""
    return tuple(delivery(ChoreEvent(chore), now) for chore in _STANDING)


def wanted_by(config: Config, repo: RepoName, installation: int | None, now: datetime) -> tuple[Delivery, ...]:
    """The chores that a repository's configuration asks for, due at once; the inbox ignores those that it has."""
    if report.asked_for(config) is None:
        return ()
    return (delivery(ChoreEvent(Chore.DRIFT_REPORT, repo, installation), now),)


def delivery(event: ChoreEvent, now: datetime, not_before: datetime | None = None) -> Delivery:
    """`event` for the inbox."""
    at = lane(event)
    return Delivery(
        id=at,
        kind=own.CHORE,
        lane=at,
        headers=(("Content-Type", "application/json"),),
        body=own.body(event),
        received_at=now,
        not_before=not_before,
    )


def _sentence(error: OperatorMistake) -> str:
    return f"{str(error).rstrip('.')}."


def _until(told: datetime | None, now: datetime) -> timedelta:
    return AGAIN if told is None else max(told - now, timedelta(seconds=1))
