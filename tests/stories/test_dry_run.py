"""The plan as a comment: for repositories that only look, and for pull requests that ask."""

from tests.stories.house import TWO_STAGES, House, level

CHANGE = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def test_in_dry_run_mode_the_plan_is_a_comment_and_nothing_is_opened(house: House) -> None:
    files = level("dryRunMode: true\n" + TWO_STAGES)
    files["workspace/nginx/telefonistka.yaml"] = "promotionTargetBlockList: [clusters/dev]\n"
    repo = await house.repo(files)
    async with house.bot():
        pull = await house.change(repo, {**CHANGE})
        await house.settle()
        assert house.promotions(repo) == []
        [said] = house.said(pull, "plan")
        assert "Telefonistka Promotion Dry Run Message" in said
        assert "- ✅ `workspace/nginx` ➡️  `clusters/lab/nginx`" in said
        assert "- 🚫 `nginx` ➡️  `clusters/dev/`: blocked by" in said
        assert house.states(repo, pull)[-2:] == ["pending", "success"]


async def test_the_label_show_plan_asks_for_the_plan_with_the_component_files_of_the_head(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        blocked = {"workspace/nginx/telefonistka.yaml": "promotionTargetAllowList: [clusters/lab]\n"}
        await repo.commit("alice", "feature", {**CHANGE, **blocked})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert house.said(pull, "plan") == []
        await repo.label("alice", pull.number, "show-plan")
        await house.settle()
        [said] = house.said(pull, "plan")
        assert "- ✅ `workspace/nginx` ➡️  `clusters/lab/nginx`" in said
        assert "- 🚫 `nginx` ➡️  `clusters/dev/`: not allowed by" in said


async def test_the_component_files_of_a_fork_are_not_obeyed(house: House) -> None:
    """N26."""
    files = level()
    files["workspace/nginx/telefonistka.yaml"] = "promotionTargetBlockList: [clusters/dev]\n"
    repo = await house.repo(files)
    house.hub.add_user("mallory")
    repo.set_access("mallory", "read")
    fork = await repo.fork("mallory")
    async with house.bot():
        await fork.commit("mallory", "feature", {"workspace/nginx/telefonistka.yaml": "promotionTargetBlockList: []\n"})
        pull = await repo.open_pull("mallory", head="mallory:feature", title="Unblock")
        await repo.label("alice", pull.number, "show-plan")
        await house.settle()
        [said] = house.said(pull, "plan")
        assert "- 🚫 `nginx` ➡️  `clusters/dev/`: blocked by" in said


async def test_the_plan_of_a_change_to_the_configuration_says_which_configuration_it_used(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        config = TWO_STAGES.replace("clusters/dev/, ", "")
        await repo.commit("alice", "feature", {**CHANGE, "telefonistka.yaml": config})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await repo.label("alice", pull.number, "show-plan")
        await house.settle()
        assert "the plan is made with the one on `main`" in house.said(pull, "plan")[0]


async def test_a_plan_that_is_asked_for_hides_no_mistake(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        wrong = f"{TWO_STAGES}dryRunMode: perhaps\n"
        await repo.commit("alice", "feature", {"telefonistka.yaml": wrong, "workspace/nginx/new.yaml": "x\n"})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert house.states(repo, pull)[-1] == "error"
        await repo.label("alice", pull.number, "show-plan")
        await house.settle()
        assert house.said(pull, "plan")
        assert house.states(repo, pull)[-1] == "error"
