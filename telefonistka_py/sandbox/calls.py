"""One REST call: its route, what it brings, and what it is answered."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.model import Issue, Pull, User
from telefonistka_py.sandbox.refusal import Refusal, Unknown, invalid, not_found

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo

PAGE_KEYS = ("per_page", "page")


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Instead of JSON."""
    content_type: str = "application/json; charset=utf-8"


Handler = Callable[["Call"], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    needs: tuple[str, ...]
    """An installation's permissions, one of which must be there."""
    level: str
    """`read` or `write`: of that permission, and of a person's access."""
    query: frozenset[str]
    body: frozenset[str]
    who: str
    """`repo`: whoever may see it; `repo-app`: the App by its JWT, about a repository; `app`: the App; `token`:
    anybody with a token; `any`."""
    person: str
    """The access to the repository that a person needs. Whoever reads may open pull requests and comment."""


ROUTES: list[Route] = []
_WIDE = {"path", "ref", "branch", "basehead", "name", "commit_sha"}
"""Parts of a path that may hold slashes."""
_UNLEARNT = ("/check-suites", "/protection", "/branches-where-head", "/zipball", "/tarball")
"""Ends of GitHub's paths that would otherwise be taken for the end of a ref's name."""


def route(
    method: str,
    path: str,
    *,
    needs: str | Sequence[str] = (),
    level: str = "",
    query: Sequence[str] = (),
    body: Sequence[str] = (),
    who: str = "",
    person: str = "",
) -> Callable[[Handler], Handler]:
    """Registers a handler. `level` is `read` for GET and `write` otherwise, unless said."""

    def part(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>.+)" if match[1] in _WIDE else f"(?P<{match[1]}>[^/]+)"

    pattern = re.compile(re.sub(r"\{(\w+)\}", part, path))
    kind = who or ("repo" if path.startswith("/repos/") else "token")
    permissions = (needs,) if isinstance(needs, str) else tuple(needs)

    def register(handler: Handler) -> Handler:
        how = level or ("read" if method == "GET" else "write")
        access = person or how
        known = Route(method, pattern, handler, permissions, how, frozenset(query), frozenset(body), kind, access)
        ROUTES.append(known)
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route for a decoded path. Raises `Unknown`."""
    if path.endswith(_UNLEARNT):
        raise Unknown(f"The sandbox doesn't know {method} {path}.")
    matches = [(each, each.pattern.fullmatch(path)) for each in ROUTES if each.method == method]
    found = [(each, match.groupdict()) for each, match in matches if match is not None]
    if found:
        # The most particular one: `commits/{ref}/status` before `commits/{ref}`.
        return min(found, key=lambda pair: sum(map(len, pair[1].values())))
    raise Unknown(f"The sandbox doesn't know {method} {path}.")


@dataclass
class Call:
    """What a handler works with."""

    hub: "Hub"
    actor: Actor
    method: str
    path: str
    """Decoded, without `/api/v3` and query."""
    raw_path: str
    """As sent, without the query; page links are made of it."""
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]
    parts: dict[str, str]
    _repo: "Repo | None" = None

    @property
    def repo(self) -> "Repo":
        assert self._repo is not None
        return self._repo

    @property
    def by(self) -> User:
        """Who acts. Raises 401 for nobody."""
        if self.actor.user is None:
            raise Refusal(401, "Requires authentication")
        return self.actor.user

    def text(self, key: str, default: str | None = None) -> str:
        """A string of the body. Raises 422 when it is missing without a default, or no string."""
        value = self.body.get(key, default)
        if value is None:
            raise invalid(f'Invalid request.\n\n"{key}" wasn\'t supplied.')
        if not isinstance(value, str):
            raise invalid(f"Invalid request.\n\nFor 'properties/{key}', {value!r} is not a string.")
        return value

    def maybe(self, key: str) -> str | None:
        """A string of the body, or None when it is missing or null."""
        return None if self.body.get(key) is None else self.text(key)

    def flag(self, key: str, default: bool) -> bool:
        value = self.body.get(key, default)
        if not isinstance(value, bool):
            raise invalid(f"Invalid request.\n\nFor 'properties/{key}', {value!r} is not a boolean.")
        return value

    def words(self, key: str) -> list[str]:
        """A list of strings of the body. Raises 422 for anything else."""
        value = self.body.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(f"Invalid request.\n\nFor 'properties/{key}', {value!r} is not an array of strings.")
        return value

    def number(self, part: str) -> int:
        if not self.parts[part].isdecimal():
            raise not_found()
        return int(self.parts[part])

    def issue(self, part: str = "issue_number") -> Issue:
        found = self.repo.issues.get(self.number(part))
        if found is None:
            raise not_found()
        return found

    def pull(self) -> Pull:
        found = self.issue("pull_number")
        if not isinstance(found, Pull):
            raise not_found()
        return found

    def page(self) -> tuple[int, int]:
        """Page number from 1, and its size: 30 unless asked, at most 100."""
        size, at = self.query.get("per_page", ""), self.query.get("page", "")
        per_page = min(int(size), 100) if size.isdecimal() and int(size) > 0 else 30
        return (int(at) if at.isdecimal() and int(at) > 0 else 1), per_page

    def paged(self, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
        """The page that was asked for, and the `Link` header to the others."""
        at, size = self.page()
        last = max(1, -(-len(items) // size))
        rels: dict[str, int] = {}
        if at > 1:
            rels |= {"first": 1, "prev": min(at - 1, last)}
        if at < last:
            rels |= {"next": at + 1, "last": last}
        links = [f'<{self._link(number)}>; rel="{rel}"' for rel, number in rels.items()]
        return list(items[(at - 1) * size : at * size]), {"link": ", ".join(links)} if links else {}

    def _link(self, number: int) -> str:
        return f"{self.hub.url}{self.raw_path}?{urlencode(self.query | {'page': str(number)})}"

    def check_keys(self, known: Route) -> None:
        """Raises `Unknown` for a key that the sandbox has not learnt: ignoring it could hide a mistake."""
        for key in self.query.keys() - known.query:
            raise Unknown(f"The sandbox doesn't know the query key {key!r} of {self.method} {self.path}.")
        if self.body is None or known.method == "GET":
            self.body = self.body if isinstance(self.body, dict) else {}
            return
        if not isinstance(self.body, dict):
            raise Refusal(400, "Body should be a JSON object")
        for key in self.body.keys() - known.body:
            raise Unknown(f"The sandbox doesn't know the body key {key!r} of {self.method} {self.path}.")


def read_query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
