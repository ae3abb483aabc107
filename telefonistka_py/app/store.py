"""The durable inbox that the settings name: a database where one is set, else a file."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from telefonistka_py import counted
from telefonistka_py.app import backlog
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.inbox import postgres, sqlite
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.settings import Settings


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], datetime], *, beside: bool = False) -> AsyncIterator[Inbox]:
    """The inbox, as long as the context is open; `beside` a server that may be using it, for a look and a word by hand.

    Raises `OperatorMistake` when it can't be used, `WorldUnwell` when it can't be at this moment.
    """
    inbox = await _open(settings, clock, beside)
    try:
        yield inbox
    finally:
        await inbox.close()


async def left_behind(settings: Settings, clock: Callable[[], datetime]) -> str:
    """What waits in the file while a database is set, and what to do about it, as sentences; empty when nothing does.

    A file that can't be looked into may hold as much as any: that is told, and stops nothing.
    """
    path = settings.inbox
    if settings.database_url is None or not path.is_file():
        return ""
    try:
        inbox = await sqlite.open_beside(path, clock)
        try:
            found = (await backlog.of(inbox)).webhooks
        finally:
            await inbox.close()
    except (OperatorMistake, WorldUnwell) as error:
        return f"TELEFONISTKA_DATABASE_URL is set, and whether deliveries wait in the file {path} is not known: {error}"
    count = found.waiting + found.underway
    if not count:
        return ""
    wait = counted.of(count, "delivery waits", "deliveries wait")
    return (
        f"{wait} in the file {path}, which no server works on: TELEFONISTKA_DATABASE_URL is set. Stop the servers, and "
        "start one without that variable, until `telefonistka inbox stats` without it says that nothing waits or is "
        "underway."
    )


async def _open(settings: Settings, clock: Callable[[], datetime], beside: bool) -> Inbox:
    stale_after = timedelta(seconds=settings.stale_seconds)
    if settings.database_url is not None:
        return await postgres.open_inbox(settings.database_url, clock, stale_after=stale_after)
    if beside:
        return await sqlite.open_beside(settings.inbox, clock)
    return await sqlite.open_inbox(settings.inbox, clock, stale_after=stale_after)
