"""Hears from the other replicas that something may have become claimable: LISTEN on a connection of its own."""

import asyncio
import contextlib
from collections.abc import Callable

import psycopg

from telefonistka_py.inbox import postgres_link
from telefonistka_py.inbox.postgres_lanes import CHANNEL

_PROOF_SECONDS = 10.0
"""How long the connection may be silent before it must show that it lives."""
_BREATH_SECONDS = 0.1
"""Between a connection that was lost and the next."""


class News:
    """Calls `heard` for each notification, and after each reconnection, since some were missed meanwhile."""

    def __init__(self, url: str, heard: Callable[[], None], retry_seconds: float) -> None:
        self._url = url
        self._heard = heard
        self._retry_seconds = retry_seconds
        self._tried = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="news of the inbox")

    async def begun(self) -> None:
        """Returns when it listens, or couldn't at once."""
        await self._tried.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                db = await postgres_link.connected(self._url)
            except psycopg.Error:  # whoever waits for news looks every few seconds anyway
                self._tried.set()
                await asyncio.sleep(self._retry_seconds)
                continue
            async with db:
                await self._listen(db)
            await asyncio.sleep(_BREATH_SECONDS)

    async def _listen(self, db: postgres_link.Db) -> None:
        """Returns when the connection is lost."""
        with contextlib.suppress(psycopg.Error):
            await db.execute(f"LISTEN {CHANNEL}".encode())
            self._tried.set()
            self._heard()
            while True:
                async for _ in db.notifies(timeout=_PROOF_SECONDS):
                    self._heard()
                await db.execute("SELECT 1")
        self._tried.set()
