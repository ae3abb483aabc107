"""Handles a delivery and what follows from it without an inbox: what has to wait is waited for, up to a point."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from telefonistka_py.errors import HeldBack, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events import own, parse
from telefonistka_py.events.model import Event
from telefonistka_py.inbox.model import Delivery, Done
from telefonistka_py.observability import logs

Handle = Callable[[Delivery, Event], Awaitable[str | Done]]
OnDead = Callable[[Delivery, Event, str], Awaitable[None]]
Clock = Callable[[], datetime]
Pause = Callable[[timedelta], Awaitable[None]]

FIRST = timedelta(seconds=1)
"""The wait after the first failure, where GitHub names none; it doubles with each further one. Also the shortest."""
LONGEST = timedelta(seconds=30)

log = logs.get()


async def handle(
    handle: Handle, on_dead: OnDead, delivery: Delivery, patience: timedelta, clock: Clock, pause: Pause
) -> str:
    """Handles `delivery`, then the work of our own that follows from it; says in a line what came of it.

    What GitHub's state or people's checks hold back is tried again, as long as the wait ends within `patience` of the
    start. Then a failure is raised, after it was told where people look; what is merely held back is said in the line.
    Raises `parse.MalformedEvent` for a payload that is none.
    """
    end = clock() + patience
    notes: list[str] = []
    failed: list[TelefonistkaError] = []
    queue = [_Due(clock(), delivery)]
    while queue:
        queue.sort(key=lambda each: each.when)
        due = queue.pop(0)
        if due.held and due.when > end:
            notes.append(f"still held back, and not waited for any longer: {due.held}")
            continue
        if (wait := due.when - clock()) > timedelta(0):
            await pause(wait)
        event = parse.parse(due.delivery.kind, due.delivery.body, parse.JSON)
        try:
            done = await _tried(handle, due.delivery, event, end, clock, pause)
        except HeldBack as error:
            queue.append(_Due(max(error.retry_at, clock() + FIRST), due.delivery, str(error)))
        except TelefonistkaError as error:  # the others have their turn all the same (N14)
            if not isinstance(error, RepoMistake):  # that was told by whoever found it
                await _given_up(on_dead, due.delivery, event, error)
            failed.append(error)
        else:
            notes.append(done.note)
            # Chores are for a server that goes on; here nothing would ever be done with them.
            queue += [_due(each, clock()) for each in done.then if each.kind != own.CHORE]
    if failed:
        raise failed[0]
    return "; ".join(notes)


@dataclass(frozen=True)
class _Due:
    """Work to be done, not before `when`; `held` says what it waits for."""

    when: datetime
    delivery: Delivery
    held: str = ""


def _due(delivery: Delivery, now: datetime) -> _Due:
    if delivery.not_before is None:
        return _Due(now, delivery)
    return _Due(delivery.not_before, delivery, "what could not be asked is asked again later")


async def _tried(handle: Handle, delivery: Delivery, event: Event, end: datetime, clock: Clock, pause: Pause) -> Done:
    usual = FIRST
    while True:
        try:
            answer = await handle(delivery, event)
        except WorldUnwell as error:
            wait = max(error.retry_at - clock(), FIRST) if error.retry_at else usual
            if clock() + wait > end:
                raise
            log.warning("tried again later", seconds=round(wait.total_seconds(), 1), why=str(error))
            await pause(wait)
            usual = min(2 * usual, LONGEST)
        else:
            return answer if isinstance(answer, Done) else Done(answer)


async def _given_up(on_dead: OnDead, delivery: Delivery, event: Event, error: TelefonistkaError) -> None:
    """Tells it where people look. That this fails as well is no news: whatever broke the handling may break it, too."""
    try:
        await on_dead(delivery, event, f"Given up: {error}")
    except TelefonistkaError as second:
        log.warning("that it was given up could not be told", why=str(second))
