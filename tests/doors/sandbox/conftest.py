"""A hub of one's own for every test, and somebody to ask it things."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest

from telefonistka_py.sandbox import App, Content, Exchange, File, Hub, Link, Pull, Repo, Submodule
from tests.contracts import github

SUBMODULE = "1234567890123456789012345678901234567890"
FILES: dict[str, Content] = {
    "dev/app/a.yaml": "x: 1\n",
    "dev/app/run.sh": File("#!/bin/sh\n", mode="100755"),
    "dev/app/link": Link("a.yaml"),
    "dev/app/module": Submodule(SUBMODULE),
    "dev/app/deep/er/b.yaml": "y: 1\n",
    "prod/app/a.yaml": "x: 0\n",
    "prod/app/only-here.yaml": "z: 1\n",
    "README.md": "# gitops\n",
}


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any


@dataclass
class Caller:
    """Asks the hub over HTTP, as whoever the token belongs to."""

    session: aiohttp.ClientSession
    url: str
    token: str | None = None
    prefix: str = "/api/v3"

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        async with self.session.request(method, self.url + self.prefix + path, json=body, headers=sent) as response:
            text = await response.text()
            kind = response.headers.get("content-type", "")
            parsed = json.loads(text) if text and kind.startswith("application/json") else text
            return Answer(response.status, parsed, response.headers)

    async def graphql(self, query: str, **variables: Any) -> Answer:
        enterprise = Caller(self.session, self.url, self.token, "/api/graphql")
        return await enterprise("POST", "", {"query": query, "variables": variables})

    def as_token(self, token: str | None) -> "Caller":
        return Caller(self.session, self.url, token, self.prefix)


def app_jwt(app: App, now: datetime, *, age: int = 10, life: int = 540, **claims: Any) -> str:
    seconds = int(now.timestamp())
    payload = {"iat": seconds - age, "exp": seconds + life, "iss": str(app.id)} | claims
    return jwt.encode(payload, app.private_key_pem, "RS256")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def hub(tmp_path: Path, clock: Clock) -> AsyncIterator[Hub]:
    async with Hub.running(tmp_path / "hub", clock=clock) as hub:
        yield hub
        assert hub.unknown == []
    problems = [problem for exchange in hub.exchanges for problem in misfits(exchange)]
    assert not problems, "\n".join(problems)


def misfits(exchange: Exchange) -> list[str]:
    """Where the exchange differs from GitHub's description. A request that was refused may well be wrong."""
    refused = exchange.status is not None and exchange.status >= 400
    return [each for each in github.problems_of(exchange) if not (refused and ": request" in each)]


@pytest.fixture
async def repo(hub: Hub) -> Repo:
    people = {"alice": "write", "bob": "write", "carol": "read"}
    return await hub.add_repo("acme/gitops", files=FILES, collaborators=people)


@pytest.fixture
def app(hub: Hub, repo: Repo) -> App:
    return hub.add_app(secret="s3cret")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def nobody(hub: Hub, session: aiohttp.ClientSession) -> Caller:
    return Caller(session, hub.url)


@pytest.fixture
async def bot(nobody: Caller, app: App, clock: Clock) -> Caller:
    """The App's installation."""
    made = await nobody.as_token(app_jwt(app, clock()))(
        "POST", f"/app/installations/{app.installation_id}/access_tokens"
    )
    return nobody.as_token(made.body["token"])


@pytest.fixture
def alice(nobody: Caller, hub: Hub, repo: Repo) -> Caller:
    return nobody.as_token(hub.user("alice").token)


@pytest.fixture
def within() -> Any:
    """`with within(seconds):` fails when the block takes longer."""
    return _Within


class _Within:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is None:
            assert time.monotonic() - self.started < self.seconds


async def opened(repo: Repo, branch: str = "side", login: str = "alice") -> Pull:
    """A pull request by `login`, from a branch of its own."""
    await repo.commit(login, branch, {"dev/app/a.yaml": f"x: {branch}\n"})
    return await repo.open_pull(login, head=branch, title=f"About {branch}")


async def installed(hub: Hub, nobody: Caller, app: App) -> Caller:
    """`app`, asking with a token of its first installation."""
    made = await nobody.as_token(app_jwt(app, hub.clock()))(
        "POST", f"/app/installations/{app.installation_id}/access_tokens"
    )
    return nobody.as_token(made.body["token"])


@dataclass
class Told:
    """What an App with a webhook was told; nobody receives it, but the log keeps it."""

    hub: Hub

    @property
    def events(self) -> list[str]:
        named = [(each.event, each.action) for each in self.hub.deliveries]
        return [f"{event}.{action}" if action else event for event, action in named]

    def last(self, event: str) -> dict[str, Any]:
        return [each.payload for each in self.hub.deliveries if each.event == event][-1]


@pytest.fixture
def told(hub: Hub, app: App) -> Told:
    """Only for payloads: deliveries are dropped on their way."""
    hub.set_webhook(app, "http://127.0.0.1:9/webhook")
    hub.webhooks_will(drop=1_000)
    return Told(hub)
