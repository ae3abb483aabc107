"""The durable inbox that the settings name."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from telefonistka_py.inbox.model import Inbox
from telefonistka_py.inbox.sqlite import open_beside, open_inbox
from telefonistka_py.settings import Settings


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], datetime], *, beside: bool = False) -> AsyncIterator[Inbox]:
    """The inbox, as long as the context is open; `beside` a server that may be using it, for a look and a word by hand.

    Raises `OperatorMistake` when it can't be used.
    """
    inbox = await (open_beside if beside else open_inbox)(settings.inbox, clock)
    try:
        yield inbox
    finally:
        await inbox.close()
