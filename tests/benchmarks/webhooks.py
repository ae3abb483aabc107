"""How many webhooks one server acknowledges per second, each of them on disk before its answer.

    python -m tests.benchmarks.webhooks

32 connections, bodies of 22 KB as GitHub sends them, and beside it, in the same run, what a bare aiohttp handler does
that checks the signature and nothing else. Client, server and database share the machine.

*A burst* is many events of pull requests that are busy already: they are stored and wait. *A stream* is events of many
pull requests that are handled at once, since nothing follows from them; storing and handling share the server.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import math
import os
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telefonistka_py.sandbox import Hub
from tests.matrix import stores
from tests.postgres import make_template
from tests.postgres import running as postgres_running

SECRET = "a secret of the benchmark"
CONNECTIONS = 32
BYTES = 22_000
WARM_UP, COUNT = 500, 6_000
LANES = 50

BARE = """
import hashlib, hmac, sys
from aiohttp import web

async def handle(request):
    body = await request.read()
    wanted = "sha256=" + hmac.new(sys.argv[1].encode(), body, hashlib.sha256).hexdigest()
    genuine = hmac.compare_digest(wanted, request.headers.get("X-Hub-Signature-256", ""))
    return web.json_response({"message": "Stored"}, status=202 if genuine else 401)

async def main():
    app = web.Application(client_max_size=1 << 25)
    app.router.add_post("/webhook", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print('{"url": "http://127.0.0.1:%d"}' % runner.addresses[0][1], file=sys.stderr, flush=True)
    await asyncio.Event().wait()

import asyncio
asyncio.run(main())
"""


@dataclass(frozen=True)
class Speed:
    per_second: float
    p50: float
    """Seconds from the first byte sent to the whole answer, like `p99`."""
    p99: float


class Connection(asyncio.Protocol):
    """Sends one request after another; as little work as can be, since it shares the machine with the server."""

    def __init__(self, requests: Iterator[bytes], seconds: list[float], done: asyncio.Future[None]) -> None:
        self._requests, self._seconds, self._done = requests, seconds, done
        self._sent = 0.0
        self._answer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not found or len(body) < int(length):
            return
        self._seconds.append(time.perf_counter() - self._sent)
        if not head.startswith(b"HTTP/1.1 202"):
            self._end(AssertionError(self._answer.decode(errors="replace")))
            return
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._end(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: BaseException | None) -> None:
        if not self._done.done():
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)
        self._transport.close()


async def measured(url: str, bodies: Sequence[bytes]) -> Speed:
    host, _, port = url.removeprefix("http://").partition(":")
    loop = asyncio.get_running_loop()
    requests = posts(url, bodies)

    async def send(count: int) -> tuple[list[float], float]:
        seconds: list[float] = []
        some = itertools.islice(requests, count)
        ends = [loop.create_future() for _ in range(CONNECTIONS)]
        began = time.perf_counter()
        for end in ends:
            await loop.create_connection(lambda end=end: Connection(some, seconds, end), host, int(port))  # type: ignore[misc]
        await asyncio.gather(*ends)
        return sorted(seconds), time.perf_counter() - began

    await send(WARM_UP)
    seconds, elapsed = await send(COUNT)
    return Speed(COUNT / elapsed, seconds[len(seconds) // 2], seconds[math.ceil(len(seconds) * 0.99) - 1])


def posts(url: str, bodies: Sequence[bytes]) -> Iterator[bytes]:
    """Requests without end, each with an id of its own."""
    signed = [(body, hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()) for body in bodies]
    for body, digest in itertools.cycle(signed):
        head = (
            f"POST /webhook HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nContent-Type: application/json\r\n"
            f"X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: {uuid.uuid4()}\r\n"
            f"X-Hub-Signature-256: sha256={digest}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


async def payload(folder: Path) -> dict[str, Any]:
    """A pull request event as GitHub sends it, padded to the wanted length by the description."""
    async with Hub.running(folder / "hub") as hub:
        app = hub.add_app(webhook_url="http://127.0.0.1:9/")
        repo = await hub.add_repo("acme/gitops", files={"a": "b"}, collaborators={"alice": "write"})
        await repo.commit("alice", "feature", {"a": "c"})
        await repo.open_pull("alice", head="feature", title="Change")
        assert app.webhook_url
        sent = next(each.payload for each in hub.deliveries if each.event == "pull_request")
    missing = BYTES - len(json.dumps(sent))
    sent["pull_request"]["body"] = "about this change, " * (missing // 19)
    return sent


def body_of(sent: Mapping[str, Any], number: int, action: str, *, merged: bool = False) -> bytes:
    pull = {**sent["pull_request"], "number": number, "merged": merged, "merge_commit_sha": "c" * 40}
    return json.dumps({**sent, "action": action, "number": number, "pull_request": pull}).encode()


@asynccontextmanager
async def serving(command: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[str]:
    """A server in a process of its own, and its URL."""
    process = await asyncio.create_subprocess_exec(
        *command, env={"PATH": os.environ["PATH"], **environment}, stderr=asyncio.subprocess.PIPE, limit=1 << 22
    )
    assert process.stderr is not None
    line = await process.stderr.readline()
    draining = asyncio.create_task(_drained(process.stderr))
    try:
        yield str(json.loads(line)["url"])
    finally:
        process.kill()
        await process.wait()
        await draining


async def _drained(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 20):
        pass


async def telefonistka(inbox: Mapping[str, str], bodies: Sequence[bytes], first: Sequence[bytes] = ()) -> Speed:
    """A server on an empty inbox. `first` are deliveries that keep their lanes: GitHub never answers."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    github = await asyncio.start_server(silent, "127.0.0.1", 0)
    environment = {
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_OAUTH_TOKEN": "ghp_benchmark",
        "GITHUB_HOST": f"http://127.0.0.1:{github.sockets[0].getsockname()[1]}",
        "LISTEN_ADDR": "127.0.0.1:0",
        "LOG_FORMAT": "json",
        **inbox,
    }
    async with serving([sys.executable, "-m", "telefonistka_py", "server"], environment) as url:
        if first:
            seconds: list[float] = []
            end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            host, _, port = url.removeprefix("http://").partition(":")
            some = itertools.islice(posts(url, first), len(first))
            await asyncio.get_running_loop().create_connection(lambda: Connection(some, seconds, end), host, int(port))
            await end
        found = await measured(url, bodies)
    github.close()
    return found


async def main() -> None:
    with tempfile.TemporaryDirectory() as place, postgres_running() as database:
        folder = Path(place)
        sent = await payload(folder)
        await asyncio.to_thread(make_template, database)
        busy = [body_of(sent, number, "edited") for number in range(1, LANES + 1)]
        merges = [body_of(sent, number, "closed", merged=True) for number in range(1, LANES + 1)]
        print("| server | acknowledged per second | p50 | p99 | bare handler's | share of that |")
        print("|---|---|---|---|---|---|")
        for store in (stores.sqlite, stores.postgres(database)):
            for what, first in (("a burst", merges), ("a stream", ())):
                # Measured anew each time: what else the machine does meanwhile changes.
                async with serving([sys.executable, "-c", BARE, SECRET], {}) as url:
                    bare = await measured(url, busy)
                with store.empty(folder_of(folder, f"{store.name} {what}")) as inbox:
                    row(f"{store.name}, {what}", await telefonistka(inbox, busy, first), bare)


def folder_of(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def row(name: str, speed: Speed, bare: Speed) -> None:
    times = f"{speed.p50 * 1000:.1f} ms | {speed.p99 * 1000:.1f} ms"
    share = speed.per_second / bare.per_second
    print(f"| {name} | {speed.per_second:,.0f} | {times} | {bare.per_second:,.0f} | {share:.0%} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
