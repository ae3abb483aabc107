"""Stores for the contract: each is a factory that opens the same inbox again and again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from telefonistka_py.inbox import postgres, sqlite
from telefonistka_py.inbox.model import Delivery, Inbox
from telefonistka_py.names import Lane

Reopen = Callable[[], Awaitable[Inbox]]


class HandClock:
    """A clock that a test moves by hand. It stands in the future, so that no other clock calls its moments past."""

    def __init__(self) -> None:
        self.now = datetime(2124, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)
        self.followers: list[Callable[[timedelta], None]] = []

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        passed = timedelta(**amount)
        self.now += passed
        for follow in self.followers:
            follow(passed)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@dataclass(frozen=True)
class Store:
    """A store to open, and how a process that had it open is long dead."""

    open: Reopen
    long_dead: Callable[[], None]


def in_sqlite(request: pytest.FixtureRequest, clock: HandClock) -> Store:
    path: Path = request.getfixturevalue("tmp_path")
    return Store(lambda: sqlite.open_inbox(path / "inbox.sqlite3", clock), lambda: None)


def in_postgres(request: pytest.FixtureRequest, clock: HandClock) -> Store:
    url: str = request.getfixturevalue("database_url")
    clock.followers.append(lambda passed: age_heartbeats(url, passed))
    return Store(
        lambda: postgres.open_inbox(url, clock, stale_after=timedelta(seconds=60)),
        lambda: age_heartbeats(url, timedelta(seconds=61)),
    )


def asked(url: str, sql: str) -> list[tuple[object, ...]]:
    """What `sql` gives, run by itself in the database at `url`."""
    with psycopg.connect(url, autocommit=True) as db:
        cursor = db.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def age_heartbeats(url: str, passed: timedelta) -> None:
    """Heartbeats are told by the database's clock, which can't be set: they are made older instead."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("UPDATE telefonistka.procrastinate_workers SET last_heartbeat = last_heartbeat - %s", (passed,))


@pytest.fixture(params=[in_sqlite, in_postgres], ids=["sqlite", "postgres"])
async def reopen(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[Reopen]:
    """Opens the inbox as a process would that starts when the one before is long dead."""
    store: Store = request.param(request, clock)
    opened: list[Inbox] = []

    async def again() -> Inbox:
        if opened:
            await opened[-1].close()
            store.long_dead()
        opened.append(await store.open())
        return opened[-1]

    yield again
    if opened:
        await opened[-1].close()


@pytest.fixture
async def inbox(reopen: Reopen) -> Inbox:
    return await reopen()


def delivery(id: str = "d1", lane: str = "acme/infra#1", body: bytes = b"{}") -> Delivery:
    return Delivery(
        id=id,
        kind="pull_request",
        lane=Lane(lane),
        headers=(("X-GitHub-Event", "pull_request"), ("x-repeated", "a"), ("x-repeated", "\xe9\xff")),
        body=body,
        received_at=datetime(2024, 5, 17, 11, 59, 58, 654321, tzinfo=UTC),
    )
