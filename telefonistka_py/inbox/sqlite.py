"""The inbox in one SQLite file: the embedded default, for one process.

Durable as SQLite's WAL mode with `synchronous=FULL` is: <https://www.sqlite.org/pragma.html#pragma_synchronous>.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.inbox import rows, schema, taken_over
from telefonistka_py.inbox.commits import Commits
from telefonistka_py.inbox.model import SUSPECT, Claim, Counts, Delivery, Entry, Kept, Receipt, Settlement, State
from telefonistka_py.inbox.taken_over import TakenOver

Clock = Callable[[], datetime]

STALE_AFTER = timedelta(seconds=60)
"""A claim whose worker was not heard of for so long is taken over."""

_NO_LIMIT = 2**62


async def open_inbox(
    path: Path, clock: Clock, *, stale_after: timedelta = STALE_AFTER, patience_seconds: float = 5.0
) -> "SqliteInbox":
    """The inbox in the file `path`, made if there is none; what a dead process had underway waits again.

    `clock` gives aware UTC. `patience_seconds` is how long a write waits while another program locks the file.
    Raises `OperatorMistake` when the file can't be used, or is in use by another server.
    """
    held = await asyncio.to_thread(_hold, path, patience_seconds)
    taken_over.tell(held.taken)
    return SqliteInbox(held, clock, stale_after)


async def open_beside(path: Path, clock: Clock, *, patience_seconds: float = 5.0) -> "SqliteInbox":
    """The inbox in `path` for a look and a change by hand, while a server may be using it: for `telefonistka inbox`.

    Raises `OperatorMistake` when there is no such inbox.
    """
    held = await asyncio.to_thread(_beside, path, patience_seconds)
    return SqliteInbox(held, clock, STALE_AFTER)


class SqliteInbox:
    """`Inbox` on SQLite. Made by `open_inbox`."""

    def __init__(self, held: "_Held", clock: Clock, stale_after: timedelta) -> None:
        self._commits = Commits(held.db, str(held.path))
        self._lock = held.lock
        self._clock = clock
        self._stale_after = stale_after
        self._stirred = asyncio.Event()
        self._stirred.set()

    async def put(self, delivery: Delivery) -> Receipt:
        headers = rows.packed(delivery.headers)
        received_at = rows.micros(delivery.received_at)
        receipt = await self._commits.run(lambda db: rows.put(db, delivery, headers, received_at))
        if receipt is not Receipt.KNOWN:
            self._stirred.set()
        return receipt

    async def claim(self, worker: str, *, suspects: bool = True) -> Claim | None:
        now = self._clock()
        at, stale = rows.micros(now), rows.micros(now - self._stale_after)
        fewer_crashes = _NO_LIMIT if suspects else SUSPECT
        taken, claim = await self._commits.run(
            lambda db: (rows.take_over(db, stale), rows.claim(db, worker, at, fewer_crashes))
        )
        taken_over.tell(taken)
        return claim

    async def heartbeat(self, claim: Claim) -> None:
        at = rows.micros(self._clock())
        await self._commits.run(lambda db: rows.heartbeat(db, claim, at))

    async def settle(self, claim: Claim, settlement: Settlement) -> None:
        at = rows.micros(self._clock())
        change = rows.change_for(settlement)
        await self._commits.run(lambda db: rows.settle(db, claim, change, at))
        self._stirred.set()

    async def counts(self) -> Counts:
        return await self._commits.run(rows.counts)

    async def oldest_open(self) -> datetime | None:
        return await self._commits.run(rows.oldest_open)

    async def entries(self, *, state: State | None = None, lane: str | None = None, most: int = 50) -> Sequence[Entry]:
        return await self._commits.run(lambda db: rows.entries(db, state, lane, most))

    async def find(self, id: str) -> Kept | None:
        return await self._commits.run(lambda db: rows.find(db, id))

    async def ids(self, start: str, *, most: int) -> Sequence[str]:
        return await self._commits.run(lambda db: rows.ids(db, start, most))

    async def again(self, id: str) -> State | None:
        before = await self._commits.run(lambda db: rows.again(db, id))
        self._stirred.set()
        return before

    async def drop(self, id: str) -> State | None:
        before = await self._commits.run(lambda db: rows.drop(db, id))
        self._stirred.set()
        return before

    async def forget(self, settled_before: datetime, *, most: int = 1000) -> int:
        at = rows.micros(settled_before)
        return await self._commits.run(lambda db: rows.forget(db, at, most))

    async def note(self, key: str, text: str | None) -> None:
        await self._commits.run(lambda db: rows.note(db, key, text))

    async def notes(self, start: str = "") -> Mapping[str, str]:
        return await self._commits.run(lambda db: rows.notes(db, start))

    async def next_due(self) -> datetime | None:
        return await self._commits.run(rows.next_due)

    async def changed(self) -> None:
        await self._stirred.wait()
        self._stirred.clear()

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()  # no other process works on the file

    async def check(self) -> None:
        at = rows.micros(self._clock())
        await self._commits.run(lambda db: rows.leave_mark(db, at))

    async def close(self) -> None:
        await self._commits.close()
        if self._lock is not None:
            self._lock.close()


@dataclass(frozen=True)
class _Held:
    """A file in use: its path, its connection, and the lock that makes it ours alone, gone with the process."""

    path: Path
    db: sqlite3.Connection
    lock: IO[bytes] | None
    taken: list[TakenOver] = field(default_factory=list)
    """What the process before had underway."""


def _hold(path: Path, patience_seconds: float) -> _Held:
    lock = _lock(path)
    try:
        taken: list[TakenOver] = []
        db = _opened(path, patience_seconds, lambda db: taken.extend(rows.take_over_all(db)))
        return _Held(path, db, lock, taken)
    except BaseException:
        lock.close()
        raise


def _beside(path: Path, patience_seconds: float) -> _Held:
    if not path.is_file():
        raise OperatorMistake(f"There is no inbox at {path}: set TELEFONISTKA_INBOX to the server's file.")
    return _Held(path, _opened(path, patience_seconds, lambda db: None), None)


def _lock(path: Path) -> IO[bytes]:
    """A lock beside the file. SQLite's own locks go when any descriptor of the file is closed, so it isn't the file."""
    try:
        lock = open(path.with_name(path.name + ".lock"), "ab")  # noqa: SIM115 - held as long as the inbox is
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise OperatorMistake(
            f"The inbox {path} is in use by another Telefonistka: stop that one, "
            "or set TELEFONISTKA_INBOX to another file."
        ) from None
    return lock


def _opened(path: Path, patience_seconds: float, at_first: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    db: sqlite3.Connection | None = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # payloads of private repositories are for us alone
        db = sqlite3.connect(path, timeout=patience_seconds, isolation_level=None, check_same_thread=False)
        schema.prepare(db, path)
        at_first(db)
        return db
    except (OSError, sqlite3.Error, OperatorMistake) as error:
        if db is not None:
            db.close()
        if isinstance(error, OperatorMistake):
            raise
        raise _unusable(path, getattr(error, "strerror", None) or str(error)) from None


def _unusable(path: Path, why: str) -> OperatorMistake:
    return OperatorMistake(
        f"The inbox {path} can't be opened ({why}): set TELEFONISTKA_INBOX to a file in a directory that "
        "exists and that the server may write."
    )
