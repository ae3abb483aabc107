"""Whoever opens a pull request learns which environments differ already, before the promotion surprises anyone."""

import pytest

from telefonistka_py.feedback.comments import TAG
from telefonistka_py.sandbox.model import Exchange
from tests.stories.house import TWO_STAGES, House, level

CHANGE = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}


async def test_environments_in_step_get_no_comment(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert house.said(pull) == []
        assert house.states(repo, pull) == ["pending", "success"]


async def test_drift_is_told_and_the_comment_says_in_step_once_it_is_mended(house: House) -> None:
    files = level()
    files["clusters/dev/nginx/values.yaml"] = 'tag: "0.9"\nreplicas: 3\n'
    files["clusters/dev/nginx/only-here.yaml"] = "x\n"
    repo = await house.repo(files)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        [said] = house.said(pull)
        assert "Found drift between environments" in said
        assert "`workspace/nginx` ↔️  `clusters/dev/nginx`" in said or "clusters/dev/nginx" in said
        assert '-tag: "1.0"' in said or '+tag: "0.9"' in said
        assert "only-here.yaml" in said
        assert "clusters/lab/nginx</code> ↔" not in said

        # Somebody mends it on the default branch; the next push sees that.
        mended = {"clusters/dev/nginx/values.yaml": 'tag: "1.0"\n', "clusters/dev/nginx/only-here.yaml": None}
        await repo.commit("bob", "main", mended)
        await repo.commit("alice", "feature", {"workspace/nginx/more.yaml": "x\n"})
        await house.settle()
        assert all("Found drift" not in each for each in house.said(pull))


async def test_ten_pushes_make_one_comment(house: House) -> None:
    files = level()
    files["clusters/dev/nginx/values.yaml"] = "drifted\n"
    repo = await house.repo(files)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        for number in range(10):
            await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": f"{number}\n"})
        await house.settle()
        assert len([comment for comment in pull.comments if comment.author is house.app.bot]) == 1


async def test_a_read_that_fails_is_no_drift_and_no_step_but_tried_again(house: House) -> None:
    files = level()
    files["clusters/dev/nginx/values.yaml"] = "drifted\n"
    repo = await house.repo(files)
    async with house.bot():
        house.hub.will_answer(502, operation="Look", times=2)
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert "Found drift between environments" in house.said(pull)[-1]
        assert house.states(repo, pull)[-1] == "success"


async def test_where_the_configuration_says_so_each_push_gets_a_comment_and_the_older_one_is_folded_away(
    house: House,
) -> None:
    files = level(f"{TWO_STAGES}comments: minimize\n")
    files["clusters/dev/nginx/values.yaml"] = "drifted\n"
    repo = await house.repo(files)
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": "3\n"})
        await house.settle()
        ours = [comment for comment in pull.comments if comment.author is house.app.bot]
        assert [comment.minimized for comment in ours] == ["outdated", None]
        assert all("Found drift between environments" in comment.body for comment in ours)


async def test_a_retry_does_not_repeat_a_comment_where_each_push_gets_its_own(house: House) -> None:
    files = level(f"{TWO_STAGES}comments: minimize\n")
    files["clusters/dev/nginx/values.yaml"] = "drifted\n"
    repo = await house.repo(files)
    async with house.bot():
        house.hub.will_answer(502, path=r"/comments$", after_effect=True)
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        [comment] = [comment for comment in pull.comments if comment.author is house.app.bot]
        assert comment.minimized is None


async def test_drift_names_the_promotion_that_carries_it_and_is_gone_once_that_is_merged(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {**CHANGE}, branch="first")
        await house.settle()
        [promotion] = house.promotions(repo, "open")
        await repo.commit("alice", "second", {"workspace/nginx/more.yaml": "x\n"})
        pull = await repo.open_pull("alice", head="second", title="Change more")
        await house.settle()
        [comment] = [comment for comment in pull.comments if comment.author is house.app.bot]
        assert f"the open promotion #{promotion.number} carries this change" in comment.body
        await repo.merge("bob", promotion.number)
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        assert "No drift between environments any more" in comment.body
        assert comment.minimized == "outdated"
        assert house.said(pull) == []


@pytest.mark.parametrize("config", ["", "comments: minimize\n"], ids=["edited in place", "folded at each push"])
@pytest.mark.parametrize("drifted", [True, False], ids=["drift", "none"])
async def test_what_the_go_server_said_as_us_is_folded_away_at_the_next_event(
    house: House, config: str, drifted: bool
) -> None:
    """It has our tag and no topic, and would stay as it was for ever."""
    files = level(f"{TWO_STAGES}{config}")
    if drifted:
        files["clusters/dev/nginx/values.yaml"] = "drifted\n"
    repo = await house.repo(files)
    await repo.commit("alice", "feature", {**CHANGE})
    pull = await repo.open_pull("alice", head="feature", title="Change")
    bot = house.app.bot.login
    former = [await repo.comment(bot, pull.number, f"{TAG}{rest}") for rest in ("\r\n# Found drift\n", "", "\n\nDiff")]
    others = [await repo.comment("bob", pull.number, f"{TAG}\nmine"), await repo.comment(bot, pull.number, "Hello")]
    async with house.bot():
        await repo.commit("alice", "feature", {"workspace/nginx/values.yaml": "3\n"})
        await house.settle()
        assert [comment.minimized for comment in former] == ["outdated"] * 3
        if not config:
            assert [comment.minimized for comment in others] == [None, None]
        house.hub.exchanges.clear()
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        assert "Minimize" not in [asked(each) for each in house.requests()]


async def test_without_comments_of_the_go_server_an_event_costs_what_it_cost(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {"README.md": "more\n"})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.exchanges.clear()
        await repo.commit("alice", "feature", {**CHANGE})
        await house.settle()
        assert house.states(repo, pull)[-1] == "success"
        assert sorted(asked(each) for each in house.requests()) == [
            "GET files?per_page=100&page=1", "Look", "POST statuses", "POST statuses", "Pin",
        ]  # fmt: skip


def asked(exchange: Exchange) -> str:
    """A query by its name, anything else by the kind of thing that it is about."""
    body = exchange.request_body
    if isinstance(body, dict) and "query" in body:
        return str(body["query"]).split("(")[0].split()[1]
    return f"{exchange.method} {exchange.path.split('/')[-2 if exchange.method == 'POST' else -1]}"
