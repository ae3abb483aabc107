"""Wrong content must not reach production by cunning, nor by two things that happen at once (N5, N24, N25)."""

import pytest

from telefonistka_py.promotion import draft
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, level
from tests.stories.test_commands import gate, opened
from tests.stories.test_merging import AUTO, CHANGE, repository

EVIL = {"clusters/prod/east/nginx/values.yaml": "evil\n"}


async def merged_but_not_told(repo: Repo) -> Pull:
    """alice's change is merged; from then on the default branch wants a check."""
    await repo.commit("alice", "feature", {**CHANGE})
    pull = await repo.open_pull("alice", head="feature", title="Change")
    await repo.merge("alice", pull.number)
    repo.protect("main", checks=("ci/test",))
    return pull


async def assert_level(repo: Repo) -> None:
    assert await repo.tree_sha("main", "clusters/dev/nginx") == await repo.tree_sha("main", "workspace/nginx")


async def test_a_pull_request_that_somebody_else_put_on_our_branch_is_neither_approved_nor_merged(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    repo = await repository(house, approve=True)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        name = draft.branch(pull.number, "feature", ("clusters/dev/", "clusters/lab/"))
        await repo.commit("alice", name, {**EVIL})
        forged = await repo.open_pull("alice", head=name, title="harmless")
        await repo.merge("alice", pull.number)
        await house.settle()
        assert forged.reviews == []
        assert not forged.merged
        assert f"`clusters/lab/`: #{forged.number}, which I did not open, uses its branch" in house.said(pull)[-1]


async def test_what_people_pushed_to_a_promotion_is_not_approved_by_asking_again(house: House) -> None:
    house.approver = house.hub.add_app(slug="approver")
    repo = await repository(house, approve=True)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.merge("alice", pull.number)
        repo.protect("main", reviews=2)
        await house.server_idle()
        [promotion] = house.promotions(repo)
        await repo.commit("alice", promotion.head_ref, {**EVIL})
        repo.protect("main", reviews=1)
        await repo.comment("alice", pull.number, "/retrigger")
        await house.server_idle()
        assert len(promotion.reviews) == 1, "that of the commit that we made"
        assert not promotion.merged


async def test_a_promotion_whose_change_was_reverted_is_not_merged_when_its_check_arrives(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        before = await repo.read("main", "workspace/nginx/values.yaml")
        await merged_but_not_told(repo)
        await house.server_idle()
        [promotion] = house.promotions(repo)
        repo.unprotect("main")
        await house.change(repo, {"workspace/nginx/values.yaml": before}, branch="revert")
        await house.server_idle()
        assert "not wanted any more" in house.said(promotion, "superseded")[0]
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.server_idle()
        assert not promotion.merged
        await assert_level(repo)


async def test_a_promotion_that_a_newer_one_overtook_is_not_merged_after_it(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        await merged_but_not_told(repo)
        await house.server_idle()
        [older] = house.promotions(repo)
        repo.unprotect("main")
        await house.change(repo, {"workspace/nginx/values.yaml": "3\n"}, branch="second")
        await house.server_idle()
        await repo.set_status("alice", older.head_sha, "ci/test", "success")
        await house.server_idle()
        assert not older.merged
        await assert_level(repo)


async def test_a_revert_that_is_quicker_than_the_promotion_wins(house: House) -> None:
    """The two merges are in lanes of their own: the first one's promotion is being made while the second is merged."""
    repo = await repository(house)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        before = await repo.read("main", "clusters/dev/nginx/values.yaml")
        reverted = False

        async def revert(exchange: Exchange, when: str) -> None:
            nonlocal reverted
            if exchange.method == "POST" and exchange.path.endswith("/git/trees") and not reverted:
                reverted = True
                await house.change(repo, {"workspace/nginx/values.yaml": before}, branch="revert")

        house.hub.on_request = revert
        await repo.merge("alice", pull.number)
        await house.settle()
        assert reverted
        await assert_level(repo)


async def test_what_waits_for_a_check_does_not_hold_back_the_command_that_sets_it(house: House) -> None:
    repo = await house.repo(level("toggleCommitStatus:\n  override: ci/test\n" + AUTO.format(approve="false")))
    async with house.bot():
        await merged_but_not_told(repo)
        await house.server_idle()
        [promotion] = house.promotions(repo)
        await repo.set_status("alice", promotion.head_sha, "ci/test", "failure")
        await house.server_idle()
        await repo.comment("bob", promotion.number, "/override")
        await house.settle()
        assert promotion.merged


async def test_a_conflicting_promotion_is_told_and_not_looked_at_for_ever(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        await merged_but_not_told(repo)
        await house.server_idle()
        [promotion] = house.promotions(repo)
        repo.unprotect("main")
        await repo.commit("bob", "main", {"clusters/dev/nginx/values.yaml": "conflict\n"})
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.settle()
        assert not promotion.merged
        assert "conflicts with the default branch" in house.said(promotion, "landing")[0]


async def test_a_flip_whose_answer_was_lost_is_not_undone_by_the_next_attempt(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house, state="success")
        await house.settle()
        house.hub.will_answer(502, method="POST", path=r"/statuses/", after_effect=True)
        await repo.comment("bob", pull.number, "/override")
        await house.settle()
        assert gate(repo, pull) == ["success", "failure"]


@pytest.mark.parametrize(("method", "path"), [("GET", r"/files"), ("POST", r"/statuses/"), ("POST", "/git/commits")])
async def test_a_404_of_a_replica_that_lags_behind_costs_no_promotion(house: House, method: str, path: str) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.will_answer(404, method=method, path=path)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert len(house.promotions(repo)) == 1


async def test_a_locked_conversation_stops_nothing(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        house.hub.will_answer(403, method="POST", path=r"/issues/.*/comments", times=100)
        pull = await house.change(repo, {**CHANGE})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged
        assert house.states(repo, pull)[-1] == "success"


async def test_a_check_that_is_given_up_leaves_no_pending_status(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {"telefonistka.yaml": TWO_STAGES + "\n"})
        house.hub.will_answer(422, method="POST", path=r"/issues/.*/comments", times=100)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert house.states(repo, pull)[-1] == "error"


async def test_an_author_who_can_not_be_assigned_costs_neither_label_nor_merge(house: House) -> None:
    repo = await repository(house)
    async with house.bot():
        said = {"message": "Issue assignees invalid", "documentation_url": "https://docs.github.com/rest"}
        house.hub.will_answer(422, method="PATCH", path=r"/issues/\d+$", body=said)
        await house.change(repo, {**CHANGE})
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.labels == ["promotion"]
        assert promotion.merged


async def test_a_fork_can_not_spend_our_requests(house: House) -> None:
    repo = await house.repo(level())
    house.hub.add_user("mallory")
    repo.set_access("mallory", "read")
    fork = await repo.fork("mallory")
    async with house.bot():
        await fork.commit("mallory", "evil", {f"x/{n}/telefonistka.yaml": b"\xff\xfe%d" % n for n in range(80)})
        house.hub.exchanges.clear()
        await repo.open_pull("mallory", head="mallory:evil", title="x")
        await house.settle()
        assert len(list(house.requests())) < 20


async def test_a_promotion_that_somebody_force_pushed_is_not_closed(house: House) -> None:
    repo = await house.repo(level("supersedePromotionPrs: close\n" + TWO_STAGES))
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": "2\n"}, branch="first")
        await house.settle()
        [older] = house.promotions(repo)
        sha = await repo.commit("bob", "tmp", {"clusters/dev/nginx/mine.yaml": "mine\n"})
        await repo.push("bob", older.head_ref, sha, force=True)
        await house.change(repo, {"workspace/nginx/values.yaml": "3\n"}, branch="second")
        await house.settle()
        assert older.state == "open"
        assert older.head_ref in await repo.branches()
