"""The door to endpoints: bytes as they came, no further than where they were sent, and never for long (N17, N29)."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from telefonistka_py.fanout import hosts, outbound
from telefonistka_py.fanout.model import Answered, Attempt, Busy, Forbidden, Limits, Unanswered
from telefonistka_py.fanout.outbound import Outbound
from telefonistka_py.fanout.resolve import Lookup
from telefonistka_py.server import signature
from tests.doors.fanout.authority import Authority
from tests.doors.fanout.receivers import Receiver, receiving

SECRET = "a secret of the tests"
BODY = b'{"ref":  "refs/heads/main", "b\xc3\xa4h": 1}\n'
HEADERS = (
    ("Host", "telefonistka.example.com"),
    ("User-Agent", "GitHub-Hookshot/044aadd"),
    ("Accept", "*/*"),
    ("Connection", "close, X-Hop"),
    ("X-Hop", "1"),
    ("Keep-Alive", "timeout=5"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "7"),
    ("Content-Type", "application/json"),
    ("X-GitHub-Delivery", "d1"),
    ("x-repeated", "a"),
    ("X-Odd", "\xe9\xff"),
    ("x-repeated", "b"),
    (signature.HEADER, signature.sign(SECRET, BODY)),
)
LETTER = outbound.letter(HEADERS, BODY)
LOOPBACK = Limits(allowed=hosts.parse("127.0.0.0/8"), timeout=timedelta(seconds=5))

Post = Callable[..., AsyncIterator[Outbound]]


@asynccontextmanager
async def door(
    limits: Limits = LOOPBACK, verified: ssl.SSLContext | None = None, lookup: Lookup | None = None
) -> AsyncIterator[Outbound]:
    more = {"lookup": lookup} if lookup else {}
    made = Outbound(limits, verified or ssl.create_default_context(), time.monotonic, **more)
    yield made
    await made.close()


async def posted(
    url: str,
    limits: Limits = LOOPBACK,
    verified: ssl.SSLContext | None = None,
    lookup: Lookup | None = None,
    *,
    skip_tls: bool = False,
) -> Attempt:
    async with door(limits, verified, lookup) as made:
        return await made.post(url, LETTER, skip_tls=skip_tls)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(SECRET) as receiver:
        yield receiver


async def test_body_and_headers_arrive_byte_for_byte(receiver: Receiver) -> None:
    answer = await posted(f"{receiver.url}/api/webhook?x=%20y")
    assert isinstance(answer, Answered)
    assert answer.status == 200
    [got] = receiver.got
    assert (got.path, got.body, got.genuine) == ("/api/webhook?x=%20y", BODY, True)
    assert got.headers == (
        (b"Host", receiver.url.removeprefix("http://").encode()),
        (b"User-Agent", b"GitHub-Hookshot/044aadd"),
        (b"Accept", b"*/*"),
        (b"Content-Type", b"application/json"),
        (b"X-GitHub-Delivery", b"d1"),
        (b"x-repeated", b"a"),
        (b"X-Odd", b"\xe9\xff"),
        (b"x-repeated", b"b"),
        (b"X-Hub-Signature-256", signature.sign(SECRET, BODY).encode()),
        (b"Content-Length", str(len(BODY)).encode()),
    )


@pytest.mark.parametrize("status", [204, 301, 404, 429, 500])
async def test_whatever_is_answered_is_told(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "17", "Location": "/elsewhere"}
    answer = await posted(receiver.url + "/")
    assert isinstance(answer, Answered)
    assert (answer.status, answer.retry_after) == (status, timedelta(seconds=17))
    assert len(receiver.got) == 1, "redirects are not followed"


async def test_no_more_of_an_answer_is_read_than_64_kib() -> None:
    """The answer has no end; what was written of it before the connection was closed is what buffers hold."""
    written, closed = 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while written < 100_000_000:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
                written += 0x10000
        except ConnectionError:
            closed.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    answer = await posted(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert isinstance(answer, Answered)
    await asyncio.wait_for(closed.wait(), 5)
    server.close()
    assert written < 20_000_000


async def test_one_that_hangs_is_left_after_the_limit(receiver: Receiver) -> None:
    receiver.opened.clear()
    answer = await posted(receiver.url + "/", Limits(allowed=LOOPBACK.allowed, timeout=timedelta(milliseconds=100)))
    assert isinstance(answer, Unanswered)
    assert (answer.kind, answer.why) == ("timeout", "no answer within 0.1 s")


async def test_one_that_is_not_there_is_told_as_such(unused_tcp_port: int) -> None:
    answer = await posted(f"http://127.0.0.1:{unused_tcp_port}/")
    assert isinstance(answer, Unanswered)
    assert answer.kind == "unreachable"


async def test_a_name_that_is_none_is_told_as_such() -> None:
    def unknown(host: str) -> list[str]:
        raise OSError(-2, "Name or service not known")

    answer = await posted("http://nowhere.example.com/", lookup=unknown)
    assert isinstance(answer, Unanswered)
    assert answer.why == "nowhere.example.com is not known: Name or service not known"


async def test_loopback_is_refused_unless_it_is_listed(receiver: Receiver) -> None:
    for allowed in ("", "*.example.com", "10.0.0.0/8"):
        limits = Limits(allowed=hosts.parse(allowed))
        port = receiver.url.rpartition(":")[2]
        assert isinstance(await posted(receiver.url + "/", limits), Forbidden)
        assert isinstance(
            await posted(f"http://a.example.com:{port}/", limits, lookup=lambda host: ["127.0.0.1"]), Forbidden
        )
    assert receiver.got == []


async def test_the_address_that_was_looked_at_is_the_one_connected_to(receiver: Receiver) -> None:
    """DNS rebinding: a name that points to another place at every look is looked up once per attempt."""
    looks: list[str] = []

    def rebinding(host: str) -> list[str]:
        looks.append(host)
        return ["127.0.0.1"] if len(looks) == 1 else ["169.254.169.254"]

    port = receiver.url.rpartition(":")[2]
    answer = await posted(f"http://a.example.com:{port}/", lookup=rebinding)
    assert isinstance(answer, Answered)
    assert looks == ["a.example.com"]
    assert receiver.got[0].header("Host") == [f"a.example.com:{port}"]


async def test_of_several_addresses_a_refused_one_is_left_out_and_a_dead_one_passed_over(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    answer = await posted(
        f"http://a.example.com:{port}/", lookup=lambda host: ["169.254.169.254", "127.0.0.2", "127.0.0.1"]
    )
    assert isinstance(answer, Answered)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, datetime.now(UTC))


async def test_certificates_are_checked_against_the_name(authority: Authority) -> None:
    async with receiving(SECRET, authority.serving("argocd.example.com")) as receiver:
        port = receiver.url.rpartition(":")[2]

        async def to(name: str, verified: ssl.SSLContext | None = None, *, skip_tls: bool = False) -> Attempt:
            return await posted(
                f"https://{name}:{port}/", verified=verified, lookup=lambda host: ["127.0.0.1"], skip_tls=skip_tls
            )

        fine = await to("argocd.example.com", authority.trusting())
        assert isinstance(fine, Answered)
        assert (fine.status, receiver.got[0].genuine) == (200, True)
        for answer in (await to("other.example.com", authority.trusting()), await to("argocd.example.com")):
            assert isinstance(answer, Unanswered)
            assert (answer.kind, answer.why.startswith("no secure connection: ")) == ("tls", True)
        assert len(receiver.got) == 1, "nothing is sent to whoever can't prove who it is"
        assert isinstance(await to("other.example.com", skip_tls=True), Answered)


async def test_unchecked_connections_are_not_used_for_checked_ones(authority: Authority) -> None:
    async with receiving(SECRET, authority.serving("127.0.0.1")) as receiver, door() as made:
        assert isinstance(await made.post(receiver.url + "/", LETTER, skip_tls=True), Answered)
        assert isinstance(await made.post(receiver.url + "/", LETTER, skip_tls=False), Unanswered)


async def test_a_host_gets_no_more_requests_at_once_than_the_limit(receiver: Receiver) -> None:
    limits = Limits(allowed=LOOPBACK.allowed, per_host=3)
    receiver.opened.clear()
    async with door(limits) as made:
        posts = [asyncio.create_task(made.post(receiver.url + "/", LETTER, skip_tls=False)) for _ in range(9)]
        await receiver.wait_for(3)
        receiver.opened.set()
        answers = await asyncio.gather(*posts)
    assert all(isinstance(answer, Answered) for answer in answers)
    assert (receiver.most_underway, len(receiver.got)) == (3, 9)


async def test_nobody_waits_long_behind_requests_that_hang(receiver: Receiver) -> None:
    limits = Limits(allowed=LOOPBACK.allowed, per_host=1, connect=timedelta(milliseconds=50))
    receiver.opened.clear()
    async with door(limits) as made:
        hanging = asyncio.create_task(made.post(receiver.url + "/", LETTER, skip_tls=False))
        await receiver.wait_for(1)
        answer = await made.post(receiver.url + "/", LETTER, skip_tls=False)
        assert answer == Busy("127.0.0.1 has 1 requests underway")
        receiver.opened.set()
        assert isinstance(await hanging, Answered)


async def test_names_that_hang_hold_up_no_other(receiver: Receiver) -> None:
    released = Event()

    def slow(host: str) -> list[str]:
        if host == "slow.example.com":
            released.wait(10)
        return ["127.0.0.1"]

    port = receiver.url.rpartition(":")[2]
    async with door(lookup=slow) as made:
        hanging = [
            asyncio.create_task(made.post(f"http://slow.example.com:{port}/", LETTER, skip_tls=False)) for _ in range(8)
        ]
        answer = await made.post(f"http://quick.example.com:{port}/", LETTER, skip_tls=False)
        assert isinstance(answer, Answered)
        assert len(receiver.got) == 1
        released.set()
        assert all(isinstance(answer, Answered) for answer in await asyncio.gather(*hanging))


async def test_a_connection_that_the_other_side_let_go_is_made_anew(receiver: Receiver) -> None:
    port = int(receiver.url.rpartition(":")[2])
    async with door() as made:
        assert isinstance(await made.post(receiver.url + "/", LETTER, skip_tls=False), Answered)
        async with _closing_after_one(port) as closing:
            for _ in range(3):
                assert isinstance(await made.post(closing, LETTER, skip_tls=False), Answered)


@asynccontextmanager
async def _closing_after_one(port: int) -> AsyncIterator[str]:
    """A server that promises to keep the connection, and closes it as soon as the next request comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(BODY))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()
