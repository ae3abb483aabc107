"""The layout in PostgreSQL: procrastinate's tables and ours in one schema of their own, made and updated step by step.

Every step is recorded with its name, procrastinate's own migrations among them, so that an update runs what is missing:
<https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html>.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.inbox import postgres_link

_ONE_AT_A_TIME = 7_213_640_171_285_539_842
"""The key of the advisory lock under which steps are made: two replicas may run `migrate` at once."""

# A delivery that may be claimed has a job of procrastinate's, whose lock is the lane; those behind it in the lane have
# none until it is their turn, so that neither a put nor a claim looks at them. `seq` is the order of arrival: the job's
# priority is taken from it. Bodies lie apart, so that a change of state doesn't rewrite them; they come as JSON that
# is read once or twice, so that PostgreSQL's own compression would cost more time than it saves.
_DELIVERIES = """
CREATE TABLE deliveries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    lane text NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'underway', 'done', 'dead')),
    job_id bigint,
    due_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    worker text,
    first_claimed_at timestamptz,
    settled_at timestamptz,
    note text
);
CREATE UNIQUE INDEX job_of_delivery ON deliveries (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX open_lane ON deliveries (lane, seq) WHERE state IN ('waiting', 'underway');
CREATE INDEX held_back ON deliveries (id) WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX done_ones ON deliveries (settled_at) WHERE state = 'done';
CREATE INDEX waiting_ones ON deliveries (seq) WHERE state = 'waiting';
CREATE INDEX underway_ones ON deliveries (seq) WHERE state = 'underway';
CREATE INDEX dead_ones ON deliveries (seq) WHERE state = 'dead';

CREATE TABLE payloads (
    seq bigint PRIMARY KEY REFERENCES deliveries ON DELETE CASCADE,
    headers bytea NOT NULL,
    body bytea NOT NULL
);
ALTER TABLE payloads ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE notes (key text COLLATE "C" PRIMARY KEY, text text NOT NULL);
CREATE TABLE mark (one boolean PRIMARY KEY CHECK (one), made_at timestamptz NOT NULL);

CREATE INDEX telefonistka_jobs_lock ON procrastinate_jobs (lock, id) WHERE status IN ('todo', 'doing');
CREATE INDEX telefonistka_jobs_held_back ON procrastinate_jobs (scheduled_at)
    WHERE status = 'todo' AND scheduled_at IS NOT NULL;
CREATE INDEX telefonistka_jobs_worker ON procrastinate_jobs (worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX telefonistka_jobs_due ON procrastinate_jobs (id) WHERE status = 'todo' AND scheduled_at IS NULL;
ALTER TABLE procrastinate_jobs SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE procrastinate_workers SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
"""

_OURS = {"telefonistka 1 deliveries": _DELIVERIES}
"""Name → what makes it. Never change one that was released: add another."""


@dataclass(frozen=True)
class _Step:
    name: str
    sql: bytes


def _steps() -> Iterator[_Step]:
    for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
        yield _Step(f"procrastinate {path.stem}", path.read_bytes())
    for name, text in _OURS.items():
        yield _Step(name, text.encode())


def version() -> int:
    """How many steps this code's layout has: a newer one has more."""
    return sum(1 for _ in _steps())


async def migrate(url: str) -> list[str]:
    """Makes what is missing in the database at `url`; the names of the steps that were made.

    Each step is made wholly or not at all. Raises `OperatorMistake` when the database can't be used or is newer.
    """
    where = postgres_link.where(url)
    try:
        async with await postgres_link.connected(url) as db:
            await db.execute("SET statement_timeout = 0")
            await db.execute("SELECT pg_advisory_lock(%s)", (_ONE_AT_A_TIME,))
            return await _missing_made(db, where)
    except psycopg.Error as error:
        raise OperatorMistake(
            f"The database {where} can't be migrated ({postgres_link.reason(error)}): set TELEFONISTKA_DATABASE_URL "
            "to a database that runs, and to a user who may create a schema there."
        ) from None


async def _missing_made(db: AsyncConnection[TupleRow], where: str) -> list[str]:
    await db.execute("CREATE SCHEMA IF NOT EXISTS telefonistka")
    await db.execute(
        "CREATE TABLE IF NOT EXISTS steps (name text PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now())"
    )
    known = await _recorded(db)
    _refuse_newer(known, where)
    missing = [step for step in _steps() if step.name not in known]
    for step in missing:
        async with db.transaction():
            await db.execute(step.sql)
            await db.execute("INSERT INTO steps (name) VALUES (%s)", (step.name,))
    return [step.name for step in missing]


async def refuse_other_layout(db: AsyncConnection[TupleRow], where: str) -> None:
    """Raises `OperatorMistake` unless the layout is exactly this code's."""
    row = await (await db.execute("SELECT to_regclass('telefonistka.steps') IS NOT NULL")).fetchone()
    known = await _recorded(db) if row is not None and row[0] else set()
    _refuse_newer(known, where)
    if any(step.name not in known for step in _steps()):
        what = "has an older layout" if known else "has no inbox yet"
        raise OperatorMistake(f"The database {where} {what}: run `telefonistka migrate`.")


async def _recorded(db: AsyncConnection[TupleRow]) -> set[str]:
    return {name for (name,) in await (await db.execute("SELECT name FROM telefonistka.steps")).fetchall()}


def _refuse_newer(known: set[str], where: str) -> None:
    unknown = known - {step.name for step in _steps()}
    if unknown:
        raise OperatorMistake(
            f"The database {where} was migrated by a newer Telefonistka or procrastinate (step {min(unknown)!r}): "
            "start that version, or set TELEFONISTKA_DATABASE_URL to another database."
        )
