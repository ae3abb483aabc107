"""How a new promotion stands to those that are open already (superseding, and what was emptied by others)."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from telefonistka_py.github.facts import OpenPull
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Origin, Step


@dataclass(frozen=True)
class Neighbour:
    """An open promotion of ours, with the target components that its metadata names."""

    open: OpenPull
    promoted: frozenset[RepoPath]
    origins: tuple[Origin, ...] = ()
    """The changes that it says it carries."""
    sources: tuple[tuple[RepoPath, RepoPath], ...] = ()
    """Target and source of each component, as far as it says so."""

    @property
    def trigger(self) -> int | None:
        """The merged pull request that it is the promotion of, by its branch's name; None when that is another one."""
        return _trigger(self.open.branch)


def read(open_pulls: Iterable[OpenPull]) -> tuple[Neighbour, ...]:
    """Those whose metadata can be read; people can edit it, so it decides nothing but what is said or closed (N25)."""
    found = []
    for pull in open_pulls:
        try:
            remembered = metadata.read(pull.body)
        except metadata.Broken:
            continue
        if remembered and remembered.promoted_paths:
            promoted, step = frozenset(remembered.promoted_paths), remembered.history.get(_trigger(pull.branch) or 0)
            found.append(Neighbour(pull, promoted, metadata.origins(remembered), _sources(promoted, step)))
    return tuple(found)


def _sources(promoted: Iterable[RepoPath], step: Step | None) -> tuple[tuple[RepoPath, RepoPath], ...]:
    targets = [f"{target.rstrip('/')}/" for target in step.targets] if step else []
    return tuple(
        (path, RepoPath(f"{step.source.rstrip('/')}/{path.removeprefix(target)}"))
        for path in sorted(promoted)
        for target in targets
        if step and path.startswith(target)
    )


@dataclass(frozen=True)
class Settled:
    """How a promotion stands to the open ones that carry the same."""

    older: tuple[Neighbour, ...] = ()
    """It carries all of what each of these does, in a newer state."""
    newer: Neighbour | None = None
    """It carries all of what the promotion does, in a newer state."""


def rivals(
    neighbours: Iterable[Neighbour], targets: Iterable[RepoPath], branch: str, before: int | None
) -> tuple[Neighbour, ...]:
    """Those that carry all of what a promotion to `targets` on `branch` does, or none but that.

    `before` is its number if it has one: of two that stand, the one that was opened last sees to both. Promotions of
    the same merge hold the same state, and are no rivals.
    """
    carried, own = frozenset(targets), _trigger(branch)
    return tuple(
        neighbour
        for neighbour in neighbours
        if carried
        and (neighbour.promoted <= carried or carried <= neighbour.promoted)
        and (own is None or own != neighbour.trigger)
        and neighbour.open.branch != branch
        and (before is None or neighbour.open.pull.number < before)
    )


def settle(rivals: Iterable[Neighbour], targets: Iterable[RepoPath], later: Collection[int]) -> Settled:
    """Which of `rivals` a promotion to `targets` overtakes, and which overtakes it; `later` are the pull requests that
    were merged after its own. One of which that is not known was there first."""
    carried = frozenset(targets)
    older = tuple(each for each in rivals if each.trigger not in later and each.promoted <= carried)
    newer = [each for each in rivals if each.trigger in later and carried <= each.promoted]
    return Settled(older, max(newer, key=lambda each: each.open.pull.number, default=None))


def overtaking(neighbours: Iterable[Neighbour], number: int, targets: Collection[RepoPath]) -> Neighbour | None:
    """One that was opened after the promotion `number`, which goes to `targets`, and carries some of the same."""
    near = tuple(neighbours)
    own = next((each.trigger for each in near if each.open.pull.number == number), None)
    later = (each for each in near if each.open.pull.number > number and not each.promoted.isdisjoint(targets))
    return next((each for each in later if own is None or each.trigger != own), None)


_BRANCH = re.compile(r"promotions/([1-9][0-9]{0,9})-")


def _trigger(branch: str) -> int | None:
    found = _BRANCH.match(branch)
    return int(found[1]) if found else None


def drawing_on(
    neighbour: Neighbour, reached: Collection[RepoPath], sync: Mapping[RepoPath, RepoPath]
) -> dict[RepoPath, RepoPath]:
    """Target and source of what `neighbour` carries and a merge changed.

    `reached` are the merge's files and the folders above them; `sync` says where its own promotions take their targets
    from, and knows better.
    """
    changed = {target: source for target, source in neighbour.sources if source in reached}
    return changed | {target: source for target, source in sync.items() if target in neighbour.promoted}


def touched_by(neighbours: Iterable[Neighbour], paths: Iterable[RepoPath]) -> tuple[Neighbour, ...]:
    """Those into whose targets the changed files `paths` reach: they may have nothing left to do."""
    changed = list(paths)
    return tuple(
        neighbour
        for neighbour in neighbours
        if any(f"{path}/".startswith(f"{target}/") for target in neighbour.promoted for path in changed)
    )
