"""What is asked of the inbox in PostgreSQL without changing it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from telefonistka_py.inbox.model import Counts, Entry, Kept, State
from telefonistka_py.inbox.postgres_link import Db
from telefonistka_py.inbox.postgres_rows import delivery_of
from telefonistka_py.names import Lane

_ENTRY = "id, kind, lane, received_at, state, attempt, crashes, due_at, settled_at, worker, note"


async def counts(db: Db) -> Counts:
    each = [f"(SELECT count(*) FROM deliveries WHERE state = '{state.value}')" for state in State]  # noqa: S608
    row = await (await db.execute(f"SELECT {', '.join(each)}".encode())).fetchone()
    assert row is not None
    return Counts(**dict(zip(State, row, strict=True)))


async def oldest_open(db: Db) -> datetime | None:
    # The kinds of our own work hold a slash (events.own), GitHub's never do.
    row = await (
        await db.execute(
            "SELECT min(received_at) FROM deliveries WHERE state IN ('waiting', 'underway') AND strpos(kind, '/') = 0"
        )
    ).fetchone()
    return None if row is None else row[0]


async def next_due(db: Db) -> datetime | None:
    row = await (
        await db.execute(
            "SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NOT NULL"
        )
    ).fetchone()
    return None if row is None else row[0]


async def entries(db: Db, state: State | None, lane: str | None, most: int) -> list[Entry]:
    in_state = "TRUE" if state is None else f"state = '{state.value}'"  # spelt out, so that a partial index serves it
    in_lane = "TRUE" if lane is None else "lane = %(lane)s"
    rows = await db.execute(
        f"SELECT {_ENTRY} FROM deliveries WHERE {in_state} AND {in_lane} ORDER BY seq DESC LIMIT %(most)s".encode(),  # noqa: S608
        {"lane": lane, "most": most},
    )
    return [_entry(row) for row in await rows.fetchall()]


async def find(db: Db, id: str) -> Kept | None:
    row = await (
        await db.execute(
            f"SELECT {_ENTRY}, headers, body FROM deliveries JOIN payloads USING (seq) WHERE id = %s".encode(),  # noqa: S608
            (id,),
        )
    ).fetchone()
    if row is None:
        return None
    not_before = row[7] if row[4] == State.WAITING and row[5] == 0 else None
    return Kept(_entry(row), delivery_of([*row[:3], row[11], row[12], row[3], not_before]))


async def ids(db: Db, start: str, most: int) -> list[str]:
    rows = await db.execute(
        'SELECT id FROM deliveries WHERE starts_with(id, %s) ORDER BY id COLLATE "C" LIMIT %s', (start, most)
    )
    return [id for (id,) in await rows.fetchall()]


async def notes(db: Db, start: str) -> dict[str, str]:
    rows = await db.execute(
        "SELECT key, text FROM notes WHERE key >= %(start)s AND starts_with(key, %(start)s) ORDER BY key",
        {"start": start},
    )
    return dict(await rows.fetchall())


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(
        id=row[0],
        kind=row[1],
        lane=Lane(row[2]),
        received_at=row[3],
        state=State(row[4]),
        attempt=row[5],
        crashes=row[6],
        due_at=row[7],
        settled_at=row[8],
        worker=row[9],
        note=row[10] or "",
    )
