"""What only the App itself may ask, with a proof that it signs: tokens, and where it is installed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github import failure
from telefonistka_py.github.credentials import App
from telefonistka_py.github.facts import Attempted
from telefonistka_py.github.transport import Clock, Transport
from telefonistka_py.names import Login, RepoName

PER_PAGE = 100
MOST_SKEW = timedelta(days=1)
"""A clock that is off by more is no matter of a correction: its machine needs one."""

_SAME = timedelta(seconds=30)
Result = TypeVar("Result")

_NO_APP = "integration not found"
"""GitHub's words where no App has the id that a proof names; it answers 404."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Installation:
    """The App on one account."""

    id: int
    account: Login


class NotInstalled(OperatorMistake):
    """The App is there, and not installed on the repository."""


class Application:
    """The App at GitHub. Corrects our clock when GitHub refuses a proof as out of time (N22)."""

    def __init__(self, app: App, transport: Transport, clock: Clock) -> None:
        self._app = app
        self._transport = transport
        self._clock = clock
        self._ahead = timedelta(0)
        self._found: dict[RepoName, int] = {}

    def now(self) -> datetime:
        """GitHub's time, as far as we know."""
        return self._clock() + self._ahead

    async def token(self, installation: int) -> Any:
        """GitHub's answer to the request for a token: `token`, `expires_at`."""
        url = f"/app/installations/{installation}/access_tokens"
        try:
            return await self._signed(lambda proof: self._transport.post(url, {}, jwt=proof))
        except failure.Refused as error:
            # Whoever installs the App anew gets another installation; what was looked up is looked up again.
            self._found = {name: number for name, number in self._found.items() if number != installation}
            raise OperatorMistake(f"the GitHub App has no installation {installation} (any more): {error}") from error

    async def installation_of(self, name: RepoName) -> int:
        """Asked once, of GitHub itself: no list of installations is searched."""
        if name not in self._found:
            try:
                answer = await self._signed(lambda proof: self._transport.get(f"/repos/{name}/installation", jwt=proof))
            except failure.Refused as error:
                if error.status != 404:
                    raise
                raise NotInstalled(f"the GitHub App is not installed on {name}; install it there") from error
            self._found[name] = int(answer["id"])
        return self._found[name]

    async def installations(self) -> tuple[Installation, ...]:
        """All of them, page by page, but for those that are suspended
        (https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app)."""
        found: dict[int, Installation] = {}
        page, full = 1, True
        while full:
            url = f"/app/installations?per_page={PER_PAGE}&page={page}"
            answer = await self._signed(lambda proof, url=url: self._transport.get(url, jwt=proof))  # type: ignore[misc]
            if not isinstance(answer, list):
                raise WorldUnwell("GitHub's list of the App's installations is no list")
            for each in answer:
                if each["suspended_at"] is None:
                    found[each["id"]] = Installation(each["id"], _account(each["account"]))
            page, full = page + 1, len(answer) >= PER_PAGE
        return tuple(found.values())

    async def attempts(self, cursor: str) -> tuple[list[Attempted], str]:
        """A page of what GitHub tried to hand over, newest first, from `cursor` on (empty: the newest), and the cursor
        of the next page; empty after the last
        (https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook).
        """
        url = f"/app/hook/deliveries?per_page={PER_PAGE}" + (f"&cursor={quote(cursor)}" if cursor else "")
        answer, further = await self._signed(lambda proof: self._transport.page(url, jwt=proof))
        if not isinstance(answer, list):
            raise WorldUnwell("GitHub's log of its deliveries is no list")
        return [_attempted(each) for each in answer], further

    async def attempt_again(self, attempt: int) -> None:
        """Has GitHub hand the delivery of `attempt` over once more. Raises `Refused` when it can't."""
        url = f"/app/hook/deliveries/{attempt}/attempts"
        await self._signed(lambda proof: self._transport.post(url, {}, jwt=proof))

    async def hook_addresses(self) -> list[str]:
        """The networks that GitHub sends webhooks from (https://docs.github.com/en/rest/meta/meta#get-github-meta-information)."""
        return addresses(await self._signed(lambda proof: self._transport.get("/meta", jwt=proof)))

    async def _signed(self, send: Callable[[str], Awaitable[Result]]) -> Result:
        try:
            return await self._proved(send)
        except failure.Refused as error:
            if is_unknown(error):
                raise OperatorMistake(unknown(self._app, error)) from error
            raise

    async def _proved(self, send: Callable[[str], Awaitable[Result]]) -> Result:
        try:
            return await send(self._app.jwt(self.now()))
        except failure.Unauthorized as error:
            if abs(error.ahead - self._ahead) <= _SAME:
                raise  # our clock is not the reason
            if abs(error.ahead) > MOST_SKEW:
                raise OperatorMistake(f"{error}. This machine's clock is {_words(error.ahead)}; set it") from error
            self._ahead = error.ahead
            log.warning(f"this machine's clock is {_words(error.ahead)}; that is allowed for, but set it")
        return await send(self._app.jwt(self.now()))


def is_unknown(error: failure.Refused) -> bool:
    """Whether GitHub has no App of the id that the request's proof named."""
    return error.status == 404 and _NO_APP in error.reason.lower()


def unknown(app: App, error: failure.Refused) -> str:
    """What to do about it."""
    return (
        f"{error}. GitHub has no App with the id {app.id}: check GITHUB_APP_ID, or APPROVER_GITHUB_APP_ID if it is the "
        "approver's, and that GITHUB_HOST names the GitHub where the App is registered"
    )


def _account(account: Mapping[str, Any] | None) -> Login:
    """An enterprise has a `slug`, and no `login`."""
    return Login((account or {}).get("login") or (account or {}).get("slug") or "?")


def _attempted(each: Mapping[str, Any]) -> Attempted:
    return Attempted(
        id=each["id"],
        guid=each["guid"],
        at=datetime.fromisoformat(each["delivered_at"]),
        event=each["event"],
        succeeded=200 <= each["status_code"] < 300,
    )


def addresses(meta: Any) -> list[str]:
    """What `/meta` lists under `hooks`."""
    found = meta.get("hooks") if isinstance(meta, dict) else None
    if not isinstance(found, list):
        raise WorldUnwell("GitHub's answer about its own addresses makes no sense")
    return [str(each) for each in found]


def _words(ahead: timedelta) -> str:
    """`90 s behind GitHub's`."""
    return f"{abs(ahead.total_seconds()):.0f} s {'behind' if ahead > timedelta(0) else 'ahead of'} GitHub's"
