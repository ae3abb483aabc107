"""Is the server able to take deliveries in and to handle them?"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from telefonistka_py import counted
from telefonistka_py.app import trouble
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.inbox.model import Counts, Inbox
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server.worker import Worker

LATE = timedelta(minutes=15)
"""After so long a webhook that is not handled is worth a word."""

_CHECK_SECONDS = 5.0


@dataclass(frozen=True)
class Report:
    """`problems` make a server unready. `warnings` don't: an unready server would refuse what it can still store."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.problems


async def look(inbox: Inbox, worker: Worker, now: datetime) -> Report:
    """Writes to the inbox and looks at the worker; takes at most five seconds."""
    problems, warnings = [], list(worker.needs_operator)
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await inbox.check()
            warnings += [each for each in dict.fromkeys(await trouble.told(inbox)) if each not in warnings]
            warnings += _old_or_dead(await inbox.oldest_open(), (await inbox.counts()).dead, now)
    except WorldUnwell as error:
        problems.append(str(error))
    except TimeoutError:
        problems.append(f"The inbox did not answer within {_CHECK_SECONDS:g} s.")
    if not worker.alive:
        problems.append("The worker takes up no deliveries: the server is stopping, or has failed.")
    return Report(tuple(problems), tuple(warnings))


def _old_or_dead(oldest: datetime | None, dead: int, now: datetime) -> Iterator[str]:
    """Why people may be waiting, and the command that says more."""
    if oldest is not None and now - oldest > LATE:
        minutes = (now - oldest) // timedelta(minutes=1)
        yield f"A webhook that came {minutes:,} minutes ago is not handled yet: telefonistka inbox list --state waiting"
    if dead:
        yield f"{counted.of(dead, 'delivery', 'deliveries')} ended dead: telefonistka inbox list --state dead"


async def count(inbox: Inbox, worker: Worker, metrics: Metrics, now: datetime) -> None:
    """Brings the gauges up to date; those of the inbox stay as they were while it can't be read."""
    report, seen = await asyncio.gather(look(inbox, worker, now), _looked_through(inbox))
    metrics.ready.set(report.ready)
    if seen is None:
        return
    counts, oldest, chores = seen
    metrics.operator_needed.set(worker.waiting_for_operator + chores)
    for state in ("waiting", "underway", "done", "dead"):
        metrics.inbox_deliveries.labels(state=state).set(getattr(counts, state))
    metrics.oldest_age.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))


async def _looked_through(inbox: Inbox) -> tuple[Counts, datetime | None, int] | None:
    """Counts, the oldest webhook that is not handled, and how many chores whoever runs the server must help."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await inbox.counts(), await inbox.oldest_open(), len(await trouble.told(inbox))
    except (WorldUnwell, TimeoutError):
        return None
