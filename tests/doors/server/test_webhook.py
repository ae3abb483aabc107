"""What is let in, what is refused, and what each sender is told (N11, N12, N23)."""

import asyncio
import gzip
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from telefonistka_py.events.model import PullRequestEvent
from telefonistka_py.inbox.model import Counts
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server import signature
from telefonistka_py.server.attempt import Attempts
from telefonistka_py.server.web import LARGEST_BODY, Door
from telefonistka_py.server.worker import Worker
from telefonistka_py.settings import AppIdentity
from tests import logged
from tests.doors.server.conftest import PREVIOUS, SECRET, Gate, Hands, Server, StartServer, payload, signed
from tests.logged import Log

BY_PREVIOUS = "telefonistka_webhooks_accepted_by_previous_secret_total"
HITS = "telefonistka_webhook_server_webhook_hits_total"
NOTHING = Counts(waiting=0, underway=0, done=0, dead=0)


async def test_a_signed_delivery_is_accepted_and_handled_with_its_body_and_headers_as_they_came(
    server: Server, hands: Hands
) -> None:
    body = payload(7)
    assert (await server.post(body, signed(body, "guid-1") | {"X-Custom": "Straße é"}))[0] == 202
    await server.running.worker.settled()
    [(delivery, event)] = hands.handled
    assert (delivery.id, delivery.kind, delivery.body) == ("guid-1", "pull_request", body)
    headers = dict(delivery.headers)
    assert headers["X-Custom"].encode("latin-1").decode() == "Straße é"
    assert headers[signature.HEADER] == signature.sign(SECRET, body)
    assert isinstance(event, PullRequestEvent)
    assert event.pull.number == 7
    assert server.metric(HITS, parsing="successful") == 1


async def test_the_form_encoded_content_type_is_read_and_signed_over_the_raw_form(server: Server, hands: Hands) -> None:
    form = urlencode({"payload": payload()}).encode()
    status, _ = await server.post(form, signed(form) | {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 202
    await server.running.worker.settled()
    assert hands.handled[0][0].body == form


async def test_the_previous_secret_is_valid_while_it_is_configured(server: Server) -> None:
    assert (await server.post(payload(), signed(payload(), secret=PREVIOUS)))[0] == 202


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {signature.HEADER: ""},
        {signature.HEADER: "sha256="},
        {signature.HEADER: signature.sign("another secret", payload())},
        {signature.HEADER: signature.sign(SECRET, payload() + b" ")},
        {signature.HEADER: signature.sign("", payload())},
        {signature.HEADER: signature.sign(SECRET, payload()).removeprefix("sha256=")},
        {signature.HEADER: signature.sign(SECRET, payload())[:-1]},
        {signature.HEADER: "sha256=é" + "0" * 62},
        {"X-Hub-Signature": signature.sign(SECRET, payload())},
    ],
    ids=str,
)
async def test_a_bad_signature_is_401_and_stores_nothing(server: Server, forged: dict[str, str]) -> None:
    headers = {name: value for name, value in signed(payload()).items() if name != signature.HEADER}
    status, text = await server.post(payload(), headers | forged)
    assert status == 401
    assert signature.HEADER in text
    assert await server.running.inbox.counts() == NOTHING
    assert server.metric(HITS, parsing="validation_failed") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "X-Hub-Signature-256 is missing: set a secret in the webhook's settings."),
        (
            {"X-Hub-Signature": "sha1=" + "0" * 40},
            "X-Hub-Signature-256 is missing; SHA-1 alone (X-Hub-Signature) is not taken: set a secret in the webhook's "
            "settings.",
        ),
        (
            {signature.HEADER: "sha256=" + "0" * 64},
            "X-Hub-Signature-256 does not fit the body: check the webhook's secret.",
        ),
    ],
    ids=["none", "SHA-1", "another"],
)
async def test_a_signature_that_is_missing_is_told_apart_from_one_that_does_not_fit(
    server: Server, given: dict[str, str], said: str
) -> None:
    headers = {name: value for name, value in signed(payload()).items() if name != signature.HEADER}
    status, text = await server.post(payload(), headers | given)
    assert (status, said in text) == (401, True), text


async def test_an_unset_previous_secret_lets_nobody_in(start: StartServer) -> None:
    async with start(webhook_secrets=(SECRET, "")) as server:
        assert (await server.post(payload(), signed(payload(), secret="")))[0] == 401


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
async def test_another_content_type_is_415(server: Server, content_type: str) -> None:
    headers = {name: value for name, value in signed(payload()).items() if name != "Content-Type"}
    status, _ = await server.post(payload(), headers | ({"Content-Type": content_type} if content_type else {}))
    assert status == 415
    assert server.metric(HITS, parsing="validation_failed") == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"not json", "pull_request"), (b"{}", "pull_request"), (b"[1]", "ping"), (b"[" * 100_000, "push")],
    ids=["no JSON", "no pull request", "no object", "too deep"],
)
async def test_a_signed_body_of_the_wrong_shape_is_400_with_a_sentence_and_no_trace(
    server: Server, body: bytes, kind: str
) -> None:
    status, text = await server.post(body, signed(body, kind=kind))
    assert status == 400
    assert f"This is no {kind} event: " in text
    assert "Traceback" not in text
    assert await server.running.inbox.counts() == NOTHING
    assert server.metric(HITS, parsing="parsing_failed") == 1


@pytest.mark.parametrize("name", ["X-GitHub-Delivery", "X-GitHub-Event"])
async def test_a_delivery_without_its_id_or_kind_is_400(server: Server, name: str) -> None:
    headers = {key: value for key, value in signed(payload()).items() if key != name}
    assert await server.post(payload(), headers) == (400, f'{{"message": "The header {name} is missing."}}')
    status, text = await server.post(payload(), headers | {name: "no such' thing"})
    assert (status, "malformed" in text) == (400, True)


async def test_a_body_announced_as_too_large_is_413_before_it_is_sent(server: Server) -> None:
    host, port = server.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = ["POST /webhook HTTP/1.1", "Host: x", "Content-Type: application/json"]
    writer.write("\r\n".join([*head, f"Content-Length: {LARGEST_BODY + 1}", "", ""]).encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_grows_too_large_without_announcing_it_is_413(server: Server) -> None:
    async def chunks() -> object:
        for _ in range(26):
            yield b" " * 1024 * 1024

    async with server.http.post(
        f"{server.running.url}/webhook", data=chunks(), headers=signed(b"") | {"Expect": "100-continue"}
    ) as answer:
        assert answer.status == 413


async def test_the_largest_body_that_github_sends_is_accepted(server: Server) -> None:
    body = payload() + b" " * (LARGEST_BODY - len(payload()))
    async with server.http.post(f"{server.running.url}/webhook", data=io.BytesIO(body), headers=signed(body)) as answer:
        assert answer.status == 202


async def test_a_compressed_body_is_taken_as_the_bytes_that_came(server: Server) -> None:
    """It is never unpacked: the signature is over what came, and a small body that unpacks to gigabytes is small."""
    packed = gzip.compress(payload())
    status, text = await server.post(packed, signed(packed) | {"Content-Encoding": "gzip"})
    assert (status, "the body is not UTF-8" in text) == (400, True)


async def test_a_redelivery_of_what_waits_is_underway_or_done_is_200_and_is_handled_once(
    server: Server, hands: Hands
) -> None:
    gate = Gate()
    hands.will["first"] = [gate]
    assert await server.deliver("first") == 202
    await gate.begun.wait()
    assert await server.deliver("second") == 202  # same lane: it waits
    assert [await server.deliver("first"), await server.deliver("second")] == [200, 200]
    gate.opened.set()
    await server.running.worker.settled()
    assert await server.deliver("first") == 200
    await server.running.worker.settled()
    assert hands.seen == ["first", "second"]


async def test_the_same_delivery_sent_many_times_at_once_is_handled_once(server: Server, hands: Hands) -> None:
    statuses = await asyncio.gather(*(server.deliver() for _ in range(10)))
    assert sorted(statuses) == [200] * 9 + [202]
    await server.running.worker.settled()
    assert hands.seen == ["d1"]


async def test_a_redelivery_of_what_ended_dead_is_202_and_handled_again(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [KeyError("a bug")]
    await server.deliver()
    await server.running.worker.settled()
    assert (await server.running.inbox.counts()).dead == 1
    assert await server.deliver() == 202
    await server.running.worker.settled()
    assert len(hands.handled) == 1
    assert await server.running.inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=0)


async def test_an_event_that_starts_nothing_is_acknowledged(server: Server) -> None:
    body = b'{"zen": "Anything added dilutes everything else."}'
    assert (await server.post(body, signed(body, kind="ping")))[0] == 202


async def test_an_inbox_that_cant_store_is_503_with_retry_after_and_unready_and_it_recovers(
    tmp_path: Path, hands: Hands
) -> None:
    path = tmp_path / "inbox.sqlite3"
    clock = lambda: datetime.now(UTC)  # noqa: E731
    inbox = await open_inbox(path, clock, patience_seconds=0.01)
    worker = Worker(Attempts(inbox, hands.handle, clock, jitter=lambda: 0.0), Metrics())
    worker.start()
    await worker.idle()
    door = Door([SECRET], inbox, worker, Metrics(), clock)
    async with TestServer(door.application()) as site, aiohttp.ClientSession(site.make_url("/")) as http:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with http.post("/webhook", data=payload(), headers=signed(payload())) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
                assert str(path) not in await answer.text()
            async with http.get("/ready") as answer:
                assert answer.status == 503
                assert "locked" in (await answer.json())["problems"][0]
            async with http.get("/live") as answer:
                assert answer.status == 200
            other.execute("ROLLBACK")
        async with http.post("/webhook", data=payload(), headers=signed(payload())) as answer:
            assert answer.status == 202
        await worker.settled()
        assert len(hands.handled) == 1
    await worker.drain(0)
    await inbox.close()


async def test_an_unknown_page_is_404_and_another_method_405(server: Server) -> None:
    assert (await server.get("/"))[0] == 404
    assert (await server.get("/webhook"))[0] == 405


@pytest.fixture
def log() -> Iterator[Log]:
    with logged.kept() as log:
        yield log


async def test_webhooks_by_the_previous_secret_are_counted_so_that_the_end_of_a_rotation_can_be_seen(
    server: Server, log: Log
) -> None:
    assert server.metric(BY_PREVIOUS) == 0
    assert (await server.post(payload(), signed(payload(), "d1", secret=PREVIOUS)))[0] == 202
    assert log.lines("the delivery came in")[-1]["by_previous_secret"] is True
    assert (await server.post(payload(), signed(payload(), "d2")))[0] == 202
    assert "by_previous_secret" not in log.lines("the delivery came in")[-1]
    assert (await server.post(payload(), signed(payload(), "d3", secret="neither")))[0] == 401
    assert server.metric(BY_PREVIOUS) == 1


OURS = {
    "X-GitHub-Hook-ID": "77",
    "X-GitHub-Hook-Installation-Target-ID": "1001",
    "X-GitHub-Hook-Installation-Target-Type": "integration",
}


@pytest.mark.parametrize(
    ("theirs", "is_anothers"),
    [
        ({}, False),
        ({"X-GitHub-Hook-Installation-Target-ID": "1002"}, True),
        ({"X-GitHub-Hook-Installation-Target-Type": "repository"}, True),
        ({"X-GitHub-Hook-Installation-Target-ID": "x" * 5000}, True),
    ],
    ids=["our own", "another App", "a repository's hook", "anything"],
)
async def test_who_sent_what_is_refused_is_in_the_log_and_whether_it_may_be_anothers(
    start: StartServer, log: Log, theirs: dict[str, str], is_anothers: bool
) -> None:
    async with start(identity=AppIdentity(1001, "")) as server:
        assert (await server.post(payload(), signed(payload(), "d1", secret="neither") | OURS | theirs))[0] == 401
    told = log.lines("a webhook was refused")[-1]
    sent = OURS | theirs
    assert (told["hook"], told["target_type"]) == ("77", sent["X-GitHub-Hook-Installation-Target-Type"])
    assert told["target"] == sent["X-GitHub-Hook-Installation-Target-ID"][:64]
    assert told["claims_delivery"] == "d1"
    assert ("it may be another App's or hook's" in told.get("hint", "")) == is_anothers


async def test_with_a_personal_token_nobody_can_say_whose_a_refused_webhook_is(start: StartServer, log: Log) -> None:
    async with start() as server:
        assert (await server.post(payload(), signed(payload(), "d1", secret="neither") | OURS))[0] == 401
    told = log.lines("a webhook was refused")[-1]
    assert (told["target"], "hint" in told) == ("1001", False)
