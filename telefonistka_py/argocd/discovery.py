"""Which apps a component belongs to (contract §11).

https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/#manifest-paths-annotation describes the
annotation by which apps say what they are made of.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from telefonistka_py.argocd.applications import TEMPORARY, Application, Source
from telefonistka_py.names import RepoPath

ANNOTATION = "argocd.argoproj.io/manifest-generate-paths"
LABEL = "telefonistka.io/component-path-sha1"

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?P<host>\[[^\]]*\]|[^/:]+)(?::[0-9]+(?=/))?[:/](?P<path>.*)", re.I
)
_HOSTS = {"ssh.github.com": "github.com", "www.github.com": "github.com"}
_WILD = frozenset("*?[")


def label_value(component: RepoPath) -> str:
    """What the label of a component's apps holds."""
    return hashlib.sha1(component.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def apps_of(
    component: RepoPath, apps: Iterable[Application], repo_url: str, *, by_label: bool = False
) -> tuple[Application, ...]:
    """All of `apps` that are made of `component`, a directory of the repository at `repo_url`, in their order.

    `by_label`: by the label alone (`useSHALabelForAppDiscovery`); else by the annotation, and by the source's path
    where an app has no annotation.
    """
    return tuple(each for each in apps if _belongs(component, each, repo_url, by_label=by_label))


def inside(component: RepoPath, apps: Iterable[Application], repo_url: str) -> tuple[Application, ...]:
    """Those of `apps` that are made of a folder inside `component`: apps of their own, which a change of the component
    may change all the same."""
    return tuple(
        each
        for each in apps
        if TEMPORARY not in each.labels and any(path.startswith(f"{component}/") for path in folders(each, repo_url))
    )


def positions(app: Application, repo_url: str) -> tuple[int, ...]:
    """Which of the app's sources lie in the repository, counted from 1 as Argo CD does."""
    wanted = identity(repo_url)
    return tuple(
        place for place, source in enumerate(app.sources, 1) if source.repo and identity(source.repo) == wanted
    )


def sources(app: Application, repo_url: str) -> tuple[Source, ...]:
    """Those of the app's sources that lie in the repository."""
    return tuple(app.sources[place - 1] for place in positions(app, repo_url))


def folders(app: Application, repo_url: str) -> tuple[RepoPath, ...]:
    """The folders of the repository that the app is rendered from, without its root."""
    places = (_plain(source.path) for source in sources(app, repo_url))
    return tuple(RepoPath(place) for place in places if place)


def identity(url: str) -> str:
    """What two addresses of one repository have in common: neither scheme, port and user, nor `.git` and case.

    Names of GitHub's owners and repositories are the same in any case, and Argo CD compares addresses so as well.
    """
    text = url.strip().casefold()
    found = _URL.fullmatch(text)
    host, path = (found["host"], found["path"]) if found else ("", text)
    return f"{_HOSTS.get(host, host)}/{path.strip('/').removesuffix('.git').strip('/')}"


def _belongs(component: RepoPath, app: Application, repo_url: str, *, by_label: bool) -> bool:
    here = sources(app, repo_url)
    if not here or TEMPORARY in app.labels:
        return False
    if by_label:
        return app.labels.get(LABEL) == label_value(component)
    said = [part.strip() for part in app.annotations.get(ANNOTATION, "").split(";") if part.strip()]
    if not said:
        return any(_plain(source.path) == component for source in here)
    return any(_covers(place, component) for source in here for path in said for place in _places(path, source.path))


def _places(path: str, source: str) -> Iterator[str]:
    """The directories of the repository that a path of the annotation may mean; empty for its root.

    One without a leading `.` or `/` starts at the app's source for Argo CD, and at the repository's root for v1.
    """
    candidates = [path] if path.startswith("/") else [f"{source}/{path}"]
    if not path.startswith(("/", ".")):
        candidates.append(path)
    for each in candidates:
        place = _plain(each)
        if place is not None:
            yield place


def _plain(path: str) -> str | None:
    """`/a/./b/` → `a/b`; the root is empty. None for what leaves the repository."""
    place = posixpath.normpath(path.strip("/") or ".")
    if place == ".." or place.startswith("../"):
        return None
    return "" if place == "." else place


def _covers(place: str, component: RepoPath) -> bool:
    if not place:
        return True
    wanted, steps = place.split("/"), component.split("/")
    if _WILD.isdisjoint(place):
        return steps[: len(wanted)] == wanted
    return len(steps) >= len(wanted) and _all_like(steps, wanted)


def _all_like(steps: Sequence[str], patterns: Sequence[str]) -> bool:
    return all(fnmatchcase(step, pattern) for step, pattern in zip(steps, patterns, strict=False))
