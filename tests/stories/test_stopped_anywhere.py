"""The bot is stopped between any two of its requests, and the next one finishes what it began (N11, N13).

A sample of the matrix in `tests/matrix`: the server is a process of its own, and is really killed.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.matrix import every_point, flows, run, stores, zygote
from tests.matrix.points import Point, Side
from tests.matrix.stores import Store
from tests.matrix.zygote import Zygote
from tests.postgres import Postgres
from tests.stories import picture
from tests.stories.house import SECRET, House, level

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n', "workspace/nginx/new.yaml": "x\n"}


class Reached:
    """Holds back the answer to the bot's request of a number, when all that it asked for is done."""

    def __init__(self, house: House, number: int) -> None:
        self._house, self._number = house, number
        self._requests = 0
        self.reached, self.released = asyncio.Event(), asyncio.Event()
        house.hub.on_request = self

    async def __call__(self, exchange: Exchange, when: str) -> None:
        if when == "after" and exchange.actor == self._house.app.bot.login:
            self._requests += 1
            if self._requests == self._number:
                self.reached.set()
                await self.released.wait()


async def opened(house: House) -> tuple[Repo, Pull]:
    """A pull request that nobody has told the bot of."""
    repo = await house.repo(level())
    await repo.commit("alice", "feature", CHANGE)
    return repo, await repo.open_pull("alice", head="feature", title="Change feature")


async def undisturbed(folder: Path) -> tuple[dict[str, Any], int]:
    """The picture at the end, and how many requests the merge took."""
    async with Hub.running(folder / "hub") as hub:
        house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
        repo, pull = await opened(house)
        async with house.bot():
            await repo.merge("alice", pull.number)
            await house.settle()
            return await picture.of(house, repo), len(list(house.requests()))


async def test_stopped_after_a_request_the_end_is_the_same(tmp_path: Path) -> None:
    """By a drain that has no time: the attempt is cancelled and its delivery given back. A sample."""
    await stopped_after(tmp_path, every=3)


async def stopped_after(tmp_path: Path, *, every: int) -> None:
    wanted, count = await undisturbed(tmp_path)
    assert count >= 11
    for number in range(1, count + 1, every):
        folder = tmp_path / str(number)
        async with Hub.running(folder / "hub") as hub:
            house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
            repo, pull = await opened(house)
            held = Reached(house, number)
            async with house.bot(drain_seconds=0):
                await repo.merge("alice", pull.number)
                await asyncio.wait_for(held.reached.wait(), 10)
            held.released.set()
            hub.on_request = None
            async with house.bot():
                await house.settle()
                assert await picture.of(house, repo) == wanted, f"after request {number}"


@pytest.fixture(scope="module")
def forks() -> Iterator[Zygote]:
    with zygote.running() as one:
        yield one


REPO = "/repos/acme/gitops"
RISKIEST: dict[str, list[tuple[Side, str, int]]] = {
    "a merge, promoted by three pull requests that are approved and merged": [
        ("after", f"POST {REPO}/git/refs", 2),
        ("before", f"POST {REPO}/pulls", 1),
        ("after", f"POST {REPO}/pulls", 3),
        ("after", f"PATCH {REPO}/issues/2", 1),
        ("after", f"POST {REPO}/pulls/3/reviews", 1),
        ("after", f"POST {REPO}/issues/1/comments", 1),
        ("before", f"PUT {REPO}/pulls/3/merge", 1),
        ("after", f"PUT {REPO}/pulls/2/merge", 1),
    ],
    "a merge that checks hold back, by our own patience": [
        ("after", "Arm", 1),
        ("after", f"PUT {REPO}/pulls/2/merge", 2),
    ],
    "a newer promotion that closes the older one": [
        ("after", f"POST {REPO}/issues/3/comments", 1),
        ("before", f"PATCH {REPO}/pulls/3", 1),
    ],
    "a newer promotion that takes the older one's place in the merge queue": [
        ("after", "Dequeue", 1),
        ("after", "Enqueue", 2),
    ],
    "drift that takes several comments": [
        ("after", f"POST {REPO}/issues/1/comments", 1),
        ("after", f"PATCH {REPO}/issues/comments/ID", 1),
    ],
    "a commit status that a comment flips": [
        ("after", f"POST {REPO}/statuses/SHA", 1),
    ],
    "a server that starts, and a merge": [
        ("after", "POST /app/installations/ID/access_tokens", 1),
    ],
}
"""The side, the request, and its how-manieth time: a sample of the matrix, by the flow's name."""


@pytest.mark.parametrize("name", RISKIEST)
async def test_a_server_that_is_killed_at_the_riskiest_points_leaves_the_same_end(
    name: str, forks: Zygote, tmp_path: Path
) -> None:
    await killed(name, RISKIEST[name], stores.sqlite, forks, tmp_path)


async def test_another_replica_ends_what_a_killed_one_began(forks: Zygote, postgres: Postgres, tmp_path: Path) -> None:
    """On PostgreSQL, where the work of the dead is taken over once they have been silent for long enough."""
    name = "a merge that checks hold back, by our own patience"
    points = [*RISKIEST[name], ("after", f"POST {REPO}/git/refs", 1), ("after", f"PATCH {REPO}/issues/2", 1)]
    await killed(name, points, stores.postgres(postgres), forks, tmp_path)


async def killed(name: str, points: Iterable[tuple[Side, str, int]], store: Store, forks: Zygote, folder: Path) -> None:
    flow = next(each for each in flows.FLOWS if each.name == name)
    wanted = await run.run(flow, store, forks, folder / "undisturbed")
    at = [Point(request, time, side) for side, request, time in points]
    assert await every_point.killed_at(at, flow, store, forks, folder, wanted) == []
