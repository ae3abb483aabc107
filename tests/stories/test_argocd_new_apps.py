"""A component that has no app yet: what its app would create is seen before it exists."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.app import chores
from telefonistka_py.events.model import Chore, ChoreEvent
from telefonistka_py.sandbox.argocd import ArgoCd
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories import argo
from tests.stories.argo import ArgoHouse, deployment
from tests.stories.house import now

NEW: dict[str, Content | None] = {"clusters/dev/redis/deployment.yaml": deployment(name="redis")}
CONFIG = "promotionPaths:\n  - sourcePath: clusters/dev/\n    promotionPrs: [{targetPaths: [clusters/lab/]}]\n"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ArgoHouse]:
    async with argo.raised(tmp_path) as raised:
        yield raised


def files() -> dict[str, Content]:
    config = f"{CONFIG}argocd:\n  commentDiffonPR: true\n  createTempAppObjectFromNewApps: true\n"
    return {"telefonistka.yaml": config, "clusters/dev/nginx/deployment.yaml": deployment()}


def app_set(repo: Repo, **template: Any) -> dict[str, Any]:
    """One app for each folder in `clusters/dev`, which syncs itself."""
    app = {
        "project": "default",
        "source": {"repoURL": repo.clone_url, "targetRevision": "HEAD", "path": "{{path}}"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "dev"},
        "syncPolicy": {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]},
    }
    git = {"repoURL": repo.clone_url, "revision": "HEAD", "directories": [{"path": "clusters/dev/*"}]}
    metadata = {"name": "dev-{{path.basename}}", "annotations": {"notifications.argoproj.io/subscribe.x.slack": "all"}}
    return {"generators": [{"git": git}], "template": {"metadata": metadata, "spec": app | template}}


async def with_set(house: ArgoHouse) -> Repo:
    repo = await house.repo(files())
    house.argo.add_app_set("dev", app_set(repo))
    await house.argo.sync(await house.argo.add_app("dev-nginx", "clusters/dev/nginx", destination="dev"))
    return repo


async def test_what_a_new_app_would_create_is_shown_and_nothing_is_left_of_it(house: ArgoHouse) -> None:
    repo = await with_set(house)
    async with house.bot():
        pull = await house.opened(repo, NEW)
        said = house.told_of(pull)
        assert "- **dev-redis** · `clusters/dev/redis`: 1 object: 1 new" in said
        assert "The app does not exist yet." in said
        assert "+  name: redis\n" in said
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]
        assert house.argo.cluster.find("Deployment", "redis") is None
        assert house.states(repo, pull) == ["pending", "success"]


async def test_without_the_setting_nothing_is_made(house: ArgoHouse) -> None:
    repo = await with_set(house)
    await repo.commit("alice", "main", {"telefonistka.yaml": f"{CONFIG}argocd: {{commentDiffonPR: true}}\n"})
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert "- `clusters/dev/redis`: no app found" in house.told_of(pull)
        assert house.argo.asked("POST") == []


async def test_a_component_that_no_application_set_covers_has_no_app(house: ArgoHouse) -> None:
    repo = await house.repo(files())
    elsewhere = app_set(repo)
    elsewhere["generators"][0]["git"]["directories"] = [{"path": "clusters/prod/*"}]
    other = app_set(repo)
    other["generators"][0]["git"]["revision"] = "release"
    house.argo.add_app_set("prod", elsewhere)
    house.argo.add_app_set("release", other)
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert "- `clusters/dev/redis`: no app found" in house.told_of(pull)
        assert house.argo.asked("POST") == []


async def test_the_temporary_app_does_nothing_by_itself_and_takes_nothing_along(house: ArgoHouse) -> None:
    repo = await with_set(house)
    async with house.bot():
        pull = await house.opened(repo, NEW)
    [made] = house.argo.asked("POST", "validate=false")
    app = made.request_body
    assert app["metadata"] == {
        "name": "temp-dev-redis",
        "namespace": "argocd",
        "labels": {"telefonistka.io/temporary": "true"},
        "annotations": {"telefonistka.io/pull-request": f"acme/gitops#{pull.number}"},
    }
    assert app["spec"]["syncPolicy"] == {"syncOptions": ["CreateNamespace=true"]}
    assert app["spec"]["source"]["targetRevision"] == pull.head_sha
    assert "cascade=false" in house.argo.asked("DELETE")[0].path


async def test_an_older_argo_cd_is_told_of_and_hides_nothing_else(house: ArgoHouse) -> None:
    repo = await with_set(house)
    for status in (404, 405, 501):
        house.argo.without = {"generate": status}
        async with house.bot():
            changes = NEW | {"clusters/dev/nginx/deployment.yaml": deployment("2.0")}
            pull = await house.opened(repo, changes, f"on-{status}")
            said = house.told_of(pull)
            assert "takes version 2.14 or later" in said
            assert "+nginx:2.0" in said
            assert house.states(repo, pull)[-1] == "success"


async def test_a_token_that_may_not_is_told_of_and_hides_nothing_else(house: ArgoHouse) -> None:
    repo = await with_set(house)
    reader = house.argo.add_account("reader", may=["applications get", "applicationsets get"])
    house.told["ARGOCD_TOKEN"] = reader.token
    async with house.bot():
        pull = await house.opened(repo, NEW | {"clusters/dev/nginx/deployment.yaml": deployment("2.0")})
        said = house.told_of(pull)
        assert "it needs the right to get and to create them" in said
        assert "+nginx:2.0" in said
        assert house.states(repo, pull) == ["pending", "error"]


@pytest.mark.parametrize("path", ["/manifests$", "/managed-resources$"])
async def test_what_can_not_be_compared_is_deleted_all_the_same(house: ArgoHouse, path: str) -> None:
    repo = await with_set(house)
    async with house.bot():
        house.argo.will_answer(500, path=f"temp-dev-redis{path}")
        pull = await house.opened(repo, NEW)
        assert "> **dev-redis** · `clusters/dev/redis` could not be compared: " in house.told_of(pull)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]


@pytest.mark.parametrize("status", [None, 502])
async def test_an_app_whose_making_was_not_answered_is_deleted(house: ArgoHouse, status: int | None) -> None:
    repo = await with_set(house)
    async with house.bot():
        house.argo.will_answer(status, method="POST", path="applications$", after_effect=True)
        pull = await house.opened(repo, NEW)
        assert "+  name: redis\n" in house.told_of(pull)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]
        asked = [f"{each.method} {each.path}" for each in house.argo.exchanges]
        again = [at for at, each in enumerate(asked) if "selector=telefonistka.io%2Ftemporary" in each][1]
        assert any(each.startswith("DELETE") for each in asked[:again]), "not only before the next attempt"


async def test_an_app_whose_making_failed_half_way_is_deleted(house: ArgoHouse) -> None:
    repo = await with_set(house)
    async with house.bot():
        house.argo.will_answer(500, method="POST", path="applications$", after_effect=True)
        pull = await house.opened(repo, NEW)
        assert "`clusters/dev/redis` could not be compared: " in house.told_of(pull)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]


async def test_a_deletion_that_fails_is_tried_again(house: ArgoHouse) -> None:
    repo = await with_set(house)
    async with house.bot():
        house.argo.will_answer(503, method="DELETE")
        await house.opened(repo, NEW)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]


class Held:
    """Holds back the comparison of the temporary app."""

    def __init__(self, argo: ArgoCd) -> None:
        self.reached, self.released = asyncio.Event(), asyncio.Event()
        argo.on_request = self

    async def __call__(self, exchange: Exchange, when: str) -> None:
        if when == "before" and "temp-dev-redis/manifests" in exchange.path:
            self.reached.set()
            await self.released.wait()


async def stopped_meanwhile(house: ArgoHouse, repo: Repo) -> Pull:
    """The server is stopped while the temporary app is there."""
    held = Held(house.argo)
    async with house.bot(drain_seconds=0):
        await repo.commit("alice", "feature", NEW)
        pull = await repo.open_pull("alice", head="feature", title="Change feature")
        await asyncio.wait_for(held.reached.wait(), 10)
    held.released.set()
    house.argo.on_request = None
    return pull


async def test_a_server_that_is_stopped_deletes_what_it_made(house: ArgoHouse) -> None:
    repo = await with_set(house)
    pull = await stopped_meanwhile(house, repo)
    assert list(house.argo.apps) == [("argocd", "dev-nginx")]
    async with house.bot():
        await house.settle()
        assert "+  name: redis\n" in house.told_of(pull)


async def test_what_a_server_that_died_left_is_gone_after_the_next_attempt(house: ArgoHouse) -> None:
    repo = await with_set(house)
    house.argo.will_answer(None, method="DELETE", times=3)
    pull = await stopped_meanwhile(house, repo)
    assert ("argocd", "temp-dev-redis") in house.argo.apps, "as if the server had been killed"
    async with house.bot():
        await house.settle()
        assert "+  name: redis\n" in house.told_of(pull)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]


async def test_what_an_earlier_head_of_the_same_pull_request_left_is_in_nobodys_way(house: ArgoHouse) -> None:
    repo = await with_set(house)
    label, mark = {"telefonistka.io/temporary": "true"}, {"telefonistka.io/pull-request": "acme/gitops#1"}
    await house.argo.add_app("temp-dev-redis", "clusters/dev/nginx", labels=label, annotations=mark)
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert pull.number == 1
        assert "+  name: redis\n" in house.told_of(pull)
        assert list(house.argo.apps) == [("argocd", "dev-nginx")]


async def test_what_was_left_long_ago_is_swept_on_a_timer_and_nobody_elses_app_ever(house: ArgoHouse) -> None:
    repo = await with_set(house)
    ours = {"telefonistka.io/temporary": "true"}
    await house.argo.add_app("temp-old", "clusters/dev/nginx", labels=ours)
    await house.argo.add_app("temp-theirs", "clusters/dev/nginx")
    await house.argo.add_app("renamed", "clusters/dev/nginx", labels=ours)
    await house.argo.add_app("temp-syncs", "clusters/dev/nginx", labels=ours, automated={})
    sweep = chores.delivery(ChoreEvent(Chore.SWEEPING), now())
    async with house.bot(at_start=(sweep,)):
        await house.server_idle()
        assert ("argocd", "temp-old") in house.argo.apps, "somebody may be looking at it"
    house.clock = lambda: now() + timedelta(minutes=16)
    async with house.bot():
        await house.server_idle()
    left = sorted(name for _, name in house.argo.apps)
    assert left == ["dev-nginx", "renamed", "temp-syncs", "temp-theirs"]
    assert repo.pulls() == []


async def test_the_temporary_app_of_another_pull_request_is_nobodys_app(house: ArgoHouse) -> None:
    repo = await with_set(house)
    await repo.commit("bob", "before", NEW)
    label, mark = {"telefonistka.io/temporary": "true"}, {"telefonistka.io/pull-request": "acme/gitops#99"}
    await house.argo.add_app("temp-x", "clusters/dev/redis", revision="before", labels=label, annotations=mark)
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert "1 object: 1 new" in house.told_of(pull)
        assert "temp-x" not in house.told_of(pull)
        assert ("argocd", "temp-x") in house.argo.apps


async def test_an_app_that_is_there_already_is_never_shown_as_new(house: ArgoHouse) -> None:
    repo = await with_set(house)
    await house.argo.add_app("dev-redis", "clusters/somewhere-else")
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert "could not be compared: the app exists already" in house.told_of(pull)
        assert house.argo.asked("POST", "validate=false") == []
        assert ("argocd", "dev-redis") in house.argo.apps


async def test_somebody_elses_app_of_the_temporary_name_is_left_alone(house: ArgoHouse) -> None:
    repo = await with_set(house)
    theirs = await house.argo.add_app("temp-dev-redis", "clusters/dev/nginx")
    async with house.bot():
        pull = await house.opened(repo, NEW)
        assert "existing application spec is different" in house.told_of(pull)
        assert house.argo.app("temp-dev-redis") is theirs
        assert theirs.sources[0]["targetRevision"] == "HEAD"
        house.argo.will_answer(502, method="POST", path="applications$")
        await repo.comment("alice", pull.number, "/retrigger")
        await house.settle()
        assert house.argo.app("temp-dev-redis") is theirs
        assert house.argo.asked("DELETE") == []


async def test_nothing_of_a_fork_is_rendered(house: ArgoHouse) -> None:
    """N26."""
    repo = await with_set(house)
    house.hub.add_user("mallory")
    async with house.bot():
        fork = await repo.fork("mallory")
        await fork.commit("mallory", "feature", NEW)
        await repo.open_pull("mallory", head="mallory:feature", title="Change")
        await house.settle()
        assert house.argo.asked("POST") == []
