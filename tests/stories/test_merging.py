"""Promotions that approve and merge themselves, as far as policy lets them (N5, N16)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from telefonistka_py.sandbox.repository import Repo
from tests.stories import costs
from tests.stories.house import AT_ONCE, House, level

AUTO = """
autoApprovePromotionPrs: {approve}
promotionPaths:
  - sourcePath: workspace/
    conditions: {{autoMerge: true}}
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
"""
CHANGE = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def repository(house: House, *, approve: bool = False) -> Repo:
    return await house.repo(level(AUTO.format(approve=str(approve).lower())))


async def test_a_flow_with_auto_merge_is_merged_and_the_comment_says_so(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        pull = await house.change(repo, {**CHANGE})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged
        assert promotion.merged_by is house.app.bot
        assert await repo.tree_sha("main", "clusters/dev/nginx") == await repo.tree_sha("main", "workspace/nginx")
        [said] = house.said(pull)
        assert f"#{promotion.number} carries `nginx`" in said
        assert house.states(repo, pull)[-1] == "success"


async def test_an_approved_and_merged_promotion_costs_at_most_4_requests_and_2_round_trips_more(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    repo = await repository(house, approve=True)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.latency = costs.LATENCY
        cost = costs.of(await house.requests_for_merge(repo, pull))
        assert cost.requests <= 12 + 4
        assert cost.in_sequence <= 9 + 2


async def test_the_second_identity_approves_once_even_when_the_event_comes_again(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    repo = await repository(house, approve=True)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.merge("alice", pull.number)
        repo.protect("main", reviews=2)
        await house.hub.delivered()
        await house.server_idle()
        [promotion] = house.promotions(repo)
        await repo.comment("bob", pull.number, "/retrigger")
        await house.hub.delivered()
        await house.server_idle()
        assert [review.author for review in promotion.reviews] == [house.approver.bot]


async def test_a_merge_that_required_checks_hold_is_left_to_githubs_own_auto_merge(house: House) -> None:
    repo = await repository(house)
    repo.allow_auto_merge = True
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert not promotion.merged
        assert "GitHub merges it by auto-merge once what holds it is met" in house.said(pull)[0]
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.settle()
        assert promotion.merged


async def test_where_auto_merge_is_not_allowed_it_is_merged_when_the_check_arrives(house: House) -> None:
    repo = await repository(house)
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.hub.delivered()
        await house.server_idle()
        [promotion] = house.promotions(repo)
        assert not promotion.merged
        assert "held back when it was opened" in house.said(pull)[0]
        assert "ci/test" in house.said(pull)[0]
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.settle()
        assert promotion.merged


async def test_a_promotion_that_was_held_for_too_long_says_that_nobody_looks_any_more(house: House) -> None:
    repo = await repository(house)
    repo.protect("main", checks=("ci/test",))
    async with house.bot(replace(AT_ONCE, people=timedelta(0))):
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.settle()
        [promotion] = house.promotions(repo)
        [said] = house.said(promotion, "landing")
        assert "This promotion is not merged by itself: " in said
        assert "is still held back by checks or reviews, and nobody looks again" in said


async def test_a_promotion_that_people_pushed_to_is_not_merged_by_itself(house: House) -> None:
    repo = await repository(house)
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.hub.delivered()
        await house.server_idle()
        [promotion] = house.promotions(repo)
        decided_on = promotion.head_sha
        await repo.commit("bob", promotion.head_ref, {"clusters/dev/nginx/mine.yaml": "mine\n"})
        for sha in (decided_on, promotion.head_sha):
            await repo.set_status("alice", sha, "ci/test", "success")
        await house.settle()
        assert not promotion.merged


async def test_a_500_after_the_merge_happened_merges_nothing_twice(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        house.hub.will_answer(500, method="PUT", path=r"/merge$", after_effect=True)
        pull = await house.change(repo, {**CHANGE})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged
        assert [e.status for e in house.hub.exchanges if e.method == "PUT"] == [500]
        assert house.states(repo, pull)[-1] == "success"


async def test_a_moment_that_is_wrong_for_merging_is_waited_out(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        said = {"message": "Base branch was modified. Review and try the merge again."}
        house.hub.will_answer(405, method="PUT", path=r"/merge$", times=2, body=said)
        await house.change(repo, {**CHANGE})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged


@pytest.mark.parametrize("allowed", ["squash", "rebase"])
async def test_it_merges_the_way_that_the_repository_allows(house: House, allowed: str) -> None:
    repo = await repository(house)
    repo.allow_merge_commit = False
    repo.allow_squash_merge = allowed == "squash"
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.merge("alice", pull.number, method=allowed)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged


async def test_without_an_approver_the_comment_says_what_is_missing(house: House) -> None:
    repo = await repository(house, approve=True)
    async with house.bot():
        pull = await house.change(repo, {**CHANGE})
        await house.settle()
        assert "set APPROVER_GITHUB_APP_ID or" in house.said(pull)[0]
        assert house.states(repo, pull)[-1] == "error"


async def test_five_approved_promotions_cost_at_most_38_requests(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    targets = "".join(f"      - targetPaths: [clusters/prod/{place}/]\n" for place in "abcde")
    config = f"autoApprovePromotionPrs: true\npromotionPaths:\n  - sourcePath: workspace/\n    promotionPrs:\n{targets}"
    repo = await house.repo(level(config))
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        cost = costs.of(await house.requests_for_merge(repo, pull))
        assert len(house.promotions(repo)) == 5
        assert all(len(promotion.reviews) == 1 for promotion in house.promotions(repo))
        assert cost.requests <= 33 + 5
