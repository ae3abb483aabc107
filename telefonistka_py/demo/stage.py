"""Raises the stage: the sandbox, a repository in it, and the server with its embedded defaults."""

import random
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from telefonistka_py import settings
from telefonistka_py.app import store, wiring
from telefonistka_py.demo import manifests
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.argocd import ArgoCd
from telefonistka_py.sandbox.content import Content, File
from telefonistka_py.sandbox.model import App
from telefonistka_py.sandbox.refusal import SandboxError
from telefonistka_py.sandbox.repository import Repo
from telefonistka_py.server import run
from telefonistka_py.server.run import Running
from telefonistka_py.settings import Settings

ALICE, BOB = "alice", "bob"
Say = Callable[[str], None]
"""Tells a line to whoever watches."""

_SECRET = "the sandbox's webhook secret"  # noqa: S105 - it protects nothing outside this process


@dataclass(frozen=True)
class Stage:
    hub: Hub
    repo: Repo
    app: App
    server: Running
    settings: Settings
    environment: dict[str, str]
    """What `telefonistka server` would be started with, to take this server's place."""
    argo: ArgoCd | None = None

    @property
    def status_url(self) -> str:
        """The server's status page, with the token that opens it."""
        return f"{self.server.url}/?token={self.settings.status_token}"

    async def settle(self) -> None:
        """Returns when every webhook was handed over and handled, and nothing follows from it any more."""
        seen = -1
        while seen != len(self.hub.deliveries):
            seen = len(self.hub.deliveries)
            await self.hub.delivered()
            await self.server.worker.settled()


@asynccontextmanager
async def raised(folder: Path, own: Path | None, *, argocd: bool = False) -> AsyncIterator[Stage]:
    """A stage in `folder` with the demonstration's repository, or with a clone of `own`, which is not touched; or, with
    `argocd`, with a repository of plain manifests and an Argo CD beside it."""
    try:
        async with Hub.running(folder / "hub") as hub, _argocd(hub, argocd) as argo:
            people = {ALICE: "write", BOB: "write"}
            if own is None:
                files = manifests.files() if argocd else example()
                repo = await hub.add_repo("acme/gitops", files=files, collaborators=people)
            else:
                repo = await hub.add_repo(f"you/{_name(own)}", from_path=own, collaborators=people)
            app = hub.add_app(slug="telefonistka", secret=_SECRET)
            environment = _environment(folder, hub, app)
            if argo is not None:
                environment |= {"ARGOCD_SERVER_ADDR": argo.url, "ARGOCD_TOKEN": argo.token}
            read = settings.read(environment)
            metrics = Metrics()
            async with store.opened(read, _now) as inbox, wiring.build(read, metrics, _now, inbox) as handler:
                parts = run.Parts(
                    inbox, handler.handle, metrics, _now, random.random, handler.on_dead, github=handler.github
                )
                async with run.running(read, parts) as server:
                    hub.set_webhook(app, f"{server.url}/webhook")
                    yield Stage(hub, repo, app, server, read, environment, argo)
    except SandboxError as error:
        raise OperatorMistake(str(error)) from error


@asynccontextmanager
async def _argocd(hub: Hub, wanted: bool) -> AsyncIterator[ArgoCd | None]:
    if not wanted:
        yield None
        return
    async with ArgoCd.running(hub) as argo:
        yield argo


def example() -> dict[str, Content]:
    """The files of the demonstration's repository (`config-examples/demo`)."""
    packed = Path(str(resources.files("telefonistka_py"))) / "demo" / "repository"
    root = packed if packed.is_dir() else packed.parents[2] / "config-examples" / "demo"
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    # A script is known by its first bytes: a wheel does not keep the executable bit.
    return {str(path.relative_to(root)): _content(path.read_bytes()) for path in files}


def _name(own: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", own.resolve().name) or "repository"


def _content(content: bytes) -> Content:
    return File(content, "100755") if content.startswith(b"#!") else content


def _environment(folder: Path, hub: Hub, app: App) -> dict[str, str]:
    key = folder / "app.pem"
    key.touch(mode=0o600)
    key.write_text(app.private_key_pem)
    return {
        "GITHUB_HOST": hub.url,
        "GITHUB_APP_ID": str(app.id),
        "GITHUB_APP_PRIVATE_KEY_PATH": str(key),
        "GITHUB_WEBHOOK_SECRET": _SECRET,
        "TELEFONISTKA_INBOX": str(folder / "inbox.sqlite3"),
        "LISTEN_ADDR": "127.0.0.1:0",
        "TELEFONISTKA_STATUS_TOKEN": secrets.token_hex(16),
    }


def _now() -> datetime:
    return datetime.now(UTC)
