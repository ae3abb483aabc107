"""Whoever opens a pull request sees what it will change in the clusters."""

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from telefonistka_py.sandbox.argocd import ArgoCd
from telefonistka_py.sandbox.content import Content
from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment

Changes = dict[str, Content | None]

HEADING = "## Argo CD: what this pull request changes in the clusters"
NEW_TAG: Changes = {"workspace/nginx/deployment.yaml": deployment("2.0")}
REFORMATTED: Changes = {"workspace/nginx/deployment.yaml": f"# The web server.\n{deployment()}"}
"""Other bytes, the same object."""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {a: b}\n"
NOT_RENDERED = "# +argocd:skip-file-rendering\n"
"""Has Argo CD pass over a file of a folder of plain YAML."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    async with argo.raised(tmp_path) as raised:
        yield raised


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    """A house with two Argo CDs, `dev` for all that lies in `clusters/dev`, and `all`."""
    async with argo.raised(tmp_path, 2) as raised:
        file = tmp_path / "argocd.yaml"
        file.write_text(
            "instances:\n"
            f"  - {{name: all, address: '{raised.argos[0].url}', tokenVariable: TOKEN_ALL, repositories: [acme/.*]}}\n"
            f"  - {{name: dev, address: '{raised.argos[1].url}', tokenVariable: TOKEN_DEV, paths: [clusters/dev/]}}\n"
        )
        tokens = {"TOKEN_ALL": raised.argos[0].token, "TOKEN_DEV": raised.argos[1].token}
        raised.told = {"TELEFONISTKA_ARGOCD_INSTANCES": str(file), **tokens}
        yield raised


# ---- the comment ----


async def test_the_comment_tells_what_changes_in_the_cluster(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, NEW_TAG)
        said = house.told_of(pull)
        assert HEADING in said
        assert "@@ spec.template.spec.containers.nginx.image @@\n-nginx:1.0\n+nginx:2.0\n" in said
        assert f"({house.argo.url}/applications/argocd/nginx-workspace)" in said
        assert house.states(repo, pull) == ["pending", "success"]
        assert pull.labels == []


async def test_without_the_setting_nobody_asks_argo_cd(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(commentDiffonPR=False))
    async with house.bot():
        await house.apps()
        house.argo.exchanges.clear()
        pull = await house.opened(repo, NEW_TAG)
        assert (house.said(pull), house.argo.exchanges) == ([], [])


async def test_a_push_edits_the_comment_and_a_redelivery_repeats_nothing(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, NEW_TAG)
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment("3.0")})
        await house.settle()
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        [comment] = [each for each in pull.comments if each.author is house.app.bot]
        assert "+nginx:3.0" in comment.body
        assert "2.0" not in comment.body


async def test_an_app_is_looked_at_anew_and_rendered_at_the_commit_that_was_pushed(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, NEW_TAG)
        asked = [each.path for each in house.argo.exchanges]
        refreshed = next(at for at, path in enumerate(asked) if "refresh=hard" in path)
        managed = next(at for at, path in enumerate(asked) if "/managed-resources" in path)
        assert refreshed < managed
        assert f"revision={pull.head_sha}" in next(path for path in asked if "/manifests" in path)


async def test_health_sync_and_auto_sync_are_warned_of(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        app = await house.argo.add_app("nginx", "workspace/nginx")
        await house.argo.sync(app)
        house.argo.set(app, health="Degraded", sync="OutOfSync")
        said = house.told_of(await house.opened(repo, NEW_TAG))
        assert "health is `Degraded`" in said
        assert "sync status is `OutOfSync`" in said
        assert "Auto-sync is off" in said


async def test_an_app_that_follows_another_branch_is_said_to(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await repo.commit("alice", "stable", {"more.txt": "x\n"})
        await house.argo.sync(await house.argo.add_app("nginx", "workspace/nginx", revision="stable"))
        said = house.told_of(await house.opened(repo, NEW_TAG))
        assert "follows stable, not main" in said


async def test_an_app_on_the_branch_that_syncs_itself_is_skipped_and_said_to_be(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await repo.commit("alice", "feature", REFORMATTED)
        await house.argo.add_app("nginx", "workspace/nginx", revision="feature", automated={})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert "not compared: it is on this branch already and syncs by itself" in house.told_of(pull)
        assert pull.labels == []


async def test_an_app_that_was_synced_from_the_branch_is_no_sure_no_difference(house: ArgoHouse) -> None:
    """It equals the head because it was synced from there: that says nothing of what the merge changes."""
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await repo.commit("alice", "feature", NEW_TAG)
        await house.argo.sync(await house.argo.add_app("nginx", "workspace/nginx", revision="feature"))
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        assert "not compared: it follows this branch already" in house.told_of(pull)
        assert pull.labels == []


async def test_what_an_app_on_the_branch_has_not_synced_yet_is_shown(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await repo.commit("alice", "feature", {"more.txt": "x\n"})
        await house.argo.sync(await house.argo.add_app("nginx", "workspace/nginx", revision="feature"))
        assert "nginx:2.0" in house.told_of(await house.opened(repo, NEW_TAG))


async def test_contents_of_a_component_that_forbids_it_are_not_shown(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        silent = {"workspace/nginx/telefonistka.yaml": f"{NOT_RENDERED}disableArgoCDDiff: true\n"}
        said = house.told_of(await house.opened(repo, {**NEW_TAG, **silent}))
        assert "`nginx-workspace/Deployment/nginx` changes" in said
        assert "2.0" not in said


async def test_a_component_file_that_cant_be_read_hides_contents(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        said = house.told_of(
            await house.opened(repo, {**NEW_TAG, "workspace/nginx/telefonistka.yaml": f"{NOT_RENDERED}a: [\n"})
        )
        assert "`nginx-workspace/Deployment/nginx` changes" in said
        assert "2.0" not in said


async def test_what_a_secret_holds_is_in_no_comment(house: ArgoHouse) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: %s}\n"
    repo = await house.repo(argo.files() | {"workspace/nginx/secret.yaml": secret % "horse"})
    async with house.bot():
        await house.apps("workspace")
        changed: Changes = {"workspace/nginx/secret.yaml": secret % "battery", **NEW_TAG}
        said = house.told_of(await house.opened(repo, changed))
        assert "nginx:2.0" in said
        assert "horse" not in said
        assert "battery" not in said


async def test_every_matching_app_is_shown_and_one_without_annotation_matches_its_own_path_only(
    house: ArgoHouse,
) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        annotated = {"argocd.argoproj.io/manifest-generate-paths": "/workspace;."}
        one = await house.argo.add_app("one", "workspace/nginx")
        other = await house.argo.add_app("other", "workspace/nginx", annotations=annotated)
        foreign = await house.argo.add_app("foreign", "clusters/dev/nginx")
        for app in (one, other, foreign):
            await house.argo.sync(app)
        said = house.told_of(await house.opened(repo, NEW_TAG))
        assert "**one**" in said
        assert "**other**" in said
        assert "foreign" not in said


async def test_apps_are_found_by_label_in_one_request_where_the_configuration_says_so(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(useSHALabelForAppDiscovery=True))
    async with house.bot():
        # printf workspace/nginx | sha1sum
        label = {"telefonistka.io/component-path-sha1": "dbce8166c7afc439d0387ed0b3ddd9034492df86"}
        mine = await house.argo.add_app("mine", "workspace/nginx", labels=label)
        await house.argo.sync(mine)
        await house.argo.sync(await house.argo.add_app("unlabelled", "workspace/nginx"))
        said = house.told_of(await house.opened(repo, NEW_TAG))
        assert "**mine**" in said
        assert "unlabelled" not in said
        assert len([each for each in house.argo.exchanges if "selector=" in each.path]) == 1


async def test_an_app_of_several_sources_is_rendered_with_the_change(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.repo({"values/config.yaml": CONFIG}, "acme/values")
        other = {"repoURL": repo.clone_url.replace("gitops", "values"), "path": "values", "targetRevision": "HEAD"}
        ours = {"repoURL": repo.clone_url, "path": "workspace/nginx", "targetRevision": "HEAD"}
        await house.argo.sync(await house.argo.add_app("several", sources=[other, ours]))
        pull = await house.opened(repo, NEW_TAG)
        assert "**several**" in house.told_of(pull)
        assert "1 object: 1 changed" in house.told_of(pull), "what comes from elsewhere stays"
        [asked] = house.argo.asked("GET", "/manifests")
        assert f"sourcePositions=2&revisions={pull.head_sha}" in asked.path


async def test_a_component_without_an_app_is_said_to_have_none_and_is_no_mistake(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        pull = await house.opened(repo, REFORMATTED)
        assert "`workspace/nginx`: no app found" in house.told_of(pull)
        assert house.states(repo, pull)[-1] == "success"
        assert pull.labels == []


async def test_deleting_a_component_is_no_mistake(house: ArgoHouse) -> None:
    """A required status must not keep anybody from deleting what an app is rendered from."""
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, {"workspace/nginx/deployment.yaml": None})
        assert "not compared: the pull request deletes its folder" in house.told_of(pull)
        assert "[!CAUTION]" not in house.told_of(pull)
        assert (pull.labels, house.states(repo, pull)[-1]) == ([], "success")


async def test_of_a_promotion_each_promoted_place_is_compared(house: ArgoHouse) -> None:
    """That one holds it already does not mean that its cluster does."""
    repo = await house.repo(argo.files() | {"clusters/lab/nginx/deployment.yaml": deployment("2.0")})
    async with house.bot():
        await house.apps()
        await house.change(repo, NEW_TAG)
        await house.settle()
        [promotion] = house.promotions(repo)
        assert [file.path for file in await repo.files(promotion.number)] == ["clusters/dev/nginx/deployment.yaml"]
        said = house.told_of(promotion)
        assert "`clusters/dev/nginx`: 1 object: 1 changed" in said
        assert "`clusters/lab/nginx`: no diff" in said


async def test_a_change_by_hand_in_a_target_is_compared_as_well(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, {"clusters/prod/east/nginx/deployment.yaml": deployment("9.9")})
        assert "+nginx:9.9" in house.told_of(pull)


async def test_when_a_later_push_changes_no_component_the_comment_is_folded_away(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, NEW_TAG)
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment(), "README.md": "more\n"})
        await house.settle()
        [comment] = [each for each in pull.comments if each.author is house.app.bot]
        assert comment.minimized == "outdated"
        assert "changes no component any more" in comment.body


# ---- what fails ----


async def test_one_app_that_cant_be_rendered_hides_no_other_and_no_drift(house: ArgoHouse) -> None:
    files = argo.files() | {"clusters/dev/nginx/only-here.yaml": deployment(name="extra")}
    repo = await house.repo(files)
    async with house.bot():
        await house.apps()
        why = "kustomize for @acme/all failed"
        refusal = {"error": why, "code": 2, "message": why}
        house.argo.will_answer(500, path=r"nginx-workspace/manifests$", body=refusal)
        pull = await house.opened(repo, {**NEW_TAG, "clusters/lab/nginx/deployment.yaml": deployment("7")})
        said = house.told_of(pull)
        assert "> [!CAUTION]\n> **nginx-workspace** · `workspace/nginx` could not be compared" in said
        assert "@acme/all" not in said, "nobody is called"
        assert "+nginx:7" in said
        assert any("Found drift between environments" in each for each in house.said(pull))
        assert house.states(repo, pull) == ["pending", "error"]


async def test_an_argo_cd_that_is_not_there_is_tried_again_until_it_answers(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        house.argo.will_answer(503, path=r"/api/v1/applications$", times=3)
        pull = await house.opened(repo, NEW_TAG)
        [comment] = [each for each in pull.comments if each.author is house.app.bot]
        assert "+nginx:2.0" in comment.body
        assert "[!CAUTION]" not in comment.body
        assert len(house.argo.asked("GET", "applications?fields")) == 4, "three failed in a row, and the next attempt"
        assert house.states(repo, pull)[-1] == "success"


async def test_what_could_not_be_asked_is_told_and_is_never_no_diff(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(autoMergeNoDiffPRs=True))
    async with house.bot():
        await house.apps()
        house.argo.will_answer(403, path=r"/managed-resources$")
        pull = await house.opened(repo, REFORMATTED)
        said = house.told_of(pull)
        assert "could not be compared: Argo CD answered 403" in said
        assert "No diff" not in said
        assert pull.labels == []
        assert house.states(repo, pull)[-1] == "error"


async def test_an_answer_cut_short_is_no_empty_answer(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        house.argo.will_answer(200, path=r"/api/v1/settings$", body="<html>Log in</html>")
        pull = await house.opened(repo, REFORMATTED)
        assert "[!CAUTION]" in house.told_of(pull)
        assert pull.labels == []
        house.argo.exchanges.clear()  # a page of a proxy's is none of Argo CD's answers


async def test_an_app_that_argo_cd_cant_compare_is_never_no_diff(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        [app] = await house.apps("workspace")
        await repo.commit("bob", "main", {"workspace/nginx/broken.yaml": "a: [\n"})
        mended: Changes = {"workspace/nginx/broken.yaml": None, "workspace/nginx/more.txt": "x\n"}
        pull = await house.opened(repo, mended)
        assert app.status["conditions"]
        said = house.told_of(pull)
        assert "No diff" not in said
        assert pull.labels == []


async def test_a_fork_is_not_looked_up_in_the_base_repository(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    async with house.bot():
        await house.apps()
        house.argo.exchanges.clear()
        house.hub.add_user("mallory")
        fork = await repo.fork("mallory")
        await fork.commit("mallory", "feature", NEW_TAG)
        pull = await repo.open_pull("mallory", head="mallory:feature", title="Change")
        await house.settle()
        assert "comes from a fork" in house.told_of(pull)
        assert house.argo.exchanges == []


async def test_where_nobody_configured_argo_cd_the_comment_says_so_once(house: ArgoHouse) -> None:
    house.told = {}
    repo = await house.repo(argo.files())
    async with house.bot():
        pull = await house.opened(repo, NEW_TAG)
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment("3.0")})
        await house.settle()
        [said] = house.said(pull)
        assert "has not configured Argo CD" in said
        assert house.states(repo, pull)[-1] == "success"


async def test_a_drift_check_that_fails_hides_no_comparison(house: ArgoHouse) -> None:
    """N17, the other way round: only drift asks GitHub for the contents of files."""
    repo = await house.repo(argo.files() | {"clusters/dev/nginx/deployment.yaml": deployment("0.9")})
    async with house.bot():
        await house.apps()
        house.hub.will_answer(502, operation="Texts", times=100)
        await repo.commit("alice", "feature", NEW_TAG)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        assert house.server is not None
        for _ in range(12):  # it gives up in the end
            await house.hub.delivered()
            await house.server.worker.idle()
        assert "+nginx:2.0" in house.told_of(pull)
        assert house.states(repo, pull)[-1] == "error"


async def test_the_token_is_in_no_comment_and_no_log(house: ArgoHouse, capsys: pytest.CaptureFixture[str]) -> None:
    """N30"""
    repo = await house.repo(argo.files())
    why = f"dial https://user:{house.argo.token}@repo.example.com: refused"
    async with house.bot():
        await house.apps()
        house.argo.will_answer(500, path=r"/manifests$", body={"error": why, "code": 2, "message": why})
        said = house.told_of(await house.opened(repo, NEW_TAG))
        assert "repo.example.com" in said
        assert house.argo.token not in said
        assert house.argo.token not in capsys.readouterr().out


# ---- how long it may be ----


async def test_what_is_too_long_for_a_comment_is_split_between_apps(house: ArgoHouse) -> None:
    """N19"""
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n%s"
    names = ("one", "two", "three")
    before = {f"workspace/{name}/config.yaml": config % "  a: b\n" for name in names}
    repo = await house.repo(argo.files() | before)
    async with house.bot():
        for name in names:
            await house.argo.sync(await house.argo.add_app(name, f"workspace/{name}", destination=name))
        lines = {name: "".join(f"  {name}-{number}: {'x' * 80}\n" for number in range(350)) for name in names}
        changes: Changes = {f"workspace/{name}/config.yaml": config % lines[name] for name in names}
        pull = await house.opened(repo, changes)
        parts = [each.body for each in pull.comments if each.author is house.app.bot]
        assert len(parts) > 1
        assert all(len(part) <= 65_536 for part in parts)
        for name in names:
            [holding] = [part for part in parts if f"<b>{name}</b>" in part]
            assert all(f"data.{name}-{number} @@" in holding for number in (0, 349))


# ---- the box ----


async def test_the_box_is_offered_for_components_that_match_and_stays_ticked(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files(allowSyncfromBranchPathRegex="^workspace/"))
    async with house.bot():
        await house.apps()
        pull = await house.opened(repo, NEW_TAG)
        box = "- [ ] <!-- telefonistka-argocd-branch-sync --> Set the Argo CD apps to the branch `feature`"
        assert box in house.told_of(pull)
        other = await house.opened(repo, {"clusters/prod/east/nginx/deployment.yaml": deployment("9")}, "other")
        assert "telefonistka-argocd-branch-sync" not in house.told_of(other)
        [comment] = [each for each in pull.comments if each.author is house.app.bot]
        await repo.edit_comment("alice", comment.id, comment.body.replace("- [ ] <!-- tele", "- [x] <!-- tele"))
        await repo.commit("alice", "feature", {"workspace/nginx/deployment.yaml": deployment("3.0")})
        await house.settle()
        assert box.replace("[ ]", "[x]") in house.told_of(pull)


# ---- several Argo CDs ----


async def test_each_component_is_looked_up_where_it_applies(two: ArgoHouse) -> None:
    repo = await two.repo(argo.files())
    async with two.bot():
        await two.apps("workspace", "clusters/dev")
        await two.apps("clusters/dev", argo=two.argos[1])
        changes: Changes = {**NEW_TAG, "clusters/dev/nginx/deployment.yaml": deployment("2.0")}
        said = two.told_of(await two.opened(repo, changes))
        assert all(f"**{name}**" in said for name in ("all/nginx-workspace", "all/nginx-clusters-dev"))
        assert "**dev/nginx-clusters-dev**" in said
        assert "dev/nginx-workspace" not in said


def held_port(url: str) -> None:
    """Keeps the address of a server that is gone, without listening, so that nothing else answers there."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", urlsplit(url).port or 0))
    KEPT.append(kept)


KEPT: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    while KEPT:
        KEPT.pop().close()


async def test_one_that_is_down_is_told_and_takes_nothing_from_the_other(two: ArgoHouse) -> None:
    repo = await two.repo(argo.files())
    async with two.bot():
        await two.apps("workspace", "clusters/dev")
        url = two.argos[1].url
        await two.argos[1].close()
        held_port(url)
        changes: Changes = {**NEW_TAG, "clusters/dev/nginx/deployment.yaml": deployment("2.0")}
        await repo.commit("alice", "feature", changes)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        assert two.server is not None
        said = ""
        for _ in range(2):  # the same is told once, however often it is tried
            await two.hub.delivered()
            await two.server.worker.idle()
        said = two.told_of(pull)
        assert f"**dev** · `clusters/dev/nginx` could not be compared: dev can't be reached at {url}" in said
        assert "**all/nginx-clusters-dev**" in said
        assert said.count("could not be compared") == 1
        scraped = await two.scraped()
        asked = "telefonistka_argocd_requests_total"
        assert f'{asked}{{argocd_instance="dev",operation="list_apps",status="unreachable"}}' in scraped
        assert f'{asked}{{argocd_instance="all",operation="manifests",status="200"}}' in scraped
        assert await two.ready()


# ---- what costs ----


async def test_twenty_components_take_one_list_and_three_requests_each(house: ArgoHouse) -> None:
    """N17, and the promise that a large Argo CD is not listed twenty times."""
    files = argo.files()
    names = [f"c{number:02}" for number in range(20)]
    files |= {f"workspace/{name}/deployment.yaml": deployment(name=name) for name in names}
    repo = await house.repo(files)
    async with house.bot():
        for name in names:
            await house.argo.sync(await house.argo.add_app(name, f"workspace/{name}", destination=name))
        for number in range(100):
            await house.argo.add_app(f"other-{number}", "clusters/dev/nginx", destination=f"other-{number}")
        house.argo.exchanges.clear()
        changes: Changes = {f"workspace/{name}/deployment.yaml": deployment("2", name) for name in names}
        pull = await house.opened(repo, changes)
        assert house.told_of(pull).count("1 changed</summary>") == 20
        paths = [each.path for each in house.argo.exchanges]
        assert len([path for path in paths if path.startswith("/api/v1/applications?")]) == 1
        assert len([path for path in paths if path == "/api/v1/settings"]) == 1
        assert len(paths) == 2 + 3 * 20
        assert most_at_once(house.argo) <= 10


def most_at_once(asked: ArgoCd) -> int:
    moments = [(each.started, 1) for each in asked.exchanges] + [(each.ended, -1) for each in asked.exchanges]
    most = now = 0
    for _, step in sorted(moments):
        now += step
        most = max(most, now)
    return most


async def test_an_app_of_several_components_is_compared_once(house: ArgoHouse) -> None:
    files = argo.files() | {"workspace/redis/deployment.yaml": deployment(name="redis")}
    repo = await house.repo(files)
    async with house.bot():
        annotations = {"argocd.argoproj.io/manifest-generate-paths": "/workspace"}
        source = {"repoURL": repo.clone_url, "path": "workspace", "directory": {"recurse": True}}
        app = await house.argo.add_app("both", annotations=annotations, spec={"source": source})
        await house.argo.sync(app)
        house.argo.exchanges.clear()
        changes: Changes = {**NEW_TAG, "workspace/redis/deployment.yaml": deployment("2.0", "redis")}
        said = house.told_of(await house.opened(repo, changes))
        assert len(house.argo.asked("GET", "/manifests")) == 1
        assert "its diff is shown with workspace/nginx" in said
        assert said.count("<summary>") == 1


async def test_one_that_is_down_for_long_does_not_hold_up_the_merge(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    house.recheck_after = timedelta(hours=1)
    async with house.bot():
        await house.apps()
        house.argo.will_answer(503, path=r"/api/v1/applications$", times=1000)
        await repo.commit("alice", "feature", NEW_TAG)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.server_idle()
        assert "could not be compared" in house.told_of(pull)
        assert house.states(repo, pull) == ["pending"]
        await repo.merge("alice", pull.number)
        await house.server_idle()
        assert len(house.promotions(repo)) >= 1
        assert house.server is not None
        [waits] = [each for each in await house.server.inbox.entries() if each.lane.endswith(f"#{pull.number}!recheck")]
        assert waits.due_at is not None


async def test_what_was_asked_again_too_late_is_left_to_the_newer_push(house: ArgoHouse) -> None:
    repo = await house.repo(argo.files())
    house.recheck_after = timedelta(hours=1)
    async with house.bot():
        await house.apps()
        house.argo.will_answer(503, path=r"/api/v1/applications$", times=3)
        await repo.commit("alice", "feature", NEW_TAG)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.server_idle()
        [older] = [each for each in await house.server.inbox.entries() if each.id.startswith("recheck:")]  # type: ignore[union-attr]
        await repo.commit("alice", "feature", {"workspace/nginx/more.txt": "x\n"})
        await house.server_idle()
        assert house.states(repo, pull)[-1] == "success"
        house.argo.exchanges.clear()
        assert house.server is not None
        await house.server.inbox.again(older.id)
        await house.server_idle()
        assert house.argo.exchanges == []
