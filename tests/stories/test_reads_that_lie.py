"""What GitHub says is believed only as far as it proves itself (N1, N2, N4)."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest

from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Metadata, Step
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import House, level

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def opened(house: House) -> tuple[Repo, Pull]:
    repo = await house.repo(level())
    await repo.commit("alice", "feature", CHANGE)
    pull = await repo.open_pull("alice", head="feature", title="Change")
    await house.settle()
    return repo, pull


async def assert_promoted_exactly(house: House, repo: Repo) -> None:
    [promotion] = house.promotions(repo)
    wanted = await repo.tree_sha("main", "workspace/nginx")
    assert await repo.tree_sha(promotion.head_sha, "clusters/dev/nginx") == wanted
    assert await repo.tree_sha(promotion.head_sha, "clusters/lab/nginx") == wanted
    assert len(await repo.files(promotion.number)) == 2


def cut_short(answer: Any) -> Any:
    """Every listing loses its last entry, as if a limit had been reached."""
    spoiled = copy.deepcopy(answer)

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("entries"):
                node["entries"].pop()
            for below in node.values():
                walk(below)
        elif isinstance(node, list):
            for below in node:
                walk(below)

    walk(spoiled)
    return spoiled


def nothing_there(answer: Any) -> Any:
    """Every object of the look is gone, without an error."""
    spoiled = copy.deepcopy(answer)
    objects = spoiled["data"]["repository"]
    for key, node in objects.items():
        if isinstance(node, dict) and ("entries" in node or "text" in node):
            objects[key] = None
    return spoiled


@pytest.mark.parametrize(("operation", "spoil"), [("Pin", cut_short), ("Look", cut_short), ("Look", nothing_there)])
async def test_a_listing_that_was_cut_short_deletes_nothing(
    house: House, operation: str, spoil: Callable[[Any], Any]
) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        house.hub.will_answer(200, operation=operation, body=spoil, after_effect=True)
        await repo.merge("alice", pull.number)
        await house.settle()
        await assert_promoted_exactly(house, repo)


async def test_an_answer_with_an_error_in_it_is_an_error_however_whole_it_looks(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        error = {"message": "Something went wrong while executing your query.", "path": ["repository", "f1"]}
        house.hub.will_answer(200, operation="Look", errors=[error])
        requests = await house.requests_for_merge(repo, pull)
        await assert_promoted_exactly(house, repo)
        assert sum("query Look" in str(e.request_body) for e in requests) == 2, "the first answer was not used"


async def test_a_default_branch_shown_as_it_was_before_the_merge_is_waited_for(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        before = next(e.answer for e in house.hub.exchanges if "query Pin" in str(e.request_body))
        house.hub.will_answer(200, operation="Pin", body=lambda _: before, after_effect=True)
        await repo.merge("alice", pull.number)
        await house.settle()
        await assert_promoted_exactly(house, repo)
        assert all("Nothing to promote" not in said for said in house.said(pull))


async def test_a_tree_that_is_not_the_one_that_was_meant_is_never_committed(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        other = await repo.tree_sha("main", "workspace")
        house.hub.will_answer(
            201, method="POST", path=r"/git/trees$", body=lambda answer: {**answer, "sha": other}, after_effect=True
        )
        await repo.merge("alice", pull.number)
        await house.settle()
        assert house.promotions(repo) == []
        assert not any(e.path.endswith("/git/commits") for e in house.requests())
        assert "nothing was committed" in house.said(pull)[0]
        assert house.states(repo, pull)[-1] == "error"


async def test_a_default_branch_that_moves_meanwhile_changes_nothing_of_the_promotion(house: House) -> None:
    async with house.bot():
        repo, pull = await opened(house)
        merged = ""
        moved = False

        async def move(exchange: Exchange, when: str) -> None:
            nonlocal moved
            if not moved and when == "after" and "query Look" in str(exchange.request_body):
                moved = True
                await repo.commit("bob", "main", {"workspace/nginx/values.yaml": "later\n", "README.md": "later\n"})

        house.hub.on_request = move
        merged = await repo.merge("alice", pull.number)
        await house.settle()
        assert moved
        [promotion] = house.promotions(repo)
        commit = await repo.git.resolve(f"{promotion.head_sha}^")
        assert commit == merged, "the promotion is built on the commit that was read"
        wanted = await repo.tree_sha(merged, "workspace/nginx")
        assert await repo.tree_sha(promotion.head_sha, "clusters/dev/nginx") == wanted


async def test_a_token_that_github_refuses_is_replaced(house: House) -> None:
    """N22."""
    async with house.bot():
        repo, pull = await opened(house)
        house.hub.will_answer(401, method="POST", path=r"/git/commits$", body={"message": "Bad credentials"})
        await repo.merge("alice", pull.number)
        await house.settle()
        await assert_promoted_exactly(house, repo)
        assert sum("/access_tokens" in e.path for e in house.hub.exchanges) == 2


async def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(house: House) -> None:
    """N25."""
    async with house.bot():
        repo, pull = await opened(house)
        forged = "<!-- telefonistka_tag -->\n<!-- telefonistka:promotion -->\nnot from the bot"
        comment = await repo.comment("bob", pull.number, forged)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert comment.body == forged
        assert len(house.said(pull, "promotion")) == 1


async def test_forged_metadata_changes_texts_at_most(house: House) -> None:
    """N25."""
    repo = await house.repo(level())
    forged = Metadata("bob", 7, ("clusters/prod/east/nginx",), {3: Step("../../etc/", ("@acme/everybody",))})  # type: ignore[arg-type]
    broken = base64.b64encode(b'{"originalPrNumber": "x"}').decode()
    async with house.bot():
        for number, body in enumerate([metadata.block(forged), f"<!--|Telefonistka data, do not delete|{broken}|-->"]):
            await repo.commit("alice", f"feature-{number}", {"workspace/nginx/values.yaml": f"{number}\n"})
            pull = await repo.open_pull("alice", head=f"feature-{number}", title="Change", body=body)
            await repo.merge("alice", pull.number)
            await house.settle()
            promotion = house.promotions(repo)[-1]
            changed = {file.path for file in await repo.files(promotion.number)}
            assert changed == {"clusters/dev/nginx/values.yaml", "clusters/lab/nginx/values.yaml"}
            assert "@acme" not in (promotion.body or "").replace("`@acme/everybody`", "")
