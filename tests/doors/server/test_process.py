"""The server as a process: killed, stopped, and started with mistakes (N11)."""

import asyncio
import json
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import aiohttp
import pytest
import structlog

from telefonistka_py.cli import main
from telefonistka_py.inbox.model import Counts
from telefonistka_py.server import run
from tests.doors.server.conftest import SECRET, Hands, StartServer, payload, signed

LEAST = {"GITHUB_WEBHOOK_SECRET": SECRET, "GITHUB_OAUTH_TOKEN": "ghp_ThisMustNotBeSeen1234"}

CHILD = """
import asyncio, os, sys
from datetime import UTC, datetime
from telefonistka_py import settings
from telefonistka_py.app import store
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.observability import logs
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.server import run

async def handle(delivery, event):
    sys.stdout.write(f"handling {delivery.id}\\n"); sys.stdout.flush()
    await asyncio.Event().wait()

read = settings.read(os.environ)
logs.setup(read.log_level, read.log_format, sys.stderr, read.secrets())

def clock():
    return datetime.now(UTC)

async def main():
    async with store.opened(read, clock) as inbox:
        await run.serve(read, run.Parts(inbox, handle, Metrics(), clock, lambda: 0.0))

asyncio.run(main())
"""


@contextmanager
def child(inbox: Path, drain_seconds: str = "0") -> Iterator[tuple[subprocess.Popen[str], str, IO[str]]]:
    """A server in a process of its own whose handler never ends: process, URL, and the rest of its log."""
    environ = {
        **LEAST,
        "LISTEN_ADDR": "127.0.0.1:0",
        "TELEFONISTKA_INBOX": str(inbox),
        "TELEFONISTKA_DRAIN_SECONDS": drain_seconds,
    }
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield process, json.loads(process.stderr.readline())["url"], process.stderr
        finally:
            process.kill()


async def deliver(url: str, count: int) -> list[int]:
    async def one(http: aiohttp.ClientSession, number: int) -> int:
        body = payload(number)
        async with http.post(f"{url}/webhook", data=body, headers=signed(body, f"d{number}")) as answer:
            return answer.status

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*(one(http, number) for number in range(1, count + 1)))


async def test_every_delivery_that_was_acknowledged_is_handled_after_a_kill(
    tmp_path: Path, start: StartServer, hands: Hands
) -> None:
    with child(tmp_path / "inbox.sqlite3") as (process, url, _):
        assert await deliver(url, 20) == [202] * 20
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    async with start() as server:
        await server.running.worker.settled()
        assert sorted(hands.seen) == sorted(f"d{number}" for number in range(1, 21))
        assert await server.deliver("d7", 7) == 200


async def test_a_delivery_is_in_the_file_when_it_is_acknowledged(tmp_path: Path, start: StartServer) -> None:
    async with start() as server:
        assert await server.deliver("d1") == 202
        with closing(sqlite3.connect(tmp_path / "inbox.sqlite3")) as other:
            assert other.execute("SELECT id FROM deliveries").fetchall() == [("d1",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_server_and_the_rest_stays_stored(
    tmp_path: Path, start: StartServer, number: signal.Signals
) -> None:
    with child(tmp_path / "inbox.sqlite3") as (process, url, log):
        assert await deliver(url, 10) == [202] * 10
        assert process.stdout is not None
        assert process.stdout.readline().startswith("handling")
        process.send_signal(number)
        assert process.wait(20) == 0
        lines = [json.loads(line) for line in log]
    assert lines[-1]["event"] == "the server has stopped"
    async with start(worker_slots=1) as server:
        assert sum(await _counts(server.running)) == 10


async def _counts(running: run.Running) -> tuple[int, int, int]:
    counts = await running.inbox.counts()
    assert counts.dead == 0
    return counts.waiting, counts.underway, counts.done


async def test_a_second_signal_cuts_the_drain_short(tmp_path: Path) -> None:
    with child(tmp_path / "inbox.sqlite3", drain_seconds="600") as (process, url, log):
        await deliver(url, 1)
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        while "the server stops" not in log.readline():
            pass
        process.terminate()
        assert process.wait(20) == 0


async def test_every_line_of_a_delivery_carries_its_id_repository_and_pull_request_and_no_secret(
    tmp_path: Path,
) -> None:
    with child(tmp_path / "inbox.sqlite3") as (process, url, log):
        await deliver(url, 1)
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        process.wait(20)
        text = log.read()
    lines = [json.loads(line) for line in text.splitlines()]
    of_the_delivery = [line for line in lines if "delivery" in line]
    assert [line["event"] for line in of_the_delivery] == [
        "the delivery came in",
        "the delivery was given back to the inbox",
    ]
    for line in of_the_delivery:
        assert (line["delivery"], line["repo"], line["pr"]) == ("d1", "acme/infra", 1)
    assert SECRET not in text
    assert "ghp_" not in text


async def test_a_stopped_server_leaves_counts_that_the_next_one_takes_up(start: StartServer, hands: Hands) -> None:
    async with start() as first:
        await first.deliver("d1")
        await first.running.worker.settled()
    async with start() as second:
        assert await second.running.inbox.counts() == Counts(waiting=0, underway=0, done=1, dead=0)
        assert await second.deliver("d1") == 200
        await second.running.worker.settled()
    assert hands.seen == ["d1"]


@pytest.fixture
def clean_logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def refused(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    """What `telefonistka server` says when it can't start; its exit code is 2 and there is no traceback."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main.run(["server"]) == 2
    said = capfd.readouterr().err
    assert "Traceback" not in said
    return said


def test_missing_settings_are_told_and_the_exit_code_is_2(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(capfd, monkeypatch, LOG_LEVEL="loud", GITHUB_WEBHOOK_SECRET="")
    for name in ("GITHUB_WEBHOOK_SECRET", "GITHUB_APP_ID", "LOG_LEVEL"):
        assert name in said


@pytest.mark.usefixtures("clean_logs")
def test_a_busy_port_is_one_sentence_and_the_exit_code_is_2(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        inbox = str(tmp_path / "inbox.sqlite3")
        said = refused(capfd, monkeypatch, **LEAST, LISTEN_ADDR=address, TELEFONISTKA_INBOX=inbox)
    assert said.splitlines()[-1].endswith(
        f"LISTEN_ADDR {address} is in use already: stop the other program, or set LISTEN_ADDR to another port."
    )


@pytest.mark.usefixtures("clean_logs")
def test_an_inbox_in_no_directory_is_one_sentence_and_the_exit_code_is_2(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inbox = str(tmp_path / "nowhere" / "inbox.sqlite3")
    said = refused(capfd, monkeypatch, **LEAST, LISTEN_ADDR="127.0.0.1:0", TELEFONISTKA_INBOX=inbox)
    [sentence] = said.splitlines()
    assert inbox in sentence
    assert "set TELEFONISTKA_INBOX" in sentence


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux' /proc")
def test_an_idle_server_takes_less_than_80_mb(tmp_path: Path) -> None:
    environ = {**LEAST, "LISTEN_ADDR": "127.0.0.1:0", "TELEFONISTKA_INBOX": str(tmp_path / "inbox.sqlite3")}
    command = [sys.executable, "-m", "telefonistka_py.cli.main", "server"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.terminate()
        assert process.wait(20) == 0
        process.stderr.read()
    assert line["event"] == "the server listens"
    [resident] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    assert resident < 80_000, f"{resident} kB"
