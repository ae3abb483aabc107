"""What is PostgreSQL's own: several replicas, a killed one, a database that goes away, a claim's cost."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.inbox import postgres, postgres_jobs, postgres_link, postgres_rows
from telefonistka_py.inbox.model import Claim, ClaimLost, Counts, Done, GivenBack, Inbox, Receipt, RetryAt
from tests.doors.inbox.conftest import HandClock, age_heartbeats, asked, delivery
from tests.postgres import a_database, make_template, running

Another = Callable[[], Awaitable[Inbox]]

CHILD = """
import asyncio, sys
from datetime import UTC, datetime
from telefonistka_py.inbox.postgres import open_inbox
from tests.doors.inbox.conftest import delivery

async def main():
    inbox = await open_inbox(sys.argv[1], lambda: datetime.now(UTC))
    await asyncio.gather(*(inbox.put(delivery(f"d{n}", f"r#{n}", b"x" * 22_000)) for n in range(50)))
    for _ in range(3):
        await inbox.claim("w")
    print("stored", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def another(database_url: str, clock: HandClock) -> AsyncIterator[Another]:
    """Opens one replica after the other on the same database."""
    opened: list[Inbox] = []

    async def open_one() -> Inbox:
        opened.append(await postgres.open_inbox(database_url, clock))
        return opened[-1]

    yield open_one
    for inbox in opened:
        await inbox.close()


async def claimed(inbox: Inbox) -> Claim:
    claim = await inbox.claim("w")
    assert claim is not None
    return claim


# Several replicas


async def test_a_delivery_put_on_every_replica_at_once_is_stored_once(another: Another) -> None:
    replicas = [await another() for _ in range(3)]
    puts = [inbox.put(delivery(f"d{n}", f"r#{n % 3}")) for n in range(20) for inbox in replicas]
    receipts = await asyncio.gather(*puts)
    assert sorted(receipts) == [Receipt.KNOWN] * 40 + [Receipt.STORED] * 20
    assert (await replicas[0].counts()).waiting == 20


async def test_a_lane_is_one_lane_on_all_replicas(another: Another) -> None:
    first, second = await another(), await another()
    await first.put(delivery("a", "r#1"))
    await second.put(delivery("b", "r#1"))
    underway = await claimed(second)
    assert underway.delivery.id == "a"
    assert await first.claim("w") is None
    await second.settle(underway, Done(""))
    assert (await claimed(first)).delivery.id == "b"


async def test_a_lane_goes_on_though_its_last_delivery_ends_while_the_next_comes_in(another: Another) -> None:
    first, second = await another(), await another()
    await first.put(delivery("0"))
    for n in range(1, 41):
        claim = await claimed(first)
        assert claim.delivery.id == str(n - 1)
        await asyncio.gather(first.settle(claim, Done("")), second.put(delivery(str(n))))


async def test_a_replica_hears_what_another_puts_and_settles(another: Another, clock: HandClock) -> None:
    busy, idle = await another(), await another()
    await idle.changed()

    async def hears(doing: Awaitable[object]) -> None:
        listening = asyncio.ensure_future(idle.changed())
        await doing
        async with asyncio.timeout(2):  # less than the time after which it would look anyway
            await listening

    await hears(busy.put(delivery("a", "r#1")))
    claim = await claimed(busy)
    await busy.put(delivery("b", "r#1"))
    await hears(busy.settle(claim, Done("")))
    await hears(busy.settle(await claimed(busy), RetryAt(clock.now + timedelta(hours=1), "502")))
    await hears(busy.again("b"))


async def test_an_idle_replica_takes_over_by_itself_what_a_dead_one_had(database_url: str) -> None:
    """In less than a minute as it comes; here a replica counts as dead after half a second."""
    assert postgres.STALE_AFTER + timedelta(seconds=10) < timedelta(minutes=1)
    stale = timedelta(seconds=0.5)
    dead = await postgres.open_inbox(database_url, lambda: datetime.now(UTC), stale_after=stale)
    await dead.put(delivery())
    await claimed(dead)
    await dead.close()
    living = await postgres.open_inbox(database_url, lambda: datetime.now(UTC), stale_after=stale)
    async with asyncio.timeout(10):
        while (claim := await living.claim("w")) is None:
            await living.changed()
    assert (claim.attempt, claim.crashes) == (2, 1)
    await living.close()


async def test_replicas_that_take_over_at_once_count_one_crash(
    another: Another, database_url: str, clock: HandClock
) -> None:
    replicas = [await another() for _ in range(3)]
    for n in range(6):
        await replicas[0].put(delivery(f"d{n}", f"r#{n}"))
    for _ in range(6):
        await claimed(replicas[0])
    clock.advance(seconds=61)
    age_heartbeats(database_url, timedelta(seconds=61))
    claims = [claim for claim in await asyncio.gather(*(inbox.claim("w") for inbox in replicas * 2)) if claim]
    while claim := await replicas[0].claim("w"):
        claims.append(claim)
    assert sorted((claim.delivery.id, claim.attempt, claim.crashes) for claim in claims) == [
        (f"d{n}", 2, 1) for n in range(6)
    ]


async def test_everything_put_is_there_after_a_kill_and_what_was_underway_is_taken_over(
    another: Another, database_url: str, clock: HandClock
) -> None:
    inbox = await another()
    with subprocess.Popen([sys.executable, "-c", CHILD, database_url], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"stored\n"
        os.kill(child.pid, signal.SIGKILL)
    assert await inbox.counts() == Counts(waiting=47, underway=3, done=0, dead=0)
    assert (await claimed(inbox)).delivery.id == "d3"
    clock.advance(seconds=61)
    age_heartbeats(database_url, timedelta(seconds=61))
    claims = [await claimed(inbox) for _ in range(5)]
    assert [(c.delivery.id, c.attempt) for c in claims] == [("d0", 2), ("d1", 2), ("d2", 2), ("d3", 2), ("d4", 1)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_lanes_never_overlap_and_keep_their_order_whatever_the_replicas_do(another: Another, seed: int) -> None:
    dice = random.Random(seed)
    replicas = [await another() for _ in range(3)]
    lanes = {f"r#{n}": [f"{n}-{k}" for k in range(12)] for n in range(8)}
    running: set[str] = set()
    order: dict[str, list[str]] = {lane: [] for lane in lanes}

    async def put_all(lane: str) -> None:
        for id in lanes[lane]:
            pair = [dice.choice(replicas).put(delivery(id, lane)) for _ in range(1 + (dice.random() < 0.2))]
            await asyncio.gather(*pair)

    async def work(inbox: Inbox) -> None:
        while sum(map(len, order.values())) < 96:
            claim = await inbox.claim("w")
            if claim is None:
                await inbox.changed()
                continue
            lane = claim.delivery.lane
            assert lane not in running, "two of one lane at once"
            running.add(lane)
            await asyncio.sleep(0)
            running.remove(lane)
            await settle_somehow(inbox, claim, lane)

    async def settle_somehow(inbox: Inbox, claim: Claim, lane: str) -> None:
        match dice.random():
            case luck if luck < 0.1:
                await inbox.settle(claim, GivenBack())
            case luck if luck < 0.2:
                await inbox.settle(claim, RetryAt(datetime(2100, 1, 1, tzinfo=UTC), "502"))
            case _:
                order[lane].append(claim.delivery.id)
                await inbox.settle(claim, Done("", hasten="nothing"))

    async with asyncio.timeout(60):
        await asyncio.gather(*map(put_all, lanes), *(work(inbox) for inbox in replicas for _ in range(2)))
    assert order == lanes
    assert await replicas[0].counts() == Counts(waiting=0, underway=0, done=96, dead=0)


async def test_news_that_come_while_others_settle_what_they_hasten_are_never_lost(
    another: Another, database_url: str, clock: HandClock
) -> None:
    """The moment in the delivery's row is the one in its job, and it is now."""
    looking, hearing = await another(), await another()
    rounds = 60
    for number in range(rounds):
        await looking.put(delivery(f"look:{number}", f"r#{number}"))
        await hearing.put(delivery(f"news:{number}", f"r!{number}"))
    looks = [await claimed(looking) for _ in range(2 * rounds)]
    news = {each.delivery.id: each for each in looks}

    async def settled(inbox: Inbox, id: str, settlement: Done | RetryAt) -> None:
        await inbox.settle(news[id], settlement)

    later = RetryAt(clock.now + timedelta(days=1), "checks", counted=False, anew=True)
    for number in range(rounds):
        await asyncio.gather(
            settled(looking, f"look:{number}", later),
            settled(hearing, f"news:{number}", Done("", hasten=f"look:{number}")),
        )
    moments = asked(
        database_url,
        "SELECT DISTINCT due_at, scheduled_at FROM telefonistka.deliveries"
        " JOIN telefonistka.procrastinate_jobs AS job ON job.id = job_id",
    )
    assert moments == [(clock.now, clock.now)]


# Transactions


async def test_puts_that_wait_at_the_same_moment_share_a_commit(another: Another, database_url: str) -> None:
    inbox = await another()
    await asyncio.gather(*(inbox.put(delivery(f"d{n}", f"r#{n}")) for n in range(200)))
    ((commits,),) = asked(database_url, "SELECT count(DISTINCT xmin::text) FROM telefonistka.deliveries")
    assert isinstance(commits, int)
    assert commits <= 4


async def test_every_commit_reaches_the_disk_before_it_counts(database_url: str) -> None:
    """Also where whoever runs the database has chosen otherwise for other programs."""
    asked(database_url, f"ALTER DATABASE {psycopg.conninfo.conninfo_to_dict(database_url)['dbname']}"
          " SET synchronous_commit TO off")  # fmt: skip
    async with await postgres_link.connected(database_url) as db:
        assert await (await db.execute("SHOW synchronous_commit")).fetchone() == ("on",)


async def test_one_delivery_that_cant_be_stored_does_not_fail_those_beside_it(another: Another) -> None:
    inbox = await another()
    ids = ["good1", "half a pair \ud800", "a NUL \0", "good2"]
    results = await asyncio.gather(*(inbox.put(delivery(id)) for id in ids), return_exceptions=True)
    assert results[0] is results[3] is Receipt.STORED
    assert [type(result) for result in results[1:3]] == [WorldUnwell] * 2


async def test_a_settlement_whose_followers_cant_be_stored_changes_nothing(another: Another) -> None:
    inbox = await another()
    await inbox.put(delivery("a", "r#1"))
    claim = await claimed(inbox)
    with pytest.raises(WorldUnwell):
        await inbox.settle(claim, Done("", then=(delivery("good", "r#2"), delivery("a NUL \0", "r#3"))))
    assert await inbox.counts() == Counts(waiting=0, underway=1, done=0, dead=0)
    await inbox.heartbeat(claim)
    await inbox.settle(claim, Done("", then=(delivery("good", "r#2"),)))
    assert await inbox.counts() == Counts(waiting=1, underway=0, done=1, dead=0)


async def test_a_note_that_the_database_cant_hold_loses_no_settlement(another: Another) -> None:
    inbox = await another()
    await inbox.put(delivery())
    await inbox.settle(await claimed(inbox), Done("half a pair \ud800 and a NUL \0"))
    assert (await inbox.counts()).done == 1


async def test_nothing_of_what_ended_is_left_in_the_tables_of_what_is_to_do(
    another: Another, database_url: str, clock: HandClock
) -> None:
    inbox = await another()
    for n in range(3):
        await inbox.put(delivery(f"d{n}"))
    await inbox.settle(await claimed(inbox), RetryAt(clock.now, "502"))
    lost = await claimed(inbox)
    clock.advance(seconds=61)
    age_heartbeats(database_url, timedelta(seconds=61))
    for _ in range(3):
        await inbox.settle(await claimed(inbox), Done(""))
    with pytest.raises(ClaimLost):
        await inbox.heartbeat(lost)
    for table in ("jobs", "workers", "events"):
        assert asked(database_url, f"SELECT * FROM telefonistka.procrastinate_{table}") == [], table


async def test_a_delivery_deleted_by_hand_stops_nobody(another: Another, database_url: str) -> None:
    inbox = await another()
    for lane in ("r#1", "r#2"):
        await inbox.put(delivery(lane, lane))
    asked(database_url, "DELETE FROM telefonistka.deliveries WHERE id = 'r#1'")
    assert (await claimed(inbox)).delivery.id == "r#2"


async def test_a_worker_deleted_by_hand_loses_its_claim_and_the_lane_goes_on(
    another: Another, database_url: str, clock: HandClock
) -> None:
    inbox = await another()
    await inbox.put(delivery())
    lost = await claimed(inbox)
    asked(database_url, "DELETE FROM telefonistka.procrastinate_workers")
    clock.advance(seconds=61)
    assert (await claimed(inbox)).attempt == 2
    with pytest.raises(ClaimLost):
        await inbox.settle(lost, Done(""))


async def test_a_large_delivery_is_stored_alone(another: Another, database_url: str) -> None:
    inbox = await another()
    await asyncio.gather(*(inbox.put(delivery(f"d{n}", body=b"x" * 3_000_000)) for n in range(3)))
    assert asked(database_url, "SELECT count(DISTINCT xmin::text) FROM telefonistka.deliveries") == [(3,)]


async def test_a_closed_inbox_answers_whoever_still_asks(another: Another) -> None:
    inbox = await another()
    pending = [asyncio.ensure_future(inbox.put(delivery(f"d{n}"))) for n in range(10)]
    await inbox.counts()
    await inbox.close()
    await inbox.close()
    assert await asyncio.gather(*pending) == [Receipt.STORED] * 10
    for ask in (inbox.put(delivery()), inbox.claim("w"), inbox.check()):
        with pytest.raises(WorldUnwell, match="closed"):
            await ask


# A database that goes away


async def test_a_database_that_restarts_fails_what_is_asked_meanwhile_and_the_inbox_recovers_by_itself() -> None:
    with running(fsync=False) as server:
        make_template(server)
        with a_database(server) as url:
            here, there = [await open_impatiently(url) for _ in range(2)]
            await here.put(delivery("before", "r#1"))
            server.stop()
            for ask in (here.put(delivery("lost", "r#2")), here.check(), there.claim("w"), there.next_due()):
                with pytest.raises(WorldUnwell, match="can't be reached") as caught:
                    await ask
                assert "open-sesame" not in str(caught.value)
            server.start()
            await in_time(here.check)
            await in_time(there.check)
            assert await here.put(delivery("after", "r#2")) is Receipt.STORED
            claims = [await claimed(there) for _ in range(2)]
            assert [claim.delivery.id for claim in claims] == ["before", "after"]
            server.stop(how="immediate")
            server.start()
            await in_time(there.check)
            await there.settle(claims[0], Done(""))
            assert await there.counts() == Counts(waiting=0, underway=1, done=1, dead=0)
            for inbox in (here, there):
                await inbox.close()


async def open_impatiently(url: str) -> Inbox:
    return await postgres.open_inbox(
        url, lambda: datetime.now(UTC), stale_after=timedelta(seconds=60), patience_seconds=0.3
    )


async def in_time(ask: Callable[[], Awaitable[None]]) -> None:
    """Asks until it is answered; the inbox looks for the database again every time."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await ask()
            except WorldUnwell:
                continue


async def test_broken_connections_fail_nobody_and_the_news_go_on(another: Another, database_url: str) -> None:
    busy, idle = await another(), await another()
    await busy.put(delivery("a", "r#1"))
    await asyncio.gather(*(busy.counts() for _ in range(50)))
    ours = "FROM pg_stat_activity WHERE application_name = 'telefonistka' AND datname = current_database()"
    assert len(asked(database_url, f"SELECT pg_terminate_backend(pid) {ours}")) > 5
    assert await busy.put(delivery("b", "r#2")) is Receipt.STORED
    assert (await claimed(idle)).delivery.id == "a"
    async with asyncio.timeout(10):
        while asked(database_url, f"SELECT count(*) {ours} AND query LIKE 'LISTEN%'") != [(2,)]:
            await idle.changed()


# What a claim costs

DONE = """
INSERT INTO deliveries (id, kind, lane, received_at, state, settled_at)
SELECT 'done' || n, 'push', 'r#' || n % 100, now(), 'done', now() FROM generate_series(1, 100000) AS n
"""
WAITING = """
INSERT INTO deliveries (id, kind, lane, received_at, due_at)
SELECT 'waiting' || n, 'push', {lane}, now(), {due_at} FROM generate_series(1, {waiting}) AS n
"""
JOBS = """
WITH heads AS (SELECT min(seq) AS seq, lane, min(due_at) AS due_at FROM deliveries WHERE state = 'waiting'
GROUP BY lane), jobs AS (INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, scheduled_at)
SELECT 'deliveries', 'delivery', CASE WHEN due_at IS NULL THEN -seq ELSE {held_back} END, lane, due_at FROM heads
ORDER BY seq RETURNING id, lock) UPDATE deliveries SET job_id = jobs.id FROM jobs, heads
WHERE heads.lane = jobs.lock AND deliveries.seq = heads.seq
"""


WAYS_TO_WAIT = {
    "in one lane": ("'r#1'", "NULL"),
    "in a lane each": ("'r#' || n", "NULL"),
    "all but one for a moment to come": ("'r#' || n", "CASE WHEN n < {waiting} THEN '2199-01-01'::date END"),
}


async def test_a_claim_costs_no_more_with_100_000_done_and_5_000_waiting(database_url: str, clock: HandClock) -> None:
    """Nothing was analysed yet: a queue fills before PostgreSQL notices."""
    async with await postgres_link.connected(database_url) as db:
        few = [await rows_read(db, clock, way, waiting=5) for way in WAYS_TO_WAIT]
        await db.execute(DONE.encode())
        many = [await rows_read(db, clock, way, waiting=5_000) for way in WAYS_TO_WAIT]
    for way, fewer, more in zip(WAYS_TO_WAIT, few, many, strict=True):
        assert more <= fewer + 5, way


async def rows_read(db: postgres_link.Db, clock: HandClock, way: str, *, waiting: int) -> int:
    """How many rows PostgreSQL looks at to claim and settle once."""
    lane, due_at = (part.format(waiting=waiting) for part in WAYS_TO_WAIT[way])
    await db.execute(WAITING.format(waiting=waiting, lane=lane, due_at=due_at).encode())
    await db.execute(b"INSERT INTO payloads SELECT seq, '[]', '{}' FROM deliveries WHERE state = 'waiting'")
    await db.execute(JOBS.format(held_back=postgres_jobs.HELD_BACK).encode())
    async with db.transaction():
        before = await _read_so_far(db)
        claim = await postgres_rows.claim(db, "w", clock.now, suspects=True)
        assert claim is not None
        await postgres_rows.settle(db, claim, Done("", hasten="landing:acme/gitops:"), clock.now)
        after = await _read_so_far(db)
    await db.execute(b"DELETE FROM deliveries WHERE id LIKE 'waiting%'; DELETE FROM procrastinate_jobs")
    return after - before


async def _read_so_far(db: postgres_link.Db) -> int:
    sql = "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables"
    row = await (await db.execute(sql.encode())).fetchone()
    assert row is not None
    return int(row[0])
