"""The durable inbox that the settings name: a database where one is set, else a file."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from telefonistka_py.inbox import postgres, sqlite
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.settings import Settings


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], datetime], *, beside: bool = False) -> AsyncIterator[Inbox]:
    """The inbox, as long as the context is open; `beside` a server that may be using it, for a look and a word by hand.

    Raises `OperatorMistake` when it can't be used.
    """
    inbox = await _open(settings, clock, beside)
    try:
        yield inbox
    finally:
        await inbox.close()


async def _open(settings: Settings, clock: Callable[[], datetime], beside: bool) -> Inbox:
    stale_after = timedelta(seconds=settings.stale_seconds)
    if settings.database_url is not None:
        return await postgres.open_inbox(settings.database_url, clock, stale_after=stale_after)
    if beside:
        return await sqlite.open_beside(settings.inbox, clock)
    return await sqlite.open_inbox(settings.inbox, clock, stale_after=stale_after)
