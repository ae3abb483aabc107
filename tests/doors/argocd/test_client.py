"""The client against a real server: what it asks, and what it makes of what goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.argocd import applications, examine
from telefonistka_py.argocd.applications import Ref
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.examine import Head
from telefonistka_py.argocd.failure import Forbidden, Lacking, Refused
from telefonistka_py.argocd.instances import Instance, Limits
from telefonistka_py.argocd.lookup import Known, Place
from telefonistka_py.argocd.model import Failed
from telefonistka_py.errors import TelefonistkaError, WorldUnwell
from telefonistka_py.names import Branch, Sha
from telefonistka_py.sandbox import Hub, Repo
from telefonistka_py.sandbox.argocd import App, ArgoCd
from tests.contracts import argocd as contract
from tests.stories.argo import deployment

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {a: b}\n"


class Asking:
    """A client, and what its pauses and its observer were told."""

    def __init__(self, instance: Instance, limits: Limits | None = None) -> None:
        self.pauses: list[float] = []
        self.observed: list[tuple[str, str, str]] = []
        self.client = Client(instance, limits, observe=self._observe, pause=self._pause)

    def _observe(self, instance: str, operation: str, status: str, seconds: float) -> None:
        assert seconds >= 0
        self.observed.append((instance, operation, status))

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub.running(tmp_path / "hub") as running:
        yield running


@pytest.fixture
async def repo(hub: Hub) -> Repo:
    files = {"dev/nginx/all.yaml": deployment(), "values/c.yaml": CONFIG}
    return await hub.add_repo("acme/gitops", files={**files}, collaborators={"alice": "write"})


@pytest.fixture
async def argo(hub: Hub, repo: Repo) -> AsyncIterator[ArgoCd]:
    """Whatever a client asks of it must be in Argo CD's description."""
    async with ArgoCd.running(hub) as running:
        yield running
        assert running.unknown == []
        assert [problem for each in running.exchanges for problem in contract.problems_of(each)] == []


@pytest.fixture
async def app(argo: ArgoCd) -> App:
    made = await argo.add_app("nginx", "dev/nginx", destination="web")
    await argo.sync(made)
    return made


@pytest.fixture
async def asking(argo: ArgoCd) -> AsyncIterator[Asking]:
    made = Asking(Instance("blue", argo.url, argo.token))
    yield made
    await made.client.close()


async def failure_of(work: Any) -> TelefonistkaError:
    with pytest.raises(TelefonistkaError) as caught:
        await work
    return caught.value


# ---- what is read ----


async def test_apps_are_listed_with_nothing_but_what_finds_them(argo: ArgoCd, app: App, asking: Asking) -> None:
    [found] = await asking.client.apps()
    assert found.ref == Ref("nginx", "argocd", "default")
    assert [source.path for source in found.sources] == ["dev/nginx"]
    answer = argo.asked("GET", "/api/v1/applications?")[0].answer
    assert "status" not in answer["items"][0]


async def test_no_apps_at_all_is_an_answer(asking: Asking) -> None:
    assert await asking.client.apps() == ()
    assert await asking.client.apps_labelled("x", ["y"]) == ()


async def test_many_labels_are_asked_for_in_few_requests(argo: ArgoCd, asking: Asking) -> None:
    values = [f"v{number}" for number in range(120)]
    for number in (0, 60, 119):
        await argo.add_app(f"app-{number}", "dev/nginx", labels={"x": f"v{number}"})
    found = await asking.client.apps_labelled("x", values)
    assert sorted(each.name for each in found) == ["app-0", "app-119", "app-60"]
    assert len(argo.exchanges) == 3


async def test_an_app_its_resources_its_manifests_and_the_settings(argo: ArgoCd, app: App, asking: Asking) -> None:
    client = asking.client
    [listed] = await client.apps()
    assert (await client.app(listed.ref))["status"]["sync"]["status"] == "Synced"
    assert app.refreshed > 1
    [managed] = await client.managed_resources(listed.ref)
    assert managed.live is not None
    assert str(managed.id) == "web/Deployment/nginx"
    assert (await client.settings())["trackingMethod"] == "annotation"
    assert await client.version() == "v3.3.2"
    assert {status for _, _, status in asking.observed} == {"200"}
    assert asking.observed[0] == ("blue", "list_apps", "200")


async def test_manifests_are_those_of_the_commit(repo: Repo, app: App, asking: Asking) -> None:
    sha = Sha(await repo.commit("alice", "feature", {"dev/nginx/all.yaml": deployment("9")}))
    [listed] = await asking.client.apps()
    [manifest] = await asking.client.manifests(listed, sha, (1,))
    assert manifest["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:9"


async def test_of_several_sources_each_is_asked_for_by_its_place(argo: ArgoCd, repo: Repo, asking: Asking) -> None:
    source = {"repoURL": repo.clone_url, "targetRevision": "HEAD"}
    await argo.add_app("several", sources=[source | {"path": "values"}, source | {"path": "dev/nginx"}])
    changed = {"dev/nginx/all.yaml": deployment("9"), "values/c.yaml": CONFIG.replace("b}", "c}")}
    sha = Sha(await repo.commit("alice", "feature", {**changed}))
    [listed] = await asking.client.apps()
    only_second = await asking.client.manifests(listed, sha, (2,))
    assert [each.get("data") for each in only_second if each["kind"] == "ConfigMap"] == [{"a": "b"}]
    both = await asking.client.manifests(listed, sha, (1, 2))
    assert [each.get("data") for each in both if each["kind"] == "ConfigMap"] == [{"a": "c"}]


async def test_an_app_elsewhere_is_asked_for_with_its_namespace(argo: ArgoCd, asking: Asking) -> None:
    await argo.add_app("nginx", "dev/nginx", namespace="team-a")
    [listed] = await asking.client.apps()
    assert (await asking.client.app(listed.ref))["metadata"]["namespace"] == "team-a"
    assert await asking.client.manifests(listed, Sha("main"), (1,))


# ---- what goes wrong ----


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_read_whose_server_was_not_there_is_tried_again(argo: ArgoCd, asking: Asking, status: int) -> None:
    argo.will_answer(status, path="/api/version$", times=2)
    assert await asking.client.version() == "v3.3.2"
    assert asking.pauses == [0.2, 0.8]
    argo.will_answer(status, path="/api/version$", times=3)
    error = await failure_of(asking.client.version())
    assert isinstance(error, WorldUnwell)
    assert f"blue answered {status} to version" in str(error)


async def test_a_connection_that_breaks_is_tried_again(argo: ArgoCd, asking: Asking) -> None:
    argo.will_answer(None, path="/api/version$", times=1)
    assert await asking.client.version() == "v3.3.2"


async def test_a_server_that_is_gone_is_named(argo: ArgoCd, asking: Asking) -> None:
    await argo.close()
    error = await failure_of(asking.client.apps())
    assert isinstance(error, WorldUnwell)
    assert f"blue can't be reached at {argo.url}" in str(error)
    assert asking.observed == [("blue", "list_apps", "unreachable")] * 3


async def test_a_server_that_is_slow_is_not_asked_again(argo: ArgoCd) -> None:
    asking = Asking(Instance("blue", argo.url, argo.token), Limits(timeout=0.2))
    argo.will_take(5, path="/api/version$")
    error = await failure_of(asking.client.version())
    assert isinstance(error, WorldUnwell)
    assert "blue did not answer version within 0.2 s" in str(error)
    assert (asking.observed, asking.pauses) == ([("blue", "version", "timeout")], [])
    await asking.client.close()
    argo.exchanges.clear()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 500])
async def test_a_refusal_is_not_asked_again(argo: ArgoCd, asking: Asking, status: int) -> None:
    argo.will_answer(status, path="/api/version$")
    await failure_of(asking.client.version())
    assert len(argo.exchanges) == 1
    argo.exchanges.clear()


async def test_a_wrong_token_is_the_operators(argo: ArgoCd, app: App) -> None:
    asking = Asking(Instance("blue", argo.url, "wrong"))
    for work in (asking.client.apps(), asking.client.settings()):
        error = await failure_of(work)
        assert isinstance(error, Forbidden)
        assert "blue" in str(error)
        assert "token is wrong or has expired" in str(error)
    await asking.client.close()


async def test_what_the_token_may_not_see_is_said_to_be_so(argo: ArgoCd, app: App) -> None:
    account = argo.add_account("bot", may=["applications get"], projects=["other"])
    asking = Asking(Instance("blue", argo.url, account.token))
    error = await failure_of(asking.client.app(Ref("nginx", "argocd", "default")))
    assert isinstance(error, Forbidden)
    assert "may not see it" in str(error)
    await asking.client.close()


async def test_manifests_that_cant_be_rendered_come_with_argo_cds_own_words(
    repo: Repo, app: App, asking: Asking
) -> None:
    sha = Sha(await repo.commit("alice", "feature", {"dev/nginx/all.yaml": None, "other.txt": "x\n"}))
    [listed] = await asking.client.apps()
    error = await failure_of(asking.client.manifests(listed, sha, (1,)))
    assert isinstance(error, Refused)
    assert not isinstance(error, Lacking)
    assert "app path does not exist" in str(error)


async def test_an_operation_that_an_older_server_lacks(argo: ArgoCd, app: App, asking: Asking) -> None:
    argo.without["server-side-diff"] = 404
    path = "/api/v1/applications/nginx/server-side-diff"
    error = await failure_of(asking.client.read("server_side_diff", path))
    assert isinstance(error, Lacking)
    assert "its version is too old, or its address is another one" in str(error)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/applications$", {}),
        ("/applications$", {"items": [{}]}),
        ("/applications$", {"items": "many"}),
        ("/applications$", [1]),
        ("/applications$", "<html>Please log in</html>"),
        ("/applications$", ""),
    ],
)
async def test_an_answer_of_another_form_is_no_empty_list(argo: ArgoCd, asking: Asking, path: str, body: Any) -> None:
    """N1"""
    argo.will_answer(200, path=path, body=body)
    error = await failure_of(asking.client.apps())
    assert isinstance(error, Refused)
    assert "blue answered list_apps with" in str(error)
    argo.exchanges.clear()  # spoiled on purpose


@pytest.mark.parametrize(
    "body",
    [{"items": [{"kind": "Deployment"}]}, {"items": ["x"]}, {"items": {"a": 1}}, "half of {"],
)
async def test_resources_of_another_form_are_not_none(argo: ArgoCd, app: App, asking: Asking, body: Any) -> None:
    """N1"""
    argo.will_answer(200, path="/managed-resources$", body=body)
    assert isinstance(await failure_of(asking.client.managed_resources(Ref("nginx"))), Refused)
    argo.exchanges.clear()


async def test_settings_that_are_those_of_a_stranger_lose_no_rules(argo: ArgoCd, asking: Asking) -> None:
    """Argo CD shows part of its settings to anybody, without the rules that say what to ignore."""
    argo.will_answer(200, path="/settings$", body={"url": argo.url, "appLabelKey": "x"})
    assert isinstance(await failure_of(asking.client.settings()), Forbidden)


async def test_an_answer_without_end_is_not_read_to_its_end(argo: ArgoCd, app: App) -> None:
    """N27"""
    asking = Asking(Instance("blue", argo.url, argo.token), Limits(largest=1_000))
    argo.will_answer(200, path="/managed-resources$", body="x" * 100_000)
    error = await failure_of(asking.client.managed_resources(Ref("nginx")))
    assert "more than 1,000 bytes" in str(error)
    assert asking.observed[-1] == ("blue", "managed_resources", "too large")
    await asking.client.close()
    argo.exchanges.clear()


async def test_a_redirect_is_not_followed_with_the_token(argo: ArgoCd, asking: Asking) -> None:
    argo.will_answer(302, path="/applications$", headers={"location": f"{argo.url}/api/version"})
    await failure_of(asking.client.apps())
    assert len(argo.exchanges) == 1
    argo.exchanges.clear()


async def test_no_more_than_so_many_requests_are_underway(argo: ArgoCd) -> None:
    asking = Asking(Instance("blue", argo.url, argo.token), Limits(at_once=3))
    underway, most = 0, 0

    async def count(exchange: Any, when: str) -> None:
        nonlocal underway, most
        underway += 1 if when == "before" else -1
        most = max(most, underway)
        await asyncio.sleep(0)

    argo.on_request = count
    await asyncio.gather(*(asking.client.version() for _ in range(20)))
    assert 1 <= most <= 3
    await asking.client.close()


async def test_waiting_for_ones_turn_is_no_part_of_the_time_that_a_request_may_take(argo: ArgoCd) -> None:
    asking = Asking(Instance("blue", argo.url, argo.token), Limits(timeout=0.6, connect=0.1, at_once=1))
    argo.latency = 0.25
    await asyncio.gather(*(asking.client.version() for _ in range(4)))
    assert asking.observed == [("blue", "version", "200")] * 4
    await asking.client.close()


async def test_an_app_whose_server_hangs_is_given_up_in_time(argo: ArgoCd, app: App, asking: Asking) -> None:
    """N17"""
    argo.will_take(5, path="/managed-resources$")
    [listed] = await asking.client.apps()
    place = Place(Known(asking.client, (listed,), await asking.client.settings()), listed)
    head = Head(listed.sources[0].repo, Sha("main"), Branch("feature"), Branch("main"), Sha("main"))
    until = asyncio.get_running_loop().time() + 0.3
    given_up = await examine.app(place, head, named_by_instance=False, until=until)
    assert isinstance(given_up.outcome, Failed)
    assert isinstance(given_up.error, WorldUnwell)
    assert ("blue", "managed_resources", "cancelled") in asking.observed
    argo.exchanges.clear()


# ---- over TLS ----


async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_insecure(hub: Hub, repo: Repo) -> None:
    async with ArgoCd.running(hub, secure=True) as argo:
        careful, careless = (
            Asking(Instance("blue", argo.url, argo.token, insecure=insecure)) for insecure in (False, True)
        )
        error = await failure_of(careful.client.version())
        assert "certificate verify failed" in str(error).lower()
        assert await careless.client.version() == "v3.3.2"
        for asking in (careful, careless):
            await asking.client.close()


@pytest.mark.parametrize("said", ["https://bot:secret@github.com/acme/gitops: refused", "ssh://git:secret@h/x"])
async def test_passwords_in_addresses_are_in_no_error(argo: ArgoCd, asking: Asking, said: str) -> None:
    """N30"""
    argo.will_answer(500, path="/applications$", body={"error": said, "code": 2, "message": said})
    error = await failure_of(asking.client.apps())
    assert "secret" not in str(error)


def test_an_apps_condition_says_that_it_cant_be_compared() -> None:
    condition = {"type": "ComparisonError", "message": "kustomize failed"}
    assert applications.broken({"status": {"conditions": [condition]}}) == "kustomize failed"
    assert applications.broken({"status": {"conditions": [{"type": "SharedResourceWarning", "message": "x"}]}}) == ""
    assert applications.broken({"status": {}}) == ""
