"""Apps follow a pull request's branch while people want that, and never longer than it lives."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.argocd import branch_sync, render
from telefonistka_py.sandbox.argocd import App
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Comment, Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment
from tests.stories.house import AT_ONCE

NEW_TAG: dict[str, Content | None] = {"workspace/nginx/deployment.yaml": deployment("2.0")}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    async with argo.raised(tmp_path) as raised:
        yield raised


def allowed(expression: str = "^workspace/") -> dict[str, Content]:
    return argo.files(allowSyncfromBranchPathRegex=f'"{expression}"')


def comment_of(house: ArgoHouse, pull: Pull) -> Comment:
    [found] = [each for each in pull.comments if branch_sync.ticked(each.body) is not None]
    return found


async def tick(house: ArgoHouse, repo: Repo, pull: Pull, login: str = "alice", *, on: bool = True) -> Comment:
    """`login` clicks on the box, and the bot settles."""
    comment = comment_of(house, pull)
    was, becomes = ("- [ ] <!--", "- [x] <!--") if on else ("- [x] <!--", "- [ ] <!--")
    assert was in comment.body
    await repo.edit_comment(login, comment.id, comment.body.replace(was, becomes))
    await house.settle()
    return comment


def revision(app: App) -> Any:
    [source] = app.sources
    return source.get("targetRevision")


async def offered(house: ArgoHouse, **app: Any) -> tuple[Repo, App, Pull]:
    """A pull request whose app people may set to its branch. The bot must run."""
    repo = await house.repo(allowed())
    made = await house.argo.add_app("nginx", "workspace/nginx", destination="web", automated={}, **app)
    await house.argo.sync(made)
    return repo, made, await house.opened(repo, NEW_TAG)


async def test_a_tick_sets_the_app_to_the_branch_and_the_comment_says_who_did(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        comment = await tick(house, repo, pull)
        assert revision(app) == "feature"
        assert branch_sync.ticked(comment.body) is True
        assert "`nginx` now follows `feature`, as `alice` asked." in comment.body
        assert len(house.said(pull)) == 1


async def test_an_unticked_box_sets_the_app_back_to_what_it_followed_before(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        assert revision(app) == "feature"
        comment = await tick(house, repo, pull, "bob", on=False)
        assert revision(app) == "main"
        assert branch_sync.ticked(comment.body) is False
        assert "`nginx` now follows `main`, as `bob` asked." in comment.body
        assert comment.body.count(branch_sync.OUTCOME_MARKER) == 1


async def test_what_an_app_followed_is_remembered_over_a_restart_and_a_push(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
    async with house.bot():
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment("3.0")})
        await house.settle()
        assert (revision(app), branch_sync.ticked(comment_of(house, pull).body)) == ("feature", True)
        await repo.close("alice", pull.number)
        await house.settle()
        assert revision(app) == "main"


async def test_a_pull_request_that_is_closed_leaves_no_app_on_its_branch(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        await repo.close("bob", pull.number)
        await house.settle()
        assert revision(app) == "main"
        comment = comment_of(house, pull)
        assert branch_sync.ticked(comment.body) is False
        assert "`nginx` now follows `main`, as the pull request is closed." in comment.body
        await repo.reopen("alice", pull.number)
        await house.settle()
        await tick(house, repo, pull)
        assert revision(app) == "feature"
        await repo.close("bob", pull.number)
        await house.settle()
        assert revision(app) == "main", "closed once more"


async def test_a_merge_sets_the_app_back_and_promotes(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        await tick(house, repo, pull)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert revision(app) == "HEAD"
        assert len(house.promotions(repo)) == 1


async def test_an_app_that_nobody_remembers_goes_back_to_head(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        app.sources[0]["targetRevision"] = "feature"
        await repo.close("alice", pull.number)
        await house.settle()
        assert revision(app) == "HEAD"


async def test_what_people_moved_elsewhere_meanwhile_stays_there(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        await tick(house, repo, pull)
        app.sources[0]["targetRevision"] = "a-hotfix"
        await repo.close("alice", pull.number)
        await house.settle()
        assert revision(app) == "a-hotfix"
        assert "`nginx` is left as it is: it does not follow the branch." in comment_of(house, pull).body


async def test_who_can_not_write_sets_nothing(house: ArgoHouse) -> None:
    """N24."""
    async with house.bot():
        repo, app, pull = await offered(house)
        house.hub.add_user("mallory")
        repo.set_access("mallory", "read")
        before = len(house.argo.asked("PATCH"))
        await tick(house, repo, pull, "mallory")
        assert (revision(app), len(house.argo.asked("PATCH"))) == ("HEAD", before)


async def test_a_box_that_people_wrote_themselves_is_none_of_ours(house: ArgoHouse) -> None:
    """N25."""
    async with house.bot():
        repo, app, pull = await offered(house)
        box = f"- [ ] {render.SYNC_MARKER} Set"
        forged = await repo.comment("bob", pull.number, f"<!-- telefonistka_tag -->\n{box}")
        await repo.edit_comment("bob", forged.id, forged.body.replace("[ ]", "[x]"))
        await house.settle()
        assert (revision(app), house.argo.asked("PATCH")) == ("HEAD", [])


async def test_our_own_edit_is_no_wish(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        await tick(house, repo, pull, house.app.bot.login)
        assert (revision(app), house.argo.asked("PATCH")) == ("HEAD", [])
        assert [each for each in house.requests() if "/collaborators/" in each.path] == []


async def test_a_fork_moves_no_app_whatever_its_branch_is_called(house: ArgoHouse) -> None:
    """N26."""
    repo = await house.repo(allowed())
    await repo.commit("bob", "staging", {"README.md": "of the base\n"})
    app = await house.argo.add_app("nginx", "workspace/nginx", revision="staging", destination="web")
    house.hub.add_user("mallory")
    async with house.bot():
        fork = await repo.fork("mallory")
        await fork.commit("mallory", "staging", NEW_TAG)
        pull = await repo.open_pull("mallory", head="mallory:staging", title="Change")
        await house.settle()
        assert render.SYNC_MARKER not in house.told_of(pull)
        await repo.close("mallory", pull.number)
        await house.settle()
        assert (revision(app), house.argo.asked("PATCH")) == ("staging", [])


async def test_only_components_that_match_are_set(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, _ = await offered(house)
        other = await house.argo.add_app("lab", "clusters/lab/nginx", destination="lab")
        both = NEW_TAG | {"clusters/lab/nginx/deployment.yaml": deployment("2.0")}
        pull = await house.opened(repo, both, "both")
        await tick(house, repo, pull)
        assert (revision(app), revision(other)) == ("both", "HEAD")


async def test_the_source_of_this_repository_is_set_among_several_and_goes_back(house: ArgoHouse) -> None:
    async with house.bot():
        repo = await house.repo(allowed())
        values = await house.hub.add_repo("acme/values", files={"nginx/a.yaml": ""}, collaborators={"alice": "write"})
        sources = [
            {"repoURL": values.clone_url, "path": "nginx", "targetRevision": "main"},
            {"repoURL": repo.clone_url, "path": "workspace/nginx"},
        ]
        app = await house.argo.add_app("nginx", sources=sources, destination="web")
        pull = await house.opened(repo, NEW_TAG)
        await tick(house, repo, pull)
        assert [each.get("targetRevision") for each in app.sources] == ["main", "feature"]
        await repo.close("alice", pull.number)
        await house.settle()
        assert [each.get("targetRevision") for each in app.sources] == ["main", None]


async def test_one_app_that_fails_stops_no_other_and_is_named(house: ArgoHouse) -> None:
    """N14, N17."""
    async with house.bot():
        repo, app, pull = await offered(house)
        second = await house.argo.add_app("second", "workspace/nginx", destination="second")
        house.argo.will_answer(403, method="PATCH", path="/second$")
        comment = await tick(house, repo, pull)
        assert (revision(app), revision(second)) == ("feature", "HEAD")
        assert "⚠️ `second` could not be set: " in comment.body
        assert branch_sync.ticked(comment.body) is True, "one app follows the branch"


async def test_the_box_shows_the_truth_where_nothing_could_be_set(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        house.argo.will_answer(400, method="PATCH", path="/nginx$", body={"code": 3, "message": "no", "error": "no"})
        comment = await tick(house, repo, pull)
        assert (revision(app), branch_sync.ticked(comment.body)) == ("HEAD", False)


async def test_an_argo_cd_that_is_down_for_a_while_is_asked_again(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        house.argo.will_answer(503, method="PATCH", times=3)
        comment = await tick(house, repo, pull)
        assert (revision(app), branch_sync.ticked(comment.body)) == ("feature", True)
        assert "could not be set" not in comment.body
        assert "tried again" not in comment.body


async def test_an_answer_that_is_lost_costs_nothing(house: ArgoHouse) -> None:
    """N12: the change was made; the next attempt finds it so, and still knows what was before."""
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        house.argo.will_answer(None, method="PATCH", after_effect=True)
        comment = await tick(house, repo, pull)
        assert (revision(app), branch_sync.ticked(comment.body)) == ("feature", True)
        assert len(house.argo.asked("PATCH")) == 1
        await tick(house, repo, pull, on=False)
        assert revision(app) == "main"


async def test_an_argo_cd_that_stays_down_holds_back_no_promotion_and_is_told_of(house: ArgoHouse) -> None:
    """N17."""
    async with house.bot(replace(AT_ONCE, fewest_attempts=3)):
        repo, app, pull = await offered(house)
        await tick(house, repo, pull)
        house.argo.will_answer(503, path="/api/v1/applications", times=250)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"
        assert revision(app) == "feature"
        comment = comment_of(house, pull)
        assert "Not all apps could be set. " in comment.body
        assert branch_sync.ticked(comment.body) is True


async def test_a_promotion_that_is_given_up_leaves_no_app_on_the_branch(house: ArgoHouse) -> None:
    async with house.bot(replace(AT_ONCE, fewest_attempts=3)):
        repo, app, pull = await offered(house)
        await tick(house, repo, pull)
        assert revision(app) == "feature"
        house.hub.will_answer(502, method="POST", path="/git/trees$", times=1000)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert house.promotions(repo) == []
        assert house.states(repo, pull)[-1] == "error"
        assert revision(app) == "HEAD"


async def test_an_app_goes_from_one_branch_to_another_and_back_to_where_it_came_from(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        second = await house.opened(repo, {"workspace/nginx/deployment.yaml": deployment("4.0")}, "second")
        await tick(house, repo, second)
        assert revision(app) == "second"
        await repo.close("alice", pull.number)
        await house.settle()
        assert revision(app) == "second", "the first pull request has it no more"
        await repo.close("alice", second.number)
        await house.settle()
        assert revision(app) == "main"


async def test_a_box_that_is_ticked_while_the_clusters_are_asked_stays_ticked(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house)
        reached, ticked = asyncio.Event(), asyncio.Event()

        async def held(exchange: Exchange, when: str) -> None:
            if when == "before" and "/manifests" in exchange.path and not reached.is_set():
                reached.set()
                await ticked.wait()

        house.argo.on_request = held
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment("3.0")})
        await asyncio.wait_for(reached.wait(), 10)
        comment = comment_of(house, pull)
        await repo.edit_comment("bob", comment.id, comment.body.replace("- [ ] <!--", "- [x] <!--"))
        ticked.set()
        await house.settle()
        assert (revision(app), branch_sync.ticked(comment.body)) == ("feature", True)


async def test_where_every_app_follows_the_branch_the_box_is_there_to_be_unticked(house: ArgoHouse) -> None:
    async with house.bot():
        repo = await house.repo(allowed())
        await repo.commit("alice", "feature", NEW_TAG)
        app = await house.argo.add_app("nginx", "workspace/nginx", revision="feature", destination="web")
        pull = await house.opened(repo, {"workspace/nginx/deployment.yaml": deployment("3.0")})
        assert branch_sync.ticked(comment_of(house, pull).body) is True
        await tick(house, repo, pull, on=False)
        assert revision(app) == "HEAD"
