"""One attempt at one delivery: handle it, keep its claim alive meanwhile, and say how it is to be settled."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from telefonistka_py.errors import HeldBack, OperatorMistake, WorldUnwell
from telefonistka_py.events import parse
from telefonistka_py.events.model import (
    BranchEvent,
    ChecksEvent,
    ChoreEvent,
    CommentEvent,
    Event,
    ForwardEvent,
    LandingEvent,
    MissedEvent,
    OtherEvent,
    PullRequestEvent,
    PushEvent,
    RecheckEvent,
)
from telefonistka_py.inbox.model import Claim, ClaimLost, Dead, Delivery, Done, GivenBack, Inbox, Settlement
from telefonistka_py.observability import logs
from telefonistka_py.server import verdict
from telefonistka_py.server.verdict import Patience

Handle = Callable[[Delivery, Event], Awaitable[str | Done]]
"""Handles an event to its end and says in a line what came of it. Failures are told by the error family."""

OnDead = Callable[[Delivery, Event, str], Awaitable[None]]
"""Told before a delivery ends dead, or is no longer waited for, and why; may be told again if the process dies in
between."""

POISON = 5
"""Crashes in a row after which a delivery is not tried again."""

_UNWINDING_SECONDS = 5.0
_ON_DEAD_SECONDS = 60.0

log = logs.get()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. `settlement` is None when the claim was lost: then there is nothing left to settle."""

    settlement: Settlement | None
    needs_operator: str | None = None
    """What whoever runs the server must do, when that is what it waits for."""


@dataclass(frozen=True)
class Attempts:
    """Makes attempts. `jitter` gives numbers from 0 to 1."""

    inbox: Inbox
    handle: Handle
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    on_dead: OnDead | None = None
    patience: Patience = field(default_factory=Patience)
    handler_seconds: float = 600.0
    heartbeat_seconds: float = 15.0

    async def make(self, claim: Claim) -> Outcome:
        """Handles `claim`'s delivery. Cancelled from outside, it gives the delivery back, uncounted.

        Every line of the log from here on carries what the event is about, to the end of the calling task.
        """
        delivery = claim.delivery
        try:
            event = parse.parse(delivery.kind, delivery.body, _content_type(delivery))
        except parse.MalformedEvent as malformed:
            return Outcome(Dead(f"The stored body can't be read: {malformed}."))
        structlog.contextvars.bind_contextvars(**about(event))
        if claim.crashes >= POISON:
            return await self._parked(claim, event)
        return await self._while_claimed(claim, event)

    async def _parked(self, claim: Claim, event: Event) -> Outcome:
        """Ends a delivery that kills the process, without another try; its lane goes on."""
        why = f"Parked: the server died {claim.crashes} times in a row while it handled this."
        log.error("a delivery that kills the server is parked", why=why)
        if claim.crashes == POISON:  # telling may be what kills: it is tried once
            await self._tell_dead(claim.delivery, event, why)
        return Outcome(Dead(why))

    async def _while_claimed(self, claim: Claim, event: Event) -> Outcome:
        handling = asyncio.create_task(self._handled(claim, event))
        beating = asyncio.create_task(self._beat(claim))
        try:
            await asyncio.wait((handling, beating), return_when=asyncio.FIRST_COMPLETED)
            if handling.done():
                return handling.result()
            log.warning("the claim was taken over by another worker; this attempt stops")
            return Outcome(None)
        except asyncio.CancelledError:
            finished = handling.done() and not handling.cancelled()
            return handling.result() if finished else Outcome(GivenBack())
        finally:
            await _stop(handling, beating)

    async def _beat(self, claim: Claim) -> None:
        """Returns when the claim is lost."""
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            try:
                await self.inbox.heartbeat(claim)
            except ClaimLost:
                return
            except WorldUnwell as error:
                log.warning("a heartbeat could not be written", why=str(error))

    async def _handled(self, claim: Claim, event: Event) -> Outcome:
        try:
            answer = await self._in_time(claim.delivery, event)
            return Outcome(answer if isinstance(answer, Done) else Done(answer))
        except asyncio.CancelledError:
            if _cancelled_from_outside():
                raise
            error: BaseException = RuntimeError("a part of the handling was cancelled from within")
        except Exception as raised:  # noqa: BLE001 - the only place where any error is caught: it decides on a delivery
            error = raised
        return await self._failed(claim, event, error)

    async def _in_time(self, delivery: Delivery, event: Event) -> str | Done:
        limit = asyncio.timeout(self.handler_seconds)
        try:
            async with limit:
                return await self.handle(delivery, event)
        except TimeoutError:
            if limit.expired():
                raise WorldUnwell(f"Handling took longer than {self.handler_seconds:g} s and was stopped.") from None
            raise

    async def _failed(self, claim: Claim, event: Event, error: BaseException) -> Outcome:
        settlement = verdict.on(error, claim, self.clock(), self.patience, self.jitter())
        if isinstance(error, HeldBack) and isinstance(settlement, Done):
            log.warning("what is held back is no longer waited for", why=settlement.note)
            await self._tell_dead(claim.delivery, event, settlement.note)
            return Outcome(settlement)
        if not isinstance(settlement, Dead):
            needs_operator = str(error) if isinstance(error, OperatorMistake) else None
            return Outcome(settlement, needs_operator)
        log.error("the delivery ends dead", why=settlement.why, exc_info=error)
        await self._tell_dead(claim.delivery, event, settlement.why)
        return Outcome(settlement)

    async def _tell_dead(self, delivery: Delivery, event: Event, why: str) -> None:
        if self.on_dead is None:
            return
        try:
            async with asyncio.timeout(_ON_DEAD_SECONDS):
                await self.on_dead(delivery, event, why)
        except Exception as error:  # the delivery is settled whether or not this could be told
            log.error("that the delivery ends dead could not be told", exc_info=error)


def _content_type(delivery: Delivery) -> str:
    return next((value for name, value in delivery.headers if name.lower() == "content-type"), parse.JSON)


def about(event: Event) -> dict[str, object]:
    """What a line of the log says of `event`."""
    match event:
        case PullRequestEvent():
            return {"repo": event.repo.name, "pr": event.pull.number, "action": event.action}
        case CommentEvent():
            return {"repo": event.repo.name, "pr": event.number, "action": event.action}
        case PushEvent():
            return {"repo": event.repo.name, "ref": event.ref}
        case ChecksEvent():
            return {"repo": event.repo, "sha": event.sha}
        case LandingEvent() | MissedEvent() | BranchEvent() | RecheckEvent():
            return {"repo": event.repo, "pr": event.number}
        case ForwardEvent():
            return {"repo": event.repo, "push": event.source}
        case ChoreEvent():
            return {"chore": event.chore.value, **({"repo": event.repo} if event.repo else {})}
        case OtherEvent():
            return {"repo": event.repo} if event.repo else {}


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _stop(*tasks: asyncio.Task[Outcome] | asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    _, running = await asyncio.wait(tasks, timeout=_UNWINDING_SECONDS)
    if running:
        log.error("a handler did not stop when told to")
