"""Our client of GitHub against the sandbox, by a clock that stands still until it is moved."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import App, Credentials
from telefonistka_py.sandbox import App as SandboxApp
from telefonistka_py.sandbox import Exchange, Hub
from telefonistka_py.sandbox.content import Content
from tests.contracts import github as contract


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Line:
    """A hub, an App in it, and connections to it."""

    hub: Hub
    app: SandboxApp
    session: aiohttp.ClientSession
    clock: Clock
    answers: list[tuple[str, int]] = field(default_factory=list)
    """Path and status of every answer, as the observer is told."""

    @property
    def credentials(self) -> App:
        return App(str(self.app.id), self.app.private_key_pem)

    def connection(
        self, credentials: Credentials | None = None, *, clock: Callable[[], datetime] | None = None
    ) -> Connection:
        return Connection(
            self.session,
            credentials or self.credentials,
            rest_url=f"{self.hub.url}/api/v3",
            graphql_url=f"{self.hub.url}/api/graphql",
            clock=clock or self.clock,
            observe=self._observe,
            jitter=lambda: 0.0,
        )

    def _observe(
        self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float, query: str
    ) -> None:
        self.answers.append((path, status))

    def installation(self, account: str = "acme") -> int:
        return next(each.id for each in self.hub.installations.values() if each.account.login == account)

    def requests(self, part: str = "", since: int = 0) -> list[Exchange]:
        """What was asked, of paths that hold `part`."""
        return [each for each in self.hub.exchanges[since:] if part in each.path]


FILES: dict[str, Content] = {"README.md": "about\n"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def line(tmp_path: Path, clock: Clock) -> AsyncIterator[Line]:
    """At the end, everything that was asked and answered must fit GitHub's own description."""
    async with Hub.running(tmp_path / "hub", clock=clock) as hub, aiohttp.ClientSession() as session:
        await hub.add_repo("acme/gitops", files=FILES, collaborators={"alice": "write"})
        yield Line(hub, hub.add_app(), session, clock)
        assert hub.unknown == []
        assert [problem for exchange in hub.exchanges for problem in contract.problems_of(exchange)] == []
