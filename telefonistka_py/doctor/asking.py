"""The door to GitHub, for what only the doctor asks: about the App itself, its webhook, its limits."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp

from telefonistka_py.doctor.facts import AppFacts, Handed, Hook, Installed, Left, Person, Reached
from telefonistka_py.errors import OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.github import answers, application, clocks, documents
from telefonistka_py.github.application import PER_PAGE
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import App, Credentials, Token
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.transport import Transport
from telefonistka_py.names import Login, RepoName, Sha
from telefonistka_py.settings import AppIdentity, GitHubAddress, Identity

Clock = Callable[[], datetime]
Found = TypeVar("Found")
_PROBE = aiohttp.ClientTimeout(total=20, connect=10)


async def reach(session: aiohttp.ClientSession, github: GitHubAddress, clock: Clock) -> Reached:
    """Asks for something that needs no credentials and counts for no limit; any answer will do.

    Raises `WorldUnwell` when there is none.
    """
    started = time.monotonic()
    try:
        async with session.get(f"{github.rest}/rate_limit", timeout=_PROBE, allow_redirects=False) as answer:
            await answer.read()
            return Reached(time.monotonic() - started, clocks.ahead(answer.headers, clock()))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise WorldUnwell(f"{github.rest} can't be reached: {str(error) or type(error).__name__}") from error


class Asking:
    """One identity at GitHub. Every method raises the house's errors."""

    def __init__(self, session: aiohttp.ClientSession, github: GitHubAddress, identity: Identity, clock: Clock) -> None:
        """`clock` is GitHub's, as far as we know."""
        self._clock = clock
        self._scopes: str | None = None
        self._app = App(str(identity.app_id), identity.private_key) if isinstance(identity, AppIdentity) else None
        credentials: Credentials = self._app or Token("" if isinstance(identity, AppIdentity) else identity.token)
        self.connection = Connection(
            session,
            credentials,
            rest_url=github.rest,
            graphql_url=github.graphql,
            clock=clock,
            observe=self._observe,
            jitter=lambda: 0.0,
        )
        self._own = Transport(
            session,
            rest_url=github.rest,
            graphql_url=github.graphql,
            token=credentials if isinstance(credentials, Token) else Token(""),
            clock=clock,
            observe=self._observe,
            jitter=lambda: 0.0,
        )

    @property
    def is_app(self) -> bool:
        return self._app is not None

    async def app(self) -> AppFacts:
        """The App that the credentials are of."""
        data = await self._get("/app")
        return _read(lambda: _app(data))

    async def person(self) -> Person:
        """Whom the token belongs to."""
        data = await self._get("/user")
        scopes = None if self._scopes is None else frozenset(filter(None, self._scopes.replace(" ", "").split(",")))
        return _read(lambda: Person(Login(data["login"]), scopes))

    async def hook(self) -> Hook:
        data = await self._get("/app/hook/config")
        return _read(
            lambda: Hook(
                url=data.get("url") or "",
                content_type=data.get("content_type") or "form",
                insecure=str(data.get("insecure_ssl") or "0") != "0",
                has_secret=bool(data.get("secret")),
            )
        )

    async def handed(self) -> tuple[Handed, ...]:
        """The last attempt at each delivery of the newest page of GitHub's log, newest first."""
        data = await self._get(f"/app/hook/deliveries?per_page={PER_PAGE}")
        # The log is sorted by attempt, so that the first of a delivery is the last attempt at it.
        newest: dict[str, Any] = {}
        for each in _read(lambda: list(data)):
            newest.setdefault(each["guid"], each)
        return _read(lambda: tuple(_handed(each) for each in newest.values()))

    async def installations(self) -> tuple[Installed, ...]:
        """All of them, suspended ones too, by account."""
        found: list[Installed] = []
        page, full = 1, True
        while full:
            data = await self._get(f"/app/installations?per_page={PER_PAGE}&page={page}")
            found += _read(lambda data=data: [_installed(each) for each in data])  # type: ignore[misc]
            page, full = page + 1, len(data) >= PER_PAGE
        return tuple(sorted({each.id: each for each in found}.values(), key=lambda each: each.account))

    async def limits(self, installation: int | None) -> tuple[Left, ...] | None:
        """What is left for an installation, or for the token; None where GitHub sets no limits."""
        try:
            data = await self.connection.transport(installation).get("/rate_limit")
        except Refused as error:
            if error.status == 404:
                return None  # an Enterprise Server without limits
            raise
        return _read(lambda: tuple(_left(name, data["resources"][name]) for name in ("core", "graphql")))

    async def configuration(self, name: RepoName, installation: int | None) -> bytes | None:
        """The repository's `telefonistka.yaml` on its default branch now; None when it has none, or no commit yet."""
        if self.is_app and installation is None:
            raise OperatorMistake("the App is not installed there, or its installation is suspended")
        owner, _, repo = name.partition("/")
        transport = self.connection.transport(installation)
        data = await transport.query("Tip", documents.TIP, {"owner": owner, "name": repo})
        ref = _read(lambda: data["repository"]["defaultBranchRef"])
        file = _read(lambda: ref["target"]["file"]) if ref else None
        if file is None:
            return None
        content = _read(lambda: answers.text(file["object"], Sha(file["oid"])))
        if content is None:
            raise RepoMistake("its telefonistka.yaml is no text file, or too large")
        return content

    async def may_push(self, repo: str) -> bool:
        """Whether the token's owner may write to `repo`; not to see it counts as no."""
        try:
            data = await self._get(f"/repos/{repo}")
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return bool(_read(lambda: data["permissions"]["push"]))

    async def _get(self, url: str) -> Any:
        # Proofs of an App are signed for each request; a token goes along by itself.
        try:
            return await self._own.get(url, jwt=self._app.jwt(self._clock()) if self._app else None)
        except Refused as error:
            if self._app is not None and application.is_unknown(error):
                raise OperatorMistake(application.unknown(self._app, error)) from error
            raise

    def _observe(
        self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float, query: str
    ) -> None:
        self._scopes = headers.get("x-oauth-scopes", self._scopes)


def _read(find: Callable[[], Found]) -> Found:
    try:
        return find()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WorldUnwell(f"GitHub's answer makes no sense: {error!r}") from error


def _app(data: Any) -> AppFacts:
    owner = data["owner"]
    # `https://github.com/apps/SLUG`, and with an Enterprise Server `https://HOST/github-apps/SLUG`.
    github, _, slug = str(data["html_url"]).rstrip("/").rsplit("/", 2)
    whose = f"organizations/{owner['login']}/" if owner.get("type") == "Organization" else ""
    return AppFacts(
        id=int(data["id"]),
        slug=str(data.get("slug") or data["id"]),
        owner=str(owner.get("login") or owner.get("slug") or ""),
        html_url=str(data["html_url"]).rstrip("/"),
        settings_url=f"{github}/{whose}settings/apps/{slug}",
        permissions=dict(data["permissions"]),
        events=frozenset(data["events"]),
    )


def _installed(data: Any) -> Installed:
    return Installed(
        id=int(data["id"]),
        account=Login(data["account"].get("login") or data["account"]["slug"]),
        suspended=data["suspended_at"] is not None,
        permissions=dict(data["permissions"]),
        html_url=str(data["html_url"]),
    )


def _handed(data: Any) -> Handed:
    at = datetime.fromisoformat(data["delivered_at"]).astimezone(UTC)
    return Handed(at, str(data["event"]), int(data["status_code"]), str(data["status"]))


def _left(name: str, data: Any) -> Left:
    return Left(name, int(data["limit"]), int(data["remaining"]), datetime.fromtimestamp(data["reset"], UTC))
