"""Deliveries come into their lanes, and lanes go on: inside a transaction that the caller opened.

Whatever adds to a lane or ends its first delivery locks the lane first (`lock`), then jobs, then deliveries: in this
order everywhere, so that transactions wait for one another instead of deadlocking.
"""

import json
from collections.abc import Collection, Sequence

from telefonistka_py.inbox import postgres_jobs as jobs
from telefonistka_py.inbox.model import Delivery, Receipt, State
from telefonistka_py.inbox.postgres_jobs import Wanted
from telefonistka_py.inbox.postgres_link import Db, rows_of

CHANNEL = "telefonistka_inbox"
"""Where replicas tell one another that something may have become claimable."""

_SEED = 7_213_640_171_285_539_843  # keeps our lanes' locks apart from other advisory locks in the same database


async def put(db: Db, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Stores those that are new, in their order; one receipt each."""
    lanes = {delivery.lane for delivery in deliveries}
    await lock(db, lanes)
    receipts = await stored(db, deliveries, replacing={State.DEAD})
    await go_on(db, lanes)
    return receipts


async def lock(db: Db, lanes: Collection[str]) -> None:
    """Until the transaction ends nobody else adds to these lanes or lets them go on."""
    await db.execute(
        "SELECT pg_advisory_xact_lock(key) FROM"
        " (SELECT DISTINCT hashtextextended(lane, %s) AS key FROM unnest(%s::text[]) AS lane ORDER BY 1) AS keys",
        (_SEED, sorted(lanes)),
    )


async def stored(db: Db, deliveries: Sequence[Delivery], replacing: set[State]) -> list[Receipt]:
    """Stores those that are new, or known in a state that is replaced. Their lanes must be locked, and go on next."""
    if not deliveries:
        return []
    ids = list({delivery.id for delivery in deliveries})
    rows = await rows_of(db, "SELECT id, state FROM deliveries WHERE id = ANY(%s)", (ids,))
    known: dict[str, State] = {id: State(state) for id, state in rows}
    replaced = [id for id, state in known.items() if state in replacing]
    if replaced:  # they join their lanes' ends anew: the lanes have gone on without them
        # One that was in another lane may have been put anew there since: it stays, and this transaction is made again.
        await db.execute(
            "DELETE FROM deliveries WHERE id = ANY(%s) AND state = ANY(%s)",
            (replaced, [state.value for state in replacing]),
        )
    receipts = []
    new: list[Delivery] = []
    for delivery in deliveries:
        state = known.get(delivery.id)
        fresh = state is None or state in replacing
        receipts.append(Receipt.KNOWN if not fresh else Receipt.STORED if state is None else Receipt.REVIVED)
        if fresh:
            new.append(delivery)
            known[delivery.id] = State.WAITING
    await _insert(db, new)
    return receipts


async def _insert(db: Db, deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        return
    columns = zip(
        *((each.id, each.kind, each.lane, each.received_at, each.not_before) for each in deliveries), strict=True
    )
    rows = await rows_of(
        db,
        "INSERT INTO deliveries (id, kind, lane, received_at, due_at)"
        " SELECT id, kind, lane, received_at, due_at FROM"
        " unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])"
        " WITH ORDINALITY AS new (id, kind, lane, received_at, due_at, place) ORDER BY place RETURNING seq, id",
        [list(column) for column in columns],
    )
    seqs: dict[str, int] = {id: seq for seq, id in rows}
    async with db.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO payloads VALUES (%s, %s, %b)",
            [(seqs[each.id], json.dumps(each.headers).encode(), each.body) for each in deliveries],
        )


async def go_on(db: Db, lanes: Collection[str]) -> None:
    """The oldest open delivery of each lane gets a job if it has none. The lanes must be locked."""
    rows = await rows_of(
        db,
        "SELECT first.seq, first.lane, first.due_at FROM unnest(%s::text[]) AS wanted (lane) CROSS JOIN LATERAL"
        " (SELECT seq, lane, due_at, job_id FROM deliveries WHERE lane = wanted.lane"
        " AND state IN ('waiting', 'underway') ORDER BY seq LIMIT 1) AS first WHERE first.job_id IS NULL ORDER BY 1",
        (sorted(lanes),),
    )
    if not rows:
        return
    wanted = [Wanted(*row) for row in rows]
    numbers = await jobs.defer(db, wanted)
    await db.execute(
        "UPDATE deliveries SET job_id = new.job FROM unnest(%s::bigint[], %s::bigint[]) AS new (seq, job)"
        " WHERE deliveries.seq = new.seq",
        ([each.seq for each in wanted], numbers),
    )
    await tell(db)


async def tell(db: Db) -> None:
    """Wakes the other replicas when the transaction is committed."""
    await db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
