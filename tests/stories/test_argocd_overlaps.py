"""Several pull requests, apps and moments at once: nothing merges uncompared, and every app finds its way back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment
from tests.stories.test_argocd import REFORMATTED
from tests.stories.test_argocd_branch_sync import offered, revision, tick


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    async with argo.raised(tmp_path) as raised:
        yield raised


def still_computing(real: Any) -> Any:
    """What GitHub answers while it finds out whether a pull request can be merged."""
    real["data"]["repository"]["pullRequest"]["mergeStateStatus"] = "UNKNOWN"
    return real


async def test_what_was_compared_at_one_head_is_never_handed_to_githubs_own_auto_merge(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    repo.allow_auto_merge = True
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.server_idle()
        promotion = house.promotions(repo)[0]
        assert (promotion.merged, promotion.labels) == (False, ["promotion", "noop"])
        house.hub.will_answer(200, operation="Landing", body=still_computing)
        await repo.set_status("alice", promotion.head_sha, "ci/lint", "success")
        await house.server_idle()
        assert promotion.auto_merge is None
        changes = {"clusters/dev/nginx/deployment.yaml": deployment("6.6.6")}
        await repo.commit("bob", promotion.head_ref, {**changes})
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.server_idle()
        assert not promotion.merged


async def test_a_later_comparison_that_finds_a_change_keeps_what_was_held_from_merging(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.server_idle()
        promotion = house.promotions(repo)[0]
        assert promotion.labels == ["promotion", "noop"]
        # A second app of the same folder appears, in which the promotion does change something.
        await house.argo.add_app("second", "clusters/dev/nginx", destination="second")
        await repo.comment("alice", promotion.number, "/retrigger")
        await house.server_idle()
        assert promotion.labels == ["promotion"]
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.server_idle()
        assert not promotion.merged


async def test_a_move_that_is_tried_twice_remembers_where_the_app_really_came_from(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        second = await house.opened(repo, {"workspace/nginx/deployment.yaml": deployment("4.0")}, "second")
        house.argo.will_answer(503, method="PATCH", times=1)
        await tick(house, repo, second)
        assert revision(app) == "second"
        await repo.close("alice", pull.number)
        await house.settle()
        await repo.close("alice", second.number)
        await house.settle()
        assert revision(app) == "main"


async def test_a_pull_request_that_is_merged_into_another_branch_lets_its_apps_go(house: ArgoHouse) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        await repo.commit("alice", "other", {"x": "y\n"})
        await repo.edit("alice", pull.number, base="other")
        await house.settle()
        await repo.merge("alice", pull.number)
        await house.settle()
        assert revision(app) == "main"


@pytest.mark.parametrize("after", ["gone", "broken"])
async def test_apps_go_back_whatever_the_configuration_says_by_then(house: ArgoHouse, after: str) -> None:
    async with house.bot():
        repo, app, pull = await offered(house, revision="main")
        await tick(house, repo, pull)
        now = (await repo.read("main", "telefonistka.yaml") or b"").decode()
        lines = [each for each in now.splitlines() if "allowSync" not in each]
        text = "\n".join(lines) + "\n" if after == "gone" else now + "promotionPaths: 7\n"
        await repo.commit("bob", "main", {"telefonistka.yaml": text})
        await house.settle()
        await repo.merge("alice", pull.number)
        await house.settle()
        assert revision(app) == "main"


async def test_an_app_of_a_folder_inside_the_component_is_no_sure_no_diff(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await house.apps()
        canary = [f"{at}/nginx/canary/deployment.yaml" for at in ("workspace", "clusters/dev", "clusters/lab")]
        await repo.commit("alice", "main", {each: deployment("1.0", "canary") for each in canary})
        app = await house.argo.add_app("canary", "clusters/dev/nginx/canary", destination="canary", automated={})
        await house.argo.sync(app)
        await house.change(repo, {canary[0]: deployment("2.0", "canary")})
        await house.settle()
        promotion = house.promotions(repo)[0]
        assert (promotion.merged, promotion.labels) == (False, ["promotion"])
