"""Stores for the contract: each is a factory that opens the same inbox again and again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telefonistka_py.inbox.model import Delivery, Inbox
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.names import Lane

Reopen = Callable[[], Awaitable[Inbox]]


class HandClock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[Reopen]:
    """Opens the inbox as a process that starts would: the one opened before is closed first."""
    assert request.param == "sqlite"
    opened: list[Inbox] = []

    async def again() -> Inbox:
        if opened:
            await opened[-1].close()
        opened.append(await open_inbox(tmp_path / "inbox.sqlite3", clock))
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
