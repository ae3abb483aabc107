"""What stands in front of the server on one machine: the Caddyfile as it is, but for its addresses, in a real Caddy."""

import asyncio
import re
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from telefonistka_py.server.web import LARGEST_BODY

pytestmark = pytest.mark.deploy

CADDYFILE = (Path(__file__).parents[2] / "deploy" / "Caddyfile").read_text("utf-8")


@dataclass
class Behind:
    """A server on a port of its own, which remembers what reached it."""

    port: int = 0
    seen: list[tuple[str, int]] = field(default_factory=list)
    """Path, and size of the body."""
    forwarded_for: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, len(await request.read())))
        self.forwarded_for = request.headers.get("X-Forwarded-For", "")
        return web.Response(status=202)


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    made = Behind()
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{any:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
async def proxy(behind: Behind, tmp_path: Path) -> AsyncIterator[str]:
    """Caddy's address, once it answers."""
    program = shutil.which("caddy", path=sysconfig.get_path("scripts"))
    assert program is not None, "the extra `lanes` brings Caddy"
    address = f"http://127.0.0.1:{free_port()}"
    there = CADDYFILE.replace("telefonistka.example.com", address).replace("127.0.0.1:8080", f"127.0.0.1:{behind.port}")
    (tmp_path / "Caddyfile").write_text(f"{{\n\tadmin off\n\tpersist_config off\n}}\n{there}")
    process = await asyncio.create_subprocess_exec(
        program, "run", "--config", "Caddyfile",
        cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": ""}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    said = b""
    while b"serving initial configuration" not in said:
        line = await asyncio.wait_for(process.stderr.readline(), 30)
        assert line, said.decode()
        said += line
    yield address
    process.kill()
    await process.communicate()


async def test_the_webhook_comes_through_and_nothing_else(proxy: str, behind: Behind) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("/", "/metrics", "/ready", "/live", "/webhook/", "/webhooks", "/%2e%2e/metrics", "//metrics"):
            async with http.get(proxy + path) as answer:
                assert answer.status == 404, path
        assert behind.seen == []
        async with http.post(f"{proxy}/webhook", data=b"{}") as answer:
            assert answer.status == 202
    assert behind.seen == [("/webhook", 2)]
    assert behind.forwarded_for == "127.0.0.1"


async def test_a_webhook_may_be_as_large_as_the_server_takes(proxy: str, behind: Behind) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{proxy}/webhook", data=BytesIO(bytes(LARGEST_BODY))) as answer:
            assert answer.status == 202
        async with http.post(f"{proxy}/webhook", data=BytesIO(bytes(LARGEST_BODY + 1))) as answer:
            assert answer.status == 413
    assert behind.seen == [("/webhook", LARGEST_BODY)]


def test_it_is_written_as_caddy_would_write_it(tmp_path: Path) -> None:
    program = shutil.which("caddy", path=sysconfig.get_path("scripts"))
    assert program is not None
    (tmp_path / "Caddyfile").write_text(CADDYFILE)
    done = subprocess.run([program, "fmt", "Caddyfile"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == CADDYFILE, done.stderr
    assert re.findall(r"reverse_proxy (\S+)", CADDYFILE) == ["127.0.0.1:8080"]
