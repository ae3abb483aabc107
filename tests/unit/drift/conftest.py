"""The drift check at a GitHub in a folder, with the client that the server uses."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from telefonistka_py.drift import flow
from telefonistka_py.drift.model import Report
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import Token
from telefonistka_py.names import RepoName, Sha
from telefonistka_py.promotion import gather
from telefonistka_py.sandbox import Content, Hub, Pull, Repo
from telefonistka_py.templates import Templates
from tests.contracts import github as contract

BOT = "promoter"


@dataclass
class Bench:
    """One repository, and the bot that looks at its pull requests."""

    hub: Hub
    connection: Connection
    repo: Repo

    async def check(
        self, pull: Pull, *, head_sha: str = "", meanwhile: Callable[[], Awaitable[object]] | None = None
    ) -> Report:
        """`head_sha` is the head that the event names; `meanwhile` happens once the default branch was looked up."""
        repository = await self.connection.repository(RepoName(self.repo.name), None)
        asked = await repository.pull(pull.number)
        asked = replace(asked, head_sha=Sha(head_sha or asked.head_sha))
        self.hub.exchanges.clear()
        ground = await gather.ground(repository, asked, _nothing)
        if meanwhile:
            await meanwhile()
        return await flow.check(repository, ground, asked, self.repo.html_url, Templates())

    async def opened(
        self, files: dict[str, Content | None], *, branch: str = "feature", labels: tuple[str, ...] = ()
    ) -> Pull:
        """alice opens a pull request."""
        await self.repo.commit("alice", branch, files)
        return await self.repo.open_pull("alice", head=branch, title=f"Change {branch}", labels=labels)

    async def directly(self, files: dict[str, Content | None]) -> str:
        """alice pushes to the default branch."""
        return await self.repo.commit("alice", "main", files)

    def said(self, pull: Pull) -> list[str]:
        return [comment.body for comment in pull.comments if comment.author.login == BOT]

    def shown(self, pull: Pull) -> list[str]:
        """What is not folded away."""
        ours = (comment for comment in pull.comments if comment.author.login == BOT)
        return [comment.body for comment in ours if comment.minimized is None]


@dataclass
class Clock:
    """A minute later each time one looks: commits have an order."""

    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


async def _nothing() -> None:
    pass


@dataclass
class Benches:
    hub: Hub
    connection: Connection

    async def holding(self, files: dict[str, Content]) -> Bench:
        people = {"alice": "write", BOT: "write"}
        repo = await self.hub.add_repo("acme/gitops", files=files, collaborators=people)
        return Bench(self.hub, self.connection, repo)


@pytest.fixture
async def benches(tmp_path: Path) -> AsyncIterator[Benches]:
    """At the end, everything that was asked and answered must fit GitHub's own description."""
    async with Hub.running(tmp_path / "hub", clock=Clock()) as hub, aiohttp.ClientSession() as session:
        token = hub.add_user(BOT).token
        connection = Connection(
            session,
            Token(token),
            rest_url=f"{hub.url}/api/v3",
            graphql_url=f"{hub.url}/api/graphql",
            clock=lambda: datetime.now(UTC),
            observe=lambda *_: None,
        )
        yield Benches(hub, connection)
        assert hub.unknown == []
        assert [problem for exchange in hub.exchanges for problem in contract.problems_of(exchange)] == []
