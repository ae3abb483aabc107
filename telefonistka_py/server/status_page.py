"""`GET /`: what the server does and what it waits for, read-only, for whoever has the token."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata as distributions

from aiohttp import web

from telefonistka_py.app import backlog, trouble
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.fanout import health as fanout
from telefonistka_py.github import in_flight
from telefonistka_py.github.budget import Left
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.in_flight import Found
from telefonistka_py.inbox.model import Entry, Inbox, State
from telefonistka_py.names import RepoName
from telefonistka_py.observability.scrub import Scrubber
from telefonistka_py.promotion.draft import LABEL
from telefonistka_py.server.pages import admission, render
from telefonistka_py.server.pages.model import Deliveries, Endpoint, Facts, Flights, Server
from telefonistka_py.server.status_page_flights import Board
from telefonistka_py.server.worker import Worker

MOST_ENTRIES = 50
_MOST_LOOKED_THROUGH = 300
"""Of the newest deliveries, to find the repositories that something goes on in."""
_RESERVE = 0.2
"""The share of GitHub's limit that the page leaves to promotions."""
_INBOX_SECONDS = 5.0
_FRESH_SECONDS = 1.0
"""A page that is asked for more often is answered from what was just gathered."""

_REPO = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:[#@!].*)?", re.DOTALL)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass
class StatusPage:
    """`token` opens it; `secrets` are blanked out of whatever it shows; `clock` gives aware UTC."""

    token: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    inbox: Inbox
    worker: Worker
    github: Connection | None
    """None: nothing is known of GitHub, and no promotion in flight is shown."""
    html_url: str
    replica: str
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._scrub = Scrubber(self.secrets).text
        version = distributions.version("telefonistka-py")
        self._server = Server(version, self.replica, self.clock(), self.html_url)
        self._board = Board(self._find, self.clock)
        self._gathering = asyncio.Lock()
        self._known: Facts | None = None

    async def handle(self, request: web.Request) -> web.Response:
        given = request.query.get("token")
        if given is not None:
            return self._entrance(request) if admission.is_token(self.token, given) else _closed()
        if not self._is_let_in(request):
            return _closed()
        return _html(render.page(await self._facts(), self._scrub))

    async def close(self) -> None:
        await self._board.close()

    def _is_let_in(self, request: web.Request) -> bool:
        if admission.is_pass(self.token, request.cookies.get(admission.COOKIE, ""), self.clock()):
            return True
        return admission.is_token(self.token, admission.in_basic(request.headers.get("Authorization", "")))

    def _entrance(self, request: web.Request) -> web.Response:
        """Gives the cookie. The page follows by itself: a redirect from another site would leave the cookie behind."""
        answer = _html(render.entrance())
        answer.set_cookie(
            admission.COOKIE,
            admission.pass_for(self.token, self.clock()),
            max_age=int(admission.LASTS.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https",
            path="/",
        )
        return answer

    async def _facts(self) -> Facts:
        async with self._gathering:
            now = self.clock()
            if self._known is None or (now - self._known.now).total_seconds() >= _FRESH_SECONDS:
                self._known = await self._gathered(now)
            return self._known

    async def _gathered(self, now: datetime) -> Facts:
        problems = list(self.worker.needs_operator)
        if not self.worker.alive:
            problems.append("The worker takes up no deliveries: the server is stopping, or has failed.")
        deliveries, endpoints, flights = None, [], []
        try:
            async with asyncio.timeout(_INBOX_SECONDS):
                problems += [each for each in dict.fromkeys(await trouble.told(self.inbox)) if each not in problems]
                deliveries = await self._deliveries()
                endpoints = await self._endpoints()
                repos = _repos(await self.inbox.entries(most=_MOST_LOOKED_THROUGH))
        except (WorldUnwell, TimeoutError) as error:
            problems.append(f"The inbox can't be read: {error or 'it did not answer in time'}")
        else:
            flights = await self._flights(repos)
        return Facts(self._server, now, problems, deliveries, endpoints, self._left(), flights)

    def _left(self) -> list[tuple[str, Left]]:
        """The scarcest first."""
        known = [] if self.github is None else [(_who(which), left) for which, left in self.github.left().items()]
        return sorted(known, key=lambda each: _share(each[1]))[:MOST_ENTRIES]

    async def _deliveries(self) -> Deliveries:
        every = await backlog.of(self.inbox)
        return Deliveries(
            every.webhooks,
            every.chores,
            dead=await self._newest(State.DEAD),
            waiting=await self._newest(State.WAITING),
            underway=await self._newest(State.UNDERWAY),
            recent=await self._newest(None),
        )

    async def _newest(self, state: State | None) -> Sequence[Entry]:
        seen = await backlog.newest(
            self.inbox, state, None, MOST_ENTRIES, everything=False, farthest=_MOST_LOOKED_THROUGH
        )
        return seen.shown

    async def _endpoints(self) -> list[Endpoint]:
        """Those that fail or are paused, by key."""
        kept = {key.removeprefix(fanout.NOTES): text for key, text in (await self.inbox.notes(fanout.NOTES)).items()}
        held = {key.removeprefix(fanout.HELD): text for key, text in (await self.inbox.notes(fanout.HELD)).items()}
        known = {key: fanout.read(text) for key, text in kept.items()}
        every = [Endpoint(key, known.get(key), held.get(key, "")) for key in sorted(known.keys() | held.keys())]
        return [each for each in every if each.held_since or (each.health and each.health.failing_since)]

    async def _flights(self, repos: Sequence[RepoName]) -> list[Flights]:
        return [] if self.github is None else await self._board.of(repos)

    async def _find(self, repo: RepoName) -> Found:
        assert self.github is not None
        return await in_flight.find(await self.github.transport_for(repo), repo, LABEL, reserve=_RESERVE)


def _repos(entries: Sequence[Entry]) -> list[RepoName]:
    """The repositories that deliveries came from, the newest first."""
    found = (_REPO.fullmatch(entry.lane) for entry in entries)
    return list(dict.fromkeys(RepoName(match[1]) for match in found if match))


def _who(installation: int | None) -> str:
    return "the App or token" if installation is None else f"installation {installation}"


def _share(left: Left) -> float:
    """What is left of the scarcest resource, from 0 to 1."""
    if left.paused_until is not None:
        return 0.0
    return min((each.remaining / max(each.limit, 1) for each in left.standings), default=1.0)


def _html(text: str) -> web.Response:
    headers = {**_HEADERS, "Content-Security-Policy": render.policy()}
    return web.Response(
        body=text.encode("utf-8", "replace"), content_type="text/html", charset="utf-8", headers=headers
    )


def _closed() -> web.Response:
    text = "The status page asks for the password in TELEFONISTKA_STATUS_TOKEN.\n"
    ask = {"WWW-Authenticate": 'Basic realm="Telefonistka", charset="UTF-8"'}
    return web.Response(status=401, text=text, headers={**_HEADERS, **ask})
