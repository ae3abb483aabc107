"""Opens repositories with the credentials that fit: one transport per installation, kept for all its work."""

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github.application import PER_PAGE, Application, Installation, addresses
from telefonistka_py.github.budget import Left
from telefonistka_py.github.credentials import App, Credentials, InstallationToken, Token
from telefonistka_py.github.facts import Attempted
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.github.transport import Clock, Observer, TokenSource, Transport
from telefonistka_py.names import Branch, Login, RepoName


@dataclass(frozen=True)
class Listed:
    """A repository in an installation's list."""

    name: RepoName
    default_branch: Branch
    html_url: str


@dataclass(frozen=True)
class Page:
    """A page of that list."""

    found: Mapping[int, Listed | None]
    """By GitHub's id; None for an archived one."""
    total: int
    """How many there are on all pages."""
    more: bool


def whole(pages: Iterable[Page]) -> tuple[Listed, ...]:
    """What all the pages of one list hold, without archived ones. Raises `WorldUnwell` when some are missing."""
    found: dict[int, Listed | None] = {}
    total = 0
    for page in pages:
        found |= page.found
        total = page.total
    if len(found) < total:
        raise WorldUnwell("GitHub's list of an installation's repositories changed while it was read")
    return tuple(each for each in found.values() if each is not None)


Turns = Callable[[str], AbstractAsyncContextManager[object]]


class Connection:
    """GitHub, seen by one App or one personal token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: Credentials,
        *,
        rest_url: str,
        graphql_url: str,
        clock: Clock,
        observe: Observer,
        jitter: Callable[[], float] = random.random,
        turns: Turns = nullcontext,
    ) -> None:
        """`jitter` gives numbers from 0 to 1, so that not everybody comes back at the same moment. `turns` gives, by
        the identity's name, what keeps the changes of several processes one after another."""
        self._session = session
        self._rest_url = rest_url
        self._graphql_url = graphql_url
        self._clock = clock
        self._observe = observe
        self._jitter = jitter
        self._transports: dict[int, Transport] = {}
        self._login: Login | None = None
        self._turns = turns
        self._name = credentials.name
        self._own = self._transport(credentials if isinstance(credentials, Token) else _no_token, self._name)
        self._app = Application(credentials, self._own, clock) if isinstance(credentials, App) else None

    @property
    def is_app(self) -> bool:
        """Whether this is an App, which has installations, and not a personal token."""
        return self._app is not None

    async def repository(self, name: RepoName, installation: int | None) -> Repository:
        """`installation` is the one that the event names; None lets it be looked up where it matters."""
        if self._app is None:
            return Repository(self._own, name)
        return Repository(self.transport(installation or await self._app.installation_of(name)), name)

    async def own_login(self, name: RepoName, installation: int | None) -> Login:
        """Who we are where people read it: `telefonistka[bot]`, or the token's owner. Asked once."""
        if self._login is None:
            repository = await self.repository(name, installation)
            self._login = await repository.viewer()
        return self._login

    async def installations(self) -> tuple[Installation, ...]:
        """Where the App is installed and not suspended. Raises `OperatorMistake` for a personal token."""
        return await self._application().installations()

    async def prove(self) -> None:
        """Asks for what counts for no limit, with the personal token
        (https://docs.github.com/en/rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user).

        Raises `OperatorMistake` when GitHub does not take the token, `WorldUnwell` when GitHub can't be reached.
        """
        try:
            await self._own.get("/rate_limit")
        except Refused as error:
            if (
                error.status != 404
            ):  # an Enterprise Server without limits has no such thing, and has looked at the token
                raise

    async def hook_addresses(self) -> list[str]:
        """The networks that GitHub sends webhooks from, in CIDR notation."""
        if self._app is None:
            return addresses(await self._own.get("/meta"))
        return await self._app.hook_addresses()

    async def attempts(self, cursor: str = "") -> tuple[list[Attempted], str]:
        """See `Application.attempts`. Raises `OperatorMistake` for a personal token."""
        return await self._application().attempts(cursor)

    async def attempt_again(self, attempt: int) -> None:
        """See `Application.attempt_again`. Raises `OperatorMistake` for a personal token."""
        await self._application().attempt_again(attempt)

    async def repositories(self, installation: int) -> tuple[Listed, ...]:
        """The repositories of an installation, but for archived ones; a request per 100, archived ones included.

        A list that came out shorter than GitHub says it is raises `WorldUnwell`: it changed in between.
        """
        pages = [await self.repository_page(installation, 1)]
        while pages[-1].more:
            pages.append(await self.repository_page(installation, len(pages) + 1))
        return whole(pages)

    async def repository_page(self, installation: int, page: int, *, reserve: float = 0.0) -> Page:
        """One page, from 1; `reserve` is the share of the limit (0 to 1) that is left to others
        (https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation).
        """
        url = f"/installation/repositories?per_page={PER_PAGE}&page={page}"
        answer = await self.transport(installation).get(url, reserve=reserve)
        if not isinstance(answer, dict) or not isinstance(answer.get("repositories"), list):
            raise WorldUnwell("GitHub's list of an installation's repositories is no list")
        found = answer["repositories"]
        return Page({each["id"]: _listed(each) for each in found}, answer["total_count"], len(found) >= PER_PAGE)

    def left(self) -> dict[int | None, Left]:
        """What may still be asked, by installation; None: with a personal token, or as the App itself."""
        found: dict[int | None, Left] = {None: self._own.left()}
        for installation, transport in self._transports.items():
            found[installation] = transport.left()
        return found

    async def transport_for(self, name: RepoName) -> Transport:
        """The one that reads `name`; its installation is looked up once."""
        return self._own if self._app is None else self.transport(await self._app.installation_of(name))

    def transport(self, installation: int | None) -> Transport:
        """The one of an installation; with a personal token there is only one."""
        if self._app is None:
            return self._own
        if installation is None:
            raise OperatorMistake("a GitHub App reads and writes through an installation, and none was named")
        if installation not in self._transports:
            token = InstallationToken(partial(self._app.token, installation), self._app.now)
            name = f"{self._name} installation {installation}"
            self._transports[installation] = self._transport(token, name, token.forget)
        return self._transports[installation]

    def _application(self) -> Application:
        if self._app is None:
            raise OperatorMistake("a personal token has no installations and no webhook; only a GitHub App has")
        return self._app

    def _transport(self, token: TokenSource, name: str, forget: Callable[[str], None] | None = None) -> Transport:
        return Transport(
            self._session,
            rest_url=self._rest_url,
            graphql_url=self._graphql_url,
            token=token,
            clock=self._clock,
            observe=self._observe,
            jitter=self._jitter,
            forget=forget,
            turn=partial(self._turns, name),
        )


def _listed(each: Mapping[str, Any]) -> Listed | None:
    if each["archived"]:
        return None
    return Listed(RepoName(each["full_name"]), Branch(each["default_branch"]), each["html_url"])


async def _no_token() -> str:
    raise AssertionError("an App signs its own requests with a JWT")
