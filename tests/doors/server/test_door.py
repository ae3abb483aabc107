"""What stands at the door beside the signature: who may knock, how long, and how many at once (N23)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.server import guard
from telefonistka_py.server.guard import Guards
from telefonistka_py.server.hooks import Hooks
from telefonistka_py.server.origin import networks
from telefonistka_py.server.room import NoRoom, Room
from tests.doors.server.conftest import Server, StartServer, payload, signed

GITHUB = ["140.82.112.0/20", "2a0a:a440::/29"]


def fetching(*answers: Sequence[str] | WorldUnwell) -> "Fetching":
    return Fetching(list(answers))


class Fetching:
    """GitHub's `/meta`, one answer after the other."""

    def __init__(self, answers: list[Sequence[str] | WorldUnwell]) -> None:
        self.answers = answers

    async def __call__(self) -> Sequence[str]:
        answer = self.answers.pop(0)
        if isinstance(answer, WorldUnwell):
            raise answer
        return answer


async def deliver(server: Server, forwarded_for: str) -> int:
    return await server.deliver("d1", 1, **{"X-Forwarded-For": forwarded_for})


async def test_only_github_is_let_in_where_the_operator_says_so(start: StartServer) -> None:
    behind = networks(["127.0.0.0/8"])
    async with start(hook_addresses=fetching(GITHUB), only_from_github=True, trusted_proxies=behind) as server:
        assert await deliver(server, "198.51.100.7") == 403
        assert await server.deliver() == 403
        assert await deliver(server, "140.82.115.9") == 202


async def test_a_header_that_anyone_can_write_lets_nobody_in(start: StartServer) -> None:
    async with start(hook_addresses=fetching(GITHUB), only_from_github=True) as server:
        assert await deliver(server, "140.82.115.9") == 403


async def test_until_githubs_addresses_are_known_deliveries_are_put_off(start: StartServer) -> None:
    unwell = WorldUnwell("502")
    async with start(hook_addresses=fetching(unwell), only_from_github=True) as server:
        headers = signed(payload()) | {"X-Forwarded-For": "140.82.115.9"}
        async with server.http.post(f"{server.running.url}/webhook", data=payload(), headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


async def test_addresses_that_were_known_outlive_a_failure_to_fetch_them_again() -> None:
    hooks = Hooks(())
    [address] = [network[5] for network in networks(["192.0.2.0/24"])]
    fetch = fetching(["192.0.2.0/24"], WorldUnwell("502"), [])
    assert await hooks.refresh(fetch) == 6 * 3600
    assert await hooks.refresh(fetch) == 60
    assert await hooks.refresh(fetch) == 60
    assert hooks.allows(address) is True


def test_bodies_have_a_bounded_room_that_is_given_back() -> None:
    room = Room(100)
    with room.for_body(60):
        with pytest.raises(NoRoom), room.for_body(41):
            pass
        with room.for_body(40):
            pass
    with room.for_body(100):
        pass


async def test_a_body_without_room_is_put_off_and_the_room_is_given_back(start: StartServer) -> None:
    async with start(room=Room(300)) as server:
        headers = signed(payload())
        assert len(payload()) > 300
        async with server.http.post(f"{server.running.url}/webhook", data=payload(), headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        small = b'{"zen": "x"}'
        status, _ = await server.post(small, signed(small, "d2", kind="ping"))
        assert status == 202


async def test_what_is_announced_and_not_sent_takes_no_room(start: StartServer) -> None:
    """Anyone can announce 25 MiB, and nobody has proved anything before the last byte has come."""
    async with start() as server:
        where = urlsplit(server.running.url)
        head = (
            "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 26214400\r\n\r\nx"
        )
        opened = []
        try:
            for _ in range(12):
                _, writer = await asyncio.open_connection(where.hostname, where.port)
                opened.append(writer)
                writer.write(head.encode())
                await writer.drain()
                await server.get("/live")
            assert await server.deliver() == 202
        finally:
            for writer in opened:
                writer.close()


class Echo(asyncio.Protocol):
    """A server that answers whatever it is sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def listening(guards: Guards) -> tuple[asyncio.Server, int]:
    server = await asyncio.get_running_loop().create_server(guards, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def closed(reader: asyncio.StreamReader) -> bool:
    """Reads until the other side closes the connection, in whatever way."""
    with suppress(ConnectionError):
        while await reader.read(100):
            pass
    return True


async def test_a_connection_whose_headers_do_not_arrive_is_closed() -> None:
    server, port = await listening(Guards(Echo, seconds=0.05))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert await closed(reader)
    writer.close()
    server.close()


async def test_headers_that_come_in_pieces_are_headers() -> None:
    server, port = await listening(Guards(Echo, seconds=0.05))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (b"GET / HTTP/1.1\r\n\r", b"\n"):
        writer.write(piece)
        await reader.readexactly(len(piece))
    late = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, late.set)
    await late.wait()
    writer.write(b"more")
    assert await reader.readexactly(4) == b"more"
    writer.close()
    server.close()


async def test_more_connections_than_allowed_are_closed_and_those_that_are_open_go_on() -> None:
    server, port = await listening(Guards(Echo, most=2))
    first = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for reader, writer in first:
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await closed(reader)
    writer.close()
    for reader, writer in first:
        writer.write(b"y")
        assert await reader.readexactly(1) == b"y"
        writer.close()
    server.close()


@pytest.mark.parametrize(
    "head",
    [b"X-Long: " + b"x" * 10_000, b"\r\n".join(b"X-%d: y" % number for number in range(200))],
    ids=["a long header", "many headers"],
)
async def test_oversized_headers_are_refused_without_a_trace_of_the_code(server: Server, head: bytes) -> None:
    where = urlsplit(server.running.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(b"POST /webhook HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
    answer = await reader.read(65_536)
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"Traceback" not in answer
    assert b".py" not in answer
    writer.close()


def test_a_connection_has_ten_seconds() -> None:
    assert guard.HEADERS_SECONDS == 10
