"""The bot is stopped between any two of its requests, and the next one finishes what it began (N11, N13)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from tests.stories import picture
from tests.stories.house import SECRET, House, level

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n', "workspace/nginx/new.yaml": "x\n"}


class Reached:
    """Holds back the answer to the bot's request of a number, when all that it asked for is done."""

    def __init__(self, house: House, number: int) -> None:
        self._house, self._number = house, number
        self._requests = 0
        self.reached, self.released = asyncio.Event(), asyncio.Event()
        house.hub.on_request = self

    async def __call__(self, exchange: Exchange, when: str) -> None:
        if when == "after" and exchange.actor == self._house.app.bot.login:
            self._requests += 1
            if self._requests == self._number:
                self.reached.set()
                await self.released.wait()


async def opened(house: House) -> tuple[Repo, Pull]:
    """A pull request that nobody has told the bot of."""
    repo = await house.repo(level())
    await repo.commit("alice", "feature", CHANGE)
    return repo, await repo.open_pull("alice", head="feature", title="Change feature")


async def undisturbed(folder: Path) -> tuple[dict[str, Any], int]:
    """The picture at the end, and how many requests the merge took."""
    async with Hub.running(folder / "hub") as hub:
        house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
        repo, pull = await opened(house)
        async with house.bot():
            await repo.merge("alice", pull.number)
            await house.settle()
            return await picture.of(house, repo), len(list(house.requests()))


async def test_stopped_after_any_request_the_end_is_the_same(tmp_path: Path) -> None:
    wanted, count = await undisturbed(tmp_path)
    assert count >= 11
    for number in range(1, count + 1):
        folder = tmp_path / str(number)
        async with Hub.running(folder / "hub") as hub:
            house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
            repo, pull = await opened(house)
            held = Reached(house, number)
            async with house.bot(drain_seconds=0):
                await repo.merge("alice", pull.number)
                await asyncio.wait_for(held.reached.wait(), 10)
            held.released.set()
            hub.on_request = None
            async with house.bot():
                await house.settle()
                assert await picture.of(house, repo) == wanted, f"after request {number}"


async def test_a_killed_server_process_finishes_after_its_restart(house: House) -> None:
    """SIGKILL, when the branch stands and the pull request does not yet."""
    repo = await house.repo(level())
    await repo.commit("alice", "feature", CHANGE)
    pull = await repo.open_pull("alice", head="feature", title="Change feature")
    process, url = await serving(house)
    reached = asyncio.Event()

    async def kill(exchange: Exchange, when: str) -> None:
        if when == "after" and exchange.method == "POST" and exchange.path.endswith("/git/refs"):
            process.send_signal(signal.SIGKILL)
            reached.set()

    house.hub.on_request = kill
    try:
        house.hub.set_webhook(house.app, f"{url}/webhook")
        await repo.merge("alice", pull.number)
        await asyncio.wait_for(reached.wait(), 20)
        await asyncio.to_thread(process.wait, 10)
    finally:
        process.kill()
        process.communicate()
    assert house.promotions(repo) == []
    house.hub.on_request = None
    async with house.bot():
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"


async def serving(house: House) -> tuple[subprocess.Popen[str], str]:
    """`telefonistka server` in a process of its own, and where it listens."""
    environment = {"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **house.environment()}
    command = [sys.executable, "-m", "telefonistka_py", "server"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = await asyncio.to_thread(process.stderr.readline)
    return process, str(json.loads(line)["url"])
