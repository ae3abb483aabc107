"""Promotions that merge themselves where GitHub, its settings or people are in an odd state at that moment."""

from pathlib import Path

import pytest

from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories import argo
from tests.stories.house import House, component, level
from tests.stories.test_argocd import NEW_TAG, REFORMATTED

CHECK = "ci/test"
AUTO = """
{extra}
promotionPaths:
  - sourcePath: workspace/
    conditions: {{autoMerge: true}}
    promotionPrs:
      - targetPaths: [clusters/dev/]
"""
EACH = AUTO + "      - targetPaths: [clusters/lab/]\n"
FORBIDDEN = {"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}
ALWAYS = 10_000
TARGET, SOURCE = "clusters/dev/nginx", "workspace/nginx"


def values(version: str, *names: str) -> dict[str, Content | None]:
    return {f"workspace/{name}/values.yaml": f'tag: "{version}"\n' for name in names or ("nginx",)}


async def begun(house: House, config: str = AUTO, *, extra: str = "", checked: bool = True, auto: bool = False) -> Repo:
    """A repository with two components, level everywhere. `checked`: a check is demanded; `auto`: GitHub's own
    auto-merge is allowed."""
    files = level(config.format(extra=extra))
    for place in ("workspace", "clusters/dev", "clusters/lab"):
        files |= component(f"{place}/redis")
    repo = await house.repo(files)
    repo.allow_auto_merge = auto
    if checked:
        repo.protect("main", checks=(CHECK,))
    return repo


async def merged(repo: Repo, files: dict[str, Content | None], branch: str = "feature") -> Pull:
    """alice's change, past its check."""
    await repo.commit("alice", branch, files)
    pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}")
    await green(repo, pull)
    await repo.merge("alice", pull.number)
    return pull


async def green(repo: Repo, pull: Pull) -> None:
    await repo.set_status("ci", pull.head_sha, CHECK, "success")


async def settled(house: House) -> None:
    """What waits for checks may go on waiting."""
    await house.hub.delivered()
    await house.server_idle()


async def is_level(repo: Repo, target: str = TARGET, source: str = SOURCE) -> bool:
    return await repo.tree_sha("main", target) == await repo.tree_sha("main", source)


def asked(house: House, what: str) -> list[Exchange]:
    """What the bot asked of GitHub by GraphQL."""
    return [each for each in house.requests() if what in str(each.request_body)]


# ---- what GitHub merges by itself, once its source has changed again ----


@pytest.mark.parametrize("again", ["1.0", "3.0"], ids=["taken back", "changed again"])
async def test_github_does_not_merge_an_older_state_of_one_component_together_with_another(
    house: House, again: str
) -> None:
    """The newer promotion carries nginx alone, so that it does not supersede the one of nginx and redis."""
    repo = await begun(house, auto=True)
    async with house.bot():
        await merged(repo, values("2.0", "nginx", "redis"), "both")
        await settled(house)
        [both] = house.promotions(repo)
        await merged(repo, values(again), "one")
        await settled(house)
        await green(repo, both)
        await settled(house)
        assert not both.merged
        assert any("its source has changed again" in said for said in house.said(both))
        for promotion in house.promotions(repo)[1:]:
            await green(repo, promotion)
        await settled(house)
        assert await is_level(repo)


async def test_the_queue_does_not_merge_an_older_state_of_one_component_together_with_another(house: House) -> None:
    repo = await begun(house, checked=False)
    repo.protect("main", queue=True)
    async with house.bot():
        for names, version, branch in ((("nginx", "redis"), "2.0", "both"), (("nginx",), "1.0", "one")):
            await repo.commit("alice", branch, values(version, *names))
            pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}")
            others = [entry.pull.number for entry in repo.queues.get("main", [])]
            await repo.enqueue("alice", pull.number, jump=True)
            assert await repo.run_queue(waits=others) == [pull.number]
            await settled(house)
        assert await repo.run_queue() == []
        assert await is_level(repo)


async def test_nor_where_its_components_come_from_several_places(house: House) -> None:
    """Its metadata names one of them."""
    flow = "{sourcePath: 'teams/[^/]*/', conditions: {autoMerge: true}, promotionPrs: [{targetPaths: [clusters/dev/]}]}"
    files: dict[str, Content] = {"telefonistka.yaml": f"promotionPaths: [{flow}]\n"}
    for place in ("teams/a/nginx", "teams/b/redis", "clusters/dev/nginx", "clusters/dev/redis"):
        files |= component(place)
    repo = await house.repo(files)
    repo.allow_auto_merge = True
    repo.protect("main", checks=(CHECK,))
    async with house.bot():
        places = ("teams/a/nginx", "teams/b/redis")
        await merged(repo, {f"{place}/values.yaml": 'tag: "2.0"\n' for place in places}, "both")
        await settled(house)
        [both] = house.promotions(repo)
        await merged(repo, {"teams/b/redis/values.yaml": 'tag: "1.0"\n'}, "one")
        await settled(house)
        await green(repo, both)
        await settled(house)
        assert not both.merged
        assert await is_level(repo, "clusters/dev/redis", "teams/b/redis")


@pytest.mark.parametrize("how", ["blocked", "no flow"])
async def test_github_does_not_merge_what_its_source_forbids_by_now(house: House, how: str) -> None:
    """Nothing newer is promoted there: what was changed since says that it shall not be, or says nothing."""
    repo = await begun(house, auto=True)
    async with house.bot():
        await merged(repo, values("2.0"), "first")
        await settled(house)
        [promotion] = house.promotions(repo)
        if how == "blocked":
            blocks = "promotionTargetBlockList: [clusters/dev]\n"
            await merged(repo, {f"{SOURCE}/telefonistka.yaml": blocks}, "second")
        else:
            config = AUTO.replace("{{autoM", "{{prHasLabels: [x], autoM")
            await merged(repo, {"telefonistka.yaml": config.format(extra="")}, "config")
            await settled(house)
            await merged(repo, values("3.0"), "second")
        await settled(house)
        assert [said for said in house.said(promotion) if "its source has changed again" in said]
        await green(repo, promotion)
        await settled(house)
        assert not promotion.merged


async def test_what_carries_only_other_components_stays_armed(house: House) -> None:
    repo = await begun(house, auto=True)
    async with house.bot():
        await merged(repo, values("2.0", "redis"), "first")
        await settled(house)
        [first] = house.promotions(repo)
        await merged(repo, values("2.0"), "second")
        await settled(house)
        await green(repo, first)
        await settled(house)
        assert first.merged


@pytest.mark.parametrize("allowed", ["at first", "later"])
async def test_what_changes_while_auto_merge_is_ordered_takes_it_back(house: House, allowed: str) -> None:
    """The newer merge looked for such an order before it was there, or nothing follows from it."""
    repo = await begun(house, auto=allowed == "at first")
    changed: list[Pull] = []

    async def change(exchange: Exchange, when: str) -> None:
        if when == "after" and "mutation Arm" in str(exchange.request_body) and repo.allow_auto_merge and not changed:
            house.hub.set_webhook(house.app, None)
            changed.append(await merged(repo, values("3.0"), "second"))

    async with house.bot():
        house.hub.on_request = change
        await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        if allowed == "later":
            await merged(repo, {"notes.txt": "x\n"}, "other")
            await settled(house)
            repo.allow_auto_merge = True
            repo.protect("main", strict=True)
        await repo.set_status("ci", promotion.head_sha, "ci/other", "success")
        await settled(house)
        assert (len(changed), promotion.auto_merge) == (1, None)


async def test_an_order_that_holds_yet_is_neither_taken_back_nor_given_twice(house: House) -> None:
    repo = await begun(house, auto=True)
    async with house.bot():
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        await repo.comment("alice", pull.number, "/retrigger")
        await settled(house)
        assert promotion.auto_merge is not None
        assert len(asked(house, "mutation Arm")) == 1
        assert "GitHub merges it by auto-merge" in house.said(pull)[0]


@pytest.mark.parametrize("look", [1, 2], ids=["while others are looked at", "before it is merged"])
async def test_an_order_of_an_earlier_attempt_is_taken_back_where_the_source_has_changed_since(
    house: House, look: int
) -> None:
    repo = await begun(house, auto=True)
    looks: list[Exchange] = []
    changed: list[Pull] = []

    async def change(exchange: Exchange, when: str) -> None:
        if when == "before" and "refs/heads/main:" in str(exchange.request_body):
            looks.append(exchange)
            if len(looks) != look:
                return
            house.hub.set_webhook(house.app, None)
            changed.append(await merged(repo, values("3.0"), "second"))

    async with house.bot():
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        house.hub.on_request = change
        await repo.comment("alice", pull.number, "/retrigger")
        await settled(house)
        assert (len(changed), promotion.auto_merge) == (1, None)


# ---- putting an older one away ----


@pytest.mark.parametrize("operation", ["Disarm", "Landing"])
async def test_an_older_promotion_that_may_not_be_touched_does_not_stop_the_newer_one(
    house: House, operation: str
) -> None:
    """N14: somebody else armed it, for one."""
    repo = await begun(house, auto=True)
    async with house.bot():
        await merged(repo, values("2.0"), "first")
        await settled(house)
        house.hub.will_answer(200, operation=operation, body=FORBIDDEN, times=ALWAYS)
        pull = await merged(repo, values("3.0"), "second")
        await settled(house)
        assert len(house.promotions(repo)) == 2
        assert house.states(repo, pull)[-1] == "success"


async def test_an_older_promotion_is_closed_although_its_auto_merge_can_t_be_taken_back(house: House) -> None:
    repo = await begun(house, extra="supersedePromotionPrs: close", auto=True)
    async with house.bot():
        await merged(repo, values("2.0"), "first")
        await settled(house)
        [older] = house.promotions(repo)
        refusal = {"errors": [{"type": "UNPROCESSABLE", "message": "Can't disable auto-merge for this pull request."}]}
        house.hub.will_answer(200, operation="Disarm", body=refusal)
        await merged(repo, values("3.0"), "second")
        await settled(house)
        assert (older.state, older.merged) == ("closed", False)


# ---- an Enterprise Server that lacks fields ----

QUEUE_FIELDS = ("PullRequest.isInMergeQueue", "PullRequest.isMergeQueueEnabled")


@pytest.mark.parametrize("lacks", [QUEUE_FIELDS, ("PullRequest.mergeStateStatus",), ("PullRequest.autoMergeRequest",)])
async def test_on_a_server_that_lacks_fields_a_newer_promotion_supersedes_an_older_one(
    house: House, lacks: tuple[str, ...]
) -> None:
    house.hub.lacks = frozenset(lacks)
    repo = await begun(house, extra="supersedePromotionPrs: close")
    async with house.bot():
        await merged(repo, values("2.0"), "first")
        await settled(house)
        pull = await merged(repo, values("3.0"), "second")
        await settled(house)
        older, newer = house.promotions(repo)
        assert (older.state, newer.state) == ("closed", "open")
        assert house.states(repo, pull)[-1] == "success"


@pytest.mark.parametrize("lacks", [QUEUE_FIELDS, (*QUEUE_FIELDS, "PullRequest.mergeStateStatus")])
async def test_on_a_server_that_lacks_fields_what_is_held_is_merged_when_its_check_arrives(
    house: House, lacks: tuple[str, ...]
) -> None:
    house.hub.lacks = frozenset(lacks)
    repo = await begun(house)
    async with house.bot():
        await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert not promotion.merged
        await green(repo, promotion)
        await settled(house)
        assert promotion.merged


async def test_on_a_server_whose_auto_merge_takes_no_head_we_merge_when_the_check_arrives(house: House) -> None:
    """N5: it might merge another head than that which was decided on."""
    repo = await begun(house, auto=True)
    details = {"code": "argumentNotAccepted", "argumentName": "expectedHeadOid"}
    message = "InputObject 'EnablePullRequestAutoMergeInput' doesn't accept argument 'expectedHeadOid'"
    refusal = {"errors": [{"message": message, "extensions": details}]}
    async with house.bot():
        house.hub.will_answer(200, operation="Arm", body=refusal, times=ALWAYS)
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert "held back when it was opened" in house.said(pull)[0]
        await green(repo, promotion)
        await settled(house)
        assert promotion.merged


# ---- branches ----


async def test_a_default_branch_that_is_renamed_meanwhile_is_merged_into(house: House) -> None:
    repo = await begun(house)
    async with house.bot():
        await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        await repo.rename_default_branch("alice", "trunk")
        await green(repo, promotion)
        await settled(house)
        assert promotion.merged
        assert await repo.tree_sha("trunk", TARGET) == await repo.tree_sha("trunk", SOURCE)


async def test_a_promotion_that_somebody_pointed_at_another_branch_is_not_merged_by_itself(house: House) -> None:
    """N5, N9"""
    repo = await begun(house)
    async with house.bot():
        await repo.commit("alice", "release", {"notes.txt": "x\n"})
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        await repo.edit("alice", promotion.number, base="release")
        await green(repo, promotion)
        await settled(house)
        await repo.comment("alice", pull.number, "/retrigger")
        await settled(house)
        assert not promotion.merged
        assert any("it goes into release" in said for said in house.said(promotion))


async def test_under_strict_protection_the_second_of_two_promotions_says_that_its_branch_is_behind(
    house: House,
) -> None:
    repo = await begun(house, EACH)
    repo.protect("main", checks=(CHECK,), strict=True)
    async with house.bot():
        pull = await merged(repo, values("2.0"))
        await settled(house)
        first, second = house.promotions(repo)
        assert house.states(repo, pull)[-1] == "success"
        for promotion in (first, second):
            await green(repo, promotion)
            await settled(house)
        assert (first.merged, second.merged) == (True, False)
        for _ in range(2):  # whatever news make us look
            await repo.set_status("ci", second.head_sha, "ci/other", "success")
            await settled(house)
        [said] = house.said(second, "landing")
        assert "Update branch" in said
        assert not second.merged


# ---- what GitHub answers ----


async def test_a_refusal_without_any_check_missing_is_said_and_looked_at_again(house: House) -> None:
    """GitHub arms nothing that it calls clean, and yet it may refuse to merge it: to those who may not push."""
    repo = await begun(house, checked=False, auto=True)
    async with house.bot():
        refused = {"message": "You're not authorized to push to this branch."}
        house.hub.will_answer(405, method="PUT", path=r"/merge$", times=ALWAYS, body=refused)
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert "You're not authorized to push to this branch" in house.said(pull)[0]
        assert house.states(repo, pull)[-1] == "success"
        house.hub.faults.waiting.clear()
        await repo.set_status("ci", promotion.head_sha, "ci/other", "success")
        await settled(house)
        assert promotion.merged


@pytest.mark.parametrize("status", ["clean", "unstable", "has_hooks"])
async def test_what_is_met_between_two_requests_is_merged_at_once(house: House, status: str) -> None:
    repo = await begun(house, checked=False, auto=True)
    async with house.bot():
        refused = {"message": 'Required status check "ci/test" is expected.'}
        house.hub.will_answer(405, method="PUT", path=r"/merge$", body=refused)
        met = {"errors": [{"type": "UNPROCESSABLE", "message": f"Pull request Pull request is in {status} status"}]}
        house.hub.will_answer(200, operation="Arm", body=met)
        pull = await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        assert promotion.merged
        [said] = house.said(pull)
        assert "held back" not in said
        begun_for = [each.request_body["variables"]["number"] for each in asked(house, "query Pin")]
        assert begun_for.count(pull.number) == 2, "when it was opened, and when it was merged"


async def test_a_merge_that_is_underway_already_is_waited_for(house: House) -> None:
    """An earlier request, whose answer was lost, may be at work yet."""
    repo = await begun(house, checked=False, auto=True)
    async with house.bot():
        house.hub.will_answer(405, method="PUT", path=r"/merge$", body={"message": "Merge already in progress"})
        await merged(repo, values("2.0"))
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.merged
        assert asked(house, "mutation Arm") == []


async def test_where_the_queue_may_not_be_used_github_adds_it_by_auto_merge(house: House) -> None:
    repo = await begun(house, checked=False, auto=True)
    repo.protect("main", queue=True)
    async with house.bot():
        house.hub.will_answer(200, operation="Enqueue", body=FORBIDDEN, times=ALWAYS)
        await repo.commit("alice", "feature", values("2.0"))
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.enqueue("alice", pull.number)
        await repo.run_queue()
        await settled(house)
        [promotion] = house.promotions(repo)
        assert [entry.pull.number for entry in repo.queues["main"]] == [promotion.number]


async def test_while_github_knows_nothing_a_look_is_taken_again(house: House) -> None:
    repo = await begun(house)
    async with house.bot():
        await merged(repo, values("2.0"))
        await settled(house)
        [promotion] = house.promotions(repo)
        repo.undecided = 3
        await green(repo, promotion)
        await settled(house)
        assert promotion.merged


# ---- what changes nothing in any cluster ----


async def test_a_promotion_without_difference_that_a_newer_one_overtook_is_not_merged_by_itself(
    tmp_path: Path,
) -> None:
    """The newer one, which is left to people, could not be merged after it."""
    async with argo.raised(tmp_path) as house:
        repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
        repo.protect("main", checks=(CHECK,))
        async with house.bot():
            await house.apps()
            await merged(repo, {**REFORMATTED}, "first")
            await house.server_idle()
            older = house.promotions(repo)[0]
            assert older.labels == ["promotion", "noop"]
            await merged(repo, {**NEW_TAG}, "second")
            await house.server_idle()
            newer = next(each for each in house.promotions(repo) if each.number > older.number)
            await green(repo, older)
            await house.server_idle()
            assert (older.merged, newer.state) == (False, "open")


async def test_a_promotion_that_is_overtaken_while_it_is_compared_is_not_merged_by_itself(tmp_path: Path) -> None:
    """It is compared again on demand, for one."""
    async with argo.raised(tmp_path) as house:
        settings = argo.files()
        repo = await house.repo(settings)
        async with house.bot():
            await house.apps()
            for branch, files in (("first", REFORMATTED), ("second", NEW_TAG)):
                await house.change(repo, {**files}, branch=branch)
                await house.settle()
            older = house.promotions(repo)[0]
            wanted = argo.files(autoMergeNoDiffPRs=True)["telefonistka.yaml"]
            await repo.commit("bob", "main", {"telefonistka.yaml": wanted})
            await repo.comment("alice", older.number, "/retrigger")
            await house.settle()
            assert "merged by itself" in house.told_of(older)
            assert not older.merged
