"""Two pull requests that change one component are merged at the same moment, and promoted side by side.

Each is handled by a server of its own: one server sends one change at a time, so that two can come in orders that one
can't.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import combinations
from typing import Any

import pytest

from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, level

STEPS = ("looks", "opens", "marks")


class Order:
    """Lets the requests of `script` through one after the other: `1 opens` is the request by which the promotion of
    pull request 1 is opened. Others are not held."""

    def __init__(self, script: list[str]) -> None:
        self.left = list(script)
        self._moved = asyncio.Condition()
        self._opened: dict[str, str] = {}

    async def __call__(self, exchange: Exchange, when: str) -> None:
        step = self._step(exchange)
        if step not in self.left:
            return
        async with self._moved:
            if when == "before":
                await self._moved.wait_for(lambda: self.left[0] == step)
            else:
                self.left.remove(step)
                self._moved.notify_all()

    def _step(self, exchange: Exchange) -> str:
        body: Any = exchange.request_body if isinstance(exchange.request_body, dict) else {}
        if "query Pin" in str(body.get("query")):
            return f"{body['variables']['number']} pins"
        if "query Look" in str(body.get("query")):
            found = re.search(r"refs/heads/promotions/(\d+)-", str(body["variables"]))
            alone = "states: OPEN" in body["query"] and "comments(" not in body["query"]
            return f"{found[1]} looks" if found else "looks again" if alone else ""
        if exchange.method == "POST" and exchange.path.endswith("/pulls"):
            trigger = body["head"].removeprefix("promotions/").partition("-")[0]
            if isinstance(exchange.answer, dict):
                self._opened[str(exchange.answer["number"])] = trigger
            return f"{trigger} opens"
        if exchange.method == "PATCH" and "labels" in body:
            return f"{self._opened.get(exchange.path.rpartition('/')[2])} marks"
        return ""


def orders() -> list[list[str]]:
    """Every order in which the steps of two promotions can follow one another."""
    found = []
    for places in combinations(range(2 * len(STEPS)), len(STEPS)):
        one, other = iter(STEPS), iter(STEPS)
        found.append([f"1 {next(one)}" if at in places else f"2 {next(other)}" for at in range(2 * len(STEPS))])
    return found


def with_pins(script: list[str]) -> list[str]:
    """The default branch is read just before one looks."""
    return [step for each in script for step in ([each.replace("looks", "pins"), each] if "looks" in each else [each])]


@asynccontextmanager
async def two_servers(house: House) -> AsyncIterator[House]:
    """The bot of `house` and another one of the same App, which is the one that hears of what happens."""
    other = House(house.hub, house.app, house.folder / "other")
    other.folder.mkdir()
    async with house.bot(), other.bot():
        yield other


async def both_merged(house: House, other: House, repo: Repo, script: list[str]) -> tuple[Pull, Pull]:
    """alice and bob merge a change of the same component each, alice first; their promotions, in that order.

    `house` hears of the first merge and `other` of all else.
    """
    assert house.server is not None
    for who, file in (("alice", "Chart.yaml"), ("bob", "values.yaml")):
        await repo.commit(who, f"by-{who}", {f"workspace/nginx/{file}": f"{who}\n"})
        await repo.open_pull(who, head=f"by-{who}", title=f"Change by {who}")
    await other.settle()
    house.hub.on_request = order = Order(script)
    everywhere = house.app.webhook_url
    async with asyncio.timeout(30):
        house.hub.set_webhook(house.app, f"{house.server.url}/webhook")
        await repo.merge("alice", 1)
        await house.hub.delivered()
        house.hub.set_webhook(house.app, everywhere)
        await repo.merge("bob", 2)
        await asyncio.gather(house.settle(), other.settle())
        await other.settle()
    assert order.left == []
    by_trigger = {pull.head_ref.partition("-")[0]: pull for pull in house.promotions(repo)}
    return by_trigger["promotions/1"], by_trigger["promotions/2"]


@pytest.mark.parametrize("script", orders()[::4], ids=" ".join)
async def test_the_promotion_of_the_earlier_merge_is_told_of_the_later_one(house: House, script: list[str]) -> None:
    """A sample: the matrix tries every order."""
    await promoted_in(house, script)


async def promoted_in(house: House, script: list[str]) -> None:
    repo = await house.repo(level())
    async with two_servers(house) as other:
        older, newer = await both_merged(house, other, repo, with_pins(script))
        [said] = house.said(older, "superseded")
        assert f"#{newer.number} carries a newer state" in said
        assert house.said(newer, "superseded") == []
        assert ("Supersedes #" in (newer.body or "")) == (newer.number > older.number)
        assert "Supersedes #" not in (older.body or "")
        assert (older.state, newer.state) == ("open", "open")
        assert house.states(repo, repo.pull(1))[-1] == house.states(repo, repo.pull(2))[-1] == "success"


@pytest.mark.parametrize("first", ["1", "2"])
async def test_with_close_the_promotion_of_the_earlier_merge_is_closed(house: House, first: str) -> None:
    repo = await house.repo(level("supersedePromotionPrs: close\n" + TWO_STAGES))
    second = "1" if first == "2" else "2"
    script = ["1 pins", "2 pins", "1 looks", "2 looks", f"{first} opens", f"{second} opens"]
    async with two_servers(house) as other:
        older, newer = await both_merged(house, other, repo, script)
        assert (older.state, newer.state) == ("closed", "open")
        branches = await repo.branches()
        assert older.head_ref not in branches
        assert newer.head_ref in branches


async def test_what_is_overtaken_as_it_is_opened_does_not_merge_itself(house: House) -> None:
    flow = "{sourcePath: workspace/, conditions: {autoMerge: true}, promotionPrs: [{targetPaths: [dev/]}]}"
    repo = await house.repo(level(f"promotionPaths: [{flow}]\n"))
    async with two_servers(house) as other:
        script = ["2 pins", "2 looks", "1 pins", "1 looks", "2 opens", "1 opens", "1 marks", "looks again", "2 marks"]
        older, newer = await both_merged(house, other, repo, script)
        assert (older.merged, newer.merged) == (False, True)
        assert await repo.tree_sha("main", "dev/nginx") == await repo.tree_sha("main", "workspace/nginx")


async def test_a_promotion_that_has_no_label_yet_is_seen(house: House) -> None:
    repo = await house.repo(level())
    script = ["1 pins", "1 looks", "2 pins", "2 looks", "1 opens", "2 opens", "2 marks", "looks again", "1 marks"]
    async with two_servers(house) as other:
        older, newer = await both_merged(house, other, repo, script)
        assert [f"#{newer.number} carries" in said for said in house.said(older, "superseded")] == [True]


async def test_a_second_look_that_fails_is_taken_again_and_says_all_once(house: House) -> None:
    repo = await house.repo(level())
    script = ["1 pins", "2 pins", "1 looks", "2 looks", "1 opens", "1 marks", "2 opens", "2 marks"]
    async with two_servers(house) as other:
        house.hub.will_answer(502, method="POST", path=r"/issues/\d+/comments$", times=3, after_effect=True)
        older, newer = await both_merged(house, other, repo, script)
        assert len(house.said(older, "superseded")) == 1
        assert f"Supersedes #{older.number}." in (newer.body or "")
        assert house.said(newer, "superseded") == []


async def test_where_nothing_else_was_opened_there_is_no_second_look(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": "2\n"})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        asked = await house.requests_for_merge(repo, pull)
        assert sum("states: OPEN" in str(each.request_body) for each in asked) == 1
