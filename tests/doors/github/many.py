"""A GitHub of very many pull requests, over HTTP: more than real repositories could be made for in a test.

It knows the four requests that a census makes, and no other: anything else is remembered in `unknown`. What the answers
mean is tried against the sandbox; here only their number counts.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from graphql import FieldNode, OperationDefinitionNode, parse
from graphql.language import IntValueNode, VariableNode

from tests.doors.github.conftest import Clock


@dataclass
class Many:
    """`sizes`: per account, how many open pull requests each of its repositories has."""

    clock: Clock
    sizes: dict[str, list[int]]
    url: str = ""
    requests: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When, for which account (empty: the App itself), and what."""
    points: dict[str, int] = field(default_factory=dict)
    """What the queries cost, per account, by GitHub's formula."""
    unknown: list[str] = field(default_factory=list)
    sample: tuple[str, dict[str, Any], Any] | None = None
    """One query, its variables and its answer."""

    @property
    def accounts(self) -> list[str]:
        return list(self.sizes)

    def of_the_fullest_hour(self, account: str) -> int:
        """The most requests for one account within any hour."""
        moments = [when for when, whose, _ in self.requests if whose == account]
        return max(sum(start <= each < start + timedelta(hours=1) for each in moments) for start in moments)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Many"]:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_get("/app/installations", self._installations)
        app.router.add_post("/app/installations/{id}/access_tokens", self._token)
        app.router.add_get("/installation/repositories", self._repositories)
        app.router.add_post("/graphql", self._graphql)
        app.router.add_route("*", "/{rest:.*}", self._shout)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def _note(self, request: web.Request, account: str) -> None:
        self.requests.append((self.clock(), account, f"{request.method} {request.path}"))

    def _account(self, request: web.Request) -> str:
        return request.headers["authorization"].removeprefix("token ")

    async def _shout(self, request: web.Request) -> web.Response:
        self.unknown.append(f"{request.method} {request.path}")
        return web.json_response({"message": "unknown"}, status=501)

    async def _installations(self, request: web.Request) -> web.Response:
        self._note(request, "")
        found = [
            {"id": number, "account": {"login": name}, "suspended_at": None} for number, name in enumerate(self.sizes)
        ]
        return web.json_response(found if request.query["page"] == "1" else [])

    async def _token(self, request: web.Request) -> web.Response:
        account = self.accounts[int(request.match_info["id"])]
        self._note(request, account)
        expires = (self.clock() + timedelta(hours=1)).isoformat()
        return web.json_response({"token": account, "expires_at": expires}, status=201)

    async def _repositories(self, request: web.Request) -> web.Response:
        account = self._account(request)
        self._note(request, account)
        size, page = int(request.query["per_page"]), int(request.query["page"])
        every = range(len(self.sizes[account]))
        found = [
            {"id": n, "full_name": f"{account}/r{n}", "archived": False, "default_branch": "main", "html_url": ""}
            for n in every[(page - 1) * size : page * size]
        ]
        return web.json_response({"total_count": len(every), "repositories": found})

    async def _graphql(self, request: web.Request) -> web.Response:
        account = self._account(request)
        self._note(request, account)
        asked = await request.json()
        values = asked["variables"]
        self.points[account] = self.points.get(account, 0) + points(asked["query"], values)
        data = {f"r{n}": self._repository(values, n) for n in range(sum(key.startswith("owner") for key in values))}
        self.sample = asked["query"], values, {"data": data}
        return web.json_response({"data": data}, dumps=json.dumps)

    def _repository(self, values: dict[str, Any], at: int) -> dict[str, Any]:
        count = self.sizes[values[f"owner{at}"]][int(values[f"name{at}"][1:])]
        start = int(values[f"after{at}"] or 0)
        end = min(start + values[f"first{at}"], count)
        old = (self.clock() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        status = {"context": {"state": "PENDING", "createdAt": old}}
        pull = {"commits": {"nodes": [{"commit": {"status": status}}]}}
        return {
            "isArchived": False,
            "open": {"totalCount": count},
            "labelled": {"totalCount": count // 2},
            "heads": {
                "pageInfo": {"hasNextPage": end < count, "endCursor": str(end) if end > start else None},
                "nodes": [pull] * (end - start),
            },
        }


def points(query: str, values: dict[str, Any]) -> int:
    """What a query costs (docs: Rate limits and query limits for the GraphQL API, "Predicting the point value"): a
    request per connection with records, each as often as its parents may have, in hundreds."""
    [operation] = [each for each in parse(query).definitions if isinstance(each, OperationDefinitionNode)]

    def needed(node: Any, times: int) -> int:
        total = 0
        for each in node.selection_set.selections if node.selection_set else ():
            if not isinstance(each, FieldNode):
                total += needed(each, times) if getattr(each, "selection_set", None) else 0
                continue
            bound = next((arg.value for arg in each.arguments or () if arg.name.value in ("first", "last")), None)
            if bound is None:
                total += needed(each, times)
            else:
                many = int(bound.value) if isinstance(bound, IntValueNode) else values[_name(bound)]
                total += times + needed(each, times * many)
        return total

    return max(1, round(needed(operation, 1) / 100))


def _name(node: Any) -> str:
    assert isinstance(node, VariableNode)
    return node.name.value
