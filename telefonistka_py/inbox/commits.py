"""One thread with one SQLite connection; all who wait at the same moment share one commit, and so one fsync."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from telefonistka_py.errors import TelefonistkaError, WorldUnwell
from telefonistka_py.inbox.model import ClaimLost

_T = TypeVar("_T")
Work = Callable[[sqlite3.Connection], _T]

_MOST_PER_COMMIT = 500


@dataclass(frozen=True)
class _Job:
    work: Work[Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True)
class _Outcome:
    job: _Job
    value: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        if self.job.answer.done():  # who asked was cancelled; the work stands all the same
            return
        if self.error is None:
            self.job.answer.set_result(self.value)
        else:
            self.job.answer.set_exception(self.error)


class Commits:
    """Runs pieces of work in the order they were asked for, each wholly or not at all, and answers after the commit."""

    def __init__(self, db: sqlite3.Connection, where: str) -> None:
        self._db = db
        self._where = where
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="inbox", daemon=True)
        self._thread.start()

    async def run(self, work: Work[_T]) -> _T:
        """What `work` returns, once it is durable. `work` runs in the inbox's thread and must not commit by itself.

        Raises `WorldUnwell` when the file can't be read or written; then nothing of `work` is kept.
        """
        if self._closed:
            raise WorldUnwell(f"The inbox {self._where} is closed.")
        answer: asyncio.Future[_T] = self._loop.create_future()
        self._jobs.put(_Job(work, answer))
        return await answer

    async def close(self) -> None:
        """Finishes what was asked for and closes the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await self._ended.wait()
        self._thread.join()

    def _serve(self) -> None:
        batch: list[_Job] = []
        try:
            while batch := self._next_batch():
                self._tell(self._committed(batch))
                batch = []
        finally:
            self._db.close()
            self._loop.call_soon_threadsafe(self._end, batch)

    def _end(self, unanswered: list[_Job]) -> None:
        """In the loop, where nothing can be asked meanwhile. Leaves nobody waiting for an answer."""
        self._closed = True
        stopped = WorldUnwell(f"The inbox {self._where} has stopped.")
        for job in [*unanswered, *self._left_over()]:
            _Outcome(job, error=stopped).tell()
        self._ended.set()

    def _next_batch(self) -> list[_Job]:
        """At least one job, with all that came meanwhile; empty at the end."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _MOST_PER_COMMIT or self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)  # the end comes after this batch
        return batch

    def _left_over(self) -> list[_Job]:
        jobs = []
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                jobs.append(job)
        return jobs

    def _committed(self, batch: list[_Job]) -> list[_Outcome]:
        try:
            return self._together(batch)
        except sqlite3.OperationalError as error:  # the disk or a lock: it would be the same for each alone
            return [_Outcome(job, error=unwell(self._where, error)) for job in batch]
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if len(batch) == 1:
                return [_Outcome(batch[0], error=unwell(self._where, error))]
            return [outcome for job in batch for outcome in self._committed([job])]

    def _together(self, batch: list[_Job]) -> list[_Outcome]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [self._outcome(job) for job in batch]
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        return outcomes

    def _outcome(self, job: _Job) -> _Outcome:
        try:
            return _Outcome(job, value=job.work(self._db))
        except ClaimLost as lost:  # found before anything was written
            return _Outcome(job, error=lost)

    def _tell(self, outcomes: Sequence[_Outcome]) -> None:
        if outcomes:
            self._loop.call_soon_threadsafe(_tell_all, outcomes)


def _tell_all(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()


def unwell(where: str, error: Exception) -> TelefonistkaError:
    """What SQLite's complaint about the file `where` means for a person."""
    match getattr(error, "sqlite_errorname", ""):
        case "SQLITE_FULL":
            return WorldUnwell(f"The disk under the inbox {where} is full.")
        case name if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return WorldUnwell(f"Another process holds the inbox {where} locked.")
        case _:
            return WorldUnwell(f"The inbox {where} can't be used: {error}.")
