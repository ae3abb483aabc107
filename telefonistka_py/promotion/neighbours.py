"""How a new promotion stands to those that are open already (superseding, and what was emptied by others)."""

from collections.abc import Iterable
from dataclasses import dataclass

from telefonistka_py.github.facts import OpenPull
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import metadata


@dataclass(frozen=True)
class Neighbour:
    """An open promotion of ours, with the target components that its metadata names."""

    open: OpenPull
    promoted: frozenset[RepoPath]


def read(open_pulls: Iterable[OpenPull]) -> tuple[Neighbour, ...]:
    """Those whose metadata can be read; people can edit it, so it decides nothing but what is said or closed (N25)."""
    found = []
    for pull in open_pulls:
        try:
            remembered = metadata.read(pull.body)
        except metadata.Broken:
            continue
        if remembered and remembered.promoted_paths:
            found.append(Neighbour(pull, frozenset(remembered.promoted_paths)))
    return tuple(found)


def superseded(
    neighbours: Iterable[Neighbour], targets: Iterable[RepoPath], branch: str, before: int | None
) -> tuple[Neighbour, ...]:
    """The older ones that a promotion to `targets` on `branch` carries all of; `before` is its number if it has one."""
    carried = frozenset(targets)
    return tuple(
        neighbour
        for neighbour in neighbours
        if neighbour.promoted <= carried
        and neighbour.open.branch != branch
        and (before is None or neighbour.open.pull.number < before)
    )


def touched_by(neighbours: Iterable[Neighbour], paths: Iterable[RepoPath]) -> tuple[Neighbour, ...]:
    """Those into whose targets the changed files `paths` reach: they may have nothing left to do."""
    changed = list(paths)
    return tuple(
        neighbour
        for neighbour in neighbours
        if any(f"{path}/".startswith(f"{target}/") for target in neighbour.promoted for path in changed)
    )
