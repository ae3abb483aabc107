"""One connection to GitHub with one identity: gidgethub's protocol over aiohttp, and the house's errors.

gidgethub 6 builds requests and reads answers; what it leaves open is decided here. Its exceptions drop what a limit
says, so answers are judged before it sees them; its `graphql()` does the same, so queries go out as plain requests.
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from gidgethub import HTTPException, sansio
from gidgethub.abc import GitHubAPI

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github import failure

REQUESTER = "telefonistka"
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10)

Clock = Callable[[], datetime]
TokenSource = Callable[[], Awaitable[str]]
"""The token to use now. One that can also `forget` it is asked to when GitHub refuses it."""


class Observer(Protocol):
    """Is told of each answer: for metrics and logs."""

    def __call__(self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float) -> None: ...


class Transport(GitHubAPI):
    """Sends requests one identity at a time. Mutations go one after another, as GitHub asks
    (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api); reads go as they come.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        rest_url: str,
        graphql_url: str,
        token: TokenSource,
        clock: Clock,
        observe: Observer,
    ) -> None:
        super().__init__(REQUESTER, base_url=rest_url)
        self._session = session
        self._graphql_url = graphql_url
        self._token = token
        self._clock = clock
        self._observe = observe
        self._mutations = asyncio.Lock()

    async def get(self, url: str, *, jwt: str | None = None) -> Any:
        """The answer's JSON."""
        return await self._send("GET", url, b"", jwt)

    async def mutate(self, method: str, url: str, data: Any = b"", *, jwt: str | None = None) -> Any:
        """Changes something; waits until this identity's earlier changes were answered."""
        async with self._mutations:
            return await self._send(method, url, data, jwt)

    async def change(self, operation: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """A GraphQL mutation; waits like `mutate`."""
        async with self._mutations:
            return await self.query(operation, document, variables)

    async def query(self, operation: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of a GraphQL answer. An answer with any error is an error: part of it would look whole (N1)."""
        answer = await self._send("POST", self._graphql_url, {"query": document, "variables": dict(variables)}, None)
        if not isinstance(answer, dict):
            raise WorldUnwell(f"GitHub's answer to the query {operation} is no JSON object")
        if errors := answer.get("errors"):
            reset = self.rate_limit.reset_datetime if self.rate_limit and not self.rate_limit.remaining else None
            raise failure.of_graphql(operation, errors, reset, self._clock())
        if not isinstance(data := answer.get("data"), dict):
            raise WorldUnwell(f"GitHub's answer to the query {operation} holds no data")
        return data

    async def _send(self, method: str, url: str, data: Any, jwt: str | None) -> Any:
        token = None if jwt else await self._token()
        try:
            answer, _, _ = await self._make_request(
                method, url, {}, data, sansio.accept_format(), jwt=jwt, oauth_token=token
            )
        except failure.Unauthorized as error:
            if jwt is None and (forget := getattr(self._token, "forget", None)):
                forget()
                raise WorldUnwell(f"{error}. A new token is fetched for the next attempt") from error
            raise
        except HTTPException as error:  # `_request` judged the answer already; this is gidgethub's last word
            raise WorldUnwell(f"GitHub's answer to {method} {_path(url)} can't be read: {error}") from error
        return answer

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        loop = asyncio.get_running_loop()
        started, path = loop.time(), _path(url)
        try:
            # A redirect is not followed: gidgethub's headers carry the token.
            async with self._session.request(
                method, url, headers=headers, data=io.BytesIO(body), timeout=TIMEOUT, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise WorldUnwell(f"GitHub could not be reached for {method} {path}: {_reason(error)}") from error
        # gidgethub looks headers up in lower case; aiohttp's own mapping takes any.
        self._observe(method, path, answer.status, answer.headers, loop.time() - started)
        if answer.status >= 300:
            raise failure.of_answer(method, path, answer.status, answer.headers, _json(content), self._clock())
        if content and not _is_json(answer.headers, content):
            raise WorldUnwell(f"GitHub's answer to {method} {path} is no JSON, or was cut short")
        return answer.status, answer.headers, content

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _path(url: str) -> str:
    """The path alone: a query may be long, and nothing in it helps to find an error."""
    return urlsplit(url).path


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def _is_json(headers: Mapping[str, str], content: bytes) -> bool:
    if not headers.get("content-type", "").startswith("application/json"):
        return False
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
