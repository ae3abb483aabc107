"""What each of the inbox's operations reads and writes. Each runs inside a transaction that `commits` opened."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from telefonistka_py.inbox.model import (
    Claim,
    ClaimLost,
    Counts,
    Dead,
    Delivery,
    Done,
    GivenBack,
    Receipt,
    RetryAt,
    Settlement,
    State,
)
from telefonistka_py.names import Lane

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970. `moment` must be aware."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The inverse of `micros`, in UTC."""
    return _EPOCH + at * _MICROSECOND


def packed(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Headers as stored: order, case and repetitions are kept."""
    return json.dumps(headers).encode()


def put(db: sqlite3.Connection, delivery: Delivery, headers: bytes, received_at: int) -> Receipt:
    known = db.execute("SELECT seq, state FROM deliveries WHERE id = ?", (delivery.id,)).fetchone()
    if known is not None and known[1] != State.DEAD:
        return Receipt.KNOWN
    if known is not None:  # it joins its lane's end anew: the lane has gone on without it
        db.execute("DELETE FROM payloads WHERE seq = ?", (known[0],))
        db.execute("DELETE FROM deliveries WHERE seq = ?", (known[0],))
    seq = db.execute(
        "INSERT INTO deliveries (id, kind, lane, received_at, state, head)"
        " VALUES (?1, ?2, ?3, ?4, 'waiting', NOT EXISTS"
        " (SELECT 1 FROM deliveries INDEXED BY open_lane WHERE lane = ?3 AND state IN ('waiting', 'underway')))",
        (delivery.id, delivery.kind, delivery.lane, received_at),
    ).lastrowid
    db.execute("INSERT INTO payloads VALUES (?, ?, ?)", (seq, headers, delivery.body))
    return Receipt.STORED if known is None else Receipt.REVIVED


def claim(db: sqlite3.Connection, worker: str, now: int, stale: int) -> Claim | None:
    """The oldest due head of a lane. Claims not heard of since `stale` are given up first."""
    db.execute(
        "UPDATE deliveries INDEXED BY beating SET state = 'waiting' WHERE state = 'underway' AND heartbeat_at < ?",
        (stale,),
    )
    db.execute(
        "UPDATE deliveries INDEXED BY due SET due_at = NULL"
        " WHERE state = 'waiting' AND head = 1 AND due_at IS NOT NULL AND due_at <= ?",
        (now,),
    )
    oldest = db.execute(
        "SELECT seq FROM deliveries INDEXED BY ripe"
        " WHERE state = 'waiting' AND head = 1 AND due_at IS NULL ORDER BY seq LIMIT 1"
    ).fetchone()
    if oldest is None:
        return None
    db.execute(
        "UPDATE deliveries SET state = 'underway', attempt = attempt + 1, claims = claims + 1, worker = ?1,"
        " heartbeat_at = ?2, first_claimed_at = coalesce(first_claimed_at, ?2) WHERE seq = ?3",
        (worker, now, oldest[0]),
    )
    return _read_claim(db, oldest[0])


def _read_claim(db: sqlite3.Connection, seq: int) -> Claim:
    row = db.execute(
        "SELECT id, kind, lane, headers, body, received_at, attempt, first_claimed_at, worker, claims"
        " FROM deliveries JOIN payloads USING (seq) WHERE seq = ?",
        (seq,),
    ).fetchone()
    delivery = Delivery(
        id=row[0],
        kind=row[1],
        lane=Lane(row[2]),
        headers=tuple((name, value) for name, value in json.loads(row[3])),
        body=row[4],
        received_at=moment(row[5]),
    )
    return Claim(
        delivery=delivery,
        attempt=row[6],
        first_claimed_at=moment(row[7]),
        worker=row[8],
        token=f"{seq}:{row[9]}",
    )


def heartbeat(db: sqlite3.Connection, claim: Claim, now: int) -> None:
    seq = _current(db, claim)
    db.execute("UPDATE deliveries SET heartbeat_at = ? WHERE seq = ?", (now, seq))


@dataclass(frozen=True)
class Change:
    """A settlement in the table's terms."""

    state: State
    due_at: int | None
    note: str | None
    uncounted: int = 0
    """How many attempts are taken off again."""
    then: tuple[Delivery, ...] = ()
    hasten: str = ""


def change_for(settlement: Settlement) -> Change:
    match settlement:
        case Done(note, then, hasten):
            return Change(State.DONE, None, note, then=then, hasten=hasten)
        case Dead(why):
            return Change(State.DEAD, None, why)
        case RetryAt(when, why):
            return Change(State.WAITING, micros(when), why)
        case GivenBack():
            return Change(State.WAITING, None, None, uncounted=1)
        case _:
            assert_never(settlement)


def settle(db: sqlite3.Connection, claim: Claim, change: Change, now: int) -> None:
    seq = _current(db, claim)
    ended = change.state in (State.DONE, State.DEAD)
    db.execute(
        "UPDATE deliveries SET state = ?, due_at = ?, note = ?, attempt = attempt - ?, head = ?, settled_at = ?"
        " WHERE seq = ?",
        (change.state, change.due_at, change.note, change.uncounted, not ended, now if ended else None, seq),
    )
    if ended:
        db.execute(
            "UPDATE deliveries SET head = 1 WHERE seq = (SELECT min(seq) FROM deliveries INDEXED BY open_lane"
            " WHERE lane = ? AND state IN ('waiting', 'underway'))",
            (claim.delivery.lane,),
        )
    for delivery in change.then:
        # Work of our own that was done once may be needed again: a pull request that was closed and reopened.
        db.execute(
            "DELETE FROM payloads WHERE seq IN (SELECT seq FROM deliveries WHERE id = ? AND state = 'done')",
            (delivery.id,),
        )
        db.execute("DELETE FROM deliveries WHERE id = ? AND state = 'done'", (delivery.id,))
        put(db, delivery, packed(delivery.headers), micros(delivery.received_at))
    if change.hasten:
        db.execute(
            "UPDATE deliveries SET due_at = ?1 WHERE state = 'waiting' AND due_at > ?1 AND substr(id, 1, ?2) = ?3",
            (now, len(change.hasten), change.hasten),
        )


def _current(db: sqlite3.Connection, claim: Claim) -> int:
    seq, _, number = claim.token.partition(":")
    row = db.execute(
        "SELECT 1 FROM deliveries WHERE seq = ? AND claims = ? AND state = 'underway'", (int(seq), int(number))
    ).fetchone()
    if row is None:
        raise ClaimLost(f"Delivery {claim.delivery.id} is no longer {claim.worker}'s: another took it over.")
    return int(seq)


def counts(db: sqlite3.Connection) -> Counts:
    tally: dict[str, int] = dict(db.execute("SELECT state, n FROM tally").fetchall())
    return Counts(**tally)


def next_due(db: sqlite3.Connection) -> datetime | None:
    row = db.execute(
        "SELECT min(due_at) FROM deliveries INDEXED BY due WHERE state = 'waiting' AND head = 1 AND due_at IS NOT NULL"
    ).fetchone()
    return None if row[0] is None else moment(row[0])


def leave_mark(db: sqlite3.Connection, now: int) -> None:
    db.execute("INSERT INTO mark VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET made_at = ?1", (now,))


def take_over_all(db: sqlite3.Connection) -> None:
    """What was underway in a process that is gone waits again. Its attempts stay counted."""
    db.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'underway'")
