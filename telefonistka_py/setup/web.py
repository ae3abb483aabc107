"""The set-up's own little site: asks, sends people to GitHub, takes GitHub's answer, says what comes next.

Only who has the printed address gets in: its path holds a random token. GitHub's answer is known by another one, the
`state`, so that the token leaves this machine with nobody.
"""

import asyncio
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web

from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.failure import Refused
from telefonistka_py.setup import convert, manifest, pages
from telefonistka_py.setup.manifest import Wish
from telefonistka_py.setup.model import Kept, Registered
from telefonistka_py.setup.store import Store

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_HEADERS = {
    # form-action is left out: GitHub may lead the form on to a company's own login page.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class Site:
    """One set-up, from the first page to the credentials."""

    html_url: str
    """GitHub's pages, without a slash at the end."""
    rest_url: str
    token: str
    state: str
    wish: Wish
    """What the command line said already."""
    store: Store
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    """Takes a line for the terminal, without secrets."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the credentials are kept and the last page was sent."""
    registered: Registered | None = None
    kept: Kept | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_get(f"/{self.token}/", self._ask)
        app.router.add_get(f"/{self.token}/review", self._review)
        app.router.add_get("/registered", self._registered)
        return app

    @property
    def entrance(self) -> str:
        """The path of the first page: the form, or what follows it where the command line said everything."""
        wish = manifest.named(self.wish)
        if manifest.mistakes(wish):
            return f"/{self.token}/"
        said = {"name": wish.name, "organization": wish.organization, "webhook": wish.webhook}
        return f"/{self.token}/review?{urlencode(said)}"

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        if self.kept is not None:
            return self._finished()
        return _page(pages.ask(self.wish, {}, self.html_url))

    async def _review(self, request: web.Request) -> web.StreamResponse:
        if self.kept is not None:
            return self._finished()
        typed = Wish(*(request.query.get(name, "").strip() for name in ("name", "organization", "webhook")))
        wish = manifest.named(typed)
        if wrong := manifest.mistakes(wish):
            return _page(pages.ask(typed, wrong, self.html_url), 422)
        if not _HOST.fullmatch(request.host):
            return _page(pages.problem("This address can't be used", "Open the address that the terminal shows."), 400)
        self.wish = wish
        text = manifest.write(wish, f"{request.scheme}://{request.host}/registered")
        where = manifest.address(self.html_url, wish.organization, self.state)
        return _page(pages.review(wish, manifest.webhook_url(wish.webhook), manifest.doubts(wish), text, where))

    async def _registered(self, request: web.Request) -> web.StreamResponse:
        if not hmac.compare_digest(request.query.get("state", "").encode(), self.state.encode()):
            return _page(
                pages.problem(
                    "This answer belongs to another set-up",
                    "Nothing was stored. Open the address that the terminal shows, and begin again.",
                ),
                403,
            )
        async with self._one_at_a_time:
            try:
                await self._take(request.query.get("code", ""))
            except TelefonistkaError as error:
                self.tell(f"Not done yet: {error}.")
                return _page(pages.problem("Not done yet", _advice(error)), 502)
        return await self._sent(request, self._finished())

    async def _take(self, code: str) -> None:
        """Each step once: a reload goes on where the last attempt failed."""
        if self.registered is None:
            self.registered = await convert.credentials(self.rest_url, code, self.clock)
        if self.kept is None:
            self.kept = self.store.keep(self.registered)

    def _finished(self) -> web.Response:
        assert self.registered is not None
        assert self.kept is not None
        return _page(pages.finished(self.registered, self.kept))

    async def _sent(self, request: web.Request, response: web.Response) -> web.Response:
        """Says that all is done only when the browser has the page, or has gone away."""
        try:
            await response.prepare(request)
            await response.write_eof()
        finally:
            self.done.set()
        return response


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html", headers=_HEADERS)


def _advice(error: TelefonistkaError) -> str:
    if isinstance(error, Refused):
        return (
            f"{error}. GitHub gives the credentials once, within an hour. If the App is in your list of Apps, delete "
            "it there; then open the address that the terminal shows, and begin again."
        )
    return f"{error}. Once that is mended, reload this page: the set-up goes on where it stopped."
