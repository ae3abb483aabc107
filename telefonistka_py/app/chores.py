"""What we do on a timer.

A chore is work of our own in the inbox: when it is done, the same one waits for its next time, so that of many replicas
one does it, and a restart forgets none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from telefonistka_py.config.model import Config
from telefonistka_py.drift import report
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.events.model import Chore, ChoreEvent, lane
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.failure import Refused
from telefonistka_py.inbox.model import Delivery, Done
from telefonistka_py.names import RepoName
from telefonistka_py.templates import Templates

AGAIN = timedelta(minutes=30)
"""After how long a chore that failed is tried again, if nobody says otherwise."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Turn:
    """How a chore went: a line for the log, when to come again (None: never), and what to remember until then."""

    note: str
    again_in: timedelta | None
    memory: str = ""


@dataclass(frozen=True)
class Chores:
    """Does them."""

    github: Connection
    templates: Templates
    clock: Callable[[], datetime]

    async def on_due(self, event: ChoreEvent) -> Done:
        """Does a chore and puts down its next time. A failure only delays it: the next time is the retry."""
        try:
            turn = await self._turn(event)
        except (WorldUnwell, OperatorMistake, Refused) as error:
            log.warning("chore not done", chore=event.chore.value, repo=event.repo, why=str(error))
            turn = Turn(f"not done: {error}", _until(getattr(error, "retry_at", None), self.clock()), event.memory)
        if turn.again_in is None:
            return Done(turn.note)
        now = self.clock()
        again = ChoreEvent(event.chore, event.repo, event.installation, turn.memory)
        return Done(turn.note, then=(delivery(again, now, now + turn.again_in),))

    async def _turn(self, event: ChoreEvent) -> Turn:
        match event.chore:
            case Chore.DRIFT_REPORT:
                return await self._report_drift(event)

    async def _report_drift(self, event: ChoreEvent) -> Turn:
        assert event.repo is not None
        repository = await self.github.repository(event.repo, event.installation)
        try:
            note, every = await report.bring_up_to_date(repository, self.templates)
        except Refused as error:
            if error.status in (404, 410):
                return Turn(f"no longer reported: {error}", None)
            raise
        return Turn(note, every)


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


def _until(told: datetime | None, now: datetime) -> timedelta:
    return AGAIN if told is None else max(told - now, timedelta(seconds=1))
