"""Turns among replicas: what must be done one after another is, and nothing that goes wrong with it stops the rest."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from telefonistka_py.inbox.postgres_turns import Turns
from tests.doors.inbox.conftest import asked
from tests.postgres import running

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

Replica = Callable[[float], Awaitable[Turns]]


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Replica]:
    """Another process's turns; it waits for so many seconds at most."""
    opened: list[Turns] = []

    async def another(longest_wait_seconds: float) -> Turns:
        opened.append(Turns(database_url, 3.0, longest_wait_seconds))
        await opened[-1].open()
        return opened[-1]

    yield another
    for each in opened:
        await each.close()


async def somebody_waits(url: str) -> None:
    async with asyncio.timeout(10):
        while asked(url, WAITING) == [(0,)]:
            await asyncio.sleep(0)


async def test_replicas_take_their_turns_one_after_another(replica: Replica) -> None:
    replicas = [await replica(30) for _ in range(3)]
    order: list[str] = []

    async def one(turns: Turns) -> None:
        async with turns.turn("installation 1"):
            order.append("begins")
            await asyncio.sleep(0)
            order.append("ends")

    await asyncio.gather(*(one(turns) for turns in replicas for _ in range(10)))
    assert order == ["begins", "ends"] * 30


async def test_a_turn_of_another_name_is_not_waited_for(replica: Replica) -> None:
    here, there = await replica(30), await replica(30)
    async with asyncio.timeout(10), here.turn("installation 1"), there.turn("installation 2"):
        pass


async def test_whoever_waits_comes_next(replica: Replica, database_url: str) -> None:
    here, there = await replica(30), await replica(30)
    async with AsyncExitStack() as held:
        await held.enter_async_context(here.turn("installation 1"))
        waits = asyncio.create_task(there.turn("installation 1").__aenter__())
        await somebody_waits(database_url)
        assert not waits.done()
        await held.aclose()
        async with asyncio.timeout(10):
            await waits


async def test_a_replica_that_hangs_in_its_turn_is_waited_for_only_so_long(replica: Replica) -> None:
    here, there = await replica(30), await replica(0.05)
    async with asyncio.timeout(10), here.turn("installation 1"):
        async with there.turn("installation 1"):
            pass
        async with there.turn("installation 2"):
            pass


async def test_a_dead_replicas_turn_is_over(replica: Replica, database_url: str) -> None:
    here, there = await replica(30), await replica(30)
    async with here.turn("installation 1"):
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        assert asked(database_url, ended) == [(True,)]
        async with asyncio.timeout(10), there.turn("installation 1"):
            pass  # what `here` did in its turn does not fail for it, either


async def test_without_a_database_nobody_waits() -> None:
    with running(fsync=False) as server:
        turns = Turns(server.url(), 0.1)
        await turns.open()
        async with asyncio.timeout(20):
            async with turns.turn("installation 1"):
                server.stop()
            async with turns.turn("installation 1"):
                pass
        await turns.close()


async def test_whoever_is_stopped_while_waiting_leaves_no_lock_behind(replica: Replica, database_url: str) -> None:
    here, there = await replica(30), await replica(30)
    async with here.turn("installation 1"):
        waits = asyncio.create_task(there.turn("installation 1").__aenter__())
        await somebody_waits(database_url)
        waits.cancel()
        await asyncio.wait([waits])
        assert waits.cancelled()
    async with asyncio.timeout(10), there.turn("installation 1"), here.turn("installation 2"):
        pass
    assert asked(database_url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
