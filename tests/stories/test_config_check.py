"""A mistake in a configuration is found on the pull request that makes it, not after the merge (N31)."""

from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import TWO_STAGES, House, level


def verdict(repo: Repo, pull: Pull) -> list[tuple[str, str | None]]:
    found = [each for each in repo.statuses(pull.head_sha) if each.context == "telefonistka/config"]
    return [(each.state, each.description) for each in found]


async def proposed(house: House, repo: Repo, config: str, path: str = "telefonistka.yaml") -> Pull:
    await repo.commit("alice", "config", {path: config})
    pull = await repo.open_pull("alice", head="config", title="Change the configuration")
    await house.settle()
    return pull


async def test_a_mistake_is_a_failed_status_and_a_comment_with_line_and_suggestion(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await proposed(house, repo, TWO_STAGES.replace("targetDescription", "targetDescripton"))
        [(state, description)] = verdict(repo, pull)
        assert state == "error"
        assert description is not None
        assert "targetDescripton" in description
        [said] = house.said(pull, "config")
        assert "did you mean targetDescription?" in said
        assert "line 6" in said
        assert house.states(repo, pull)[-1] == "error"


async def test_the_correction_turns_the_same_comment_and_the_status_green(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await proposed(house, repo, "promotionPaths: nonsense\n")
        assert verdict(repo, pull)[0][0] == "error"
        await repo.commit("alice", "config", {"telefonistka.yaml": TWO_STAGES + "dryRunMode: true\n"})
        await house.settle()
        assert [state for state, _ in verdict(repo, pull)] == ["success"]
        [said] = house.said(pull, "config")
        assert "✅" in said
        assert "nonsense" not in said


async def test_a_valid_change_says_which_routes_change(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await proposed(house, repo, TWO_STAGES.replace("clusters/prod/west/", "clusters/prod/north/"))
        assert verdict(repo, pull)[0][0] == "success"
        [said] = house.said(pull, "config")
        assert "clusters/prod/north/nginx" in said
        assert "clusters/prod/west/nginx" in said
        assert "clusters/dev/nginx" not in said, "only differences are shown"


async def test_a_component_file_is_checked_as_well(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        config = "promotionTargetBlockList: ['(']\n"
        pull = await proposed(house, repo, config, "workspace/nginx/telefonistka.yaml")
        assert verdict(repo, pull)[0][0] == "error"
        assert "workspace/nginx/telefonistka.yaml" in house.said(pull, "config")[0]


async def test_other_pull_requests_get_no_such_status(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        pull = await proposed(house, repo, "x\n", "workspace/nginx/values.yaml")
        assert verdict(repo, pull) == []
        assert house.said(pull) == []


async def test_a_repository_too_large_to_list_still_has_its_root_file_checked(house: House) -> None:
    repo = await house.repo(level())
    house.hub.tree_limit = 3
    async with house.bot():
        pull = await proposed(house, repo, "promotionPaths: nonsense\n")
        assert verdict(repo, pull)[0][0] == "error"
