"""Forwards take no slot of the worker from other deliveries, and are bounded by themselves (N17)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from telefonistka_py.events import own
from telefonistka_py.events.model import Event, ForwardEvent, lane
from telefonistka_py.inbox.model import Delivery, Inbox, State
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.names import Lane, RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server.attempt import Attempts
from telefonistka_py.server.worker import Beside, Worker
from tests.doors.server.conftest import AT_ONCE, payload


def now() -> datetime:
    return datetime.now(UTC)


def forward(number: int) -> Delivery:
    event = ForwardEvent(RepoName("acme/gitops"), f"p{number}", "all", (), False, 0.0, now())
    return Delivery(own.forward_id("all", event.source), own.FORWARD, lane(event), (), own.body(event), now())


def other(number: int) -> Delivery:
    return Delivery(f"d{number}", "pull_request", Lane(f"acme/infra#{number}"), (), payload(number), now())


class Hands:
    """Forwards go on when they are let; all else is done at once."""

    def __init__(self) -> None:
        self.released, self.changed = asyncio.Event(), asyncio.Condition()
        self.underway = self.most = self.done = 0

    async def handle(self, delivery: Delivery, event: Event) -> str:
        if isinstance(event, ForwardEvent):
            self.underway += 1
            self.most = max(self.most, self.underway)
            await self.tell()
            await self.released.wait()
            self.underway -= 1
        else:
            self.done += 1
            await self.tell()
        return "done"

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def see(self, underway: int, done: int) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: (self.underway, self.done) == (underway, done))


@asynccontextmanager
async def working(folder: Path, hands: Hands) -> AsyncIterator[tuple[Inbox, Worker]]:
    inbox = await open_inbox(folder / "inbox.sqlite3", now)
    attempts = Attempts(inbox, hands.handle, now, lambda: 0.0, patience=AT_ONCE)
    worker = Worker(attempts, Metrics(), slots=1, beside={own.FORWARD: Beside(3)})
    worker.start()
    try:
        yield inbox, worker
    finally:
        await worker.drain(5)
        await inbox.close()


async def test_forwards_that_hang_leave_the_slots_to_the_rest(tmp_path: Path) -> None:
    hands = Hands()
    async with working(tmp_path, hands) as (inbox, worker):
        for number in range(5):
            await inbox.put(forward(number))
        await hands.see(3, 0)
        for number in (1, 2):
            await inbox.put(other(number))
        await hands.see(3, 2)
        hands.released.set()
        await worker.settled()
        assert hands.most == 3
        entries = await inbox.entries()
    assert {entry.state for entry in entries} == {State.DONE}
    assert {entry.attempt for entry in entries} == {1}, "waiting for room is no attempt"


async def test_those_that_find_no_room_come_back_one_after_the_other() -> None:
    beside = Beside(0)
    moment = now()
    waits = [beside.put_off(moment) for _ in range(50)]
    assert len({wait.when for wait in waits if wait}) == 50
    assert Beside(1).put_off(moment) is None
