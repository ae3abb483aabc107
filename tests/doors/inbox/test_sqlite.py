"""What is SQLite's own: the file, its lock, its faults, a killed process, and the speed of a claim."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.inbox import rows, schema
from telefonistka_py.inbox.model import Counts, Done, Receipt, State
from telefonistka_py.inbox.sqlite import open_beside, open_inbox
from tests.doors.inbox.conftest import HandClock, delivery

CHILD = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from telefonistka_py.inbox.sqlite import open_beside, open_inbox
from tests.doors.inbox.conftest import delivery

async def main():
    inbox = await open_inbox(Path(sys.argv[1]), lambda: datetime.now(UTC))
    await asyncio.gather(*(inbox.put(delivery(f"d{n}", f"r#{n}", b"x" * 22_000)) for n in range(50)))
    for _ in range(3):
        await inbox.claim("w")
    print("stored", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_everything_put_is_there_after_a_kill_and_what_was_underway_waits_again(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "inbox.sqlite3"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"stored\n"
        with pytest.raises(OperatorMistake, match=r"in use by another Telefonistka.*TELEFONISTKA_INBOX"):
            await open_inbox(path, clock)
        os.kill(child.pid, signal.SIGKILL)
    inbox = await open_inbox(path, clock)
    assert await inbox.counts() == Counts(waiting=50, underway=0, done=0, dead=0)
    claims = [await inbox.claim("w") for _ in range(4)]
    assert [(c.delivery.id, c.attempt) for c in claims if c] == [("d0", 2), ("d1", 2), ("d2", 2), ("d3", 1)]
    await inbox.close()


def test_every_commit_reaches_the_disk_before_it_counts(tmp_path: Path) -> None:
    """What a power cut leaves can't be tried here; that SQLite was told to survive one can."""
    path = tmp_path / "inbox.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        schema.prepare(db, path)
        full = 2
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (full,)


async def test_a_missing_directory_is_one_sentence_that_names_the_setting(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "nowhere" / "inbox.sqlite3"
    with pytest.raises(OperatorMistake) as caught:
        await open_inbox(path, clock)
    assert str(path) in str(caught.value)
    assert "TELEFONISTKA_INBOX" in str(caught.value)


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but somebody's notes. " * 50)
    with pytest.raises(OperatorMistake, match=r"notes\.txt"):
        await open_inbox(path, clock)
    assert path.read_text().startswith("not a database")


async def test_another_programs_database_is_refused_and_left_as_it_was(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name)")
    before = path.read_bytes()
    with pytest.raises(OperatorMistake, match="something else"):
        await open_inbox(path, clock)
    assert path.read_bytes() == before


async def test_a_newer_layout_is_refused(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "inbox.sqlite3"
    await (await open_inbox(path, clock)).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(OperatorMistake, match="newer Telefonistka"):
        await open_inbox(path, clock)


async def test_a_second_open_in_the_same_process_is_refused_until_the_first_is_closed(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "inbox.sqlite3"
    first = await open_inbox(path, clock)
    with pytest.raises(OperatorMistake, match="in use"):
        await open_inbox(path, clock)
    await first.close()
    await (await open_inbox(path, clock)).close()


async def test_the_file_is_for_its_owner_alone(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "inbox.sqlite3"
    inbox = await open_inbox(path, clock)
    await inbox.put(delivery())
    for file in (path, path.with_name(path.name + "-wal")):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    await inbox.close()


@contextmanager
def no_room_beyond(limit: int) -> Iterator[None]:
    """Files of this process can't grow beyond `limit` bytes: what a full disk does, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_without_room_fails_the_put_and_the_inbox_recovers_by_itself(
    tmp_path: Path, clock: HandClock
) -> None:
    inbox = await open_inbox(tmp_path / "inbox.sqlite3", clock)
    await inbox.put(delivery("before"))
    with no_room_beyond(300_000):
        puts = [inbox.put(delivery(f"big{n}", f"r#{n}", b"x" * 400_000)) for n in range(3)]
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(result) for result in results] == [WorldUnwell] * 3
    assert await inbox.put(delivery("big0", "r#0")) is Receipt.STORED
    assert await inbox.counts() == Counts(waiting=2, underway=0, done=0, dead=0)
    await inbox.close()


async def test_a_file_that_another_program_locks_fails_puts_and_the_check_until_it_lets_go(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "inbox.sqlite3"
    inbox = await open_inbox(path, clock, patience_seconds=0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorldUnwell, match="locked"):
            await inbox.put(delivery())
        with pytest.raises(WorldUnwell, match="locked"):
            await inbox.check()
        other.execute("ROLLBACK")
    await inbox.check()
    assert await inbox.put(delivery()) is Receipt.STORED
    await inbox.close()


async def test_one_delivery_that_cant_be_stored_does_not_fail_those_beside_it(tmp_path: Path, clock: HandClock) -> None:
    inbox = await open_inbox(tmp_path / "inbox.sqlite3", clock)
    ids = ["good1", "half a pair \ud800", "good2"]
    results = await asyncio.gather(*(inbox.put(delivery(id)) for id in ids), return_exceptions=True)
    assert results[0] is results[2] is Receipt.STORED
    assert isinstance(results[1], WorldUnwell)
    await inbox.close()


async def test_a_closed_inbox_answers_whoever_still_asks(tmp_path: Path, clock: HandClock) -> None:
    inbox = await open_inbox(tmp_path / "inbox.sqlite3", clock)
    pending = [asyncio.ensure_future(inbox.put(delivery(f"d{n}"))) for n in range(10)]
    await inbox.counts()
    await inbox.close()
    await inbox.close()
    assert await asyncio.gather(*pending) == [Receipt.STORED] * 10
    with pytest.raises(WorldUnwell, match="closed"):
        await inbox.put(delivery())


async def test_a_claim_costs_no_more_with_100_000_done_and_5_000_waiting_in_one_lane(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "inbox.sqlite3"
    await (await open_inbox(path, clock)).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        _fill(db, done=10, waiting=3)
        few = _instructions(db)
        _fill(db, done=100_000, waiting=5_000)
        many = _instructions(db)
    assert many <= few + 10, "in steps of 100 instructions of SQLite's machine"


def _instructions(db: sqlite3.Connection) -> int:
    """What claiming, settling and counting once costs, in hundreds of virtual machine instructions."""
    hundreds = 0

    def count() -> int:
        nonlocal hundreds
        hundreds += 1
        return 0

    db.set_progress_handler(count, 100)
    assert rows.take_over(db, 0) == []
    claim = rows.claim(db, "w", 1, 2)
    assert claim is not None
    rows.settle(db, claim, rows.change_for(Done("")), 2)
    rows.counts(db)
    rows.next_due(db)
    db.set_progress_handler(None, 0)
    return hundreds


def _fill(db: sqlite3.Connection, done: int, waiting: int) -> None:
    row = (
        "INSERT INTO deliveries (id, kind, lane, received_at, state, head)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " SELECT ? || i, 'push', ?, 0, ?, i = 1 AND ? FROM n"
    )
    db.execute("DELETE FROM deliveries")
    db.execute("DELETE FROM payloads")
    db.execute("BEGIN")
    db.execute(row, (done, "done", "r#1", "done", False))
    db.execute(row, (waiting, "waiting", "r#1", "waiting", True))
    db.execute("INSERT INTO payloads SELECT seq, CAST('[]' AS BLOB), x'7b7d' FROM deliveries WHERE state = 'waiting'")
    db.execute("COMMIT")


async def test_an_older_layout_is_brought_up_to_date_and_loses_nothing(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "inbox.sqlite3"
    inbox = await open_inbox(path, clock)
    await inbox.put(delivery())
    await inbox.close()
    with closing(sqlite3.connect(path)) as db:  # as the first layout was
        db.executescript(
            "DROP INDEX done_ones; DROP INDEX dead_ones; DROP TABLE notes; ALTER TABLE deliveries DROP COLUMN crashes;"
            "PRAGMA user_version = 1;"
        )
    inbox = await open_inbox(path, clock)
    claim = await inbox.claim("w")
    assert claim is not None
    assert (claim.delivery, claim.crashes) == (delivery(), 0)
    assert await inbox.forget(clock.now) == 0
    await inbox.close()


async def test_a_person_may_look_and_act_beside_a_server_that_uses_the_file(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "inbox.sqlite3"
    with pytest.raises(OperatorMistake, match="There is no inbox at"):
        await open_beside(path, clock)
    server = await open_inbox(path, clock)
    for id in ("a", "b"):
        await server.put(delivery(id))
    underway = await server.claim("w")
    assert underway is not None
    person = await open_beside(path, clock)
    assert [(entry.id, entry.state) for entry in await person.entries()] == [("b", "waiting"), ("a", "underway")]
    assert await person.drop("b") is State.WAITING
    await person.close()
    await server.settle(underway, Done(""))
    assert await server.claim("w") is None
    await server.close()
