"""A server that can't store says so and recovers by itself; what it can store may pile up without filling memory."""

import asyncio
import os
from pathlib import Path

from telefonistka_py.inbox.model import Counts
from tests import postgres
from tests.doors.server.conftest import Gate, Hands, Server, StartServer, payload, signed


async def until_ready(server: Server, status: int) -> list[str]:
    """Asks until `/ready` answers with `status`; the problems it names."""
    while True:
        answered, report = await server.ready()
        if answered == status:
            problems: list[str] = report["problems"]
            return problems


async def test_a_database_that_goes_away_is_503_and_unready_and_all_goes_on_when_it_is_back(
    start: StartServer, hands: Hands
) -> None:
    with postgres.running(fsync=False) as database:
        postgres.make_template(database)
        with postgres.a_database(database) as url:
            async with start(database_url=url) as server:
                assert await server.deliver("before", 1) == 202
                await server.running.worker.settled()
                await asyncio.to_thread(database.stop)
                headers = signed(payload(2), "meanwhile")
                async with server.http.post(
                    f"{server.running.url}/webhook", data=payload(2), headers=headers
                ) as answer:
                    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
                [problem] = await until_ready(server, 503)
                assert "open-sesame" not in problem
                await asyncio.to_thread(database.start)
                assert await until_ready(server, 200) == []
                assert await server.deliver("meanwhile", 2) == 202
                await server.running.worker.settled()
    assert hands.seen == ["before", "meanwhile"]


async def test_of_two_servers_on_one_database_either_takes_a_delivery_and_one_handles_it(
    start: StartServer, hands: Hands, database_url: str
) -> None:
    async with start(database_url=database_url, replica="a") as one, start(database_url=database_url) as other:
        assert await one.deliver("d1", 1) == 202
        assert await other.deliver("d1", 1) == 200
        for number in range(2, 12):
            assert await (one if number % 2 else other).deliver(f"d{number}", number) == 202
        while (await one.running.inbox.counts()).done < 11:
            await other.get("/live")
    assert sorted(hands.seen) == sorted(f"d{number}" for number in range(1, 12))


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def test_thousands_of_deliveries_may_wait_and_take_no_memory(start: StartServer, hands: Hands) -> None:
    gate = Gate()
    hands.will["first"] = [gate]
    body = payload(1)[:-1] + b', "filler": "' + b"x" * 22_000 + b'"}'
    async with start(worker_slots=1) as server:

        async def deliver(id: str) -> None:
            status, _ = await server.post(body, signed(body, id))
            assert status == 202

        await deliver("first")
        await gate.begun.wait()
        await asyncio.gather(*(deliver(f"warm{number}") for number in range(200)))
        before = resident_mb()
        for round in range(6):
            await asyncio.gather(*(deliver(f"r{round}-{number}") for number in range(200)))
        assert resident_mb() - before < 12  # 26 MB were sent
        assert await server.running.inbox.counts() == Counts(waiting=1_400, underway=1, done=0, dead=0)
        assert (await server.ready())[0] == 200
        gate.opened.set()


async def test_what_ended_dead_is_named_where_operators_look_and_turns_nothing_away(
    server: Server, hands: Hands
) -> None:
    hands.will["d1"] = [KeyError("a bug")]
    await server.deliver("d1")
    await server.running.worker.settled()
    status, report = await server.ready()
    assert status == 200
    assert report["warnings"] == ["1 delivery ended dead: telefonistka inbox list --state dead"]
    await server.get("/metrics")
    assert server.metric("telefonistka_inbox_deliveries", state="dead") == 1
