"""Opens repositories with the credentials that fit: one transport per installation, kept for all its work."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.github import failure
from telefonistka_py.github.credentials import App, Credentials, InstallationToken, Token
from telefonistka_py.github.repository import Repository
from telefonistka_py.github.transport import Clock, Observer, Transport
from telefonistka_py.names import Login, RepoName


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
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._rest_url = rest_url
        self._graphql_url = graphql_url
        self._clock = clock
        self._observe = observe
        self._transports: dict[int, Transport] = {}
        self._installations: dict[RepoName, int] = {}
        self._login: Login | None = None
        self._own = self._transport(credentials if isinstance(credentials, Token) else _no_token)

    async def repository(self, name: RepoName, installation: int | None) -> Repository:
        """`installation` is the one that the event names; None lets it be looked up where it matters."""
        if not isinstance(self._credentials, App):
            return Repository(self._own, name)
        number = installation or await self._installation_of(name, self._credentials)
        if number not in self._transports:
            self._transports[number] = self._transport(InstallationToken(self._token_request(number), self._clock))
        return Repository(self._transports[number], name)

    async def own_login(self, name: RepoName, installation: int | None) -> Login:
        """Who we are where people read it: `telefonistka[bot]`, or the token's owner. Asked once."""
        if self._login is None:
            repository = await self.repository(name, installation)
            self._login = await repository.viewer()
        return self._login

    def _transport(self, token: Callable[[], Awaitable[str]]) -> Transport:
        return Transport(
            self._session,
            rest_url=self._rest_url,
            graphql_url=self._graphql_url,
            token=token,
            clock=self._clock,
            observe=self._observe,
        )

    def _token_request(self, installation: int) -> Callable[[], Awaitable[Any]]:
        async def fetch() -> Any:
            assert isinstance(self._credentials, App)
            url = f"/app/installations/{installation}/access_tokens"
            return await self._own.mutate("POST", url, {}, jwt=self._credentials.jwt(self._clock()))

        return fetch

    async def _installation_of(self, name: RepoName, app: App) -> int:
        if name not in self._installations:
            try:
                answer = await self._own.get(f"/repos/{name}/installation", jwt=app.jwt(self._clock()))
            except failure.Refused as error:
                if error.status != 404:
                    raise
                raise OperatorMistake(f"the GitHub App is not installed on {name}; install it there") from error
            self._installations[name] = int(answer["id"])
        return self._installations[name]


async def _no_token() -> str:
    raise AssertionError("an App signs its own requests with a JWT")
