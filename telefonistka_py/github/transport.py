"""One connection to GitHub with one identity: requests in gidgethub's form over aiohttp, and the house's errors.

gidgethub builds the requests. It has its own way with answers, which drops what a limit says and which answer said it,
so answers are judged here: each tells the `Budget` what is left, and a request that must not be made is not sent.
"""

import asyncio
import io
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import aiohttp
import structlog
from gidgethub import sansio

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github import failure, limits
from telefonistka_py.github.budget import Budget, Left
from telefonistka_py.github.etags import Etags

REQUESTER = "telefonistka"
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10)

Clock = Callable[[], datetime]
TokenSource = Callable[[], Awaitable[str]]
"""The token to use now."""

Turn = Callable[[], AbstractAsyncContextManager[object]]

_NO_HEADERS: Mapping[str, str] = {}

log = structlog.get_logger()


class Observer(Protocol):
    """Is told of each request at its end: for metrics and traces.

    `status` is 0 when it was not answered. `query` names a GraphQL operation, and is empty for REST.
    """

    def __call__(
        self, method: str, path: str, status: int, headers: Mapping[str, str], seconds: float, query: str
    ) -> None: ...


@dataclass(frozen=True)
class _Ask:
    """A request, but for who makes it."""

    method: str
    url: str
    body: bytes
    resource: str
    """The limit that it counts for."""
    reserve: float
    query: str = ""
    """The name of a GraphQL operation."""

    @property
    def path(self) -> str:
        """The path alone: a query may be long, and nothing in it helps to find an error."""
        return urlsplit(self.url).path


@dataclass(frozen=True)
class _Answer:
    data: Any
    """Parsed JSON."""
    link: str
    """The header that tells of further pages."""


class Transport:
    """Sends requests one identity at a time. Mutations go one after another, as GitHub asks
    (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api); reads go as they come.

    Every method raises `Limited`, without sending anything, while a limit holds. `reserve` is the share of the limit
    (0 to 1) that a request leaves to others.
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
        jitter: Callable[[], float],
        forget: Callable[[str], None] | None = None,
        turn: Turn = nullcontext,
    ) -> None:
        """`forget` is told of a token that GitHub refused, where `token` can then give another. `turn` waits until no
        other process changes anything with this identity."""
        self._session = session
        self._rest_url = rest_url
        self._graphql_url = graphql_url
        self._token = token
        self._forget = forget
        self._clock = clock
        self._observe = observe
        self._budget = Budget(jitter)
        self._etags = Etags()
        self._mutations = asyncio.Lock()
        self._turn = turn

    def left(self) -> Left:
        """What this identity may still ask."""
        return self._budget.left(self._clock())

    async def get(self, url: str, *, jwt: str | None = None, reserve: float = 0.0) -> Any:
        """The answer's JSON."""
        return (await self._send(self._ask("GET", url, b"", reserve), jwt)).data

    async def page(self, url: str, *, jwt: str | None = None, reserve: float = 0.0) -> tuple[Any, str]:
        """The JSON of one page, and the `cursor` of the next; empty after the last
        (https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api)."""
        answer = await self._send(self._ask("GET", url, b"", reserve), jwt)
        return answer.data, _next_cursor(answer.link)

    async def post(self, url: str, data: Any, *, jwt: str) -> Any:
        """For what changes nothing that anybody sees (a token is made), so that it need not wait for its turn."""
        return (await self._send(self._ask("POST", url, data), jwt)).data

    async def mutate(self, method: str, url: str, data: Any = b"") -> Any:
        """Changes something; waits until this identity's earlier changes were answered."""
        async with self._mutations, self._turn():
            return (await self._send(self._ask(method, url, data), None)).data

    async def change(self, operation: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """A GraphQL mutation; waits like `mutate`."""
        async with self._mutations, self._turn():
            return await self.query(operation, document, variables)

    async def query(
        self, operation: str, document: str, variables: Mapping[str, Any], *, reserve: float = 0.0
    ) -> dict[str, Any]:
        """The `data` of a GraphQL answer. An answer with any error is an error: part of it would look whole (N1)."""
        data, errors = await self._queried(operation, document, variables, reserve)
        if errors:
            raise failure.of_graphql(operation, errors)
        if not isinstance(data, dict):
            raise WorldUnwell(f"GitHub's answer to the query {operation} holds no data")
        return data

    async def query_what_is_there(
        self, operation: str, document: str, variables: Mapping[str, Any], *, reserve: float = 0.0
    ) -> dict[str, Any]:
        """Like `query`, but what GitHub says it can't find is null in the answer; any other error is an error."""
        data, errors = await self._queried(operation, document, variables, reserve)
        others = [each for each in errors if not isinstance(each, dict) or each.get("type") != "NOT_FOUND"]
        if others or not isinstance(data, dict):
            raise failure.of_graphql(operation, others or errors)
        return data

    async def _queried(
        self, operation: str, document: str, variables: Mapping[str, Any], reserve: float
    ) -> tuple[Any, list[Any]]:
        values = {"query": document, "variables": dict(variables)}
        answer = (await self._send(self._ask("POST", self._graphql_url, values, reserve, operation), None)).data
        if not isinstance(answer, dict):
            raise WorldUnwell(f"GitHub's answer to the query {operation} is no JSON object")
        errors = answer.get("errors") or []
        return answer.get("data"), errors if isinstance(errors, list) else [errors]

    def _ask(self, method: str, url: str, data: Any, reserve: float = 0.0, query: str = "") -> _Ask:
        where = sansio.format_url(url, None, base_url=self._rest_url)
        body = b"" if data == b"" else json.dumps(data).encode()
        resource = "graphql" if query else "search" if url.startswith("/search/") else "core"
        return _Ask(method, where, body, resource, reserve, query)

    async def _send(self, ask: _Ask, jwt: str | None) -> _Answer:
        if jwt is not None:
            return await self._exchanged(ask, jwt=jwt)
        token = await self._token()
        try:
            return await self._exchanged(ask, token=token)
        except failure.Unauthorized:
            if self._forget is None:
                raise
            self._forget(token)
        # It was refused, so nothing was done: with a new token it is sent once more.
        token = await self._token()
        try:
            return await self._exchanged(ask, token=token)
        except failure.Unauthorized as error:
            self._forget(token)
            raise WorldUnwell(f"{error}. A new token is fetched for the next attempt") from error

    async def _exchanged(self, ask: _Ask, *, token: str | None = None, jwt: str | None = None) -> _Answer:
        headers = sansio.create_headers(REQUESTER, oauth_token=token, jwt=jwt)
        headers["content-length"] = str(len(ask.body))
        if ask.body:
            headers["content-type"] = "application/json; charset=utf-8"
        kept = self._etags.find(ask.url) if ask.method == "GET" else None
        if kept is not None:
            headers["if-none-match"] = kept.etag
        ticket = self._budget.admit(ask.resource, self._clock(), ask.reserve)
        status, answered, content = await self._request(ask, headers)
        now = self._clock()
        if standing := limits.standing(answered, now):
            self._budget.told(standing, now)
        if status == 304 and kept is not None:
            self._budget.went_well(ticket)
            return _Answer(json.loads(kept.content), kept.link)
        data = self._judged(ask, ticket, status, answered, content, now)
        if ask.method == "GET":
            self._etags.answered(ask.url, answered, content)
        return _Answer(data, answered.get("link", ""))

    def _judged(
        self, ask: _Ask, ticket: int, status: int, headers: Mapping[str, str], content: bytes, now: datetime
    ) -> Any:
        data, is_json = _parsed(headers, content)
        if limit := _limit(ask, status, headers, data, now):
            error = self._budget.hit(limit, ticket, failure.sentence(ask.method, ask.path, status, data), now)
            log.warning("GitHub's limit is reached", why=str(error), until=error.retry_at.isoformat())
            raise error
        if status < 500:
            self._budget.went_well(ticket)
        if status >= 300:
            raise failure.of_answer(ask.method, ask.path, status, headers, data, now)
        if content and not is_json:
            raise WorldUnwell(f"GitHub's answer to {ask.method} {ask.path} is no JSON, or was cut short")
        return data

    async def _request(self, ask: _Ask, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        status, told = 0, _NO_HEADERS
        try:
            # A redirect is not followed: the headers carry the token.
            async with self._session.request(
                ask.method,
                ask.url,
                headers=headers,
                data=io.BytesIO(ask.body),
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
                status, told = answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if _without_tls(error):
                host = urlsplit(ask.url).netloc
                raise OperatorMistake(f"{host} does not speak TLS; give its address as http://{host}") from error
            raise WorldUnwell(f"GitHub could not be reached for {ask.method} {ask.path}: {_reason(error)}") from error
        finally:
            self._observe(ask.method, ask.path, status, told, loop.time() - started, ask.query)
        return status, told, content


def _limit(ask: _Ask, status: int, headers: Mapping[str, str], data: Any, now: datetime) -> limits.Limit | None:
    if ask.resource == "graphql" and status == 200:
        errors = data.get("errors") if isinstance(data, dict) else None
        return limits.in_errors(errors, headers, now) if isinstance(errors, list) else None
    return limits.in_refusal(status, headers, failure.in_words(data), ask.resource, now)


def _next_cursor(link: str) -> str:
    """Only the cursor is taken from the address: a header does not decide whom we send our proof to."""
    found = re.search(r'<([^>]*)>\s*;\s*rel="next"', link)
    return parse_qs(urlsplit(found[1]).query).get("cursor", [""])[0] if found else ""


def _without_tls(error: BaseException) -> bool:
    """Whether what listens there answered in plain text. Time does not heal that."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorSSLError) else None
    return isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _parsed(headers: Mapping[str, str], content: bytes) -> tuple[Any, bool]:
    """The body, and whether it is JSON that says so."""
    if not content:
        return None, False
    try:
        return json.loads(content), headers.get("content-type", "").startswith("application/json")
    except ValueError:
        return content.decode("utf-8", "replace"), False
