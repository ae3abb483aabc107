"""Takes deliveries out of the inbox and has them handled: several at once, one per lane, until it is drained."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.inbox.model import SUSPECT, Claim, ClaimLost, Dead, Done, GivenBack, RetryAt
from telefonistka_py.observability import logs, tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Tracer
from telefonistka_py.server.attempt import Attempts, Outcome
from telefonistka_py.server.measured import Measured

_LONGEST_PAUSE_SECONDS = 30.0
"""Even without news the inbox is looked at this often: clocks jump, and claims of the dead lapse."""
_UNWELL_PAUSE_SECONDS = 1.0
_PUT_OFF = timedelta(milliseconds=500)
_APART = timedelta(milliseconds=20)

log = logs.get()


@dataclass
class Beside:
    """Deliveries of one kind that wait for others' servers most of their time: they take no slot from the rest (N17),
    and at most `most` are underway."""

    most: int
    underway: set[asyncio.Task[None]] = field(default_factory=set)
    _next: datetime | None = None

    def put_off(self, now: datetime) -> RetryAt | None:
        """None while there is room; else a moment of its own for each, so that not all of them come back at once."""
        if len(self.underway) < self.most:
            return None
        soonest = now + _PUT_OFF
        self._next = soonest if self._next is None or self._next < soonest else self._next + _APART
        return RetryAt(self._next, f"{self.most} of its kind are underway", counted=False)


@dataclass
class _Waiter:
    """Someone who waits for a round that begins after `seen`; for one that found nothing to do, if `quiet`."""

    seen: int
    quiet: bool
    answer: asyncio.Future[None]


class Worker:
    """Runs until drained. One dispatcher claims; each claim runs in a task of its own, at most `slots` at once."""

    def __init__(
        self,
        attempts: Attempts,
        metrics: Metrics,
        *,
        slots: int = 8,
        name: str = "worker",
        beside: Mapping[str, Beside] | None = None,
        tracer: Tracer = tracing.OFF,
    ) -> None:
        """`beside` has, by kind, deliveries that take no slot."""
        self._attempts = attempts
        self._inbox = attempts.inbox
        self._metrics = metrics
        self._measured = Measured(metrics, attempts.clock, tracer)
        self._slots = slots
        self._name = name
        self._beside = beside or {}
        self._running: set[asyncio.Task[None]] = set()
        self._in_slots: set[asyncio.Task[None]] = set()
        self._suspect: asyncio.Task[None] | None = None
        self._needs_operator: dict[str, str] = {}
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = asyncio.Event()
        self._round = 0
        self._waiters: list[_Waiter] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._dispatch()), asyncio.create_task(self._listen())]
        self._tasks[0].add_done_callback(self._dispatcher_ended)

    @property
    def alive(self) -> bool:
        """Whether deliveries are being taken up."""
        return bool(self._tasks) and not self._tasks[0].done() and not self._stopping.is_set()

    @property
    def needs_operator(self) -> tuple[str, ...]:
        """What whoever runs the server must do before some deliveries can be handled; each sentence once."""
        return tuple(dict.fromkeys(self._needs_operator.values()))

    @property
    def waiting_for_operator(self) -> int:
        """How many deliveries do."""
        return len(self._needs_operator)

    async def ended(self) -> None:
        """Returns when the dispatcher has stopped; raises what stopped it if that was a bug."""
        await asyncio.shield(self._tasks[0])

    async def idle(self) -> None:
        """Returns when nothing is due and nothing underway. What waits for a moment to come does not count."""
        self._news.set()
        await self._a_round(self._round, quiet=True)

    async def settled(self) -> None:
        """Returns when nothing waits at all, retries included, and nothing is underway."""
        while True:
            await self.idle()
            seen = self._round
            counts = await self._inbox.counts()
            if not counts.waiting and not counts.underway:
                return
            await self._a_round(seen, quiet=False)

    async def drain(self, seconds: float) -> None:
        """Takes up nothing more, waits for what is underway, and after `seconds` gives the rest back to the inbox."""
        self._stopping.set()
        self._news.set()
        await asyncio.wait(self._tasks[:1])
        await self._wait_for_running(seconds)
        for task in self._running:
            task.cancel()
        if self._running:
            log.warning("stopped before everything was done; the rest waits in the inbox", rest=len(self._running))
            await asyncio.wait(self._running)
        self._tasks[1].cancel()

    def hurry(self) -> None:
        """Cuts a drain short."""
        self._hurry.set()

    async def _wait_for_running(self, seconds: float) -> None:
        if not self._running:
            return
        hurry = asyncio.create_task(self._hurry.wait())
        everything = asyncio.ensure_future(asyncio.wait(set(self._running)))
        await asyncio.wait((hurry, everything), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        everything.cancel()

    # The dispatcher

    async def _dispatch(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            self._round += 1
            self._answer_waiters(quiet=False)
            try:
                pause = await self._one_round()
            except WorldUnwell as error:
                log.error("the inbox can't be read; trying again", why=str(error))
                pause = _UNWELL_PAUSE_SECONDS
            await self._pause(pause)

    async def _one_round(self) -> float:
        """Takes up what is due while a slot is free; how many seconds may pass until the next round."""
        while len(self._in_slots) < self._slots and not self._stopping.is_set():
            asked_at = self._attempts.clock()
            claim = await self._inbox.claim(self._name, suspects=self._suspect is None)
            if claim is None:
                return await self._nothing_due()
            if self._stopping.is_set():
                await self._inbox.settle(claim, GivenBack())
                break
            if (full := self._full(claim.delivery.kind)) is not None:
                await self._inbox.settle(claim, full)
            else:
                self._take_up(claim, self._measured.claimed(claim, asked_at))
        return _LONGEST_PAUSE_SECONDS

    async def _nothing_due(self) -> float:
        # News since the round began may be of a lane that was freed after the claim looked.
        if not self._running and not self._news.is_set():
            self._answer_waiters(quiet=True)
        due = await self._inbox.next_due()
        if due is None:
            return _LONGEST_PAUSE_SECONDS
        until = max(due - self._attempts.clock(), timedelta(milliseconds=1))
        return min(until.total_seconds(), _LONGEST_PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        while True:
            try:
                await self._inbox.changed()
            except WorldUnwell:
                await asyncio.sleep(_UNWELL_PAUSE_SECONDS)
            self._news.set()

    def _full(self, kind: str) -> RetryAt | None:
        """When a delivery that takes no slot comes back, if as many of its kind as may be are underway."""
        beside = self._beside.get(kind)
        return None if beside is None else beside.put_off(self._attempts.clock())

    def _take_up(self, claim: Claim, is_first: bool) -> None:
        task = asyncio.create_task(self._attempt(claim, is_first))
        self._running.add(task)
        if (beside := self._beside.get(claim.delivery.kind)) is not None:
            beside.underway.add(task)
            task.add_done_callback(beside.underway.discard)
        else:
            self._in_slots.add(task)
        if claim.crashes >= SUSPECT:
            self._suspect = task
        task.add_done_callback(self._slot_freed)

    def _slot_freed(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._in_slots.discard(task)
        if self._suspect is task:
            self._suspect = None
        self._news.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("an attempt ended by a bug of the worker", exc_info=task.exception())

    # One slot

    async def _attempt(self, claim: Claim, is_first: bool) -> None:
        delivery = claim.delivery
        with (
            logs.bound(delivery=delivery.id, event=delivery.kind, attempt=claim.attempt),
            self._measured.attempt(claim, is_first) as ended,
        ):
            began = time.perf_counter()
            outcome = await self._made(claim)
            seconds = time.perf_counter() - began
            self._remember(delivery.id, outcome)
            ended(_word(outcome), seconds)
            await self._settle(claim, outcome, seconds)

    async def _made(self, claim: Claim) -> Outcome:
        """The attempt's outcome. One that breaks outside of the handling must not leave its delivery underway."""
        try:
            return await self._attempts.make(claim)
        except Exception as error:  # a bug of ours: ended and seen, not tried for ever
            log.error("an attempt ended by a bug of the worker", exc_info=error)
            return Outcome(Dead(f"This is a bug of the worker: {type(error).__name__}: {error}"))

    def _remember(self, id: str, outcome: Outcome) -> None:
        if outcome.needs_operator is None:
            self._needs_operator.pop(id, None)
        else:
            self._needs_operator[id] = outcome.needs_operator
        self._metrics.operator_needed.set(len(self._needs_operator))

    async def _settle(self, claim: Claim, outcome: Outcome, seconds: float) -> None:
        if outcome.settlement is None:
            return
        try:
            await self._inbox.settle(claim, outcome.settlement)
        except ClaimLost:
            log.warning("another worker took the delivery over before it was settled")
        except WorldUnwell as error:  # the claim lapses, and the delivery is handled again
            log.error("the inbox can't be written; the delivery will be handled again", why=str(error))
        else:
            _say(outcome, round(seconds, 3))
            if isinstance(outcome.settlement, Done):
                self._measured.done(claim.delivery)

    # Those who wait for the worker

    async def _a_round(self, seen: int, *, quiet: bool) -> None:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(_Waiter(seen, quiet, answer))
        if self._tasks[0].done():
            self._dispatcher_ended(self._tasks[0])
        await answer

    def _answer_waiters(self, *, quiet: bool) -> None:
        for waiter in [w for w in self._waiters if w.quiet == quiet and w.seen < self._round]:
            self._waiters.remove(waiter)
            if not waiter.answer.done():
                waiter.answer.set_result(None)

    def _dispatcher_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        for waiter in self._waiters:
            if not waiter.answer.done():
                waiter.answer.set_exception(RuntimeError(f"the worker has stopped: {error or 'it was drained'}"))
        self._waiters.clear()


def _word(outcome: Outcome) -> str:
    match outcome.settlement:
        case Done():
            return "done"
        case RetryAt():
            return "retry"
        case Dead():
            return "dead"
        case GivenBack():
            return "given_back"
        case None:
            return "lost"


def _say(outcome: Outcome, seconds: float) -> None:
    match outcome.settlement:
        case Done(note):
            log.info("the delivery was handled", note=note, seconds=seconds)
        case RetryAt(when, why) if outcome.needs_operator:
            log.error("the delivery waits for whoever runs the server", why=why, next=when.isoformat())
        case RetryAt(when, why):
            log.warning("the delivery will be tried again", why=why, next=when.isoformat(), seconds=seconds)
        case GivenBack():
            log.info("the delivery was given back to the inbox", seconds=seconds)
        case _:
            return
