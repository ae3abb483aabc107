"""Everything too long, too odd or not allowed ends with a clear comment or status, and nothing half-done (N19, N28)."""

import re

from telefonistka_py.sandbox.content import Content
from tests.stories.house import TWO_STAGES, House, level

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def test_a_branch_name_of_240_characters_and_slashes_gives_a_branch_that_github_takes(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, CHANGE, branch="feature/" + "long-" * 46)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert len(promotion.head_ref) <= 250
        assert promotion.head_ref.startswith("promotions/1-feature-long-long-")


async def test_a_title_that_grows_too_long_goes_on_in_the_body(house: House) -> None:
    files = level(TWO_STAGES.replace("dev and lab", "all of " + "the environments " * 25))
    repo = await house.repo(files)
    async with house.bot():
        await house.change(repo, CHANGE)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert len(promotion.title) == 253
        assert promotion.title.endswith("...")
        assert (promotion.body or "").startswith("...")


async def test_a_merged_pull_request_with_a_body_of_60_000_characters_is_promoted(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="x" * 250, body="words " * 10_000)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert len(house.promotions(repo)) == 1


async def test_five_hundred_targets_are_one_pull_request(house: House) -> None:
    targets = "".join(f"          - clusters/region-{n % 20}/cluster-{n}/\n" for n in range(500))
    config = (
        "promotionPaths:\n  - sourcePath: workspace/\n    promotionPrs:\n"
        f"      - targetDescription: all\n        targetPaths:\n{targets}"
    )
    repo = await house.repo(level(config))
    async with house.bot():
        pull = await house.change(repo, CHANGE)
        await house.settle()
        [promotion] = house.promotions(repo)
        wanted = await repo.tree_sha("main", "workspace/nginx")
        for number in (0, 250, 499):
            path = f"clusters/region-{number % 20}/cluster-{number}/nginx"
            assert await repo.tree_sha(promotion.head_sha, path) == wanted
        assert len(promotion.body or "") <= 65_536
        assert house.states(repo, pull)[-1] == "success"


async def test_labels_may_hold_emoji_and_spaces(house: House) -> None:
    conditions = "    conditions: {prHasLabels: ['🚀 ship it, now']}\n    promotionPrs:"
    config = "promotionPrLabels: ['🤖 by a bot']\npromtionPRlables: [old spelling]\n"
    repo = await house.repo(level(config + TWO_STAGES.replace("    promotionPrs:", conditions, 1)))
    async with house.bot():
        await house.change(repo, CHANGE, labels=("🚀 ship it, now",))
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.labels == ["promotion", "🤖 by a bot", "old spelling"]


async def test_names_can_not_break_out_of_markdown_or_mention_anybody(house: House) -> None:
    files = level()
    repo = await house.repo(files)
    async with house.bot():
        odd = "workspace/@acme`s <!-- [team](x)"
        pull = await house.change(repo, {f"{odd}/values.yaml": "x\n"})
        await house.settle()
        [promotion] = house.promotions(repo)
        for text in (promotion.body or "", *house.said(pull)):
            assert "@acme" not in outside_code(text)
        assert outside_code(promotion.body or "").count("<!--") == 1, "only our own data"


def outside_code(text: str) -> str:
    """Without code spans, in which nothing is a mention or a tag."""
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)


async def test_a_pull_request_from_a_fork_whose_branch_is_gone_is_promoted_once_merged(house: House) -> None:
    repo = await house.repo(level())
    house.hub.add_user("mallory")
    repo.set_access("mallory", "read")
    fork = await repo.fork("mallory")
    async with house.bot():
        await fork.commit("mallory", "feature", CHANGE)
        pull = await repo.open_pull("mallory", head="mallory:feature", title="From outside")
        await house.settle()
        await repo.merge("alice", pull.number)
        await fork.push("mallory", "feature", None)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert promotion.head_ref.startswith(f"promotions/{pull.number}-feature-")


async def test_a_missing_permission_is_named_to_whoever_runs_the_bot(house: House) -> None:
    repo = await house.repo(level())
    house.app.permissions["contents"] = "read"
    async with house.bot():
        pull = await house.change(repo, CHANGE)
        await house.settle()
        assert house.promotions(repo) == []
        assert house.server is not None
        [said] = house.said(pull)
        assert "not done to its end" in said
        assert "lacks a permission" in said
        assert "contents" in said
        assert house.states(repo, pull)[-1] == "error"


async def test_an_archived_repository_ends_without_a_traceback(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        await repo.merge("alice", pull.number)
        repo.archived = True
        await house.settle()
        assert house.promotions(repo) == []
        assert house.server is not None
        assert (await house.server.inbox.counts()).waiting == 0
