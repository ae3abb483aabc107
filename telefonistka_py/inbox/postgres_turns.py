"""Turns among all replicas: advisory locks of the database, each held on a connection of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from telefonistka_py.inbox import postgres_link
from telefonistka_py.inbox.postgres_link import Db
from telefonistka_py.observability import logs

_LONGEST_WAIT_SECONDS = 20.0
"""A replica that is stopped in its turn keeps the lock for as long as its machine answers: nobody waits for that."""
_MOST_CONNECTIONS = 8
_SEED = 1_460_811_934_470_127_953  # keeps them apart from other advisory locks in the same database

log = logs.get()


class Turns:
    """See `Inbox.turn`."""

    def __init__(self, url: str, patience_seconds: float, longest_wait_seconds: float = _LONGEST_WAIT_SECONDS) -> None:
        self._pool = postgres_link.pool(url, patience_seconds, least=0, most=_MOST_CONNECTIONS)
        wait = f"{longest_wait_seconds * 1000:.0f}ms"
        self._begin = f"BEGIN; SET LOCAL lock_timeout = '{wait}'; SET LOCAL statement_timeout = '{wait}'".encode()

    async def open(self) -> None:
        """Once, before anything else. Connections are made when they are needed."""
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """What goes wrong here must fail nothing that is done in turn, nor hide that it was done."""
        db = await self._taken(name)
        try:
            yield
        finally:
            if db is not None:
                await self._given_back(db)

    async def _taken(self, name: str) -> Db | None:
        """A connection that holds the lock; None when it could not be had."""
        try:
            db = await self._pool.getconn()
        except psycopg.Error as error:
            self._goes_on(error)
            return None
        held = False
        try:
            await db.execute(self._begin)
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (name, _SEED))
            held = True
        except psycopg.Error as error:
            self._goes_on(error)
        finally:
            if not held:
                await self._pool.putconn(db)
        return db if held else None

    async def _given_back(self, db: Db) -> None:
        try:
            await db.execute("COMMIT")
        except psycopg.Error as error:  # the database gave it to the next one when the connection was lost
            log.debug("the turn was lost before its end", why=postgres_link.reason(error))
        finally:
            await self._pool.putconn(db)

    def _goes_on(self, error: psycopg.Error) -> None:
        log.info("the turn among replicas is not waited for any longer", why=postgres_link.reason(error))
