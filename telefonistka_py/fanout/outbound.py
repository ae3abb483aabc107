"""The door to endpoints: one request, to an address that was looked at first, and no further than that (N29)."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx

from telefonistka_py.fanout import hosts
from telefonistka_py.fanout.hosts import Address
from telefonistka_py.fanout.line import Full, Lines
from telefonistka_py.fanout.model import Answered, Attempt, Busy, Forbidden, Limits, Unanswered
from telefonistka_py.fanout.resolve import Lookup, Resolver, system

MOST_READ = 64 * 1024
"""Bytes of an answer's body that are read, so that the connection can be used again; the rest is not waited for."""

_READING_SECONDS = 1.0

_MOST_ADDRESSES = 3
"""Addresses of one host that are tried."""

# What speaks of one connection (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1), and what is made anew.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True)
class Letter:
    """What is sent: headers as they came (each character is a byte), without those of the connection they came over."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def letter(headers: Sequence[tuple[str, str]], body: bytes) -> Letter:
    """A webhook, ready to be sent on."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == "connection" for word in value.split(",")
    }
    kept = ((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP | named)
    return Letter(tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in kept), body)


class Outbound:
    """Sends letters. `verified` is how certificates are checked; `watch` counts seconds, from anywhere."""

    def __init__(
        self, limits: Limits, verified: ssl.SSLContext, watch: Callable[[], float], lookup: Lookup = system
    ) -> None:
        self._limits = limits
        self._watch = watch
        self._resolver = Resolver(watch, lookup)
        self._lines = Lines(limits.per_host, verified, watch)

    async def close(self) -> None:
        self._resolver.close()
        await self._lines.close()

    async def post(self, url: str, letter: Letter, *, skip_tls: bool) -> Attempt:
        """One attempt, within the limits' time. Redirects are not followed, and proxies not asked."""
        target = httpx.URL(url)
        origin = f"{target.scheme}://{target.netloc.decode('ascii')}"
        line = await self._lines.to(origin, skip_tls=skip_tls)
        try:
            async with line.turn(self._limits.connect.total_seconds()) as transport:
                return await self._in_time(transport, target, letter)
        except Full:
            return Busy(f"{target.host} has {self._limits.per_host} requests underway")

    async def _in_time(self, transport: httpx.AsyncHTTPTransport, target: httpx.URL, letter: Letter) -> Attempt:
        began, most = self._watch(), self._limits.timeout.total_seconds()
        try:
            async with asyncio.timeout(most):
                return await self._to_its_address(transport, target, letter, began)
        except TimeoutError:
            return Unanswered("timeout", f"no answer within {most:g} s", self._watch() - began)

    async def _to_its_address(
        self, transport: httpx.AsyncHTTPTransport, target: httpx.URL, letter: Letter, began: float
    ) -> Attempt:
        try:
            found = await self._resolver.addresses(target.host)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return Unanswered("unreachable", f"{target.host} is not known: {why}", self._watch() - began)
        refused = [hosts.address_refused(self._limits.allowed, target.host, address) for address in found]
        fine = [address for address, why in zip(found, refused, strict=True) if why is None]
        if not fine:
            return Forbidden(next((why for why in refused if why), f"{target.host} has no address"))
        for address in fine[:_MOST_ADDRESSES]:
            try:
                return await self._twice(transport, target, address, letter, began)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreached = _unanswered(error, self._watch() - began)
        return unreached

    async def _twice(
        self, transport: httpx.AsyncHTTPTransport, target: httpx.URL, address: Address, letter: Letter, began: float
    ) -> Attempt:
        """A connection that was kept may be closed by the other side at the moment it is used: then once more."""
        try:
            return await self._once(transport, target, address, letter, began)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            pass
        except httpx.HTTPError as error:
            return _unanswered(error, self._watch() - began)
        try:
            return await self._once(transport, target, address, letter, began)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except httpx.HTTPError as error:
            return _unanswered(error, self._watch() - began)

    async def _once(
        self, transport: httpx.AsyncHTTPTransport, target: httpx.URL, address: Address, letter: Letter, began: float
    ) -> Attempt:
        request = httpx.Request(
            "POST",
            # The address that was looked at, so that no second look-up can give another one. The certificate is
            # checked against the name: https://www.python-httpx.org/advanced/extensions/#sni_hostname
            target.copy_with(host=str(address)),
            headers=[(b"Host", target.netloc), *letter.headers, (b"Content-Length", b"%d" % len(letter.body))],
            stream=httpx.ByteStream(letter.body),
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": self._limits.connect.total_seconds(), "read": None, "write": None, "pool": None},
            },
        )
        response = await transport.handle_async_request(request)
        try:
            answered = Answered(response.status_code, self._watch() - began, _retry_after(response))
            await _read(response)
            return answered
        finally:
            await response.aclose()


async def _read(response: httpx.Response) -> None:
    """The status is known, so that nothing that happens to the body counts."""
    read = 0
    try:
        async with asyncio.timeout(_READING_SECONDS):
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > MOST_READ:
                    return
    except (httpx.HTTPError, TimeoutError):
        return


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Its wish in seconds; one written as a date is left aside."""
    told = response.headers.get("retry-after", "")
    return timedelta(seconds=int(told)) if told.isascii() and told.isdigit() and len(told) < 7 else None


def _unanswered(error: httpx.HTTPError, seconds: float) -> Unanswered:
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return Unanswered("timeout", "no connection in time", seconds)
    if "CERTIFICATE" in text or "SSL" in text:
        return Unanswered("tls", f"no secure connection: {text}", seconds)
    if isinstance(error, httpx.ConnectError):
        return Unanswered("unreachable", f"no connection: {text}", seconds)
    return Unanswered("broken", f"the connection broke off: {text}", seconds)
