"""Connections to PostgreSQL: how they are made, how the database is named to people, and what its errors mean."""

import re
from typing import Any

import psycopg
from psycopg import AsyncConnection, conninfo, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.inbox import address

Db = AsyncConnection[TupleRow]

_DEFAULTS: dict[str, Any] = {
    "application_name": "telefonistka",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds: a database that vanished without a word is noticed
}
"""What holds unless the URL says otherwise; libpq's words."""

# What PostgreSQL knows of a queue's size is out of date the moment the queue fills: it would read and sort all that
# waits to find the first. Every query here, procrastinate's included, has an index, so that nothing else is tried.
_SESSION = """
SET search_path TO telefonistka;
SET TIME ZONE 'UTC';
SET default_transaction_isolation TO 'read committed';
SET statement_timeout TO '8s';
SET lock_timeout TO '5s';
SET idle_in_transaction_session_timeout TO '30s';
SET jit TO off;
SET enable_seqscan TO off;
SET enable_bitmapscan TO off;
SET enable_sort TO off;
SET enable_hashjoin TO off;
SET enable_mergejoin TO off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
"""

_MOST_CONNECTIONS = 6


def where(url: str) -> str:
    """The database as people may read it: host, port and name, never user or password."""
    return address.shown(_parsed(url))


def _parsed(url: str) -> dict[str, Any]:
    # libpq's own words, here and where it connects, may hold a part of the password.
    if address.is_fine(url):
        try:
            return dict(conninfo.conninfo_to_dict(url))
        except psycopg.ProgrammingError:
            pass
    raise OperatorMistake(f"TELEFONISTKA_DATABASE_URL can't be read: write it as {address.ADVICE}.")


def _complete(url: str) -> str:
    return conninfo.make_conninfo("", **(_DEFAULTS | _parsed(url)))


async def connected(url: str) -> Db:
    """A connection of its own, in autocommit mode. Raises `psycopg.Error`."""
    db = await AsyncConnection.connect(_complete(url), autocommit=True)
    await _set_up(db)
    return db


async def _set_up(db: Db) -> None:
    await db.execute(_SESSION)


def pool(
    url: str, patience_seconds: float, *, least: int = 1, most: int = _MOST_CONNECTIONS
) -> AsyncConnectionPool[Db]:
    """`least` to `most` connections to share, not opened yet. One that died is replaced when it is asked for.

    Who asks waits up to `patience_seconds`, while the database restarts or all connections are in use.
    """

    async def alive(db: Db) -> None:
        try:
            await AsyncConnectionPool.check_connection(db)
        except psycopg.Error:
            await shared.check()  # where one has died the others may have too: who asks waits once for all of them
            raise

    shared: AsyncConnectionPool[Db] = AsyncConnectionPool(
        _complete(url),
        kwargs={"autocommit": True},
        min_size=least,
        max_size=most,
        timeout=patience_seconds,
        reconnect_timeout=1.0,
        configure=_set_up,
        check=alive,
        open=False,
        name="telefonistka",
    )
    return shared


async def rows_of(db: Db, sql: str, given: Any = None) -> list[TupleRow]:
    """All rows that `sql` gives."""
    return await (await db.execute(sql.encode(), given)).fetchall()


async def row_of(db: Db, sql: str, given: Any = None) -> TupleRow | None:
    """The first row that `sql` gives, if it gives any."""
    return await (await db.execute(sql.encode(), given)).fetchone()


def reason(error: Exception) -> str:
    """The first line of what the database or libpq said, without passwords."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    return re.sub(r"//[^@/\s]*@", "//", first).rstrip(".")


def unwell(place: str, error: Exception) -> WorldUnwell:
    """What the complaint about the database `place` means for a person."""
    match error:
        case PoolTimeout():
            return WorldUnwell(f"The database {place} can't be reached, or all connections to it are in use.")
        case errors.DiskFull():
            return WorldUnwell(f"The disk under the database {place} is full.")
        case errors.QueryCanceled() | errors.LockNotAvailable():
            return WorldUnwell(f"The database {place} did not answer in time.")
        case errors.ReadOnlySqlTransaction():
            return WorldUnwell(f"The database {place} is read-only: it may be a standby.")
        case psycopg.OperationalError():
            return WorldUnwell(f"The database {place} can't be reached: {reason(error)}.")
        case _:
            return WorldUnwell(f"The database {place} can't be used: {reason(error)}.")
