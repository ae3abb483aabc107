"""Several replicas on one database are one bot to GitHub (N20)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telefonistka_py.sandbox.model import Exchange
from tests.stories.house import House, level


@dataclass
class Replica(House):
    """Its inbox is the database at `database`."""

    database: str = ""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "TELEFONISTKA_DATABASE_URL": self.database}


class Changes:
    """Counts the changes that are asked for at the same moment, and makes each take a while."""

    def __init__(self) -> None:
        self.underway = self.most = self.all = 0

    async def __call__(self, exchange: Exchange, when: str) -> None:
        if exchange.method in ("GET", "HEAD") or "graphql" in exchange.path or "access_tokens" in exchange.path:
            return
        self.underway += 1 if when == "before" else -1
        self.most = max(self.most, self.underway)
        if when == "before":
            self.all += 1
            for _ in range(20):  # whoever may, comes in between
                await asyncio.sleep(0)


@asynccontextmanager
async def two(house: House, database_url: str) -> AsyncIterator[tuple[House, House]]:
    folder = house.folder / "other"
    folder.mkdir()
    first = Replica(house.hub, house.app, house.folder, database=database_url)
    second = Replica(house.hub, house.app, folder, database=database_url)
    async with first.bot(), second.bot():
        yield first, second


async def test_changes_of_one_installation_go_one_after_another_whichever_replica_makes_them(
    house: House, database_url: str
) -> None:
    """https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""
    repos = [await house.repo(level(), f"acme/gitops{number}") for number in range(3)]
    async with two(house, database_url) as replicas:
        house.hub.on_request = changes = Changes()
        for repo in repos:
            await house.change(repo, {"workspace/nginx/values.yaml": "2\n"})
        async with asyncio.timeout(60):
            await asyncio.gather(*(replica.settle() for replica in replicas))
        assert [len(house.promotions(repo)) for repo in repos] == [1] * 3
        assert changes.all >= 15
        assert changes.most == 1
