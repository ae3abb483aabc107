"""procrastinate's jobs, on the connection and in the transaction of whoever asks.

One job stands for one delivery that may be claimed or is underway. Each claim is a worker of procrastinate's: the
worker's heartbeat is the claim's, and its number, which is never given twice, proves that the claim is the current one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from procrastinate.connector import BaseAsyncConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from telefonistka_py.inbox.postgres_link import Db

DELIVERIES = "deliveries"
SUSPECTS = "suspects"
"""The queue of what may kill its worker; see `Inbox.claim`."""

_TASK = "delivery"
_PLACES = 2**31 - 1
HELD_BACK = -(2**31)
"""Jobs that wait for a moment come last, so that nobody who looks for one that is due passes by them."""


class _OnConnection(BaseAsyncConnector):
    """Runs procrastinate's queries on one connection, and so in its transaction. Errors stay psycopg's."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        await self._db.execute(query.encode(), _adapted(arguments))

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        (row,) = await self.execute_query_all_async(query, **arguments)
        return row

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        async with self._db.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query.encode(), _adapted(arguments))
            return await cursor.fetchall()


def _adapted(value: Any) -> Any:
    """Arguments as psycopg takes them: JSON within composite values is marked as such."""
    match value:
        case dict():
            return {name: Jsonb(each) if isinstance(each, dict) else _adapted(each) for name, each in value.items()}
        case list():
            return [_adapted(each) for each in value]
        case tuple():
            return tuple(Jsonb(each) if isinstance(each, dict) else each for each in value)
        case _:
            return value


def _manager(db: Db) -> JobManager:
    return JobManager(_OnConnection(db))


@dataclass(frozen=True)
class Wanted:
    """A delivery that needs a job: its place in the order of arrival, its lane, and until when it waits."""

    seq: int
    lane: str
    due_at: datetime | None


@dataclass(frozen=True)
class Hold:
    """What a claim holds: a job, as one of procrastinate's workers."""

    job: int
    worker: int | None
    """None when somebody deleted the worker by hand."""


async def defer(db: Db, wanted: Sequence[Wanted]) -> list[int]:
    """The numbers of new jobs, one for each of `wanted`. Those that arrived first are fetched first."""
    jobs = [
        Job(
            queue=DELIVERIES,
            task_name=_TASK,
            lock=each.lane,
            queueing_lock=None,
            priority=-(each.seq % _PLACES) if each.due_at is None else HELD_BACK,
            scheduled_at=each.due_at,
        )
        for each in wanted
    ]
    return [_number(job) for job in await _manager(db).batch_defer_jobs_async(jobs)]


async def release(db: Db, now: datetime) -> bool:
    """Takes its moment off each job that is due, and gives it back its place; whether any job may be fetched now.

    The moments were given by our clock, and our worker sleeps by it: so it decides, and not the database's.
    """
    row = await (
        await db.execute(
            "WITH due AS (SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at <= %s"
            " ORDER BY scheduled_at FOR UPDATE SKIP LOCKED), released AS (UPDATE procrastinate_jobs AS job"
            " SET scheduled_at = NULL, priority = coalesce(-(seq %% %s), 0)"
            " FROM due LEFT JOIN deliveries ON job_id = due.id WHERE job.id = due.id RETURNING 1)"
            " SELECT EXISTS (SELECT FROM released)"
            " OR EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NULL)",
            (now, _PLACES),
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def due_now(db: Db, job: int, now: datetime) -> None:
    """A job that waits is due."""
    await db.execute("UPDATE procrastinate_jobs SET scheduled_at = %s WHERE id = %s AND status = 'todo'", (now, job))


async def lock_waiting(db: Db, ids: str, given: Mapping[str, object]) -> None:
    """Until the transaction ends nobody else takes up those jobs that wait whose numbers the query `ids` gives."""
    await db.execute(
        f"SELECT FROM procrastinate_jobs WHERE status = 'todo' AND id IN ({ids}) ORDER BY id FOR UPDATE".encode(),
        given,
    )


async def fetch(db: Db, *, suspects: bool) -> Hold | None:
    """The first job that is due and whose lane is free, held by a new worker."""
    manager = _manager(db)
    worker = await manager.register_worker()
    job = await manager.fetch_job([DELIVERIES, SUSPECTS] if suspects else [DELIVERIES], worker)
    return None if job is None else Hold(_number(job), worker)


async def beat(db: Db, hold: Hold) -> None:
    if hold.worker is not None:
        await _manager(db).update_heartbeat(hold.worker)


async def finish(db: Db, hold: Hold) -> None:
    """Ends the job; nothing of it is kept, since the delivery's own row tells what came of it."""
    await _manager(db).finish_job_by_id_async(hold.job, Status.SUCCEEDED, delete_job=True)
    await _leave(db, hold)


async def retry(db: Db, hold: Hold, when: datetime) -> None:
    """The job waits until `when`, and is no suspect any more."""
    await _manager(db).retry_job_by_id_async(hold.job, when, priority=HELD_BACK, queue=DELIVERIES)
    await _leave(db, hold)


async def _leave(db: Db, hold: Hold) -> None:
    if hold.worker is not None:
        await _manager(db).unregister_worker(hold.worker)


async def put_back(db: Db, hold: Hold, when: datetime, *, suspect: bool) -> None:
    """A job that its worker left behind waits until `when`."""
    queue = SUSPECTS if suspect else DELIVERIES
    await _manager(db).retry_job_by_id_async(hold.job, when, priority=HELD_BACK, queue=queue)


async def held(db: Db, hold: Hold, *, wait: bool = True) -> bool:
    """Whether the job is still this worker's; if so, it stays so until the transaction ends.

    `wait=False` says no for a job that another transaction is changing.
    """
    row = await (
        await db.execute(
            b"SELECT 1 FROM procrastinate_jobs WHERE id = %s AND worker_id IS NOT DISTINCT FROM %s"
            b" AND status = 'doing' FOR UPDATE" + (b"" if wait else b" SKIP LOCKED"),
            (hold.job, hold.worker),
        )
    ).fetchone()
    return row is not None


async def cancel(db: Db, job: int) -> bool:
    """Removes a job that waits; False when it is underway."""
    return await _manager(db).cancel_job_by_id_async(job, delete_job=True)


async def stalled(db: Db, stale_after: timedelta) -> list[Hold]:
    """Jobs whose workers were not heard of for so long, by the database's clock."""
    jobs: Iterable[Job] = await _manager(db).get_stalled_jobs(seconds_since_heartbeat=stale_after.total_seconds())
    return [Hold(_number(job), job.worker_id) for job in jobs]


async def silent(db: Db, hold: Hold, stale_after: timedelta) -> bool:
    """Whether the worker of a job that is `held` is still one of `stalled`'s: it may have been heard of since."""
    row = await (
        await db.execute(
            b"SELECT 1 FROM procrastinate_workers WHERE id = %s AND last_heartbeat >= now() - %s",
            (hold.worker, stale_after),
        )
    ).fetchone()
    return row is None


async def prune(db: Db, stale_after: timedelta) -> None:
    """Forgets the workers that were not heard of for so long, but none whose job is being settled at this moment."""
    await db.execute(
        "DELETE FROM procrastinate_workers AS worker WHERE last_heartbeat < now() - %s AND NOT EXISTS"
        " (SELECT FROM procrastinate_jobs WHERE worker_id = worker.id AND status = 'doing')",
        (stale_after,),
    )


def _number(job: Job) -> int:
    assert job.id is not None
    return job.id
