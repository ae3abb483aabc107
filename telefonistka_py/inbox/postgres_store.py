"""`Inbox` on PostgreSQL, for any number of replicas. Made by `postgres.open_inbox`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TypeVar

import psycopg
from psycopg import errors

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.inbox import (
    postgres_lanes,
    postgres_link,
    postgres_looks,
    postgres_rows,
    postgres_schema,
    taken_over,
)
from telefonistka_py.inbox.model import Claim, Counts, Delivery, Entry, Kept, Receipt, Settlement, State
from telefonistka_py.inbox.postgres_link import Db
from telefonistka_py.inbox.postgres_news import News
from telefonistka_py.inbox.postgres_puts import Puts, Unfit
from telefonistka_py.inbox.postgres_turns import Turns

Clock = Callable[[], datetime]

_T = TypeVar("_T")
Work = Callable[[Db], Awaitable[_T]]

_MOST_TRIES = 4
_LONGEST_SILENCE_SECONDS = 5.0
"""`changed` returns after so long without news: for claims of the dead, and for news that was missed."""


async def opened(url: str, clock: Clock, stale_after: timedelta, patience_seconds: float) -> "PostgresInbox":
    """See `postgres.open_inbox`."""
    where = postgres_link.where(url)
    try:
        async with await postgres_link.connected(url) as db:
            await postgres_schema.refuse_other_layout(db, where)
    except psycopg.Error as error:
        said = (
            f"The inbox in the database {where} can't be opened ({postgres_link.reason(error)}): correct "
            "TELEFONISTKA_DATABASE_URL, or start the database."
        )
        # The driver does not tell a wrong password from a database that is starting.
        if isinstance(error, psycopg.OperationalError):
            raise WorldUnwell(said) from None
        raise OperatorMistake(said) from None
    inbox = PostgresInbox(url, clock, stale_after, patience_seconds)
    try:
        await inbox.open()
    except BaseException:
        await inbox.close()
        raise
    return inbox


class PostgresInbox:
    """`Inbox` on PostgreSQL."""

    def __init__(self, url: str, clock: Clock, stale_after: timedelta, patience_seconds: float) -> None:
        self._where = postgres_link.where(url)
        self._clock = clock
        self._stale_after = stale_after
        self._pool = postgres_link.pool(url, patience_seconds)
        self._turns = Turns(url, patience_seconds)
        self._closed = False
        self._stirred = asyncio.Event()
        self._stirred.set()
        self._puts = Puts(self._put_together)
        self._silence_seconds = min(_LONGEST_SILENCE_SECONDS, stale_after.total_seconds() / 4)
        self._looked_for_stale_at: datetime | None = None
        self._news = News(url, self._stirred.set, self._silence_seconds / 2)

    async def open(self) -> None:
        """Once, before anything else."""
        await self._pool.open()
        await self._turns.open()
        await self._news.begun()
        await self._take_over_at_times(self._clock())

    async def put(self, delivery: Delivery) -> Receipt:
        if self._closed:
            raise self._is_closed()
        receipt = await self._puts.put(delivery)
        if receipt is not Receipt.KNOWN:
            self._stirred.set()
        return receipt

    async def _put_together(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        return await self._run(lambda db: postgres_lanes.put(db, deliveries))

    async def claim(self, worker: str, *, suspects: bool = True) -> Claim | None:
        now = self._clock()
        await self._take_over_at_times(now)
        return await self._run(lambda db: postgres_rows.claim(db, worker, now, suspects=suspects))

    async def _take_over_at_times(self, now: datetime) -> None:
        last = self._looked_for_stale_at
        if last is not None and abs(now - last).total_seconds() < self._silence_seconds:
            return
        self._looked_for_stale_at = now
        taken_over.tell(await self._run(lambda db: postgres_rows.take_over(db, now, self._stale_after)))

    async def heartbeat(self, claim: Claim) -> None:
        await self._run(lambda db: postgres_rows.heartbeat(db, claim))

    async def settle(self, claim: Claim, settlement: Settlement) -> None:
        now = self._clock()
        await self._run(lambda db: postgres_rows.settle(db, claim, settlement, now))
        self._stirred.set()

    async def counts(self) -> Counts:
        return await self._run(postgres_looks.counts)

    async def oldest_open(self) -> datetime | None:
        return await self._run(postgres_looks.oldest_open)

    async def entries(self, *, state: State | None = None, lane: str | None = None, most: int = 50) -> Sequence[Entry]:
        return await self._run(lambda db: postgres_looks.entries(db, state, lane, most))

    async def find(self, id: str) -> Kept | None:
        return await self._run(lambda db: postgres_looks.find(db, id))

    async def ids(self, start: str, *, most: int) -> Sequence[str]:
        return await self._run(lambda db: postgres_looks.ids(db, start, most))

    async def again(self, id: str) -> State | None:
        now = self._clock()
        before = await self._run(lambda db: postgres_rows.again(db, id, now))
        self._stirred.set()
        return before

    async def drop(self, id: str) -> State | None:
        before = await self._run(lambda db: postgres_rows.drop(db, id))
        self._stirred.set()
        return before

    async def forget(self, settled_before: datetime, *, most: int = 1000) -> int:
        return await self._run(lambda db: postgres_rows.forget(db, settled_before, most))

    async def note(self, key: str, text: str | None) -> None:
        await self._run(lambda db: postgres_rows.note(db, key, text))

    async def notes(self, start: str = "") -> Mapping[str, str]:
        return await self._run(lambda db: postgres_looks.notes(db, start))

    async def next_due(self) -> datetime | None:
        return await self._run(postgres_looks.next_due)

    async def changed(self) -> None:
        try:
            async with asyncio.timeout(self._silence_seconds):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        return self._turns.turn(name)

    async def check(self) -> None:
        now = self._clock()
        await self._run(lambda db: postgres_rows.leave_mark(db, now))

    async def close(self) -> None:
        self._closed = True
        await self._puts.finished()
        await self._news.close()
        await self._turns.close()
        await self._pool.close()

    async def _run(self, work: Work[_T]) -> _T:
        """What `work` returns, once it is durable; it runs in one transaction, again if others were in its way."""
        for _ in range(_MOST_TRIES - 1):
            try:
                return await self._once(work)
            except (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation):
                continue  # another replica did the same at the same moment; this transaction changed nothing
            except (psycopg.Error, ValueError) as error:
                raise self._told(error) from None
        try:
            return await self._once(work)
        except (psycopg.Error, ValueError) as error:
            raise self._told(error) from None

    async def _once(self, work: Work[_T]) -> _T:
        if self._pool.closed:
            raise self._is_closed()
        async with self._pool.connection() as db, db.transaction():
            return await work(db)

    def _told(self, error: Exception) -> WorldUnwell:
        told = postgres_link.unwell(self._where, error)
        return Unfit(str(told)) if isinstance(error, psycopg.DataError | ValueError) else told

    def _is_closed(self) -> WorldUnwell:
        return WorldUnwell(f"The inbox in the database {self._where} is closed.")
