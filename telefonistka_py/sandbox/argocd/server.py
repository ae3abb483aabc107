"""The HTTP server of the stand-in: every request is recorded, recognised, answered, and perhaps spoiled on purpose."""

import asyncio
import json
import re
import ssl
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from telefonistka_py.sandbox import faults
from telefonistka_py.sandbox.argocd import calling, denial, reading, writing
from telefonistka_py.sandbox.argocd.model import Account
from telefonistka_py.sandbox.argocd.trouble import Delay
from telefonistka_py.sandbox.model import Exchange
from telefonistka_py.sandbox.refusal import Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.argocd.argo import ArgoCd

HANDLERS = (reading, writing)
"""The modules whose handlers are registered by being imported."""
LARGEST_BODY = 100 << 20
LONGEST_LINE = 1 << 20
"""Bytes of a request's first line: Go's servers take a megabyte of headers."""


@dataclass
class _Answer:
    status: int
    body: Any
    """JSON, or text."""

    @property
    def content_type(self) -> str:
        return "text/plain" if isinstance(self.body, str) else "application/json"


class Server:
    """One stand-in's listener on loopback."""

    def __init__(self, argo: "ArgoCd") -> None:
        self.argo = argo
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, context: ssl.SSLContext | None) -> int:
        """Listens; answers the port. Raises `OSError` when it is taken."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{everything:.*}", self._handle)
        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0, max_line_size=LONGEST_LINE
        )
        await runner.setup()
        self._runner = runner
        try:
            await web.TCPSite(runner, host, port, ssl_context=context).start()
        except OSError:
            await runner.cleanup()
            raise
        return int(runner.addresses[0][1])

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        argo = self.argo
        raw_path, _, query = request.raw_path.partition("?")
        text = await request.read()
        exchange = Exchange(request.method, request.raw_path, dict(request.headers), _parsed(text))
        exchange.started = time.monotonic()
        argo.exchanges.append(exchange)
        account = _account(argo, request.headers.get("authorization", ""))
        exchange.actor = account.name if account else None
        await self._wait(request.method, raw_path)
        if argo.on_request is not None:
            await argo.on_request(exchange, "before")
        fault = argo.faults.strike(request.method, raw_path, None)
        answer = _Answer(200, {})
        if fault is None or fault.after_effect:
            answer = await self._answered(request.method, raw_path, query, exchange.request_body, account)
        if fault is not None and fault.status is None:
            exchange.ended = time.monotonic()
            await self._after(exchange)
            return _dropped(request)
        if fault is not None and fault.status is not None:
            answer = _Answer(fault.status, _spoiled(fault, answer.body))
        exchange.status, exchange.answer = answer.status, answer.body
        exchange.content_type, exchange.ended = answer.content_type, time.monotonic()
        await self._after(exchange)
        body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
        headers = {"content-type": answer.content_type, **(fault.headers if fault is not None else {})}
        return web.Response(status=answer.status, body=body.encode("utf-8", "surrogateescape"), headers=headers)

    async def _wait(self, method: str, path: str) -> None:
        """What was told to take its time does."""
        delay = self.argo.delays.strike(method, path, None)
        seconds = self.argo.latency + (delay.seconds if isinstance(delay, Delay) else 0.0)
        if seconds:
            await asyncio.sleep(seconds)

    async def _after(self, exchange: Exchange) -> None:
        if self.argo.on_request is not None:
            await self.argo.on_request(exchange, "after")

    async def _answered(self, method: str, path: str, query: str, body: Any, account: Account | None) -> _Answer:
        argo, finished = self.argo, False
        try:
            result = await self._result(method, path, query, body, account)
            finished = True
            return _Answer(200, result)
        except denial.Denial as refused:
            finished = True
            return _Answer(refused.status, refused.body)
        except denial.Missing as missing:
            finished = True
            if missing.status == 501:
                return _Answer(501, denial.body(denial.UNIMPLEMENTED, "Method Not Allowed"))
            return _Answer(missing.status, "Not Found\n" if missing.status == 404 else "Method Not Allowed\n")
        except Unknown as unknown:
            finished = True
            argo.unknown.append(str(unknown))
            return _Answer(501, denial.body(denial.UNIMPLEMENTED, str(unknown)))
        finally:
            if not finished and not isinstance(sys.exc_info()[1], asyncio.CancelledError):
                # A mistake of the stand-in itself: aiohttp answers 500, which a client might well forgive.
                argo.unknown.append(f"The stand-in for Argo CD failed at {method} {path}; the log has the traceback.")

    async def _result(self, method: str, path: str, query: str, body: Any, account: Account | None) -> Any:
        argo = self.argo
        route, parts = calling.find(method, path)
        version = tuple(int(each) for each in re.findall(r"\d+", argo.version)[:2])
        lacking = route.absent if version < route.since else argo.without.get(route.name)
        if lacking is not None:
            raise denial.Missing(lacking)
        if account is None and not route.open:
            raise denial.Denial(denial.UNAUTHENTICATED, "no session information")
        call = calling.Call(argo, account, parts, calling.read_query(query), body if isinstance(body, dict) else {})
        for name, _ in call.query:
            if name not in route.query:
                raise Unknown(f"The stand-in for Argo CD doesn't know the query key {name!r} of {method} {path}.")
        if route.body and not isinstance(body, dict):
            raise denial.Denial(denial.INVALID, "invalid character in body: it is no JSON object")
        return await route.handler(call)


def _account(argo: "ArgoCd", header: str) -> Account | None:
    scheme, _, token = header.partition(" ")
    return argo.accounts.get(token.strip()) if scheme.lower() == "bearer" else None


def _spoiled(fault: faults.Fault, real: Any) -> Any:
    if fault.body is not None:
        return faults.spoiled(fault, real)
    status = fault.status or 0
    code = next((code for code, known in denial.STATUS.items() if known == status), denial.UNKNOWN)
    return denial.body(code, f"a fault that was ordered: {status}")


def _parsed(text: bytes) -> Any:
    """JSON; text that is none stays text, and no handler takes it."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
