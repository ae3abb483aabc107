"""What each of the inbox's operations reads and writes. Each runs inside a transaction that `commits` opened."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from telefonistka_py.inbox import taken_over
from telefonistka_py.inbox.model import (
    Claim,
    ClaimLost,
    Counts,
    Dead,
    Delivery,
    Done,
    Entry,
    GivenBack,
    Kept,
    Receipt,
    RetryAt,
    Settlement,
    State,
)
from telefonistka_py.inbox.taken_over import TakenOver
from telefonistka_py.names import Lane

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = 2**63 - 1


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
        _delete(db, known[0])
    due_at = None if delivery.not_before is None else micros(delivery.not_before)
    seq = db.execute(
        "INSERT INTO deliveries (id, kind, lane, received_at, due_at, state, head)"
        " VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', NOT EXISTS"
        " (SELECT 1 FROM deliveries INDEXED BY open_lane WHERE lane = ?3 AND state IN ('waiting', 'underway')))",
        (delivery.id, delivery.kind, delivery.lane, received_at, due_at),
    ).lastrowid
    db.execute("INSERT INTO payloads VALUES (?, ?, ?)", (seq, headers, delivery.body))
    return Receipt.STORED if known is None else Receipt.REVIVED


def _delete(db: sqlite3.Connection, seq: int) -> None:
    db.execute("DELETE FROM payloads WHERE seq = ?", (seq,))
    db.execute("DELETE FROM deliveries WHERE seq = ?", (seq,))


def claim(db: sqlite3.Connection, worker: str, now: int, fewer_crashes: int) -> Claim | None:
    """The oldest due head of a lane that saw `fewer_crashes`."""
    db.execute(
        "UPDATE deliveries INDEXED BY due SET due_at = NULL"
        " WHERE state = 'waiting' AND head = 1 AND due_at IS NOT NULL AND due_at <= ?",
        (now,),
    )
    oldest = db.execute(
        "SELECT seq FROM deliveries INDEXED BY ripe"
        " WHERE state = 'waiting' AND head = 1 AND due_at IS NULL AND crashes < ? ORDER BY seq LIMIT 1",
        (fewer_crashes,),
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
        "SELECT id, kind, lane, headers, body, received_at, NULL,"
        " attempt, crashes, first_claimed_at, worker, claims FROM deliveries JOIN payloads USING (seq) WHERE seq = ?",
        (seq,),
    ).fetchone()
    return Claim(
        delivery=_delivery(row[:7]),
        attempt=row[7],
        crashes=row[8],
        first_claimed_at=moment(row[9]),
        worker=row[10],
        token=f"{seq}:{row[11]}",
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(
        id=row[0],
        kind=row[1],
        lane=Lane(row[2]),
        headers=tuple((name, value) for name, value in json.loads(row[3])),
        body=row[4],
        received_at=moment(row[5]),
        not_before=None if row[6] is None else moment(row[6]),
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
    anew: bool = False
    """All of them are, and patience begins anew."""
    then: tuple[Delivery, ...] = ()
    hasten: str = ""


def change_for(settlement: Settlement) -> Change:
    match settlement:
        case Done(note, then, hasten):
            return Change(State.DONE, None, _text(note), then=then, hasten=hasten)
        case Dead(why):
            return Change(State.DEAD, None, _text(why))
        case RetryAt(when, why, counted, anew):
            return Change(State.WAITING, micros(when), _text(why), uncounted=0 if counted else 1, anew=anew)
        case GivenBack():
            return Change(State.WAITING, None, None, uncounted=1)
        case _:
            assert_never(settlement)


def _text(note: str) -> str:
    """`note` as SQLite can keep it: names of files may hold halves of surrogate pairs."""
    return note.encode(errors="replace").decode()


def settle(db: sqlite3.Connection, claim: Claim, change: Change, now: int) -> None:
    seq = _current(db, claim)
    ended = change.state in (State.DONE, State.DEAD)
    db.execute(
        "UPDATE deliveries SET state = ?1, due_at = iif(?4, coalesce(min(due_at, ?2), ?2), ?2), note = ?3,"
        " attempt = iif(?4, 0, attempt - ?5),"
        " first_claimed_at = iif(?4, NULL, first_claimed_at), head = ?6, settled_at = ?7, crashes = 0 WHERE seq = ?8",
        (
            change.state,
            change.due_at,
            change.note,
            change.anew,
            change.uncounted,
            not ended,
            now if ended else None,
            seq,
        ),
    )
    if ended:
        _go_on(db, claim.delivery.lane)
    if change.hasten:
        db.execute(
            "UPDATE deliveries SET due_at = ?1 WHERE (state = 'waiting' AND due_at > ?1 OR state = 'underway')"
            " AND substr(id, 1, ?2) = ?3",
            (now, len(change.hasten), change.hasten),
        )
    for delivery in change.then:
        # Work of our own that was done once may be needed again: a pull request that was closed and reopened.
        done = db.execute("SELECT seq FROM deliveries WHERE id = ? AND state = 'done'", (delivery.id,)).fetchone()
        if done is not None:
            _delete(db, done[0])
        put(db, delivery, packed(delivery.headers), micros(delivery.received_at))


def _go_on(db: sqlite3.Connection, lane: str) -> None:
    """The oldest open delivery of `lane` is the one that may be claimed."""
    db.execute(
        "UPDATE deliveries SET head = 1 WHERE seq = (SELECT min(seq) FROM deliveries INDEXED BY open_lane"
        " WHERE lane = ? AND state IN ('waiting', 'underway'))",
        (lane,),
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


def oldest_open(db: sqlite3.Connection) -> datetime | None:
    # The kinds of our own work hold a slash (events.own), GitHub's never do.
    row = db.execute(
        "SELECT min(received_at) FROM deliveries INDEXED BY open_lane"
        " WHERE state IN ('waiting', 'underway') AND instr(kind, '/') = 0"
    ).fetchone()
    return None if row[0] is None else moment(row[0])


def next_due(db: sqlite3.Connection) -> datetime | None:
    row = db.execute(
        "SELECT min(due_at) FROM deliveries INDEXED BY due WHERE state = 'waiting' AND head = 1 AND due_at IS NOT NULL"
    ).fetchone()
    return None if row[0] is None else moment(row[0])


_ENTRY = "id, kind, lane, received_at, state, attempt, crashes, due_at, settled_at, worker, note"


def entries(db: sqlite3.Connection, state: State | None, lane: str | None, most: int) -> list[Entry]:
    in_state = "TRUE" if state is None else f"state = '{state.value}'"  # spelt out, so that a partial index serves it
    rows = db.execute(
        f"SELECT {_ENTRY} FROM deliveries WHERE {in_state} AND (?1 IS NULL OR lane = ?1)"  # noqa: S608
        " ORDER BY seq DESC LIMIT ?2",
        (lane, most),
    )
    return [_entry(row) for row in rows]


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(
        id=row[0],
        kind=row[1],
        lane=Lane(row[2]),
        received_at=moment(row[3]),
        state=State(row[4]),
        attempt=row[5],
        crashes=row[6],
        due_at=None if row[7] is None else moment(row[7]),
        settled_at=None if row[8] is None else moment(row[8]),
        worker=row[9],
        note=row[10] or "",
    )


def find(db: sqlite3.Connection, id: str) -> Kept | None:
    row = db.execute(
        f"SELECT {_ENTRY}, headers, body FROM deliveries JOIN payloads USING (seq) WHERE id = ?",  # noqa: S608
        (id,),
    ).fetchone()
    if row is None:
        return None
    not_before = row[7] if row[4] == State.WAITING and row[5] == 0 else None
    return Kept(_entry(row), _delivery([*row[:3], row[11], row[12], row[3], not_before]))


def ids(db: sqlite3.Connection, start: str, most: int) -> list[str]:
    found = db.execute(
        "SELECT id FROM deliveries WHERE id >= ?1 AND id < ?1 || char(0x10ffff) AND substr(id, 1, ?2) = ?1"
        " ORDER BY id LIMIT ?3",
        (start, len(start), most),
    )
    return [id for (id,) in found]


def again(db: sqlite3.Connection, id: str) -> State | None:
    kept = find(db, id)
    if kept is None:
        return None
    match kept.entry.state:
        case State.WAITING:
            db.execute("UPDATE deliveries SET due_at = NULL WHERE id = ?", (id,))
        case State.DONE | State.DEAD:
            drop(db, id)
            delivery = kept.delivery
            put(db, delivery, packed(delivery.headers), micros(delivery.received_at))
        case State.UNDERWAY:
            pass
    return kept.entry.state


def drop(db: sqlite3.Connection, id: str) -> State | None:
    row = db.execute("SELECT seq, state, lane FROM deliveries WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    if row[1] != State.UNDERWAY:
        _delete(db, row[0])
        _go_on(db, row[2])
    return State(row[1])


def forget(db: sqlite3.Connection, settled_before: int, most: int) -> int:
    old = db.execute(
        "SELECT seq FROM deliveries INDEXED BY done_ones WHERE state = 'done' AND settled_at < ?"
        " ORDER BY settled_at LIMIT ?",
        (settled_before, most),
    ).fetchall()
    for (seq,) in old:
        _delete(db, seq)
    return len(old)


def note(db: sqlite3.Connection, key: str, text: str | None) -> None:
    if text is None:
        db.execute("DELETE FROM notes WHERE key = ?", (key,))
    else:
        db.execute("INSERT INTO notes VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET text = ?2", (key, text))


def notes(db: sqlite3.Connection, start: str) -> dict[str, str]:
    found = db.execute(
        "SELECT key, text FROM notes WHERE key >= ?1 AND substr(key, 1, ?2) = ?1 ORDER BY key", (start, len(start))
    )
    return dict(found.fetchall())


def leave_mark(db: sqlite3.Connection, now: int) -> None:
    db.execute("INSERT INTO mark VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET made_at = ?1", (now,))


def take_over(db: sqlite3.Connection, stale: int) -> list[TakenOver]:
    """What was underway and not heard of since `stale` waits again. Its attempts stay counted."""
    found = db.execute(
        "SELECT seq, id, coalesce(worker, ''), crashes + 1 FROM deliveries INDEXED BY beating"
        " WHERE state = 'underway' AND heartbeat_at < ? ORDER BY seq",
        (stale,),
    ).fetchall()
    for seq, _, worker, crashes in found:
        db.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = NULL, crashes = ?, note = ? WHERE seq = ?",
            (crashes, taken_over.note(worker), seq),
        )
    return [TakenOver(*row[1:]) for row in found]


def take_over_all(db: sqlite3.Connection) -> list[TakenOver]:
    """All that was underway in a process that is gone."""
    return take_over(db, _NEVER)
