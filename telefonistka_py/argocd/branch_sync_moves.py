"""What is changed in an app, so that it follows a pull request's branch, or what it followed before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telefonistka_py.argocd import applications, discovery
from telefonistka_py.argocd.applications import TEMPORARY, Application
from telefonistka_py.names import Branch

DEFAULT = "HEAD"
"""What an app follows of which nobody remembers anything."""

Steps = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Move:
    """A change to an app."""

    patch: dict[str, Any] | Steps
    """A merge patch (RFC 7386), or steps of a JSON patch (RFC 6902), which fail where the app was changed meanwhile."""
    to: str
    """The revision it follows then."""
    before: Mapping[int, str]
    """The revisions that its sources followed, by their place from 1; empty for none at all."""


@dataclass(frozen=True)
class Stay:
    """Nothing is to be changed."""

    why: str
    on_branch: bool


def to_branch(raw: Mapping[str, Any], repo_url: str, branch: Branch) -> Move | Stay:
    """Has every source in the repository at `repo_url` follow `branch`. `raw` is the app as Argo CD has it now."""
    app = applications.read(raw)
    if TEMPORARY in app.labels:
        return Stay("it is a temporary app", on_branch=False)
    places = discovery.positions(app, repo_url)
    before = {place: app.sources[place - 1].revision for place in places if not _is_on(app, place, branch)}
    if not before:
        return Stay("it follows the branch already", on_branch=True) if places else Stay(_ELSEWHERE, on_branch=False)
    if not app.several:
        return Move({"spec": {"source": {"targetRevision": branch}}}, branch, before)
    steps = [step for place in before for step in (*_unchanged(app, place), _set(app, place, branch))]
    return Move(tuple(steps), branch, before)


def back(raw: Mapping[str, Any], repo_url: str, branch: Branch, remembered: Mapping[int, str]) -> Move | Stay:
    """Has every source that follows `branch` follow again what it did: as `remembered`, else `HEAD`.

    What people moved elsewhere meanwhile is left alone.
    """
    app = applications.read(raw)
    on = [place for place in discovery.positions(app, repo_url) if _is_on(app, place, branch)]
    if not on:
        return Stay("it does not follow the branch", on_branch=False)
    wanted = {place: remembered.get(place, DEFAULT) for place in on}
    steps = [step for place, to in wanted.items() for step in (*_unchanged(app, place), _set(app, place, to))]
    return Move(tuple(steps), wanted[on[0]], {place: app.sources[place - 1].revision for place in on})


_ELSEWHERE = "none of its sources lies in this repository"


def _is_on(app: Application, place: int, branch: Branch) -> bool:
    return app.sources[place - 1].revision in (branch, f"refs/heads/{branch}")


def _path(app: Application, place: int) -> str:
    return f"/spec/sources/{place - 1}" if app.several else "/spec/source"


def _unchanged(app: Application, place: int) -> Steps:
    """That the source is still the one that was decided on."""
    source, path = app.sources[place - 1], _path(app, place)
    tests = [("repoURL", source.repo), ("targetRevision", source.revision)]
    return tuple({"op": "test", "path": f"{path}/{key}", "value": value} for key, value in tests if value)


def _set(app: Application, place: int, revision: str) -> dict[str, Any]:
    path = f"{_path(app, place)}/targetRevision"
    return {"op": "add", "path": path, "value": revision} if revision else {"op": "remove", "path": path}
