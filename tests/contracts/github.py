"""What GitHub's published description says of an exchange: empty answers mean that it fits.

    assert github.problems_of(exchange) == []

Everything that our client sends and that the stand-in answers goes through here in the tests, because the two are
written by the same people and would otherwise agree on the same mistake.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.contracts import queries, rest, subset

GRAPHQL_PATHS = {"/graphql", "/api/graphql"}
GRAPHQL_KEYS = {"query", "variables", "operationName"}


class Exchange(Protocol):
    """One request and its answer. Attributes `content_type`, the answer's, or `request_headers` are used if present.

    `path` as sent, with its query, not decoded. Bodies are parsed JSON, or the bytes or text of it; `None` or empty
    if there was none. `status` is `None` if the connection was dropped before an answer: the request is still checked.
    """

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def request_body(self) -> Any: ...
    @property
    def status(self) -> int | None: ...
    @property
    def answer(self) -> Any: ...


def problems_of(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange over REST or GraphQL, a sentence each that says where."""
    content_type = _content_type(exchange)
    request = _parsed(exchange.request_body)
    answer = exchange.answer if rest.is_text(content_type) else _parsed(exchange.answer)
    if urlsplit(exchange.path).path in GRAPHQL_PATHS:
        return _problems_of_graphql_post(exchange.method, request, exchange.status, answer)
    return problems_of_rest(exchange.method, exchange.path, request, exchange.status, answer, content_type)


def problems_of_rest(
    method: str, path: str, request_body: Any, status: int | None, answer: Any, content_type: str = rest.JSON
) -> list[str]:
    """What is wrong with an exchange over REST. `path` may carry a query and Enterprise's `/api/v3`.

    `content_type` is the answer's: contents asked for as `application/vnd.github.object` have a shape of their own.
    """
    return rest.problems(method, path, request_body, status, answer, content_type)


def problems_of_graphql(
    document: str, variables: Mapping[str, Any] | None, answer: Any, operation_name: str | None = None
) -> list[str]:
    """What is wrong with an exchange over GraphQL that was answered 200; `answer` is the whole body."""
    return [
        *queries.problems_of_request(document, variables, operation_name),
        *queries.problems_of_answer(document, variables, answer, operation_name),
    ]


def invented_by(exchange: Exchange) -> list[str]:
    """Keys of a successful answer over REST that GitHub does not describe.

    GitHub itself sends a few such keys, so they are no problems of the exchange; a stand-in has no need of them, and a
    client that reads one works in the tests alone.
    """
    return rest.invented(exchange.method, exchange.path, exchange.status, _parsed(exchange.answer))


def is_subset(sdl: str) -> list[str]:
    """Where a GraphQL schema says something that GitHub's does not; empty if it only leaves things out."""
    return subset.problems(sdl)


def _content_type(exchange: Exchange) -> str:
    """The answer's; where nobody wrote it down, what the request asked for; else JSON."""
    headers = {name.lower(): value for name, value in getattr(exchange, "request_headers", {}).items()}
    asked = headers.get("accept", "").partition(",")[0].strip()
    return getattr(exchange, "content_type", None) or (
        asked if asked.startswith("application/vnd.github") else rest.JSON
    )


def _problems_of_graphql_post(method: str, request: Any, status: int | None, answer: Any) -> list[str]:
    if method != "POST":
        return [f"{method}: GraphQL is spoken by POST"]
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        return ["request: a GraphQL request is an object with a `query`"]
    problems = [f"request.{key}: GitHub knows no such key" for key in sorted(request.keys() - GRAPHQL_KEYS)]
    name, variables = request.get("operationName"), request.get("variables")
    problems += queries.problems_of_request(request["query"], variables, name)
    if status is None:
        return problems
    if status in rest.UNLISTED_ERRORS or rest.is_outage(status):
        return problems + rest.problems_of_error(status, answer)
    if status != 200:
        return [*problems, f"status: GraphQL is never answered {status}"]
    return problems + queries.problems_of_answer(request["query"], variables, answer, name)


def _parsed(body: Any) -> Any:
    """JSON of a body that came as bytes or text. Text that is no JSON (a proxy's page) stays as it is."""
    if not isinstance(body, str | bytes):
        return body
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
