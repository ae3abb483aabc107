"""Webhooks: signed, shaped, logged; dropped, doubled, reordered and redelivered on order."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from telefonistka_py.sandbox import App, Hub, Repo
from tests.doors.sandbox.conftest import Caller, Clock, app_jwt


@dataclass
class Receiver:
    """A bot's endpoint that only writes down what it gets."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 202
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append(({key.lower(): value for key, value in request.headers.items()}, await request.read()))
        await self.gate.wait()
        return web.Response(status=self.status, text="taken")

    @property
    def events(self) -> list[str]:
        named = [(headers["x-github-event"], json.loads(body).get("action")) for headers, body in self.got]
        return [f"{event}.{action}" if action else event for event, action in named]

    def last(self, event: str) -> dict[str, Any]:
        found = [json.loads(body) for headers, body in self.got if headers["x-github-event"] == event]
        payload: dict[str, Any] = found[-1]
        return payload


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    receiver.gate.set()
    site = web.Application(client_max_size=1 << 28)
    site.router.add_post("/webhook", receiver.receive)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield receiver
    receiver.gate.set()
    await runner.cleanup()


@pytest.fixture
def heard(hub: Hub, app: App, receiver: Receiver) -> App:
    hub.set_webhook(app, receiver.url)
    return app


async def test_a_new_app_is_greeted(hub: Hub, repo: Repo, receiver: Receiver) -> None:
    app = hub.add_app(webhook_url=receiver.url, secret="s")
    await hub.delivered()
    assert receiver.events == ["ping", "installation.created"]
    installed = receiver.last("installation")
    assert installed["installation"]["id"] == app.installation_id
    assert [each["full_name"] for each in installed["repositories"]] == ["acme/gitops"]


async def test_deliveries_are_signed_and_named(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    ((headers, body),) = receiver.got
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature"] == "sha1=" + hmac.new(b"s3cret", body, "sha1").hexdigest()
    assert headers["x-github-event"] == "push"
    assert headers["x-github-hook-installation-target-id"] == str(heard.id)
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["installation"]["id"] == heard.installation_id


async def test_the_form_content_type_is_signed_as_it_is_sent(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver
) -> None:
    heard.content_type = "form"
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    ((headers, body),) = receiver.got
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert json.loads(parse_qs(body.decode())["payload"][0])["ref"] == "refs/heads/side"


async def test_a_push_names_what_each_commit_changed(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    before = (await repo.branches())["main"]
    after = await repo.commit("alice", "main", {"new": "1", "README.md": "2", "prod/app/a.yaml": None})
    await hub.delivered()
    push = receiver.last("push")
    assert (push["before"], push["after"], push["forced"], push["created"]) == (before, after, False, False)
    (commit,) = push["commits"]
    assert (commit["added"], commit["modified"], commit["removed"]) == (["new"], ["README.md"], ["prod/app/a.yaml"])
    assert (commit["author"]["username"], push["head_commit"]["id"]) == ("alice", after)
    await repo.push("alice", "main", before, force=True)
    await hub.delivered()
    push = receiver.last("push")
    assert (push["forced"], push["commits"], push["after"]) == (True, [], before)


async def test_a_new_and_a_deleted_branch_are_told_by_zeros(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver
) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    assert (receiver.last("push")["before"], receiver.last("push")["created"]) == ("0" * 40, True)
    assert len(receiver.last("push")["commits"]) == 1
    await repo.push("alice", "side", None)
    await hub.delivered()
    push = receiver.last("push")
    assert (push["after"], push["deleted"], push["head_commit"]) == ("0" * 40, True, None)


async def test_a_pull_requests_life_is_told(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="T", body="B")
    await repo.label("alice", pull.number, "show-plan")
    await repo.unlabel("alice", pull.number, "show-plan")
    await repo.edit("alice", pull.number, title="T2")
    first = pull.head_sha
    await repo.commit("alice", "side", {"y": "1"})
    await hub.delivered()
    synchronised = receiver.last("pull_request")
    assert (synchronised["before"], synchronised["after"]) == (first, pull.head_sha)
    await repo.close("alice", pull.number)
    await repo.reopen("alice", pull.number)
    merged = await repo.merge("bob", pull.number)
    await hub.delivered()
    told = [event for event in receiver.events if event.startswith("pull_request")]
    actions = ["opened", "labeled", "unlabeled", "edited", "synchronize", "closed", "reopened", "closed"]
    assert told == [f"pull_request.{action}" for action in actions]
    closed = receiver.last("pull_request")["pull_request"]
    assert (closed["merged"], closed["merge_commit_sha"], closed["merged_by"]["login"]) == (True, merged, "bob")
    assert (closed["changed_files"], closed["head"]["sha"], closed["base"]["ref"]) == (2, pull.head_sha, "main")
    assert receiver.last("push")["ref"] == "refs/heads/main"


async def test_comments_and_statuses_are_told(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="T")
    comment = await repo.comment("bob", pull.number, "/retrigger")
    await repo.edit_comment("bob", comment.id, "never mind")
    await hub.delivered()
    told = receiver.last("issue_comment")
    assert (told["action"], told["changes"]) == ("edited", {"body": {"from": "/retrigger"}})
    assert (told["comment"]["body"], told["sender"]["login"]) == ("never mind", "bob")
    assert told["issue"]["pull_request"]["url"].endswith("/pulls/1")
    issue = await repo.open_issue("bob", title="A question")
    await repo.comment("bob", issue.number, "?")
    await hub.delivered()
    assert "pull_request" not in receiver.last("issue_comment")["issue"]


async def test_an_event_nobody_subscribed_to_is_not_sent(hub: Hub, repo: Repo, receiver: Receiver) -> None:
    hub.add_app("quiet", webhook_url=receiver.url, events=["pull_request"])
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    assert "push" not in receiver.events


async def test_a_dropped_delivery_is_only_in_the_log(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    """N18."""
    hub.webhooks_will(drop=1)
    await repo.commit("alice", "one", {"x": "1"})
    await repo.commit("alice", "two", {"x": "2"})
    await hub.delivered()
    assert [json.loads(body)["ref"] for _, body in receiver.got] == ["refs/heads/two"]
    assert [each.status for each in hub.deliveries] == ["failed to connect to host", "OK"]


async def test_a_redelivery_keeps_its_guid_and_body(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver, nobody: Caller, clock: Clock
) -> None:
    """N12, N18."""
    receiver.status = 500
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    receiver.status = 202
    caller = nobody.as_token(app_jwt(heard, clock()))
    (failed,) = (await caller("GET", "/app/hook/deliveries?status=failure")).body
    assert (failed["event"], failed["status_code"], failed["redelivery"]) == ("push", 500, False)
    again = await caller("POST", f"/app/hook/deliveries/{failed['id']}/attempts")
    assert again.status == 202
    await hub.delivered()
    assert len({headers["x-github-delivery"] for headers, _ in receiver.got}) == 1
    assert receiver.got[0][1] == receiver.got[1][1]
    newest = (await caller("GET", "/app/hook/deliveries")).body
    assert [(each["guid"], each["redelivery"], each["status_code"]) for each in newest] == [
        (failed["guid"], True, 202),
        (failed["guid"], False, 500),
    ]
    whole = (await caller("GET", f"/app/hook/deliveries/{failed['id']}")).body
    assert whole["request"]["payload"]["ref"] == "refs/heads/side"
    assert whole["request"]["headers"]["X-GitHub-Delivery"] == failed["guid"]


async def test_the_log_comes_in_pages_and_forgets_after_three_days(
    hub: Hub, repo: Repo, heard: App, nobody: Caller, clock: Clock
) -> None:
    """N18."""
    for number in range(5):
        await repo.commit("alice", "side", {"x": str(number)})
    await hub.delivered()
    caller = nobody.as_token(app_jwt(heard, clock()))
    first = await caller("GET", "/app/hook/deliveries?per_page=3")
    following = first.headers["link"].split(">")[0].rpartition("/api/v3")[2]
    second = await caller("GET", following)
    assert (len(first.body), len(second.body), "link" in second.headers) == (3, 2, False)
    clock.move(days=3)
    late = nobody.as_token(app_jwt(heard, clock()))
    assert (await late("GET", "/app/hook/deliveries")).body == []


async def test_deliveries_come_twice_and_in_reverse_when_ordered(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver
) -> None:
    """N12."""
    hub.webhooks_will(twice=1)
    await repo.commit("alice", "one", {"x": "1"})
    await hub.delivered()
    assert len({headers["x-github-delivery"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 2
    hub.webhooks_will(reorder=2)
    await repo.commit("alice", "two", {"x": "2"})
    await repo.commit("alice", "three", {"x": "3"})
    await hub.delivered()
    assert [json.loads(body)["ref"] for _, body in receiver.got[2:]] == ["refs/heads/three", "refs/heads/two"]


async def test_a_receiver_that_does_not_answer_is_given_up(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver
) -> None:
    hub.webhooks.timeout = 0.1
    receiver.gate.clear()
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    assert [(each.status, each.status_code) for each in hub.deliveries] == [("timed out", 504)]


async def test_a_receiver_that_is_not_there_is_given_up(hub: Hub, repo: Repo, app: App) -> None:
    hub.set_webhook(app, "http://127.0.0.1:9/webhook")
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    assert [each.status for each in hub.deliveries] == ["failed to connect to host"]


async def test_a_hub_that_closes_does_not_wait_for_a_hanging_receiver(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver, within: Any
) -> None:
    receiver.gate.clear()
    await repo.commit("alice", "side", {"x": "1"})
    with within(30):
        await hub.close()


async def test_a_push_of_thousands_of_files_arrives_whole(hub: Hub, repo: Repo, heard: App, receiver: Receiver) -> None:
    names = [f"many/{'x' * 200}/{number:05}" for number in range(6000)]
    await repo.commit("alice", "main", dict.fromkeys(names, ""))
    await hub.delivered()
    assert receiver.last("push")["commits"][0]["added"] == names
    assert receiver.got[-1][0]["content-length"] == str(len(receiver.got[-1][1]))


async def test_the_webhook_is_changed_by_its_app_as_when_a_secret_is_rotated(
    hub: Hub, repo: Repo, heard: App, receiver: Receiver, nobody: Caller, clock: Clock
) -> None:
    app = nobody.as_token(app_jwt(heard, clock()))
    before = (await app("GET", "/app/hook/config")).body
    assert before == {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": receiver.url}
    changed = await app("PATCH", "/app/hook/config", {"secret": "the next secret"})
    assert (changed.status, changed.body) == (200, before)
    await repo.commit("alice", "side", {"x": "1"})
    await hub.delivered()
    headers, body = receiver.got[-1]
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"the next secret", body, hashlib.sha256).hexdigest()
    everything = {"url": f"{receiver.url}?2", "content_type": "form", "insecure_ssl": "1"}
    assert (await app("PATCH", "/app/hook/config", everything)).body == {**everything, "secret": "********"}
    assert (await nobody("PATCH", "/app/hook/config", {"secret": "mine"})).status == 401
    assert heard.secret == "the next secret"
