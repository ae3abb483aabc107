"""What each of the inbox's operations reads and writes in PostgreSQL, inside a transaction that its caller opened."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from telefonistka_py.inbox import postgres_jobs as jobs
from telefonistka_py.inbox import postgres_lanes as lanes
from telefonistka_py.inbox import taken_over
from telefonistka_py.inbox.model import (
    SUSPECT,
    Claim,
    ClaimLost,
    Dead,
    Delivery,
    Done,
    GivenBack,
    RetryAt,
    Settlement,
    State,
)
from telefonistka_py.inbox.postgres_jobs import Hold
from telefonistka_py.inbox.postgres_link import Db, row_of, rows_of
from telefonistka_py.inbox.taken_over import TakenOver
from telefonistka_py.names import Lane


async def claim(db: Db, worker: str, now: datetime, *, suspects: bool) -> Claim | None:
    """The oldest due delivery whose lane is free."""
    if not await jobs.release(db, now):
        return None
    while hold := await jobs.fetch(db, suspects=suspects):
        row = await row_of(
            db,
            "UPDATE deliveries SET state = 'underway', attempt = attempt + 1, worker = %(worker)s, due_at = NULL,"
            " first_claimed_at = coalesce(first_claimed_at, %(now)s) FROM payloads"
            " WHERE job_id = %(job)s AND payloads.seq = deliveries.seq RETURNING id, kind, lane, headers, body,"
            " received_at, NULL::timestamptz, attempt, crashes, first_claimed_at",
            {"worker": worker, "now": now, "job": hold.job},
        )
        if row is not None:
            attempt, crashes, first_claimed_at = row[7:]
            token = f"{hold.job}:{hold.worker}"
            return Claim(delivery_of(row[:7]), attempt, crashes, first_claimed_at, worker, token)
        await jobs.finish(db, hold)  # its delivery was deleted by hand
    return None


def delivery_of(row: Sequence[Any]) -> Delivery:
    """From id, kind, lane, headers, body, received_at and not_before."""
    headers = tuple((name, value) for name, value in json.loads(row[3]))
    return Delivery(row[0], row[1], Lane(row[2]), headers, row[4], row[5], row[6])


async def heartbeat(db: Db, claim: Claim) -> None:
    await jobs.beat(db, await _current(db, claim))


async def _current(db: Db, claim: Claim) -> Hold:
    job, _, worker = claim.token.partition(":")
    hold = Hold(int(job), int(worker))
    if not await jobs.held(db, hold):
        raise ClaimLost(f"Delivery {claim.delivery.id} is no longer {claim.worker}'s: another took it over.")
    return hold


async def settle(db: Db, claim: Claim, settlement: Settlement, now: datetime) -> None:
    lane = claim.delivery.lane
    then = settlement.then if isinstance(settlement, Done) else ()
    hasten = settlement.hasten if isinstance(settlement, Done) else ""
    touched = {lane, *(delivery.lane for delivery in then)}
    hastened = await _lanes_to_hasten(db, hasten)
    await lanes.lock(db, touched | hastened)
    hold = await _current(db, claim)
    match settlement:
        case Done(note) | Dead(note):
            await jobs.finish(db, hold)
            state = State.DONE if isinstance(settlement, Done) else State.DEAD
            await _ended(db, hold, state, note, now)
        case RetryAt(when, why, counted, anew):
            if anew:
                when = await _hastened_to(db, hold) or when
            await jobs.retry(db, hold, when)
            await _waits(db, hold, when, why, uncounted=0 if counted else 1, anew=anew)
        case GivenBack():
            await jobs.retry(db, hold, now)
            await _waits(db, hold, None, None, uncounted=1)
        case _:
            assert_never(settlement)
    if hastened:
        await _hasten(db, hastened, hasten, now)
    # Work of our own that was done once may be needed again: a pull request that was closed and reopened.
    await lanes.stored(db, then, replacing={State.DONE, State.DEAD})
    await lanes.go_on(db, touched)


async def _ended(db: Db, hold: Hold, state: State, note: str, now: datetime) -> None:
    await db.execute(
        "UPDATE deliveries SET state = %s, job_id = NULL, due_at = NULL, note = %s, settled_at = %s, crashes = 0"
        " WHERE job_id = %s",
        (state, _text(note), now, hold.job),
    )


async def _waits(
    db: Db, hold: Hold, due_at: datetime | None, note: str | None, *, uncounted: int, anew: bool = False
) -> None:
    await db.execute(
        "UPDATE deliveries SET state = 'waiting', due_at = %s, note = %s, crashes = 0,"
        " attempt = CASE WHEN %s THEN 0 ELSE attempt - %s END,"
        " first_claimed_at = CASE WHEN %s THEN NULL ELSE first_claimed_at END WHERE job_id = %s",
        (due_at, None if note is None else _text(note), anew, uncounted, anew, hold.job),
    )
    await lanes.tell(db)


def _text(note: str) -> str:
    """`note` as PostgreSQL can keep it: without NUL and halves of surrogate pairs."""
    return note.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


_WAITS = "state = 'waiting' AND due_at IS NOT NULL AND starts_with(id, %(start)s)"
_UNDERWAY = "state = 'underway' AND starts_with(id, %(start)s)"
# Apart, as each has an index of its own.


async def _lanes_to_hasten(db: Db, start: str) -> set[str]:
    """What is put to wait for its moment while this looks is not found: nobody has looked for anything there yet."""
    if not start:
        return set()
    found = await rows_of(
        db,
        f"SELECT lane FROM deliveries WHERE {_WAITS} UNION ALL SELECT lane FROM deliveries WHERE {_UNDERWAY}",  # noqa: S608
        {"start": start},
    )
    return {lane for (lane,) in found}


async def _hasten(db: Db, hastened: set[str], start: str, now: datetime) -> None:
    """The lanes must be locked, so that nothing is settled meanwhile: it would be found neither before nor after.

    What is underway is marked by the moment until which it may wait; see `_hastened_to`.
    """
    given = {"now": now, "start": start, "lanes": sorted(hastened)}
    await jobs.lock_waiting(db, f"SELECT job_id FROM deliveries WHERE {_WAITS}", given)  # noqa: S608
    hastened_now = "UPDATE deliveries SET due_at = %(now)s WHERE lane = ANY(%(lanes)s)"
    found = await rows_of(db, f"{hastened_now} AND {_WAITS} AND due_at > %(now)s RETURNING job_id", given)
    for (job,) in found:
        if job is not None:
            await jobs.due_now(db, job, now)
    await db.execute(f"{hastened_now} AND {_UNDERWAY}".encode(), given)
    await lanes.tell(db)


async def _hastened_to(db: Db, hold: Hold) -> datetime | None:
    """Since when what is underway has been wanted again; None if nobody hastened it."""
    row = await row_of(db, "SELECT due_at FROM deliveries WHERE job_id = %s", (hold.job,))
    return None if row is None else row[0]


async def take_over(db: Db, now: datetime, stale_after: timedelta) -> list[TakenOver]:
    """What workers that were not heard of for `stale_after` had underway waits again. Its attempts stay counted."""
    found = [await _take_over(db, hold, now, stale_after) for hold in await jobs.stalled(db, stale_after)]
    await jobs.prune(db, stale_after)
    return [each for each in found if each is not None]


async def _take_over(db: Db, hold: Hold, now: datetime, stale_after: timedelta) -> TakenOver | None:
    if not await jobs.held(db, hold, wait=False) or not await jobs.silent(db, hold, stale_after):
        return None  # its worker settles it at this moment, or was heard of at the last
    row = await row_of(
        db,
        "UPDATE deliveries SET state = 'waiting', due_at = NULL, crashes = crashes + 1 WHERE job_id = %s"
        " RETURNING id, coalesce(worker, ''), crashes",
        (hold.job,),
    )
    taken = None if row is None else TakenOver(*row)
    if taken is not None:
        note = taken_over.note(taken.worker)
        await db.execute("UPDATE deliveries SET note = %s WHERE job_id = %s", (note, hold.job))
    await jobs.put_back(db, hold, now, suspect=taken is not None and taken.crashes >= SUSPECT)
    await lanes.tell(db)
    return taken


async def again(db: Db, id: str, now: datetime) -> State | None:
    found = await _locked(db, id)
    if found is None:
        return None
    state, job, delivery = found
    match state:
        case State.WAITING:
            if job is not None:
                await jobs.due_now(db, job, now)
            await db.execute("UPDATE deliveries SET due_at = NULL WHERE id = %s AND state = 'waiting'", (id,))
            await lanes.tell(db)
        case State.DONE | State.DEAD:
            await lanes.stored(db, [delivery], replacing={State.DONE, State.DEAD})
            await lanes.go_on(db, {delivery.lane})
        case State.UNDERWAY:
            pass
    return state


async def drop(db: Db, id: str) -> State | None:
    found = await _locked(db, id)
    if found is None:
        return None
    state, job, delivery = found
    if state is State.UNDERWAY or (job is not None and not await jobs.cancel(db, job)):
        return State.UNDERWAY
    # One that ended may have been put anew in another lane since: that stays.
    await db.execute("DELETE FROM deliveries WHERE id = %s AND state = %s", (id, state.value))
    await lanes.go_on(db, {delivery.lane})
    return state


async def _locked(db: Db, id: str) -> tuple[State, int | None, Delivery] | None:
    """A delivery whose lane is locked, so that it neither ends nor is put anew; it may still be claimed."""
    while lane := await row_of(db, "SELECT lane FROM deliveries WHERE id = %s", (id,)):
        await lanes.lock(db, lane)
        row = await row_of(
            db,
            "SELECT state, job_id, id, kind, lane, headers, body, received_at, NULL"
            " FROM deliveries JOIN payloads USING (seq) WHERE id = %s",
            (id,),
        )
        if row is not None and row[4] == lane[0]:  # else it was put anew in another lane
            return State(row[0]), row[1], delivery_of(row[2:])
    return None


async def forget(db: Db, settled_before: datetime, most: int) -> int:
    done = await db.execute(
        "DELETE FROM deliveries WHERE state = 'done' AND seq IN (SELECT seq FROM deliveries"
        " WHERE state = 'done' AND settled_at < %s ORDER BY settled_at LIMIT %s)",
        (settled_before, most),
    )
    return done.rowcount


async def note(db: Db, key: str, text: str | None) -> None:
    if text is None:
        await db.execute("DELETE FROM notes WHERE key = %s", (key,))
    else:
        await db.execute(
            "INSERT INTO notes VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET text = excluded.text", (key, text)
        )


async def leave_mark(db: Db, now: datetime) -> None:
    await db.execute(
        "INSERT INTO mark VALUES (true, %s) ON CONFLICT (one) DO UPDATE SET made_at = excluded.made_at", (now,)
    )
