"""A pull request that changes nothing in any cluster is marked, and a promotion of ours among them merges itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import metadata
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment
from tests.stories.test_argocd import NEW_TAG, REFORMATTED, Changes


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    async with argo.raised(tmp_path) as raised:
        yield raised


async def promoted(house: ArgoHouse, repo: Repo) -> Pull:
    """A comment is added to a manifest in the workspace; the promotion of that."""
    await house.change(repo, REFORMATTED)
    await house.settle()
    return house.promotions(repo)[0]


def migration(tag: str) -> str:
    """A Job that runs before each sync."""
    return f"""\
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate, annotations: {{argocd.argoproj.io/hook: PreSync}}}}
spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: migrate, image: "migrate:{tag}"}}]}}}}}}
"""


# ---- the label ----


async def test_what_changes_nothing_is_said_in_words_and_carries_a_label(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        assert "✅ **No diff.**" in house.told_of(pull)
        assert pull.labels == ["noop"]
        assert house.states(repo, pull)[-1] == "success"


async def test_the_label_goes_when_a_later_push_changes_something_and_others_stay(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        await repo.label("alice", pull.number, "urgent")
        await repo.commit("alice", "feature", NEW_TAG)
        await house.settle()
        assert pull.labels == ["urgent"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("1.0", "2.0"), ("1.0", None), (None, "2.0")],
    ids=["another image", "no longer there", "there now"],
)
async def test_what_changes_a_hook_alone_is_no_sure_no_difference(
    house: ArgoHouse, before: str | None, after: str | None
) -> None:
    repo = await house.repo(argo.files() | ({"workspace/nginx/migrate.yaml": migration(before)} if before else {}))
    async with house.bot():
        await house.apps("workspace")
        changed: Changes = {"workspace/nginx/migrate.yaml": migration(after) if after else None}
        pull = await house.opened(repo, changed)
        assert "Hooks change, which run at a sync: `Job/migrate`" in house.told_of(pull)
        assert pull.labels == []


async def test_hooks_that_stay_as_they_are_keep_no_label_away(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files() | {"workspace/nginx/migrate.yaml": migration("1.0")})
    async with house.bot():
        await house.apps("workspace")
        assert (await house.opened(repo, REFORMATTED)).labels == ["noop"]


async def test_a_component_without_app_beside_one_that_does_not_differ_gets_no_label(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps("workspace")
        pull = await house.opened(repo, {**REFORMATTED, "clusters/dev/nginx/more.yaml": deployment(name="more")})
        assert "no app found" in house.told_of(pull)
        assert pull.labels == []


# ---- the merge ----


async def test_a_promotion_that_changes_nothing_is_merged_at_the_head_that_was_compared(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await house.apps()
        promotion = await promoted(house, repo)
        assert promotion.merged
        assert "merged by itself (`autoMergeNoDiffPRs`)" in house.told_of(promotion)
        [merge] = [each for each in merges(house) if each.path.endswith(f"/pulls/{promotion.number}/merge")]
        assert merge.request_body["sha"] == promotion.head_sha
        assert merge.request_body["commit_message"] == "Auto-merge"


async def test_without_the_setting_it_is_only_marked(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        promotion = await promoted(house, repo)
        assert (promotion.merged, promotion.labels) == (False, ["promotion", "noop"])


async def test_a_promotion_that_changes_something_is_left_to_people(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await house.apps()
        await house.change(repo, NEW_TAG)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert (promotion.merged, promotion.labels) == (False, ["promotion"])


async def test_a_persons_pull_request_is_never_merged_whatever_it_says_of_itself(house: ArgoHouse) -> None:
    """N25"""
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await house.apps()
        promotion = await promoted(house, repo)
        targets = ("clusters/dev", "clusters/lab")
        await repo.commit("alice", "copy", {f"{at}/nginx/deployment.yaml": f"# x\n{deployment()}" for at in targets})
        pull = await repo.open_pull(
            "alice", head="copy", title="Mine", body=promotion.body or "", labels=("promotion",)
        )
        await house.settle()
        assert (pull.merged, sorted(pull.labels)) == (False, ["noop", "promotion"])


@pytest.mark.parametrize("edited", ["workspace/nginx", "clusters"])
async def test_a_promotion_whose_metadata_was_edited_is_left_to_people(house: ArgoHouse, edited: str) -> None:
    """N25: an app that covers everything must not vouch for what nobody compared."""
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        everything = {"argocd.argoproj.io/manifest-generate-paths": "/"}
        source = {"repoURL": repo.clone_url, "path": "none"}
        await repo.commit("alice", "main", {"none/config.txt": "x\n"})
        await house.argo.sync(await house.argo.add_app("all", annotations=everything, spec={"source": source}))
        settings = await repo.read("main", "telefonistka.yaml") or b""
        await repo.commit("bob", "main", {"telefonistka.yaml": settings.replace(b"autoMergeNoDiffPRs: true", b"")})
        promotion = await promoted(house, repo)
        known = metadata.read(promotion.body or "")
        assert known is not None
        said = replace(known, promoted_paths=(RepoPath(edited),))
        await repo.edit("alice", promotion.number, body=metadata.block(said))
        await repo.commit("bob", "main", {"telefonistka.yaml": settings})
        await repo.comment("alice", promotion.number, "/retrigger")
        await house.settle()
        assert not promotion.merged
        assert "left to people to merge it" in house.told_of(promotion)


async def test_a_promotion_that_people_pushed_to_meanwhile_is_not_merged(house: ArgoHouse) -> None:
    """N5"""
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    pushed: list[str] = []

    async def push(exchange: Exchange, when: str) -> None:
        promotions = house.promotions(repo)
        if when == "after" and "/manifests" in exchange.path and promotions and not pushed:
            pushed.append("once")
            head = promotions[0].head_ref
            await repo.commit("bob", head, {"clusters/dev/nginx/deployment.yaml": deployment("6.6.6")})

    async with house.bot():
        await house.apps()
        house.argo.on_request = push
        promotion = await promoted(house, repo)
        assert pushed
        assert (promotion.merged, promotion.labels) == (False, ["promotion"])
        assert "+nginx:6.6.6" in house.told_of(promotion)


async def test_a_promotion_that_is_held_is_merged_once_nothing_holds_it(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    repo.protect("main", checks=("ci/test",))
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        await repo.set_status("alice", pull.head_sha, "ci/test", "success")
        await repo.merge("alice", pull.number)
        await house.server_idle()
        promotion = house.promotions(repo)[0]
        assert (promotion.merged, promotion.labels) == (False, ["promotion", "noop"])
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.server_idle()
        assert promotion.merged


async def test_what_is_held_is_not_left_to_githubs_auto_merge_which_would_merge_later_pushes_too(
    house: ArgoHouse,
) -> None:
    """N5"""
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
        changed = {"clusters/dev/nginx/deployment.yaml": deployment("6.6.6")}
        await repo.commit("bob", promotion.head_ref, {**changed})
        await repo.set_status("alice", promotion.head_sha, "ci/test", "success")
        await house.server_idle()
        assert (promotion.merged, promotion.labels) == (False, ["promotion"])


async def test_our_own_status_being_required_does_not_hold_the_merge(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    repo.protect("main", checks=("telefonistka",))
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, REFORMATTED)
        await repo.merge("alice", pull.number)
        await house.settle()
        assert house.promotions(repo)[0].merged


def merges(house: ArgoHouse) -> list[Exchange]:
    return [each for each in house.requests() if each.method == "PUT" and each.path.endswith("/merge")]
