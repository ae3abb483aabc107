"""The server itself: versions, faults, delays, TLS, and what it remembers."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest

from telefonistka_py.sandbox import Exchange, Hub, Repo, SandboxError
from telefonistka_py.sandbox.argocd import ArgoCd
from tests.contracts import argocd
from tests.doors.sandbox.argocd.conftest import Client

APP = "/api/v1/applications/a"
DIFF = f"{APP}/server-side-diff"
PATCH = {"patchType": "merge", "patch": '{"spec": {"source": {"path": "dev/db"}}}'}
GENERATE = "/api/v1/applicationsets/generate"


async def test_a_fault_strikes_as_often_as_it_was_told(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    argo.will_answer(503, method="GET", path=r"/manifests$", times=2, skip=1)
    statuses = [(await client("GET", f"{APP}/manifests", revision="HEAD")).status for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    argo.will_answer(500, body={"error": "x", "message": "x", "code": 2}, headers={"x-odd": "1"})
    assert (await client("GET", APP)).body == {"error": "x", "message": "x", "code": 2}


async def test_an_answer_can_be_lost_or_replaced_after_the_work_was_done(client: Client, argo: ArgoCd) -> None:
    app = await argo.add_app("a", "dev/nginx")
    argo.will_answer(None, method="PATCH", after_effect=True)
    with pytest.raises(aiohttp.ClientError):
        await client("PATCH", APP, PATCH)
    assert app.sources[0]["path"] == "dev/db"
    assert argo.exchanges[-1].status is None
    argo.will_answer(200, body=lambda real: real | {"status": {}}, after_effect=True)
    assert (await client("GET", APP)).body["status"] == {}


async def test_a_dropped_request_changes_nothing(client: Client, argo: ArgoCd) -> None:
    app = await argo.add_app("a", "dev/nginx")
    argo.will_answer(None, method="PATCH")
    with pytest.raises(aiohttp.ClientError):
        await client("PATCH", APP, PATCH)
    assert app.sources[0]["path"] == "dev/nginx"


async def test_requests_take_the_time_that_was_ordered(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    argo.will_take(0.05, path="/manifests$")
    await client("GET", f"{APP}/manifests")
    argo.latency = 0.03
    await client("GET", APP)
    assert [each.ended - each.started >= wait for each, wait in zip(argo.exchanges, (0.05, 0.03), strict=True)] == [
        True,
        True,
    ]


async def test_a_request_can_be_held_at_any_moment(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    seen: list[tuple[str, str, Any]] = []
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(exchange: Exchange, moment: str) -> None:
        seen.append((moment, exchange.actor or "", exchange.status))
        if moment == "before":
            reached.set()
            await go_on.wait()

    argo.on_request = hold
    asking = asyncio.create_task(client("DELETE", APP, cascade="false"))
    await reached.wait()
    assert len(argo.apps) == 1
    go_on.set()
    assert (await asking).status == 200
    assert seen == [("before", "admin", None), ("after", "admin", 200)]


async def test_what_was_asked_and_answered_is_remembered(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    await client("GET", APP, refresh="hard")
    body = {"patch": "{}", "patchType": "merge"}
    await client("PATCH", APP, body)
    assert [(each.method, each.path, each.status) for each in argo.exchanges] == [
        ("GET", f"{APP}?refresh=hard", 200),
        ("PATCH", APP, 200),
    ]
    assert [each.request_body for each in argo.asked("PATCH", "/applications")] == [body]
    assert argo.exchanges[0].answer["metadata"]["name"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/api/v1/clusters", "doesn't know GET /api/v1/clusters."),
        ("POST", APP, f"doesn't know POST {APP}."),
        ("GET", f"{APP}?refesh=hard", f"doesn't know the query key 'refesh' of GET {APP}."),
    ],
)
async def test_what_it_does_not_know_it_says_and_remembers(
    client: Client, argo: ArgoCd, method: str, path: str, said: str
) -> None:
    await argo.add_app("a", "dev/nginx")
    assert (await client(method, path)).status == 501
    assert argo.unknown == [f"The stand-in for Argo CD {said}"]
    assert all(argocd.problems_of(each) for each in argo.exchanges)
    argo.unknown.clear()
    argo.exchanges.clear()


async def test_over_tls_only_its_own_authority_is_believed(hub: Hub, repo: Repo) -> None:
    async with ArgoCd.running(hub, secure=True) as argo, ArgoCd.running(hub, secure=True) as other:
        assert argo.url.startswith("https://")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{argo.url}/api/version", ssl=argo.context()) as response:
                assert response.status == 200
            for context in (other.context(), ssl.create_default_context()):
                with pytest.raises(aiohttp.ClientConnectorCertificateError):
                    await session.get(f"{argo.url}/api/version", ssl=context)


@pytest.mark.parametrize(
    ("version", "generate", "diff"), [("v2.13.9", 405, 404), ("v2.14.0", 500, 404), ("v3.2.0", 500, 200)]
)
async def test_older_versions_lack_what_came_later(
    client: Client, argo: ArgoCd, version: str, generate: int, diff: int
) -> None:
    await argo.add_app("a", "dev/nginx")
    argo.version = version
    assert (await client("POST", GENERATE, {})).status == generate
    assert (await client("GET", DIFF)).status == diff


async def test_an_operation_can_be_taken_away(client: Client, argo: ArgoCd) -> None:
    argo.without |= {"generate": 501, "server-side-diff": 404}
    assert (await client("POST", GENERATE, {})).body["code"] == 12
    assert (await client("GET", DIFF)).body == "Not Found\n"


async def test_server_side_diff_fails_over_rest_as_it_does(client: Client, argo: ArgoCd) -> None:
    await argo.add_app("a", "dev/nginx")
    answer = await client("GET", DIFF, targetManifests="{}")
    assert (answer.status, answer.body["code"]) == (500, 13)
    assert answer.body["message"] == "runtime error: index out of range [0] with length 0"


async def test_server_side_diff_as_it_should_be_is_a_dry_run(client: Client, argo: ArgoCd) -> None:
    await argo.sync(await argo.add_app("a", "dev/nginx"))
    argo.diffs_over_rest = True
    same, other = [await client.app("a", "/manifests"), await client.app("a", "/manifests")]
    texts = [same["manifests"][0], other["manifests"][0].replace("nginx:1.0", "nginx:2.0")]
    found = (await client("GET", DIFF, targetManifests=texts)).body
    assert ([each["modified"] for each in found["items"]], found["modified"]) == ([False, True], True)
    assert "nginx:2.0" in found["items"][1]["targetState"]
    live = argo.cluster.find("Deployment", "nginx")
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.0"
    assert (await client("GET", DIFF, targetManifests="{")).status == 500


async def test_mistakes_of_tests_get_a_sentence(argo: ArgoCd, hub: Hub, repo: Repo) -> None:
    with pytest.raises(SandboxError, match="no app 'b'; add it with"):
        argo.app("b")
    broken = await argo.add_app("broken", "nowhere")
    with pytest.raises(SandboxError, match=r"can't be synced: .*app path does not exist"):
        await argo.sync(broken)
    await hub.add_repo("acme/second", files={"a": "1"})
    with pytest.raises(SandboxError, match="not exactly one repository"):
        await argo.add_app("c", "dev/nginx")


async def test_a_thousand_apps_are_listed_in_one_request(client: Client, argo: ArgoCd, within: Any) -> None:
    for number in range(1_000):
        await argo.add_app(f"a-{number}", "dev/nginx")
    with within(2):
        found = await client("GET", "/api/v1/applications", fields="items.metadata.name,items.spec")
    assert len(found.body["items"]) == 1_000
