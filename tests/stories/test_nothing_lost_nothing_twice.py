"""A promotion survives what happens to its webhook, its requests and its process, and is made once (N11-N13)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.app import chores
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Delivery
from tests.stories import picture
from tests.stories.house import SECRET, House, level, now

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n', "workspace/nginx/new.yaml": "x\n"}

API = r"^/(repos|graphql|api/graphql)"
"""Everything but the requests for tokens."""


def merge_delivery(house: House) -> Delivery:
    """The webhook of the merge."""
    return next(each for each in house.hub.deliveries if each.event == "pull_request" and each.action == "closed")


async def test_a_redelivery_makes_nothing_twice(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, CHANGE)
        await house.settle()
        before = await picture.of(house, repo)
        requests = len(house.hub.exchanges)
        house.hub.redeliver(merge_delivery(house).guid)
        await house.settle()
        assert await picture.of(house, repo) == before
        assert house.hub.deliveries[-1].status_code == 200
        assert len(house.hub.exchanges) == requests, "work that is done is not done again"


async def test_the_same_merge_under_another_id_makes_nothing_twice(house: House) -> None:
    """As after a lost inbox, or when two webhooks are configured: GitHub's state alone must be enough."""
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, CHANGE)
        await house.settle()
        before = await picture.of(house, repo)
    (house.folder / "inbox.sqlite3").unlink()
    async with house.bot():
        house.hub.redeliver(merge_delivery(house).guid)
        await house.settle()
        assert house.hub.deliveries[-1].status_code == 202
        assert await picture.of(house, repo) == before


async def test_a_merge_that_is_handled_again_after_its_promotion_was_merged_opens_no_second_one(house: House) -> None:
    repo = await house.repo(level())
    repo.delete_branch_on_merge = True
    async with house.bot():
        await house.change(repo, CHANGE)
        await house.settle()
        [promotion] = house.promotions(repo)
        await repo.merge("bob", promotion.number)
        await house.settle()
        await repo.commit("alice", "main", {"clusters/dev/nginx/values.yaml": "changed by hand\n"})
        before = await picture.of(house, repo)
    (house.folder / "inbox.sqlite3").unlink()
    async with house.bot():
        house.hub.redeliver(merge_delivery(house).guid)
        await house.settle()
        assert await picture.of(house, repo) == before


async def test_a_delivery_that_is_sent_twice_at_once_is_handled_once(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.webhooks_will(twice=2)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-2:] == ["pending", "success"]


async def test_a_webhook_that_came_while_the_bot_was_being_stopped_is_handled_after_the_restart(house: House) -> None:
    repo = await house.repo(level())
    house.hub.will_answer(502, path=API, times=1000)
    async with house.bot(drain_seconds=0):
        pull = await house.change(repo, CHANGE)
        await house.hub.delivered()
    assert house.promotions(repo) == []
    house.hub.faults.waiting.clear()
    async with house.bot():
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"


PLAIN = level()
MERGING = level("""
autoApprovePromotionPrs: true
promotionPaths:
  - sourcePath: workspace/
    conditions: {autoMerge: true}
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
""")


async def undisturbed(folder: Path, files: dict[str, Content]) -> tuple[dict[str, Any], int]:
    """The picture without any fault, and how many requests it took."""
    async with Hub.running(folder / "hub") as hub:
        house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
        house.approver = hub.add_app(slug="approver")
        repo = await house.repo(files)
        async with house.bot():
            await repo.commit("alice", "feature", CHANGE)
            pull = await repo.open_pull("alice", head="feature", title="Change feature")
            await house.settle()
            before = len(list(house.requests()))
            await repo.merge("alice", pull.number)
            await house.settle()
            return await picture.of(house, repo), len(list(house.requests())) - before


FAILURES = pytest.mark.parametrize(
    ("status", "after_effect", "files"),
    [
        pytest.param(502, False, PLAIN, id="502"),
        pytest.param(None, True, PLAIN, id="done, but the answer is lost"),
        pytest.param(None, False, MERGING, id="approved and merged, connection dropped"),
        pytest.param(500, True, MERGING, id="approved and merged, 500 although it was done"),
    ],
)


@FAILURES
async def test_a_failure_at_a_single_request_changes_nothing_in_the_end(
    tmp_path: Path, status: int | None, after_effect: bool, files: dict[str, Content]
) -> None:
    """A sample: the matrix tries every request."""
    await failing_at(tmp_path, status, after_effect, files, every=5)


async def failing_at(
    tmp_path: Path, status: int | None, after_effect: bool, files: dict[str, Content], *, every: int
) -> None:
    wanted, count = await undisturbed(tmp_path, files)
    assert count >= 10
    for number in range((status or 0) % every, count, every):
        folder = tmp_path / str(number)
        async with Hub.running(folder / "hub") as hub:
            house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
            house.approver = hub.add_app(slug="approver")
            repo = await house.repo(files)
            async with house.bot():
                await repo.commit("alice", "feature", CHANGE)
                pull = await repo.open_pull("alice", head="feature", title="Change feature")
                await house.settle()
                fault = hub.will_answer(status, path=API, skip=number, after_effect=after_effect)
                await repo.merge("alice", pull.number)
                await house.settle()
                assert fault.times == 0, f"request {number} was never made"
                assert await picture.of(house, repo) == wanted, f"after a failure at request {number}"


async def test_a_limit_is_waited_for_and_costs_no_promotion(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.limit_secondary(method="POST", path=r"/git/commits$", retry_after=0)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"


async def test_what_was_handled_is_forgotten_after_a_week_and_not_before(house: House) -> None:
    repo, passed = await house.repo(level()), [timedelta(0)]
    house.clock = lambda: now() + passed[0]
    async with house.bot(at_start=chores.standing(now())):
        pull = await house.change(repo, {"README.md": "about\n"})
        await house.server_idle()
        assert house.server is not None
        inbox = house.server.inbox
        of_the_pull = len(await inbox.entries(lane=f"acme/gitops#{pull.number}"))
        assert of_the_pull > 0
        for days, left in ((6, of_the_pull), (8, 0)):
            passed[0] = timedelta(days=days)
            await inbox.again("chore:tidying:")
            await house.server_idle()
            assert len(await inbox.entries(lane=f"acme/gitops#{pull.number}")) == left
