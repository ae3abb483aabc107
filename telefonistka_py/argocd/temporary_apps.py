"""Temporary apps are made, and are gone afterwards, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from telefonistka_py.argocd import applications, failure, temporary, writing
from telefonistka_py.argocd.applications import TEMPORARY, Application, Ref
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.temporary import Mark
from telefonistka_py.argocd.writing import Raw
from telefonistka_py.errors import TelefonistkaError, WorldUnwell
from telefonistka_py.github.reading import together

Pause = Callable[[float], Awaitable[None]]

PAUSES = (0.2, 1.0)
"""Seconds between attempts at a deletion; what is left then is swept later."""

log = structlog.get_logger()


@asynccontextmanager
async def app(client: Client, wanted: Raw, pause: Pause = asyncio.sleep) -> AsyncIterator[Application]:
    """The app `wanted` (`temporary.wanted`), made for as long as the context is open.

    It is deleted afterwards, also when its making was cut off, or the calling task is cancelled; what can't be deleted
    then is logged, and `sweep` finds it. Raises what `Client` raises.
    """
    ref = applications.read(wanted).ref
    perhaps_there = True
    try:
        try:
            made = await writing.create(client, wanted)
        except (failure.Refused, failure.Forbidden) as error:
            perhaps_there = isinstance(error, failure.Refused) and not 400 <= error.status < 500
            raise
        yield applications.read(made)
    finally:
        if perhaps_there:
            # A task of its own goes on when the one that waits for it is cancelled once more.
            await asyncio.shield(asyncio.ensure_future(_deleted(client, ref, pause)))


async def sweep(client: Client, now: datetime, mark: Mark | None = None, pause: Pause = asyncio.sleep) -> int:
    """Deletes what processes that died left behind: apps of ours that are old, or that were made for `mark`, which
    nobody else is looking at. How many. Raises what `Client` raises when they can't be listed."""
    found = [
        applications.read(each).ref
        for each in await writing.marked(client, TEMPORARY, temporary.YES)
        if temporary.is_left_behind(each, now, mark)
    ]
    return sum(await together(_deleted(client, each, pause) for each in found))


async def _deleted(client: Client, ref: Ref, pause: Pause) -> bool:
    """Whether the app was deleted now. Never raises one of the house's errors."""
    for wait in (*PAUSES, None):
        try:
            # It is looked at first: nobody's app but ours is ever deleted.
            if temporary.is_ours(await client.app(ref, refresh=False)):
                await writing.delete(client, ref)
                return True
            log.warning("an app of a temporary one's name is not ours, and is left alone", app=ref.name)
            return False
        except WorldUnwell as error:
            if wait is None:
                log.warning("temporary app not deleted; it is tried again later", app=ref.name, why=str(error))
                return False
            await pause(wait)
        except TelefonistkaError as error:
            if not (isinstance(error, failure.Refused) and error.status == 404):
                log.warning("temporary app not deleted; it is tried again later", app=ref.name, why=str(error))
            return False
    return False
