"""The door to one Argo CD: its REST API (https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/)."""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from telefonistka_py.argocd import applications, failure, reading
from telefonistka_py.argocd.applications import Application, Ref
from telefonistka_py.argocd.instances import Instance, Limits
from telefonistka_py.argocd.model import Managed, Object
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.names import Sha

Observe = Callable[[str, str, str, float], None]
"""Is told the instance, the operation, the status (`200`; `timeout`, `unreachable`, `too large`, `cancelled`), and
the seconds."""

Params = Sequence[tuple[str, str]]

PER_SELECTOR = 50
"""Values of a label that one selector asks for, so that its address stays short."""


class Client:
    """Asks one Argo CD. Every failure is one of the house's errors, and its text names the instance.

    `WorldUnwell`: it is not there now, or too slow. `failure.Forbidden`: the token. `failure.Refused`: it won't, or
    can't. None of them is ever an empty answer (N1).
    """

    def __init__(
        self,
        instance: Instance,
        limits: Limits | None = None,
        *,
        observe: Observe = lambda instance, operation, status, seconds: None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.instance = instance
        self.limits = limits = limits or Limits()
        self._observe, self._clock, self._pause = observe, clock, pause
        self._slots = asyncio.Semaphore(limits.at_once)
        self._http = httpx.AsyncClient(
            base_url=instance.url,
            headers={"authorization": f"Bearer {instance.token}", "accept": "application/json"},
            timeout=httpx.Timeout(limits.timeout, connect=min(limits.connect, limits.timeout), pool=None),
            limits=httpx.Limits(max_connections=limits.at_once, max_keepalive_connections=limits.at_once),
            verify=_context(insecure=instance.insecure),
            follow_redirects=False,  # the token would go along
        )

    @property
    def name(self) -> str:
        return self.instance.name

    async def close(self) -> None:
        await self._http.aclose()

    # ---- what is read ----

    async def version(self) -> str:
        """Such as `v3.3.2+abcdef`."""
        return str((await self.read("version", "/api/version")).get("Version") or "")

    async def settings(self) -> Mapping[str, Any]:
        """`url`, `resourceOverrides`, `trackingMethod`, `appLabelKey`, `controllerNamespace` and more."""
        found = await self.read("settings", "/api/v1/settings")
        if "resourceOverrides" not in found and "trackingMethod" not in found:
            # Only these are kept from who is not signed in; without them, rules that ignore differences would be lost.
            raise failure.Forbidden(f"{self.name} does not show its settings: its token is wrong or has expired")
        return found

    async def apps(self) -> tuple[Application, ...]:
        """Every app that the token may see, read from a list that holds only what discovery needs.

        Not asked by repository: the server compares addresses letter by letter, and with an app's first source only.
        """
        return await self._apps([("fields", applications.FIELDS)])

    async def apps_labelled(self, label: str, values: Sequence[str]) -> tuple[Application, ...]:
        """The apps whose `label` has one of `values`: one request for every `PER_SELECTOR` of them."""
        found: list[Application] = []
        for start in range(0, len(values), PER_SELECTOR):
            selector = f"{label} in ({','.join(values[start : start + PER_SELECTOR])})"
            found += await self._apps([("selector", selector), ("fields", applications.FIELDS)])
        return tuple(found)

    async def _apps(self, params: Params) -> tuple[Application, ...]:
        found = await self.read("list_apps", "/api/v1/applications", params)
        if "items" not in found:
            raise self._unintelligible("list_apps", "a list of applications without items")
        try:
            return tuple(applications.read(each) for each in self._items("list_apps", found, "items", dict))
        except applications.Unreadable as error:
            raise self._unintelligible("list_apps", str(error)) from None

    async def app(self, ref: Ref, *, refresh: bool = True) -> Mapping[str, Any]:
        """The app as it is, `metadata`, `spec` and `status`; `refresh` has its sources and its cluster looked at anew
        first, past every cache (`refresh=hard`)."""
        asked = [*_of(ref), ("refresh", "hard")] if refresh else _of(ref)
        found = await self.read("get_app", f"/api/v1/applications/{quote(ref.name, safe='')}", asked)
        if not isinstance(found.get("spec"), dict) or not isinstance(found.get("metadata"), dict):
            raise self._unintelligible("get_app", "an application without its parts")
        return found

    async def managed_resources(self, ref: Ref) -> tuple[Managed, ...]:
        """Every object of the app, as it is and as the app wants it now."""
        path = f"/api/v1/applications/{quote(ref.name, safe='')}/managed-resources"
        found = await self.read("managed_resources", path, _of(ref))
        try:
            return tuple(reading.managed(each) for each in self._items("managed_resources", found, "items", dict))
        except reading.Unreadable as error:
            raise self._unintelligible("managed_resources", str(error)) from None

    async def manifests(self, app: Application, sha: Sha, positions: Sequence[int]) -> tuple[Object, ...]:
        """What the app's sources want where those at `positions` (from 1) stand at `sha`."""
        asked: list[tuple[str, str]] = [("revision", sha)]
        if app.several:
            asked = [("sourcePositions", str(each)) for each in positions] + [("revisions", sha)] * len(positions)
        path = f"/api/v1/applications/{quote(app.name, safe='')}/manifests"
        found = await self.read("manifests", path, [*_of(app.ref), *asked])
        try:
            return tuple(reading.manifest(each) for each in self._items("manifests", found, "manifests", str))
        except reading.Unreadable as error:
            raise self._unintelligible("manifests", str(error)) from None

    # ---- how it is asked ----

    async def read(self, operation: str, path: str, params: Params = ()) -> dict[str, Any]:
        """A GET, tried again a few times where the server was not there. `operation` names it in metrics and errors."""
        pause = self.limits.first_pause
        for _ in range(self.limits.retries):
            try:
                return await self.send(operation, "GET", path, params)
            except _NotThere:
                await self._pause(pause)
                pause *= 4
        return await self.send(operation, "GET", path, params)

    async def send(
        self, operation: str, method: str, path: str, params: Params = (), data: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request, once; the JSON object that it answers."""
        async with self._slots:
            started = self._clock()
            status = "cancelled"
            try:
                status, said = await self._sent(operation, method, path, params, data)
            except _TooLarge:
                status = "too large"
                raise self._unintelligible(operation, f"more than {self.limits.largest:,} bytes") from None
            except (httpx.TimeoutException, TimeoutError) as error:
                status = "timeout"
                kind = _NotThere if isinstance(error, httpx.ConnectTimeout) else WorldUnwell
                raise kind(f"{self.name} did not answer {operation} within {self.limits.timeout:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                status = "unreachable"
                why = _in_words(error)
                raise _NotThere(f"{self.name} can't be reached at {self.instance.url}: {why}") from None
            finally:
                self._observe(self.name, operation, status, self._clock() - started)
        if status != "200":
            raise self._failed(operation, int(status), said)
        if not isinstance(said, dict):
            raise self._unintelligible(operation, "something that is no JSON object")
        return said

    async def _sent(
        self, operation: str, method: str, path: str, params: Params, data: Mapping[str, Any] | None
    ) -> tuple[str, Any]:
        asked = self._http.stream(method, path, params=list(params), json=data)
        async with asyncio.timeout(self.limits.timeout + self.limits.connect), asked as response:
            body = bytearray()
            async for some in response.aiter_bytes():
                body += some
                if len(body) > self.limits.largest:
                    raise _TooLarge
            return str(response.status_code), _parsed(bytes(body))

    def _failed(self, operation: str, status: int, said: Any) -> Exception:
        error = failure.of_answer(self.name, operation, status, said)
        return _NotThere(str(error)) if status in (502, 503, 504) else error

    def _items(self, operation: str, found: Mapping[str, Any], key: str, kind: type) -> list[Any]:
        """A list in an answer; none at all is null, or left out."""
        items = found.get(key)
        if items is None:
            return []
        if not isinstance(items, list) or not all(isinstance(each, kind) for each in items):
            raise self._unintelligible(operation, f"{key} of another form")
        return items

    def _unintelligible(self, operation: str, what: str) -> failure.Refused:
        return failure.Refused(f"{self.name} answered {operation} with {what}", status=200, reason=what)


class _TooLarge(Exception):
    """The answer was not read to its end."""


class _NotThere(WorldUnwell):
    """The server was not there: a read is tried again at once. Whether a write was done is not known."""


def _of(ref: Ref) -> list[tuple[str, str]]:
    named = (("appNamespace", ref.namespace), ("project", ref.project))
    return [(key, value) for key, value in named if value]


def _context(*, insecure: bool) -> ssl.SSLContext:
    # The system's certificates, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
    made = ssl.create_default_context()
    if insecure:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def _parsed(body: bytes) -> Any:
    """JSON, else text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body[: failure.LONGEST * 4].decode("utf-8", "replace")


def _in_words(error: Exception) -> str:
    return " ".join(str(error).split())[: failure.LONGEST] or type(error).__name__
