"""The HTTP server: every request is recorded, recognised, counted, answered, and perhaps spoiled on purpose."""

import asyncio
import hashlib
import json
import re
import sys
import time
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

from telefonistka_py.sandbox import auth, calls, faults, manifests, rest
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.calls import Answer, Call, Route
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.pages import address
from telefonistka_py.sandbox.refusal import Json, Refusal, Unknown, not_found

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.pages.site import Site

_DOCS = "https://docs.github.com/rest"
_GIT = re.compile(r"^/[^/]+/[^/]+/(info/refs|git-upload-pack|git-receive-pack|HEAD|objects/.*)$")
LARGEST_BODY = 1 << 30


class Server:
    """One hub's listener on loopback."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self._runner: web.AppRunner | None = None
        self._site: Site | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; answers the port. Raises `OSError` when it is taken."""
        rest.load()
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{everything:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        self._runner = runner
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        return int(runner.addresses[0][1])

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw_path, _, query = request.raw_path.partition("?")
        path = unquote(raw_path, errors="surrogateescape")
        if _GIT.match(path):
            import telefonistka_py.sandbox.http_git as http_git

            return await http_git.serve(self.hub, request, path, query)
        if address.is_page(self.hub, request.method, request.headers, path):
            return await self._pages().serve(request, path)
        if path == "/" and request.method in ("GET", "HEAD") and "authorization" not in request.headers:
            return web.Response(text=address.welcome(self.hub))
        if manifests.is_page(path):
            return await manifests.serve(self.hub, request, path)
        return await self._api(request, raw_path, path, query)

    def _pages(self) -> "Site":
        if self._site is None:
            from telefonistka_py.sandbox.pages.site import Site

            self._site = Site(self.hub)
        return self._site

    async def _api(self, request: web.Request, raw_path: str, path: str, query: str) -> web.StreamResponse:
        hub, started = self.hub, time.monotonic()
        if self.hub.latency:
            await asyncio.sleep(self.hub.latency)
        text = await request.read()
        exchange = Exchange(request.method, request.raw_path, dict(request.headers), None, started=started)
        hub.exchanges.append(exchange)
        path = path.removeprefix("/api/v3") or "/"
        is_graphql = path in ("/graphql", "/api/graphql")
        answer = Answer()
        fault, finished = None, False
        try:
            exchange.request_body = _parsed(text)
            if hub.on_request is not None:
                exchange.actor = auth.login(hub, request.headers)
                await hub.on_request(exchange, "before")
            operation = _operation(exchange.request_body) if is_graphql else None
            fault = hub.faults.strike(request.method, path, operation)
            if fault is None or fault.after_effect:
                answer = await self._answered(request, exchange, raw_path, path, query, is_graphql)
            finished = True
        except Refusal as refusal:
            answer = _refused(refusal)
            finished = True
        except Unknown as unknown:
            hub.unknown.append(str(unknown))
            answer = Answer(501, {"message": str(unknown), "documentation_url": _DOCS})
            finished = True
        finally:
            if not finished and not isinstance(sys.exc_info()[1], asyncio.CancelledError):
                # A mistake of the sandbox itself: aiohttp logs it and answers 500, which a client might well forgive.
                hub.unknown.append(f"The sandbox failed at {request.method} {path}; the log has the traceback.")
        if fault is not None:
            exchange.ended = time.monotonic()
            if fault.status is None:
                await self._after(exchange)
                return _dropped(request)
            body = faults.spoiled(fault, answer.body)
            kept = answer.headers if fault.after_effect else {}
            answer = Answer(
                fault.status, body, {**kept, **{key.lower(): value for key, value in fault.headers.items()}}
            )
        response = self._response(request, exchange, answer)
        await self._after(exchange)
        return response

    async def _after(self, exchange: Exchange) -> None:
        if self.hub.on_request is not None:
            await self.hub.on_request(exchange, "after")

    async def _answered(
        self, request: web.Request, exchange: Exchange, raw_path: str, path: str, query: str, is_graphql: bool
    ) -> Answer:
        hub = self.hub
        actor = auth.actor(hub, request.headers)
        exchange.actor = actor.login
        if is_graphql:
            import telefonistka_py.sandbox.graphql as graphql

            return await graphql.answer(hub, actor, exchange.request_body, request.method)
        known, parts = calls.find(request.method, path)
        resource = "search" if path.startswith("/search") else "core"
        free = path == "/rate_limit"
        bucket = hub.quota.bucket(actor, resource) if free else hub.quota.spend(actor, resource)
        counted = hub.quota.headers(bucket, resource)
        call = Call(
            hub,
            actor,
            request.method,
            path,
            raw_path,
            calls.read_query(query),
            exchange.request_body,
            request.headers,
            parts,
        )
        try:
            call.check_keys(known)
            _admit(call, known)
            result = await known.handler(call)
        except Refusal as refusal:
            refusal.headers = {**counted, **refusal.headers}
            raise
        answer = result if isinstance(result, Answer) else Answer(body=result)
        answer.headers = {**counted, **answer.headers}
        return answer

    def _response(self, request: web.Request, exchange: Exchange, answer: Answer) -> web.Response:
        status, body = answer.status, answer.raw
        if body is None:
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
            body = b"" if status in (204, 205) else text.encode("utf-8", "surrogatepass")
        request_id = hashlib.md5(
            f"{id(self.hub)}:{len(self.hub.exchanges)}".encode(), usedforsecurity=False
        ).hexdigest()
        headers = {
            "content-type": answer.content_type,
            "x-github-request-id": request_id[:24].upper(),
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": request.headers.get("x-github-api-version", "2022-11-28"),
            "server": "github.com",
            "date": format_datetime(self.hub.clock().astimezone(UTC), usegmt=True),
            **answer.headers,
        }
        if request.method == "GET" and status == 200:
            tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
            headers |= {"etag": tag, "cache-control": "private, max-age=60, s-maxage=60"}
            if tag in [each.strip() for each in request.headers.get("if-none-match", "").split(",")]:
                headers |= self._refunded(request, headers)
                status, body = 304, b""
        exchange.status, exchange.ended = status, time.monotonic()
        exchange.answer = answer.body if status != 304 else None
        if answer.raw is not None and status != 304:
            exchange.answer = answer.raw.decode("utf-8", "replace")
        exchange.content_type = answer.content_type
        return web.Response(status=status, body=body, headers=headers)

    def _refunded(self, request: web.Request, headers: dict[str, str]) -> dict[str, str]:
        """A 304 is free of charge for whoever says who they are: docs, Best practices for using the REST API."""
        actor, resource = auth.actor(self.hub, request.headers), headers.get("x-ratelimit-resource")
        if resource is None or actor == Actor() or request.path.endswith("/rate_limit"):
            return {}
        return self.hub.quota.headers(self.hub.quota.refund(actor, resource), resource)


def _parsed(text: bytes) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error


def _operation(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    named = re.search(r"\b(?:query|mutation)\s+(\w+)", str(body.get("query", "")))
    return body.get("operationName") or (named[1] if named else None)


def _refused(refusal: Refusal) -> Answer:
    body: Json = {"message": refusal.message, "documentation_url": _DOCS, "status": str(refusal.status)}
    if refusal.errors is not None:
        body["errors"] = refusal.errors
    return Answer(refusal.status, body, dict(refusal.headers))


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _admit(call: Call, known: Route) -> None:
    """Checks that the caller may do this. What one may not see isn't there: 404."""
    actor = call.actor
    if known.who == "any":
        return
    if known.who == "app":
        if actor.app is None:
            raise Refusal(401, "A JSON web token could not be decoded")
        return
    if actor.app is not None and known.who != "repo-app":
        raise Refusal(403, "Resource not accessible by integration")
    if known.who == "token":
        if actor.user is None:
            raise Refusal(401, "Requires authentication")
        return
    repo = call.hub.repos.get(f"{call.parts['owner']}/{call.parts['repo']}".lower())
    if repo is None:
        raise not_found()
    call._repo = repo
    if known.who != "repo-app":
        _admit_to_repo(actor, known, call)


def _admit_to_repo(actor: Actor, known: Route, call: Call) -> None:
    repo, hidden = call.repo, call.repo.private
    if actor.token is not None:
        named = actor.token.repositories
        if not actor.token.installation.covers(repo.name) or (named is not None and repo.name not in named):
            if hidden or known.level == "write":
                raise not_found() if hidden else Refusal(403, "Resource not accessible by integration")
            return
        if known.needs and not any(actor.token.may(name, known.level) for name in known.needs):
            # Alternatives are separated by semicolons: docs, Troubleshooting the REST API.
            accepted = "; ".join(f"{name}={known.level}" for name in known.needs)
            raise Refusal(
                403, "Resource not accessible by integration", headers={"x-accepted-github-permissions": accepted}
            )
    elif actor.user is None:
        if hidden or known.level == "write":
            raise not_found() if hidden else Refusal(401, "Requires authentication")
    elif not repo.allows(actor.user.login, "read"):
        raise not_found()
    elif known.level == "write" and not repo.allows(actor.user.login, known.person):
        raise Refusal(403, "Must have push access to repository.")
    if repo.archived and known.level == "write":
        raise Refusal(403, "Repository was archived so is read-only.")
