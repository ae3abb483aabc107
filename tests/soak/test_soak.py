"""Thousands of webhooks, some sent twice, requests that fail, servers that are killed (N11, N12, N13)."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.model import Delivery
from tests.matrix import stores, zygote
from tests.matrix.stores import Store
from tests.postgres import Postgres
from tests.soak import figures, judgement
from tests.soak.replicas import Replicas
from tests.soak.town import Change, Town
from tests.soak.trouble import Trouble
from tests.stories.house import House

pytestmark = pytest.mark.soak

SEED = 20
LATENCY = 0.05
"""Seconds that GitHub takes over each request, beside what the sandbox itself takes."""
STALE_SECONDS = 4
"""How long a replica is silent before its work is taken over; whoever waits in the storm may wait for this as well."""
STORMY_PEOPLE, CALM_PEOPLE = 10, 3


@dataclass(frozen=True)
class Plan:
    """How much of what."""

    repositories: int
    stormy: int
    """Deliveries by the end of the storm."""
    warm: int
    """Deliveries by the moment at which memory is measured first: on servers started after the storm."""
    end: int
    replicas: int


@dataclass
class Soak:
    town: Town
    replicas: Replicas
    trouble: Trouble

    def hear(self, delivery: Delivery) -> None:
        self.town.hear(delivery)
        self.trouble.hear(delivery)
        self.replicas.hear(delivery)


@asynccontextmanager
async def soaking(plan: Plan, store: Store, folder: Path) -> AsyncIterator[Soak]:
    async with AsyncExitStack() as stack:
        forks = stack.enter_context(zygote.running())
        hub = await stack.enter_async_context(Hub.running(folder / "hub"))
        app = hub.add_app(slug="telefonistka", secret=str(folder))
        house = House(hub, app, folder, approver=hub.add_app(slug="approver"))
        town = Town(hub, app, random.Random(SEED))
        await town.build(plan.repositories)
        own = {"GITHUB_WEBHOOK_SECRET": str(folder), "LOG_FORMAT": "json"}
        environment = {**house.environment(), **own, **stack.enter_context(store.empty(folder))}
        replicas = Replicas(hub, app, forks, environment, plan.replicas)
        stack.push_async_callback(replicas.close)
        soak = Soak(town, replicas, Trouble(hub, replicas, random.Random(SEED + 1)))
        await replicas.start()
        hub.latency, hub.on_request, hub.webhooks.watcher = LATENCY, soak.trouble.on_request, soak.hear
        yield soak
        hub.on_request = None


async def test_one_server_on_sqlite(tmp_path: Path, table: list[str]) -> None:
    await survives(Plan(50, stormy=400, warm=700, end=1000, replicas=1), stores.sqlite, tmp_path, table, "SQLite")


async def test_two_replicas_on_postgresql(tmp_path: Path, table: list[str], postgres: Postgres) -> None:
    store = stores.postgres(postgres, stale_seconds=STALE_SECONDS)
    await survives(Plan(50, stormy=2500, warm=3500, end=5000, replicas=2), store, tmp_path, table, "PostgreSQL")


async def survives(plan: Plan, store: Store, folder: Path, table: list[str], name: str) -> None:
    async with soaking(plan, store, folder) as soak:
        town, replicas = soak.town, soak.replicas
        await town.live(plan.stormy, STORMY_PEOPLE)
        await replicas.settle()
        stormy = list(town.changes)
        soak.trouble.calm = True
        await replicas.renew()
        await town.live(plan.warm, CALM_PEOPLE)
        await replicas.settle()
        before = replicas.memory()
        await town.live(plan.end, CALM_PEOPLE)
        await replicas.settle()
        after = replicas.memory()
        table += told(soak, plan, name, stormy, before, after)
        problems = [*await judgement.lost(town), *await judgement.doubled(town), *judgement.overlaps(town)]
        assert [*await replicas.dead(), *problems] == []
        assert town.hub.unknown == []
        for one, other in zip(before, after, strict=True):
            assert other <= one * 1.2, f"a server grew from {one} kB to {other} kB"


def told(soak: Soak, plan: Plan, name: str, stormy: list[Change], before: list[int], after: list[int]) -> Iterator[str]:
    """The table."""
    hub, trouble, replicas = soak.town.hub, soak.trouble, soak.replicas
    of_all = {each.guid for each in hub.deliveries}
    latency = f"{LATENCY * 1000:.0f} ms latency"
    yield f"soak on {name}: {replicas.count} server(s), {plan.repositories} repositories, {latency}"
    yield f"  webhooks {len(of_all)}, sent {len(hub.deliveries)} times, {replicas.resent} of them as nobody took them"
    yield f"  promotions {len(soak.town.changes)}, pull requests beside every flow {soak.town.idle_talk}"
    yield f"  requests {trouble.requests}, faults {dict(trouble.faults)}, servers killed {replicas.kills}"
    for stretch, people, changes in (
        ("storm", STORMY_PEOPLE, stormy),
        ("calm", CALM_PEOPLE, soak.town.changes[len(stormy) :]),
    ):
        waits = figures.waits(soak.town, changes)
        p50, p99 = figures.percentile(waits, 50), figures.percentile(waits, 99)
        yield f"  {stretch}, {people} people: webhook to promotion p50 {p50:.2f} s, p99 {p99:.2f} s, of {len(waits)}"
    for one, other in zip(before, after, strict=True):
        yield f"  memory of a server {one / 1024:.0f} MB, then {other / 1024:.0f} MB ({other / one - 1:+.0%})"
