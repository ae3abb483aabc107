"""A push to the default branch reaches the endpoints that its files ask for, dead and slow ones or not (N11, N17)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from telefonistka_py.inbox.model import Entry, State
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.repository import Repo
from telefonistka_py.server.signature import HEADER, sign
from tests.doors.fanout.authority import Authority
from tests.doors.fanout.receivers import Receiver, receiving
from tests.stories.house import SECRET, TWO_STAGES, House, level, now


@dataclass
class Switchboard(House):
    """A house whose bot forwards to loopback, and is soon back at an endpoint that failed."""

    limits: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "FANOUT_ALLOWED_HOSTS": "127.0.0.0/8",
            "TELEFONISTKA_FANOUT_FIRST_WAIT_SECONDS": "0.1",
            "TELEFONISTKA_FANOUT_LONGEST_WAIT_SECONDS": "1",
            **self.limits,
        }

    async def forwards(self) -> list[Entry]:
        assert self.server is not None
        return [each for each in await self.server.inbox.entries(most=1000) if each.kind == "telefonistka/forward"]

    async def push(self, repo: Repo, files: dict[str, Content | None]) -> None:
        await repo.commit("alice", "main", files)
        await self.hub.delivered()


@pytest.fixture
def board(house: House) -> Switchboard:
    return Switchboard(house.hub, house.app, house.folder)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(SECRET) as receiver:
        yield receiver


@pytest.fixture
async def other() -> AsyncIterator[Receiver]:
    async with receiving(SECRET) as receiver:
        yield receiver


def forwarding(*rules: tuple[str, str], more: str = "") -> str:
    lines = [TWO_STAGES, more, "webhookEndpointRegexs:"]
    for expression, url in rules:
        lines += [f"  - expression: '{expression}'", f"    replacements: ['{url}']"]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def house_with(board: Switchboard, *rules: tuple[str, str], more: str = "") -> AsyncIterator[Repo]:
    repo = await board.repo(level(forwarding(*rules, more=more)))
    async with board.bot():
        yield repo


async def test_a_push_reaches_its_endpoint_as_it_came(board: Switchboard, receiver: Receiver) -> None:
    async with house_with(board, ("^workspace/.*", f"{receiver.url}/api/webhook?token=x")) as repo:
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await board.settle()
        [got] = receiver.got
        [sent] = [each for each in board.hub.deliveries if each.event == "push"]
        assert got.genuine
        assert (got.path, got.body, got.delivery) == ("/api/webhook?token=x", sent.body, sent.guid)
        assert got.header("X-GitHub-Event") == ["push"]
        assert got.header("User-Agent")[0].startswith("GitHub-Hookshot/")
        [entry] = await board.forwards()
        assert entry.state is State.DONE
        assert entry.note.startswith(f"forwarded to 1 of 1; {receiver.url}/api/webhook 200 in ")
        assert "token" not in entry.note


async def test_other_branches_and_other_files_reach_nobody(board: Switchboard, receiver: Receiver) -> None:
    async with house_with(board, ("^clusters/.*", f"{receiver.url}/")) as repo:
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await repo.commit("alice", "feature", {"clusters/dev/nginx/values.yaml": "tag: 2\n"})
        await board.settle()
        assert receiver.got == []


async def test_without_endpoints_a_push_costs_one_query(board: Switchboard) -> None:
    repo = await board.repo(level())
    async with board.bot():
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await board.settle()
        assert [each.path.rpartition("/")[2] for each in board.requests() if "access_tokens" not in each.path] == [
            "graphql"
        ]


async def test_a_forced_push_reaches_what_the_two_commits_differ_in(board: Switchboard, receiver: Receiver) -> None:
    """The payload of one lists no file that went away with the commits that it dropped."""
    async with house_with(board, ("^clusters/lab/.*", f"{receiver.url}/lab")) as repo:
        before = (await repo.branches())["main"]
        await board.push(repo, {"clusters/lab/nginx/gone.yaml": "x\n"})
        await board.settle()
        await repo.push("alice", "main", before, force=True)
        await board.settle()
        assert [got.path for got in receiver.got] == ["/lab", "/lab"]


async def test_a_forced_push_over_a_commit_that_is_forgotten_reaches_everybody(
    board: Switchboard, receiver: Receiver
) -> None:
    """What it changed can't be known any more: never fewer endpoints than there should be."""
    async with house_with(board, ("^clusters/lab/.*", f"{receiver.url}/lab")) as repo:
        await board.push(repo, {"README.md": "other\n"})
        await board.settle()
        assert receiver.got == []
        [sent] = [each for each in board.hub.deliveries if each.event == "push"]
        gone = json.dumps({**json.loads(sent.body), "before": "f" * 40, "forced": True}).encode()
        headers = {**sent.request_headers, "X-GitHub-Delivery": "forced", HEADER: sign(SECRET, gone)}
        async with aiohttp.ClientSession() as http, http.post(sent.url, data=gone, headers=headers) as answer:
            assert answer.status == 202
        await board.settle()
        assert [got.path for got in receiver.got] == ["/lab"]


async def test_a_dead_endpoint_delays_no_other_and_is_tried_again(
    board: Switchboard, receiver: Receiver, other: Receiver
) -> None:
    receiver.status = 503
    async with house_with(board, ("^workspace/.*", f"{receiver.url}/")) as repo:
        await repo.commit("alice", "main", {"telefonistka.yaml": _both(receiver, other)})
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await other.wait_for(1)
        await receiver.wait_for(3)
        receiver.status = 200
        await board.settle()
        assert len(other.got) == 1
        assert receiver.got[-1].delivery == other.got[0].delivery
        assert {entry.state for entry in await board.forwards()} == {State.DONE}


def _both(receiver: Receiver, other: Receiver) -> str:
    return forwarding(("^workspace/.*", f"{receiver.url}/")).replace(
        f"['{receiver.url}/']", f"['{receiver.url}/', '{other.url}/']"
    )


async def test_pushes_to_an_endpoint_that_hangs_hold_up_no_promotion(board: Switchboard, receiver: Receiver) -> None:
    """N17: more pushes than the worker has slots."""
    receiver.opened.clear()
    board.limits = {"TELEFONISTKA_WORKER_SLOTS": "2", "TELEFONISTKA_FANOUT_TIMEOUT_SECONDS": "60"}
    async with house_with(board, ("^elsewhere/.*", f"{receiver.url}/")) as repo:
        for number in range(8):
            await board.push(repo, {f"elsewhere/{number}.yaml": "x\n"})
        await receiver.wait_for(8)
        pull = await board.change(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await _until_promoted(board, repo, pull.number)
        assert receiver.underway == 8
        receiver.opened.set()
        await board.settle()
        assert len(receiver.got) == 8


async def _until_promoted(board: Switchboard, repo: Repo, number: int) -> None:
    opened = asyncio.Event()

    async def seen(exchange: Exchange, when: str) -> None:
        if board.promotions(repo):
            opened.set()

    board.hub.on_request = seen
    async with asyncio.timeout(20):
        await opened.wait()
    board.hub.on_request = None


async def test_certificates_are_checked_unless_the_configuration_says_not_to(board: Switchboard) -> None:
    ours = Authority(board.folder, now()).serving("127.0.0.1")
    async with (
        receiving(SECRET, ours) as receiver,
        house_with(board, ("^workspace/.*", f"{receiver.url}/")) as repo,
    ):
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await board.server_idle()
        assert receiver.got == []
        notes = [entry.note for entry in await board.forwards()]
        assert any("tls: no secure connection: " in note for note in notes)
        rules = forwarding(("^workspace/.*", f"{receiver.url}/"), more="whProxtSkipTLSVerifyUpstream: true")
        await board.push(repo, {"telefonistka.yaml": rules, "workspace/nginx/values.yaml": "tag: 3\n"})
        await receiver.wait_for(1)
        assert receiver.got[0].genuine


async def test_a_push_underway_at_the_stop_is_forwarded_after_the_restart(
    board: Switchboard, receiver: Receiver
) -> None:
    receiver.opened.clear()
    repo = await board.repo(level(forwarding(("^workspace/.*", f"{receiver.url}/"))))
    async with board.bot(drain_seconds=0):
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await receiver.wait_for(1)
    receiver.opened.set()
    async with board.bot():
        await board.settle()
        assert len(receiver.got) == 2
        assert {got.delivery for got in receiver.got} == {receiver.got[0].delivery}


async def test_what_waits_to_be_tried_again_survives_a_kill(board: Switchboard, receiver: Receiver) -> None:
    """SIGKILL, when one endpoint has the push and the other has refused it."""
    receiver.status = 500
    board.limits = {"TELEFONISTKA_FANOUT_FIRST_WAIT_SECONDS": "1"}
    repo = await board.repo(level(forwarding(("^workspace/.*", f"{receiver.url}/"))))
    async with _serving(board) as (process, url):
        board.hub.set_webhook(board.app, f"{url}/webhook")
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await receiver.wait_for(1)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait, 10)
    receiver.status = 200
    before = len(receiver.got)
    async with board.bot():
        await receiver.wait_for(before + 1)
        await board.server_idle()  # the server's chores go on waiting
        assert len(receiver.got) == before + 1
        assert all(got.genuine for got in receiver.got)


@asynccontextmanager
async def _serving(house: House) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    """`telefonistka server` in a process of its own, and where it listens. Killed at the end."""
    environment = {"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **house.environment()}
    command = [sys.executable, "-m", "telefonistka_py", "server"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = await asyncio.to_thread(process.stderr.readline)
        yield process, str(json.loads(line)["url"])
    finally:
        process.kill()
        process.communicate()


async def test_a_configuration_that_cannot_be_used_forwards_nothing_and_says_so(
    board: Switchboard, receiver: Receiver
) -> None:
    async with house_with(board, ("^workspace/.*", f"{receiver.url}/")) as repo:
        await board.push(repo, {"telefonistka.yaml": "webhookEndpointRegexs: 7\n", "workspace/x": "x"})
        await board.settle()
        assert receiver.got == []
        assert board.server is not None
        notes = [each.note for each in await board.server.inbox.entries() if each.kind == "push"]
        assert any(note.startswith("nothing is forwarded: telefonistka.yaml can't be used: ") for note in notes)


async def test_the_requests_of_a_push_are_spread(board: Switchboard, receiver: Receiver) -> None:
    rules = forwarding(("^workspace/.*", f"{receiver.url}/0"), more="webhookSpread: 300ms")
    rules = rules.replace(f"['{receiver.url}/0']", str([f"{receiver.url}/{number}" for number in range(3)]))
    repo = await board.repo(level(rules))
    async with board.bot():
        loop = asyncio.get_running_loop()
        await board.push(repo, {"workspace/nginx/values.yaml": "tag: 2\n"})
        await receiver.wait_for(1)
        began = loop.time()
        await receiver.wait_for(3)
        assert loop.time() - began >= 0.15
        await board.settle()
    assert receiver.most_underway == 1
