"""Promotions to a branch that takes changes through a merge queue alone."""

from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import House, level

AUTO = """
promotionPaths:
  - sourcePath: workspace/
    conditions: {autoMerge: true}
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
"""


def values(version: str) -> dict[str, Content | None]:
    return {"workspace/nginx/values.yaml": f'tag: "{version}"\n'}


async def queued(repo: Repo, files: dict[str, Content | None], *, branch: str = "feature") -> Pull:
    """alice's change goes through the queue, before what is in it."""
    await repo.commit("alice", branch, files)
    pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}")
    for check in repo.protections["main"].checks:
        await repo.set_status("ci", pull.head_sha, check, "success")
    others = waiting(repo)
    await repo.enqueue("alice", pull.number, jump=True)
    assert await repo.run_queue(waits=others) == [pull.number]
    return pull


async def settled(house: House) -> None:
    """What waits for checks may go on waiting."""
    await house.hub.delivered()
    await house.server_idle()


def waiting(repo: Repo) -> list[int]:
    return [entry.pull.number for entry in repo.queues.get("main", [])]


async def begun(house: House, config: str = AUTO, *, checks: tuple[str, ...] = ()) -> Repo:
    repo = await house.repo(level(config))
    repo.protect("main", queue=True, checks=checks)
    return repo


async def test_a_promotion_waits_in_the_queue_and_is_merged_by_it(house: House) -> None:
    repo = await begun(house)
    async with house.bot():
        pull = await queued(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert waiting(repo) == [promotion.number]
        assert "GitHub merges it by the merge queue once what holds it is met" in house.said(pull)[0]
        assert await repo.run_queue() == [promotion.number]
        await settled(house)
        assert await repo.tree_sha("main", "clusters/dev/nginx") == await repo.tree_sha("main", "workspace/nginx")


async def test_github_adds_it_to_the_queue_once_its_checks_are_met(house: House) -> None:
    repo = await begun(house, checks=("ci/test",))
    repo.allow_auto_merge = True
    async with house.bot():
        await queued(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert waiting(repo) == []
        await repo.set_status("ci", promotion.head_sha, "ci/test", "success")
        await settled(house)
        assert waiting(repo) == [promotion.number]


async def test_where_auto_merge_is_not_allowed_we_add_it_when_the_check_arrives(house: House) -> None:
    """Also where GitHub calls all that must take the queue blocked."""
    repo = await begun(house, checks=("ci/test",))
    repo.queue_blocks = True
    async with house.bot():
        await queued(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert waiting(repo) == []
        await repo.set_status("ci", promotion.head_sha, "ci/test", "success")
        await settled(house)
        assert waiting(repo) == [promotion.number]


async def test_what_the_queue_dropped_is_left_to_people(house: House) -> None:
    repo = await begun(house)
    async with house.bot():
        await queued(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert await repo.run_queue(fails=[promotion.number]) == []
        await repo.set_status("ci", promotion.head_sha, "ci/other", "success")
        await settled(house)
        assert (promotion.state, waiting(repo)) == ("open", [])


async def test_a_newer_promotion_takes_the_older_ones_place_in_the_queue(house: House) -> None:
    """Both change the same lines: after the older one, the newer one could not be merged."""
    repo = await begun(house)
    async with house.bot():
        await queued(repo, values("2.0"), branch="first")
        await settled(house)
        [older] = house.promotions(repo)
        assert waiting(repo) == [older.number]
        await queued(repo, values("3.0"), branch="second")
        await settled(house)
        _, newer = house.promotions(repo)
        assert waiting(repo) == [newer.number]
        assert await repo.run_queue() == [newer.number]
        await settled(house)
        assert await repo.tree_sha("main", "clusters/dev/nginx") == await repo.tree_sha("main", "workspace/nginx")


async def test_a_newer_promotion_takes_the_older_ones_auto_merge_back(house: House) -> None:
    repo = await house.repo(level(AUTO))
    repo.allow_auto_merge = True
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        for branch, version in (("first", "2.0"), ("second", "3.0")):
            await repo.commit("alice", branch, values(version))
            pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}")
            await repo.set_status("ci", pull.head_sha, "ci/test", "success")
            await repo.merge("alice", pull.number)
            await settled(house)
        older, newer = house.promotions(repo)
        for promotion in (older, newer):
            await repo.set_status("ci", promotion.head_sha, "ci/test", "success")
        await settled(house)
        assert (older.merged, newer.merged) == (False, True)
