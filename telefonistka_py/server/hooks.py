"""The addresses that GitHub sends webhooks from, fetched from GitHub and kept current while the server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.observability import logs
from telefonistka_py.server import origin
from telefonistka_py.server.origin import Address, Network

EVERY_SECONDS = 6 * 3600.0
AGAIN_SECONDS = 60.0
"""After a failure; what was known holds meanwhile."""

Fetch = Callable[[], Awaitable[Sequence[str]]]
"""Networks in CIDR notation, as GitHub's `/meta` lists them under `hooks`."""

log = logs.get()


class Hooks:
    """Says of an address whether it is one of GitHub's."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self.proxies = proxies
        self._known: tuple[Network, ...] | None = None

    def allows(self, address: Address | None) -> bool | None:
        """None while GitHub's addresses are not known yet."""
        if self._known is None:
            return None
        return address is not None and origin.is_in(address, self._known)

    async def refresh(self, fetch: Fetch) -> float:
        """Fetches the addresses; after how many seconds to do that again. What was known outlives a failure."""
        try:
            found = origin.networks(await fetch())
        except (TelefonistkaError, ValueError) as error:
            log.error("GitHub's addresses could not be fetched", why=str(error), known=self._known is not None)
            return AGAIN_SECONDS
        if not found:
            log.error("GitHub lists no addresses for its webhooks")
            return AGAIN_SECONDS
        self._known = found
        return EVERY_SECONDS

    @asynccontextmanager
    async def kept_current(self, fetch: Fetch) -> AsyncIterator[None]:
        """Refreshes before the context opens, and again and again while it is open."""
        wait = await self.refresh(fetch)

        async def go_on(seconds: float) -> None:
            while True:
                await asyncio.sleep(seconds)
                seconds = await self.refresh(fetch)

        task = asyncio.create_task(go_on(wait))
        try:
            yield
        finally:
            task.cancel()
