"""A real bot against the sandbox, for stories: people act in the sandbox, the bot settles, and one looks at GitHub."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telefonistka_py import settings
from telefonistka_py.app import store, wiring
from telefonistka_py.app.rechecks import Rechecks
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.model import App, Exchange, Pull
from telefonistka_py.sandbox.repository import Repo
from telefonistka_py.server import run
from telefonistka_py.server.run import Running
from telefonistka_py.server.verdict import Patience

SECRET = "a secret of the tests"
_AT_ONCE = timedelta(0)
AT_ONCE = Patience(first=_AT_ONCE, operator=_AT_ONCE, longest=_AT_ONCE, give_up_after=_AT_ONCE, fewest_attempts=12)

TWO_STAGES = """
promotionPaths:
  - sourcePath: workspace/
    promotionPrs:
      - targetPaths: [clusters/dev/, clusters/lab/]
        targetDescription: dev and lab
  - sourcePath: clusters/lab/
    promotionPrs:
      - targetPaths: [clusters/prod/east/]
      - targetPaths: [clusters/prod/west/]
"""


def component(base: str, tag: str = "1.0") -> dict[str, Content]:
    """A component's files below `base`."""
    return {
        f"{base}/Chart.yaml": "name: nginx\n",
        f"{base}/values.yaml": f'tag: "{tag}"\n',
        f"{base}/templates/deployment.yaml": "kind: Deployment\n",
    }


def level(config: str = TWO_STAGES) -> dict[str, Content]:
    """A repository whose environments hold the same nginx."""
    places = ("workspace", "clusters/dev", "clusters/lab", "clusters/prod/east", "clusters/prod/west")
    files: dict[str, Content] = {"telefonistka.yaml": config, "README.md": "about\n"}
    for place in places:
        files |= component(f"{place}/nginx")
    return files


@dataclass
class House:
    """The sandbox, and the bot when it runs."""

    hub: Hub
    app: App
    folder: Path
    server: Running | None = None
    approver: App | None = None
    """The second identity; give it before the bot starts."""
    clock: Callable[[], datetime] | None = None
    """The bot's, if a story needs to be at another hour."""
    recheck_after: timedelta = timedelta(0)
    """The wait before an Argo CD that could not be asked is asked again."""

    async def repo(self, files: dict[str, Content], name: str = "acme/gitops") -> Repo:
        """A repository in which alice and bob may write."""
        return await self.hub.add_repo(name, files=files, collaborators={"alice": "write", "bob": "write"})

    @asynccontextmanager
    async def bot(
        self, patience: Patience = AT_ONCE, drain_seconds: float = 5, *, at_start: tuple[Delivery, ...] = ()
    ) -> AsyncIterator["House"]:
        """The bot, with all of its real parts, as long as the context is open. Its inbox outlives it.

        Chores are done on a timer; a story that is about one gives it as `at_start`.
        """
        read = settings.read(self.environment())
        at_once = replace(read.argocd_limits, first_pause=0.0)
        read = replace(read, drain_seconds=drain_seconds, argocd_limits=at_once)
        metrics, clock = Metrics(), self.clock or now
        async with (
            store.opened(read, clock) as inbox,
            wiring.build(read, metrics, clock, inbox, rechecks=Rechecks(clock, self.recheck_after, most=8)) as handler,
        ):
            parts = run.Parts(
                inbox,
                handler.handle,
                metrics,
                clock,
                lambda: 0.0,
                handler.on_dead,
                at_start=at_start,
                github=handler.github,
                patience=patience,
            )
            async with run.running(read, parts) as self.server:
                self.hub.set_webhook(self.app, f"{self.server.url}/webhook")
                yield self
        self.server = None

    async def settle(self) -> None:
        """Returns when every webhook was handed over and handled, and nothing follows any more."""
        assert self.server is not None
        seen = -1
        while seen != len(self.hub.deliveries):
            seen = len(self.hub.deliveries)
            await self.hub.delivered()
            await self.server.worker.settled()

    async def server_idle(self) -> None:
        """Returns when nothing is due or underway; what waits for a moment to come is left waiting."""
        assert self.server is not None
        seen = -1
        while seen != len(self.hub.deliveries):
            seen = len(self.hub.deliveries)
            await self.hub.delivered()
            await self.server.worker.idle()

    async def change(
        self, repo: Repo, files: dict[str, Content | None], *, branch: str = "feature", labels: tuple[str, ...] = ()
    ) -> Pull:
        """alice changes `files` on a branch, opens a pull request and merges it."""
        await repo.commit("alice", branch, files)
        pull = await repo.open_pull("alice", head=branch, title=f"Change {branch}", labels=labels)
        await repo.merge("alice", pull.number)
        return pull

    def requests(self) -> Iterator[Exchange]:
        """What the bot asked of GitHub, tokens aside."""
        for exchange in self.hub.exchanges:
            bots = [self.app.bot.login] + ([self.approver.bot.login] if self.approver else [])
            if exchange.actor in bots:
                yield exchange

    async def requests_for_merge(self, repo: Repo, pull: Pull) -> list[Exchange]:
        """alice merges `pull`; what the bot asked of GitHub for that event alone, tokens aside."""
        assert self.server is not None
        self.hub.exchanges.clear()
        async with self._deaf_from_the_first_request():
            await repo.merge("alice", pull.number)
            await self.settle()
        return list(self.requests())

    @asynccontextmanager
    async def _deaf_from_the_first_request(self) -> AsyncIterator[None]:
        """What the bot's own doing sends is other events, with costs of their own."""
        url = self.app.webhook_url

        async def deafen(exchange: Exchange, when: str) -> None:
            if exchange.actor == self.app.bot.login:
                self.hub.set_webhook(self.app, None)

        self.hub.on_request = deafen
        yield
        self.hub.on_request = None
        self.hub.set_webhook(self.app, url)

    def promotions(self, repo: Repo, state: str = "all") -> list[Pull]:
        """The bot's pull requests, oldest first."""
        return [pull for pull in repo.pulls(state=state) if pull.author is self.app.bot]

    def states(self, repo: Repo, pull: Pull) -> list[str]:
        """The states of our commit status on the head of `pull`, oldest first."""
        return [each.state for each in repo.statuses(pull.head_sha) if each.context == "telefonistka"]

    def said(self, pull: Pull, topic: str = "") -> list[str]:
        """What the bot wrote on `pull`, all of it or on one topic, and what still holds."""
        return [
            comment.body
            for comment in pull.comments
            if comment.author is self.app.bot
            and comment.minimized is None
            and (not topic or f"<!-- telefonistka:{topic} -->" in comment.body)
        ]

    def environment(self) -> dict[str, str]:
        """What `telefonistka server` is started with, to be this house's bot."""
        key = self.folder / "app.pem"
        key.write_text(self.app.private_key_pem)
        approver = {}
        if self.approver:
            second = self.folder / "approver.pem"
            second.write_text(self.approver.private_key_pem)
            approver = {
                "APPROVER_GITHUB_APP_ID": str(self.approver.id),
                "APPROVER_GITHUB_APP_PRIVATE_KEY_PATH": str(second),
            }
        return {
            **approver,
            "GITHUB_HOST": self.hub.url,
            "GITHUB_APP_ID": str(self.app.id),
            "GITHUB_APP_PRIVATE_KEY_PATH": str(key),
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "TELEFONISTKA_INBOX": str(self.folder / "inbox.sqlite3"),
            "LISTEN_ADDR": "127.0.0.1:0",
        }


def now() -> datetime:
    return datetime.now(UTC)
