"""A mistake in a configuration is found on the pull request that makes it, not after the merge (N31)."""

from telefonistka_py.sandbox.content import Content
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


def with_block_lists(*names: str) -> dict[str, Content]:
    """Components in `workspace`, each of which keeps itself out of `clusters/prod/us` and what begins like it."""
    files: dict[str, Content] = {"telefonistka.yaml": TO_PROD}
    for name in names:
        files |= {f"workspace/{name}/f": "1\n"}
        files |= {f"workspace/{name}/telefonistka.yaml": f"# {name}\npromotionTargetBlockList: [clusters/prod/us]\n"}
    return files


TO_PROD = "promotionPaths:\n- {sourcePath: workspace/, promotionPrs: [{targetPaths: [clusters/prod/eu/]}]}\n"
TO_MORE = TO_PROD.replace("clusters/prod/eu/", "clusters/prod/eu/, clusters/prod/us-2/")


async def test_a_target_that_a_components_standing_file_blocks_is_no_route(house: House) -> None:
    """The pull request leaves the component's own file as it is: that file counts all the same."""
    repo = await house.repo(with_block_lists("web") | {"workspace/api/f": "1\n"})
    async with house.bot():
        pull = await proposed(house, repo, TO_MORE)
        [said] = house.said(pull, "config")
        assert "🚫 `clusters/prod/us-2/web` (blocked by 'clusters/prod/us' of promotionTargetBlockList" in said
        assert "`clusters/prod/us-2/api`" in said
        assert verdict(repo, pull)[0][0] == "success"


async def test_what_a_components_standing_file_can_not_be_read_for_is_said_and_no_route(house: House) -> None:
    repo = await house.repo(
        with_block_lists("web") | {"workspace/web/telefonistka.yaml": "promotionTargetBlockList: ["}
    )
    async with house.bot():
        pull = await proposed(house, repo, TO_MORE)
        assert "🚫 `clusters/prod/us-2/web` (the component's own file can't be used" in house.said(pull, "config")[0]


async def test_standing_files_are_read_many_at_once_and_only_where_routes_change(house: House) -> None:
    repo = await house.repo(with_block_lists(*(f"c{number}" for number in range(50))))
    async with house.bot():
        pull = await proposed(house, repo, TO_PROD + "dryRunMode: true\n")
        few = len(texts_asked(house))
        await repo.commit("alice", "config", {"telefonistka.yaml": TO_MORE})
        await house.settle()
        assert house.said(pull, "config")[0].count("🚫") == 50
        assert len(texts_asked(house)) - few == few + 1


def texts_asked(house: House) -> list[str]:
    queries = (str((exchange.request_body or {}).get("query")) for exchange in house.requests())
    return [query for query in queries if "...Text" in query and "query Look" in query]


async def test_a_block_list_that_will_travel_along_says_what_it_does_then(house: House) -> None:
    """What stands at the next stage already counts, though the pull request leaves it alone."""
    lists = "promotionTargetBlockList: [clusters/prod/west]\n"
    other = {"workspace/other/f": "1\n", "clusters/lab/other/telefonistka.yaml": lists, "clusters/lab/other/f": "1\n"}
    repo = await house.repo(level() | other)
    async with house.bot():
        await repo.commit(
            "alice", "config", {f"workspace/{name}/telefonistka.yaml": lists for name in ("nginx", "other")}
        )
        pull = await repo.open_pull("alice", head="config", title="Block")
        await house.settle()
        [said] = house.said(pull, "config")
        assert "Once promoted, `clusters/lab/nginx` no longer goes to `clusters/prod/west/nginx`." in said
        assert "`clusters/lab/other`" not in said


async def test_a_root_file_of_nearly_the_right_name_fails_before_it_is_merged(house: House) -> None:
    repo = await house.repo({"workspace/nginx/f": "1\n"})
    async with house.bot():
        pull = await proposed(house, repo, TWO_STAGES, "telefonistka.yml")
        assert verdict(repo, pull)[0][0] == "error"
        assert "did you mean telefonistka.yaml?" in house.said(pull, "config")[0]
