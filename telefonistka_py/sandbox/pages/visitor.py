"""Who looks at a page, as whom they act, and the proof that a form is one of ours."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from telefonistka_py.sandbox.model import User

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

_ID = re.compile(r"[0-9a-f]{32}")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Visitor:
    """One browser."""

    id: str
    is_new: bool
    person: User | None
    """As whom they act; None while there is nobody in the sandbox."""
    form: str
    """What each form brings back: only a page that this browser was shown holds it."""


def known(hub: "Hub", key: bytes, request: web.Request) -> Visitor:
    """Whoever sent `request`; `key` is this hub's, for what forms prove."""
    found = request.cookies.get(cookie(request, "visitor"), "")
    id = found if _ID.fullmatch(found) else hub.random_bytes(16).hex()
    every = people(hub)
    chosen = request.cookies.get(cookie(request, "person"), "")
    person = next((each for each in every if each.login == chosen), every[0] if every else None)
    return Visitor(id, id != found, person, hmac.new(key, id.encode(), hashlib.sha256).hexdigest())


def people(hub: "Hub") -> list[User]:
    """Those that one can act as: whoever may write somewhere first."""
    every = [user for user in hub.users.values() if user.kind == "User"]
    return sorted(every, key=lambda user: not any(repo.allows(user.login, "write") for repo in hub.repos.values()))


def is_proven(visitor: Visitor, proof: str) -> bool:
    """Whether a form came from a page that this browser was shown."""
    return not visitor.is_new and hmac.compare_digest(proof.encode(), visitor.form.encode())


def is_addressed(hub: "Hub", request: web.Request) -> bool:
    """Whether the browser believes to be at this machine, or where the hub says it is.

    A foreign site whose name was made to lead here could read the pages otherwise.
    """
    name = re.sub(r":[0-9]+$", "", request.headers.get("host", "")).lower()
    return name in (*_LOOPBACK, urlsplit(hub.url).hostname)


def remember(response: web.Response, request: web.Request, name: str, value: str) -> None:
    response.set_cookie(cookie(request, name), value, httponly=True, samesite="Strict", path="/")


def cookie(request: web.Request, name: str) -> str:
    """Cookies are shared among the ports of a host; this one's names are its own."""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"sandbox-{name}-{port if port.isdecimal() else ''}"
