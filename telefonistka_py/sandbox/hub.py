"""The sandbox itself: GitHub in a folder."""

import asyncio
import itertools
import secrets
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from telefonistka_py.sandbox import auth, births, git, quota, webhooks
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.diffs import Changed
from telefonistka_py.sandbox.disorder import Disorder
from telefonistka_py.sandbox.faults import Faults
from telefonistka_py.sandbox.manifests import Registration
from telefonistka_py.sandbox.model import (
    EVENTS,
    PERMISSIONS,
    App,
    Delivery,
    Exchange,
    Installation,
    Token,
    User,
)
from telefonistka_py.sandbox.refusal import SandboxError
from telefonistka_py.sandbox.repository import Repo
from telefonistka_py.sandbox.server import Server

OnRequest = Callable[[Exchange, str], Awaitable[None]]


def _now() -> datetime:
    return datetime.now(UTC)


class Users(dict[str, User]):
    """By lower-case login, as GitHub compares them."""


class Hub(Disorder):
    """A GitHub of one's own. Made by `Hub.running`, which also ends it."""

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], latency: float, random_bytes: Callable[[int], bytes]
    ) -> None:
        self.folder, self.clock, self.random_bytes = folder, clock, random_bytes
        self.latency = latency
        """Seconds added to every API request."""
        self.url = ""
        self.tree_limit = 100_000
        """Entries of a recursive tree before GitHub truncates it (docs: Get a tree)."""
        self.tree_bytes = 7_000_000
        """Bytes of a recursive tree before GitHub truncates it."""
        self.anonymous_git = False
        """Whether anybody may clone and push over HTTP; pushes then count as the repository's owner's."""
        self.lacks: frozenset[str] = frozenset()
        """Fields of GraphQL that an older Enterprise Server does not have, as `PullRequest.isInMergeQueue`."""
        self.users = Users()
        self.repos: dict[str, Repo] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.registrations: dict[str, Registration] = {}
        """Apps that were registered from a manifest, by the code that their credentials are fetched with."""
        self.exchanges: list[Exchange] = []
        self.unknown: list[str] = []
        """What was asked that the sandbox doesn't know, one sentence each."""
        self.on_request: OnRequest | None = None
        """Awaited for each API request, with `before` ahead of its effect and `after` it, ahead of the answer.

        The exchange knows its actor then, and `after` what will be answered. For tests that stop a bot just there.
        """
        self.faults = Faults()
        self.quota = quota.Quota(self)
        self.webhooks = webhooks.Webhooks(self)
        self.diffs: dict[tuple[str, str | None, str], list[Changed]] = {}
        self.mergeable: dict[tuple[str, str, str], bool] = {}
        self._ids = itertools.count(1001)
        self._numbers: dict[str, int] = {}
        self._server = Server(self)

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        folder: Path | str,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        clock: Callable[[], datetime] = _now,
        latency: float = 0.0,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> AsyncIterator["Hub"]:
        """A hub that listens on `port` (0: any free one) and keeps its repositories in `folder`.

        Raises `OSError` for a port that is taken, `SandboxError` when there is no usable git.
        """
        hub = cls(Path(folder), clock, latency, random_bytes)
        hub.folder.mkdir(parents=True, exist_ok=True)
        hub.folder = hub.folder.resolve()
        await births.check_git(hub)
        try:
            listening = await hub._server.start(host, port)
            hub.url = f"http://{host}:{listening}"
            yield hub
        finally:
            await hub.close()

    async def close(self) -> None:
        await self.webhooks.close()
        await self._server.close()
        await asyncio.gather(*(repo.git.close() for repo in self.repos.values()))

    # Who is there

    def add_user(self, login: str, *, access: Mapping[str, str] | None = None, kind: str = "User") -> User:
        """A person with a token; `access` maps repositories to permission levels. The same login: the same person."""
        user = self.users.get(login.lower())
        if user is None:
            user = self.users[login.lower()] = User(login, self.next_id(), self.new_token("ghp_"), kind)
        for name, level in (access or {}).items():
            self.repo(name).set_access(login, level)
        return user

    def user(self, login: str) -> User:
        found = self.users.get(login.lower())
        if found is None:
            raise SandboxError(f"The sandbox knows nobody called {login!r}; add them with hub.add_user.")
        return found

    def by_email(self, email: str) -> User | None:
        """The account that commits with this address belong to."""
        return next((user for user in self.users.values() if user.email == email), None)

    def add_app(
        self,
        slug: str = "telefonistka",
        *,
        webhook_url: str | None = None,
        secret: str = "",
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] = EVENTS,
        repositories: Iterable[str] | None = None,
        content_type: str = "json",
    ) -> App:
        """An App with a key of its own, installed on every account (or on `repositories` alone)."""
        owner = next((user for user in self.users.values() if user.kind == "Organization"), None)
        owner = owner or self.add_user("sandbox-owner", kind="Organization")
        private, public = auth.key_pair(len(self.apps))
        bot = User(f"{slug}[bot]", self.next_id(), "", "Bot")
        self.users[bot.login.lower()] = bot
        app = App(
            id=self.next_id(),
            slug=slug,
            secret=secret,
            webhook_url=webhook_url,
            permissions={"metadata": "read", **(permissions if permissions is not None else PERMISSIONS)},
            events=tuple(events),
            private_key_pem=private,
            public_key_pem=public,
            owner=owner,
            bot=bot,
            created_at=self.clock(),
            hook_id=self.next_id(),
            content_type=content_type,
        )
        self.apps[app.id] = app
        if webhook_url is not None:
            self.webhooks.ping(app)
        only = None if repositories is None else set(repositories)
        for account in births.accounts(self, only):
            births.install(self, app, account, only)
        return app

    async def add_repo(
        self,
        name: str,
        *,
        files: Mapping[str, Content] | None = None,
        from_path: Path | str | None = None,
        default_branch: str | None = None,
        collaborators: Mapping[str, str] | None = None,
        private: bool = True,
        delete_branch_on_merge: bool = False,
    ) -> Repo:
        """A repository with one commit of `files`, or a bare clone of the one at `from_path`, which is never touched.

        `collaborators` maps logins to permission levels; whoever is new is added. Without `default_branch` it is
        `main`, or what the cloned repository has. Raises `SandboxError` for what is no git repository.
        """
        repo = await births.make(self, name, files=files, from_path=from_path, default_branch=default_branch)
        repo.private, repo.delete_branch_on_merge = private, delete_branch_on_merge
        for login, level in (collaborators or {}).items():
            self.add_user(login)
            repo.set_access(login, level)
        return repo

    async def fork(self, repo: Repo, login: str) -> Repo:
        return await births.fork(self, repo, login)

    def repo(self, name: str) -> Repo:
        found = self.repos.get(name.lower())
        if found is None:
            raise SandboxError(f"The sandbox has no repository {name!r}.")
        return found

    def set_webhook(self, app: App, url: str | None, secret: str | None = None) -> None:
        """Where the App's events go from now on: a server's port may be known only after the App was made."""
        app.webhook_url = url
        if secret is not None:
            app.secret = secret

    # What happened

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to hand over a webhook, oldest first."""
        return self.webhooks.log

    async def delivered(self) -> None:
        """Returns when every webhook so far was answered or given up."""
        await self.webhooks.idle()

    def redeliver(self, guid: str) -> Delivery:
        return self.webhooks.redeliver(guid)

    # Small change

    def next_id(self) -> int:
        return next(self._ids)

    def next_number(self, repo: Repo) -> int:
        """Issues and pull requests share one row of numbers."""
        self._numbers[repo.name] = self._numbers.get(repo.name, 0) + 1
        return self._numbers[repo.name]

    def new_token(self, prefix: str) -> str:
        letters = string.ascii_letters + string.digits
        return prefix + "".join(letters[byte % len(letters)] for byte in self.random_bytes(36))

    def environment(self) -> dict[str, str]:
        """What git runs in."""
        return git.environment(self.folder)
