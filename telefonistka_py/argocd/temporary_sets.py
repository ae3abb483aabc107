"""ApplicationSets that may make an app of a component, looked at as the pull request's head would have them.

https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/ describes the generators.
"""

import copy
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from telefonistka_py.argocd import discovery
from telefonistka_py.argocd.examine import Head
from telefonistka_py.names import RepoPath

_COMBINING = ("matrix", "merge")


def may_make(app_set: Mapping[str, Any], component: RepoPath, head: Head) -> bool:
    """Whether a generator of the set looks at the repository's default branch, and at places that may be `component`'s.

    Files may speak of components that lie elsewhere, and a path may be made of others' values, so these may be any.
    """
    return any(_reaches(git, component) for each in _generators(app_set) for git in _git(each, head))


def at_head(app_set: Mapping[str, Any], head: Head) -> dict[str, Any]:
    """The set with its generators that look at the repository's default branch, and with these looking at `head`."""
    metadata, spec = app_set.get("metadata"), app_set.get("spec")
    assert isinstance(metadata, dict)
    assert isinstance(spec, dict)
    chosen = [copy.deepcopy(each) for each in _generators(app_set) if any(_git(each, head))]
    for generator in chosen:
        for git in _git(generator, head):
            git["revision"] = head.sha
    kept = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    return {"metadata": kept, "spec": {**spec, "generators": chosen}}


def name(app_set: Mapping[str, Any]) -> str:
    metadata = app_set.get("metadata")
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""


def _generators(app_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    spec = app_set.get("spec")
    return _dicts(spec.get("generators")) if isinstance(spec, dict) else []


def _git(generator: dict[str, Any], head: Head) -> Iterator[dict[str, Any]]:
    """The git generators within, of the repository's default branch: what another branch says does not change."""
    git = generator.get("git")
    if isinstance(git, dict) and isinstance(git.get("repoURL"), str):
        same = discovery.identity(git["repoURL"]) == discovery.identity(head.repo_url)
        if same and (git.get("revision") or "HEAD") in {
            "HEAD",
            head.default_branch,
            f"refs/heads/{head.default_branch}",
        }:
            yield git
    for kind in _COMBINING:
        inner = generator.get(kind)
        for each in _dicts(inner.get("generators")) if isinstance(inner, dict) else ():
            yield from _git(each, head)


def _reaches(git: Mapping[str, Any], component: RepoPath) -> bool:
    if _dicts(git.get("files")):
        return True
    wanted = (each for each in _dicts(git.get("directories")) if not each.get("exclude"))
    return any(_meets(str(each.get("path") or ""), component) for each in wanted)


def _meets(pattern: str, component: RepoPath) -> bool:
    """Whether a directory that `pattern` matches is the component's, or lies above or below it."""
    if "{{" in pattern:
        return True
    for part, step in zip(pattern.strip("/").split("/"), component.split("/"), strict=False):
        if part == "**":
            return True
        if not fnmatchcase(step, part):
            return False
    return True


def _dicts(said: Any) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
