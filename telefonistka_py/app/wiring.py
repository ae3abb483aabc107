"""Builds what handles a delivery, from the settings."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from telefonistka_py import reactions
from telefonistka_py.app import texts
from telefonistka_py.events.model import Event, PullRequest
from telefonistka_py.feedback.status import Status
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import App, Credentials, Token
from telefonistka_py.github.repository import Repository
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.promotion import flow as promotion
from telefonistka_py.reactions import Nothing, Promote
from telefonistka_py.settings import AppIdentity, Identity, Settings
from telefonistka_py.templates import Templates

_CONNECTIONS = 50
"""Open connections to GitHub at most; it allows 100 requests at once."""


@dataclass(frozen=True)
class Handler:
    """What the worker calls."""

    github: Connection
    texts: Templates
    status_link: Callable[[datetime], str]
    clock: Callable[[], datetime]
    count_status: Callable[[RepoName, str], None]

    async def handle(self, delivery: Delivery, event: Event) -> str:
        """Handles `event` to its end; says in a line what came of it."""
        match reactions.to(event):
            case Nothing(why):
                return why
            case Promote(repo, installation, pull):
                repository = await self.github.repository(repo.name, installation)
                return await promotion.on_merged(repository, pull, self.texts, self._status(repository, pull))

    async def on_dead(self, delivery: Delivery, event: Event, why: str) -> None:
        """Tells, where people look, that no further attempt is made."""
        match reactions.to(event):
            case Nothing():
                return
            case Promote(repo, installation, pull):
                repository = await self.github.repository(repo.name, installation)
                await promotion.on_given_up(repository, pull, self.texts, self._status(repository, pull), why)

    def _status(self, repository: Repository, pull: PullRequest) -> Status:
        return Status(repository, pull.head_sha, self.status_link(self.clock()), self.count_status)


@asynccontextmanager
async def build(settings: Settings, metrics: Metrics, clock: Callable[[], datetime]) -> AsyncIterator[Handler]:
    """The handler; its connections to GitHub live as long as the context."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session:
        github = Connection(
            session,
            _credentials(settings.identity),
            rest_url=settings.github.rest,
            graphql_url=settings.github.graphql,
            clock=clock,
            observe=_Counted(metrics),
        )
        yield Handler(
            github,
            texts.load(settings.templates),
            texts.status_link(settings.status_url_template),
            clock,
            lambda repo, state: metrics.status_updates.labels(repo_slug=repo, status=state).inc(),
        )


def _credentials(identity: Identity) -> Credentials:
    if isinstance(identity, AppIdentity):
        return App(str(identity.app_id), identity.private_key)
    return Token(identity.token)


@dataclass(frozen=True)
class _Counted:
    """Keeps v1's metrics of the requests to GitHub (contract §10)."""

    metrics: Metrics

    def __call__(self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float) -> None:
        path = re.sub(r"^/api(/v3)?(?=/)", "", path)
        group, owner, slug, rest = _parts(path)
        self.metrics.github_operations.labels(
            api_group=group, api_path=rest, repo_slug=slug, status=str(status), method=method
        ).inc()
        limit, remaining = headers.get("x-ratelimit-limit", ""), headers.get("x-ratelimit-remaining", "")
        if owner and headers.get("x-ratelimit-resource", "core") == "core" and limit.isdigit() and remaining.isdigit():
            self.metrics.rate_limit.labels(repo_owner=owner).set(int(limit))
            self.metrics.rate_remaining.labels(repo_owner=owner).set(int(remaining))


def _parts(path: str) -> tuple[str, str, str, str]:
    """`/repos/o/n/git/trees` → `repos`, `o`, `o/n`, `git/trees`. Numbers and hashes are left out: labels are few."""
    found = re.match(r"^/repos/([^/]+)/([^/]+)/?(.*)$", path)
    if not found:
        return path.split("/")[1] if path.count("/") else "", "", "", ""
    words = [word for word in found[3].split("/") if re.fullmatch(r"[a-z_-]{3,24}", word)]
    return "repos", found[1], f"{found[1]}/{found[2]}", "/".join(words[:2])
