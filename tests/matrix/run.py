"""One run of a flow: people act, the server is killed at one point perhaps, another one takes over, all settles."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.refusal import Refusal
from tests.matrix import picture
from tests.matrix.flows import Flow, Scene
from tests.matrix.picture import Picture
from tests.matrix.points import Counted, Point, Side
from tests.matrix.process import Died, Process
from tests.matrix.stores import Store
from tests.matrix.zygote import Zygote
from tests.stories.house import House


@dataclass(frozen=True)
class Disorder:
    """What the network does to webhooks."""

    twice: bool = False
    reversed: bool = False
    """Those that are on their way together arrive the last one first."""


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    picture: Picture
    points: list[Point]
    """Where it could have been killed."""
    killed: bool


@dataclass
class Run:
    """Keeps one server alive on one store."""

    scene: Scene
    zygote: Zygote
    environment: dict[str, str]
    point: Point | None
    disorder: Disorder
    counted: Counted = field(default_factory=Counted)
    killed: bool = False
    server: Process | None = None

    async def on_request(self, exchange: Exchange, side: str) -> None:
        """Every request at the hub is the server's: people don't come over HTTP."""
        here: Side = "before" if side == "before" else "after"
        if self.counted.point(exchange, here) != self.point or self.killed:
            return
        assert self.server is not None
        self.killed = True
        await self.server.kill()
        if here == "before":
            raise Refusal(503, "whoever asked is dead, and GitHub never got the request")

    async def settle(self) -> None:
        """Returns when GitHub has nothing to hand over, and a living server nothing to do but to wait."""
        while True:
            try:
                await self._alive()
                seen = len(self.scene.hub.deliveries)
                await self.scene.hub.delivered()
                assert self.server is not None
                await self.server.idle()
            except Died:
                if not self.killed:
                    raise
                continue
            if self.server.alive and seen == len(self.scene.hub.deliveries):
                return

    async def _alive(self) -> None:
        """The next server, where the last one is dead. What it missed is sent again, as people can ask GitHub to."""
        if self.server is not None and self.server.alive:
            return
        if self.server is not None:
            await self.server.close()
        self.server = await Process.start(self.zygote, self.environment)
        hub = self.scene.hub
        hub.set_webhook(self.scene.house.app, f"{self.server.url}/webhook")
        await hub.delivered()
        taken = {each.guid for each in hub.deliveries if each.status_code in (200, 202)}
        for guid in dict.fromkeys(each.guid for each in hub.deliveries):
            if guid not in taken:
                hub.redeliver(guid)

    async def check(self) -> None:
        """Nothing was given up, and nothing was asked that the sandbox doesn't know."""
        assert self.server is not None
        dead = await self.server.dead()
        assert not dead, dead
        assert not self.scene.hub.unknown, self.scene.hub.unknown

    async def close(self) -> None:
        if self.server is not None:
            await self.server.close()

    def disturb(self) -> None:
        trouble = self.scene.hub.webhooks.trouble
        trouble.twice = 1_000_000 if self.disorder.twice else 0
        trouble.reorder = 1_000_000 if self.disorder.reversed else 0


async def run(
    flow: Flow, store: Store, zygote: Zygote, folder: Path, point: Point | None = None, disorder: Disorder | None = None
) -> Result:
    """Runs `flow` to its end, with a server that is killed at `point`."""
    folder.mkdir(parents=True)
    async with Hub.running(folder / "hub") as hub, AsyncExitStack() as stack:
        # A secret of its own: a dead server's port may be another run's server's next.
        app = hub.add_app(slug="telefonistka", secret=str(folder))
        house = House(hub, app, folder, approver=hub.add_app(slug="approver"))
        scene = Scene(hub, house, await house.repo(dict(flow.files)))
        await flow.prepare(scene)
        own = {"GITHUB_WEBHOOK_SECRET": str(folder), "LOG_FORMAT": "json"}
        environment = {**house.environment(), **own, **stack.enter_context(store.empty(folder))}
        one = Run(scene, zygote, environment, point, disorder or Disorder())
        stack.push_async_callback(one.close)
        if flow.from_the_start:
            hub.on_request = one.on_request
        await one.settle()
        hub.on_request = one.on_request
        for step in flow.steps:
            one.disturb()
            await step(scene)
            await one.settle()
        hub.on_request = None
        await one.check()
        return Result(await picture.of(hub), one.counted.points(), one.killed)
