"""Which requests are a browser's, and which page they mean. Everything else is the API's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo

OWN = "/-/"
"""What begins so belongs to no repository; no login may begin with a hyphen."""

_FORM = "application/x-www-form-urlencoded"
_REPO = re.compile(r"/([^/]+)/([^/]+)(?:/(.*))?")


@dataclass(frozen=True)
class Place:
    """A page of one repository."""

    repo: "Repo"
    rest: tuple[str, ...]
    """What follows `/owner/name` in the path."""


def is_page(hub: "Hub", method: str, headers: Mapping[str, str], path: str) -> bool:
    """Whether a browser asks this. A client of the API never says that it takes HTML, so its mistakes stay mistakes."""
    if method in ("GET", "HEAD"):
        meant = "text/html" in headers.get("accept", "")
    else:
        meant = method == "POST" and headers.get("content-type", "").startswith(_FORM)
    return meant and (path == "/" or path.startswith(OWN) or place(hub, path) is not None)


def welcome(hub: "Hub") -> str:
    """For who asks for the first page and is no browser, such as curl."""
    repos = "".join(f"  git clone {repo.clone_url}\n" for repo in hub.repos.values())
    return (
        f"This is Telefonistka's sandbox, a GitHub in a folder. Open {hub.url}/ in a browser.\n"
        f"REST: {hub.url}/api/v3   GraphQL: {hub.url}/api/graphql\n{repos}"
    )


def place(hub: "Hub", path: str) -> Place | None:
    """The page of a repository that `path` (decoded, without its query) means; None when there is no such one."""
    found = _REPO.fullmatch(path)
    repo = hub.repos.get(f"{found[1]}/{found[2]}".lower()) if found else None
    if found is None or repo is None:
        return None
    return Place(repo, tuple(part for part in (found[3] or "").split("/") if part))
