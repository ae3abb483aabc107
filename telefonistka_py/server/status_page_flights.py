"""Knows which promotions are open, at the price of at most one request per repository and minute, and only while
somebody looks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.in_flight import Found
from telefonistka_py.names import RepoName
from telefonistka_py.server.pages.model import Flights

EVERY = timedelta(minutes=1)
MOST_REPOS = 10
"""Asked about at once: those that deliveries came from last."""
PATIENCE_SECONDS = 3.0
"""How long a page waits for GitHub; what comes later is on the next one."""

Find = Callable[[RepoName], Awaitable[Found]]


class Board:
    """What is known of each repository that was asked about."""

    def __init__(self, find: Find, clock: Callable[[], datetime]) -> None:
        self._find = find
        self._clock = clock
        self._known: dict[RepoName, Flights] = {}
        self._asked_at: dict[RepoName, datetime] = {}
        self._asking: dict[RepoName, asyncio.Task[None]] = {}

    async def of(self, repos: Iterable[RepoName]) -> list[Flights]:
        """What is known of the first `MOST_REPOS` of them, asked again where that is a minute old."""
        wanted = list(repos)[:MOST_REPOS]
        for repo in wanted:
            self._ask(repo)
        asking = [self._asking[repo] for repo in wanted if repo in self._asking]
        if asking:
            done, _ = await asyncio.wait(asking, timeout=PATIENCE_SECONDS)
            for task in done:
                task.result()  # a bug is not hidden
        return [self._known.get(repo, Flights(repo, None, None, "")) for repo in wanted]

    def _ask(self, repo: RepoName) -> None:
        now = self._clock()
        asked_at = self._asked_at.get(repo)
        if repo in self._asking or (asked_at is not None and now - asked_at < EVERY):
            return
        self._asked_at[repo] = now
        self._asking[repo] = asyncio.create_task(self._asked(repo))

    async def _asked(self, repo: RepoName) -> None:
        try:
            found = await self._find(repo)
            self._known[repo] = Flights(repo, found, self._clock(), "")
        except TelefonistkaError as error:
            before = self._known.get(repo, Flights(repo, None, None, ""))
            self._known[repo] = replace(before, trouble=str(error))
        finally:
            del self._asking[repo]

    async def close(self) -> None:
        """Lets go of what is being asked."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
