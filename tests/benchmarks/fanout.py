"""How fast pushes are forwarded, and whether any is lost.

    python -m tests.benchmarks.fanout

First: one push to 100 endpoints, of which 99 answer after 20 ms and one hangs. Then: 20 pushes a second to 20 endpoints
for 30 s, through a server in a process of its own: webhook, inbox, one query to GitHub, 400 requests a second.
"""

import asyncio
import json
import multiprocessing
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from telefonistka_py.events.model import ForwardEvent
from telefonistka_py.fanout import hosts, model
from telefonistka_py.fanout.book import Book
from telefonistka_py.fanout.flow import FanOut
from telefonistka_py.fanout.model import Attempt, Limits
from telefonistka_py.fanout.outbound import Letter, Outbound
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.names import Lane, RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.server import signature
from tests.stories.house import SECRET, House

ANSWER_SECONDS = 0.02
ENDPOINTS, PER_SECOND, SECONDS = 20, 20, 30


def receivers(count: int, pipe: Connection) -> None:
    """A process with `count` endpoints on ports of their own. Says their ports, and at the end who got what."""
    got: Counter[tuple[int, str]] = Counter()

    async def serve() -> None:
        runners = []
        for number in range(count):

            async def answer(request: web.Request, number: int = number) -> web.Response:
                await request.read()
                got[number, request.headers["X-GitHub-Delivery"]] += 1
                await asyncio.sleep(3600 if request.path == "/hangs" else ANSWER_SECONDS)
                return web.Response()

            app = web.Application()
            app.router.add_post("/{path:.*}", answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            runners.append(runner)
        pipe.send([runner.addresses[0][1] for runner in runners])
        await asyncio.to_thread(pipe.recv)
        pipe.send(dict(got))
        for runner in runners:
            await runner.cleanup()

    asyncio.run(serve())


class Receivers:
    def __init__(self, count: int) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=receivers, args=(count, theirs))
        self._process.start()
        self.ports: list[int] = self._pipe.recv()

    def end(self) -> dict[tuple[int, str], int]:
        """How often each endpoint got each push."""
        self._pipe.send("end")
        got: dict[tuple[int, str], int] = self._pipe.recv()
        self._process.join()
        return got


class Timed(Outbound):
    """Remembers when each request began and ended, but for those that hang."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, ssl.create_default_context(), time.monotonic)
        self.spans: list[tuple[float, float]] = []

    async def post(self, url: str, letter: Letter, *, skip_tls: bool) -> Attempt:
        began = time.monotonic()
        attempt = await super().post(url, letter, skip_tls=skip_tls)
        if not url.endswith("/hangs"):
            self.spans.append((began, time.monotonic()))
        return attempt


def now() -> datetime:
    return datetime.now(UTC)


async def one_push(folder: Path) -> tuple[float, float]:
    """From the first request's start to the last of the 99 ends; and how long the slowest of them took."""
    ends = Receivers(100)
    limits, metrics = Limits(allowed=hosts.parse("127.0.0.0/8")), Metrics()
    inbox, outbound = await open_inbox(folder / "inbox.sqlite3", now), Timed(limits)
    book = Book(inbox, now, time.monotonic, metrics)
    fan = FanOut(inbox, outbound, book, limits, metrics, now, time.process_time, lambda: 0.5)
    urls = tuple(
        f"http://127.0.0.1:{port}/{'hangs' if number == 50 else 'hook'}" for number, port in enumerate(ends.ports)
    )
    await inbox.put(Delivery("p1", "push", Lane("a/b@main"), (("X-GitHub-Delivery", "p1"),), b"x" * 10_000, now()))
    done = await fan.on_forward(ForwardEvent(RepoName("a/b"), "p1", model.FIRST, urls, False, 0.0, now()))
    assert len(outbound.spans) == 99, done.note
    await outbound.close()
    await inbox.close()
    ends.end()
    starts, stops = zip(*outbound.spans, strict=True)
    return max(stops) - min(starts), max(stop - start for start, stop in outbound.spans)


def payload(number: int) -> bytes:
    """A push of one commit, padded to what GitHub's are like."""
    return json.dumps(
        {
            "ref": "refs/heads/main",
            "before": f"{number + 1:040x}",
            "after": f"{number + 2:040x}",
            "forced": False,
            "repository": {
                "full_name": "acme/gitops",
                "default_branch": "main",
                "html_url": "https://github.com/acme/gitops",
            },
            "commits": [{"id": f"{number + 2:040x}", "added": [], "removed": [], "modified": ["workspace/a/x.yaml"]}],
            "padding": "x" * 8_000,
        }
    ).encode()


@asynccontextmanager
async def server(house: House, folder: Path) -> AsyncIterator[tuple[int, str]]:
    """A server's process id, and where it listens."""
    environment = {"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **house.environment()}
    environment |= {"FANOUT_ALLOWED_HOSTS": "127.0.0.0/8"}
    command = [sys.executable, "-m", "telefonistka_py", "server"]
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=log)
    try:
        while not (url := _url_in(folder / "log")):
            await asyncio.sleep(0.1)
        yield process.pid, url
    finally:
        process.terminate()
        await process.wait()


def _url_in(log: Path) -> str:
    for line in log.read_text().splitlines():
        if '"the server listens"' in line:
            return str(json.loads(line)["url"])
    return ""


def resident(process: int) -> float:
    """Megabytes."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True)
    return int(found.stdout) / 1024


async def many_pushes(folder: Path) -> tuple[list[float], Counter[int], float]:
    """Resident megabytes second by second; how often each push came to each endpoint; seconds until all were there."""
    ends = Receivers(ENDPOINTS)
    urls = [f"http://127.0.0.1:{port}/hook" for port in ends.ports]
    config = f"webhookEndpointRegexs:\n  - expression: '^workspace/.*'\n    replacements: {json.dumps(urls)}\n"
    files: dict[str, Content] = {"telefonistka.yaml": config, "workspace/a/x.yaml": "x\n"}
    memory: list[float] = []
    async with Hub.running(folder / "hub") as hub:
        house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
        await house.repo(files)
        async with server(house, folder) as (process, url), aiohttp.ClientSession() as http:
            began = time.monotonic()
            for number in range(PER_SECOND * SECONDS):
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
                body = payload(number)
                headers = {
                    "Content-Type": "application/json",
                    "X-GitHub-Event": "push",
                    "X-GitHub-Delivery": f"p{number}",
                    signature.HEADER: signature.sign(SECRET, body),
                }
                async with http.post(f"{url}/webhook", data=body, headers=headers) as answer:
                    assert answer.status == 202
                if number % PER_SECOND == 0:
                    memory.append(resident(process))
            await _until_forwarded(http, url, PER_SECOND * SECONDS * ENDPOINTS)
            took = time.monotonic() - began
            memory.append(resident(process))
    got = ends.end()
    return (
        memory,
        Counter(got.get((end, f"p{n}"), 0) for end in range(ENDPOINTS) for n in range(PER_SECOND * SECONDS)),
        took,
    )


async def _until_forwarded(http: aiohttp.ClientSession, url: str, count: int) -> None:
    seen = 0.0
    while seen < count:
        await asyncio.sleep(0.2)
        async with http.get(f"{url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        counted = [line for line in lines if line.startswith("telefonistka_webhook_proxy_upstream_requests_total{")]
        seen = sum(float(line.rpartition(" ")[2]) for line in counted if 'status="200"' in line)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, slowest = await one_push(Path(folder))
    print(f"one push to 100 endpoints, one of which hangs: the 99 were done after {whole * 1000:.0f} ms,")
    print(f"the slowest of them took {slowest * 1000:.0f} ms: {whole / slowest:.2f} times as long")
    with tempfile.TemporaryDirectory() as folder:
        memory, times, took = await many_pushes(Path(folder))
    print(f"{PER_SECOND} pushes/s to {ENDPOINTS} endpoints for {SECONDS} s: all forwarded after {took:.1f} s;")
    print(f"forwards by how often they came: {dict(sorted(times.items()))} (1 is right, 0 would be lost)")
    print(f"resident memory at the start, after a third, after two thirds, at the end, in MB: {_quarters(memory)}")


def _quarters(memory: list[float]) -> str:
    picked = [memory[0], memory[len(memory) // 3], memory[2 * len(memory) // 3], memory[-1]]
    return ", ".join(f"{each:.0f}" for each in picked)


if __name__ == "__main__":
    asyncio.run(main())
