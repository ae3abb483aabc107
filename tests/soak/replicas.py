"""Servers on one store, behind what stands in for a load balancer; killed now and then, and started again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.model import App, Delivery
from tests.matrix.process import Died, Process
from tests.matrix.zygote import Zygote

_TAKEN = (200, 202)


@dataclass
class Replicas:
    """Keeps `count` servers alive. Each webhook goes to the next living one; one that is not taken is sent again."""

    hub: Hub
    app: App
    zygote: Zygote
    environment: Mapping[str, str]
    count: int
    kills: int = 0
    resent: int = 0
    _servers: list[Process] = field(default_factory=list)
    _missed: list[str] = field(default_factory=list)
    _turn: int = 0
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _starting: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        for place in range(self.count):
            self._servers.append(await self._process())
            self._aim()
            assert self._servers[place].alive

    async def kill(self, place: int) -> None:
        """SIGKILL; another one is being started in its place."""
        server = self._servers[place]
        if not server.alive:
            return
        self.kills += 1
        await server.kill()
        self._aim()
        task = asyncio.create_task(self._replace(place))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def renew(self) -> None:
        """Kills them one after the other; returns when all are new."""
        for place in range(self.count):
            await self.kill(place)
            await self.all_there()

    async def all_there(self) -> None:
        """Returns when nothing is being started."""
        while self._starting:
            await asyncio.gather(*self._starting)

    def hear(self, delivery: Delivery) -> None:
        """Told of every delivery that was answered or given up: GitHub sends none again by itself, so we ask it to."""
        if delivery.status_code not in _TAKEN:
            self._missed.append(delivery.guid)
        self._aim()

    async def settle(self) -> None:
        """Returns when GitHub has nothing to hand over, and the servers nothing to do."""
        while True:
            await self.all_there()
            self._aim()
            seen = len(self.hub.deliveries)
            await self.hub.delivered()
            try:
                await self._servers[0].idle()
            except Died:
                continue
            if seen == len(self.hub.deliveries) and not self._missed and not self._starting:
                return

    async def dead(self) -> list[str]:
        """What was given up, and why."""
        return await self._servers[0].dead()

    def memory(self) -> list[int]:
        """Resident memory of each, in kB."""
        return [_resident(server.pid) for server in self._servers]

    async def close(self) -> None:
        await self.all_there()
        for server in self._servers:
            await server.close()

    async def _process(self) -> Process:
        return await Process.start(self.zygote, self.environment, self._stirred)

    async def _replace(self, place: int) -> None:
        await self._servers[place].close()
        self._servers[place] = await self._process()
        self._aim()

    def _aim(self) -> None:
        """The next webhook goes to the next living server; what was missed is asked for again when there is one."""
        living = [server for server in self._servers if server.alive]
        if not living:
            return
        self._turn += 1
        self.hub.set_webhook(self.app, f"{living[self._turn % len(living)].url}/webhook")
        missed, self._missed = self._missed, []
        self.resent += len(missed)
        for guid in missed:
            self.hub.redeliver(guid)


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    [resident] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return resident
