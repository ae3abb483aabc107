"""The SQLite file's layout, and the checks that a file is ours before it is used."""

import sqlite3
from pathlib import Path

from telefonistka_py.errors import OperatorMistake

VERSION = 2
"""Kept in `PRAGMA user_version`. Raise it with every change of layout, and say in `_STEPS` how to get there."""

# `head` marks the one open delivery per lane that may be claimed, so that a claim looks at no other row of the lane.
# `due_at` is null unless the delivery waits for a moment to come: a clock set back delays no fresh delivery.
# `claims` only ever grows, so that (seq, claims) names one claim for good. `crashes` counts the claims in a row that
# nobody settled. Times are microseconds since 1970, UTC.
# Bodies lie apart, so that a change of state doesn't rewrite them.
_LAYOUT = """
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'underway', 'done', 'dead')),
    head INTEGER NOT NULL,
    due_at INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    heartbeat_at INTEGER,
    first_claimed_at INTEGER,
    settled_at INTEGER,
    note TEXT
) STRICT;
CREATE TABLE payloads (seq INTEGER PRIMARY KEY, headers BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE tally (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE mark (only INTEGER PRIMARY KEY CHECK (only = 1), made_at INTEGER NOT NULL) STRICT;

CREATE INDEX ripe ON deliveries (seq) WHERE state = 'waiting' AND head = 1 AND due_at IS NULL;
CREATE INDEX due ON deliveries (due_at) WHERE state = 'waiting' AND head = 1 AND due_at IS NOT NULL;
CREATE INDEX open_lane ON deliveries (lane, seq) WHERE state IN ('waiting', 'underway');
CREATE INDEX beating ON deliveries (heartbeat_at) WHERE state = 'underway';
CREATE INDEX done_ones ON deliveries (settled_at) WHERE state = 'done';
CREATE INDEX dead_ones ON deliveries (seq) WHERE state = 'dead';

CREATE TABLE notes (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

INSERT INTO tally VALUES ('waiting', 0), ('underway', 0), ('done', 0), ('dead', 0);
CREATE TRIGGER tally_in AFTER INSERT ON deliveries BEGIN
    UPDATE tally SET n = n + 1 WHERE state = new.state;
END;
CREATE TRIGGER tally_out AFTER DELETE ON deliveries BEGIN
    UPDATE tally SET n = n - 1 WHERE state = old.state;
END;
CREATE TRIGGER tally_moved AFTER UPDATE OF state ON deliveries WHEN old.state <> new.state BEGIN
    UPDATE tally SET n = n - 1 WHERE state = old.state;
    UPDATE tally SET n = n + 1 WHERE state = new.state;
END;
"""

_STEPS = {
    1: """
    ALTER TABLE deliveries ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX done_ones ON deliveries (settled_at) WHERE state = 'done';
    CREATE INDEX dead_ones ON deliveries (seq) WHERE state = 'dead';
    CREATE TABLE notes (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """
}
"""Version → what makes the next one of it."""


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Sets durability, and makes the layout in an empty file. `db` must be in autocommit mode.

    Raises `OperatorMistake` for a file that is newer than this code or no inbox; `sqlite3.Error` when it can't be used.
    """
    _refuse_foreign(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: about 16 MiB, so that a burst isn't slowed by checkpoints
    db.execute("PRAGMA journal_size_limit = 67108864")
    if _version(db) == 0:
        db.executescript(f"BEGIN IMMEDIATE; {_LAYOUT} PRAGMA user_version = {VERSION}; COMMIT;")
    for version in range(_version(db), VERSION):
        db.executescript(f"BEGIN IMMEDIATE; {_STEPS[version]} PRAGMA user_version = {version + 1}; COMMIT;")


def _refuse_foreign(db: sqlite3.Connection, path: Path) -> None:
    version = _version(db)
    if version > VERSION:
        raise OperatorMistake(
            f"The inbox {path} was written by a newer Telefonistka (layout {version}; this one knows {VERSION}): "
            "start that version, or set TELEFONISTKA_INBOX to another file."
        )
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables:
        raise OperatorMistake(
            f"{path} is a database of something else, not an inbox: set TELEFONISTKA_INBOX to another file."
        )


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
