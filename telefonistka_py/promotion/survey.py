"""Where every component of a repository goes under a configuration, and what another configuration would change.

A survey asks, for each component: which flows could take it, in order, under which condition, and to which targets.
A merge asks less: which flow takes the component of this pull request, with these labels (`promotion.route`). Both
rest on the same functions.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from telefonistka_py.config.model import Config
from telefonistka_py.config.read import ROOT
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, route
from telefonistka_py.promotion.model import Changed, Lot, Routes
from telefonistka_py.promotion.plan import ComponentFiles
from telefonistka_py.tree.model import Entry, join
from telefonistka_py.tree.reading import Reader

MOST_SECONDS = 10.0
"""What all expressions of a configuration together may take on one repository (N27)."""

Clock = Callable[[], float]
"""Seconds, from any start."""


@dataclass(frozen=True)
class Stop:
    """One target directory of a component. `skip` says why the component does not go there; None: it does."""

    path: RepoPath
    skip: str | None = None


@dataclass(frozen=True)
class Way:
    """A flow that takes a component when its condition holds. Ways are equal when they do the same."""

    labels: tuple[str, ...] | None
    """The pull request carries any of them, sorted; None: whatever it carries."""
    auto_merge: bool
    pulls: tuple[tuple[Stop, ...], ...]
    """One promotion pull request each, with the component's directory in each of its targets."""
    flow: int = field(default=0, compare=False)
    """The flow's place in `promotionPaths`, from 0."""
    source_path: str = field(default="", compare=False)


Survey = Mapping[RepoPath, tuple[Way, ...]]
"""Component path → the ways it can take, in the order they are tried: the first whose condition holds is taken.
Components that no flow takes are not in it."""


Takers = Mapping[RepoPath, tuple[tuple[int, Changed], ...]]
"""Component path → the flows (their places in `promotionPaths`) that can take it, sorted by path and by place."""


@dataclass(frozen=True)
class Change:
    """One component whose ways differ. An empty side: no flow takes it."""

    component: RepoPath
    before: tuple[Way, ...]
    after: tuple[Way, ...]


def takers(config: Config, paths: Iterable[RepoPath], clock: Clock) -> Takers:
    """Every component that `paths` (files of a repository) lie in, with the flows that can take it.

    Raises `RepoMistake` when a pattern takes too long on one path, or all of them together on all paths.
    """
    end = clock() + MOST_SECONDS
    starts = [_literal_start(flow.source_path) for flow in config.promotion_paths]
    found: dict[RepoPath, dict[tuple[int, Changed], None]] = {}
    # Directories alone decide, and a flow takes a component by the same way from each of them.
    for directory in sorted({path.rpartition("/")[0] for path in paths}):
        for number, changed in _candidates(config, starts, f"{directory}/"):
            found.setdefault(changed.path, {})[number, changed] = None
        in_time(clock, end)
    return {component: tuple(sorted(found[component])) for component in sorted(found)}


def make(config: Config, takers: Takers, files: ComponentFiles, clock: Clock) -> Survey:
    """The ways of the components that `takers` names; `files` has their own files, read.

    Raises `RepoMistake` as `takers` does.
    """
    end = clock() + MOST_SECONDS
    found: dict[RepoPath, tuple[Way, ...]] = {}
    for component, flows in takers.items():
        found[component] = tuple(_way(config, number, changed, files) for number, changed in flows)
        in_time(clock, end)
    return found


def compare(before: Survey, after: Survey) -> tuple[Change, ...]:
    """The components whose ways differ, sorted by path."""
    return tuple(
        Change(component, before.get(component, ()), after.get(component, ()))
        for component in sorted(before.keys() | after.keys())
        if before.get(component, ()) != after.get(component, ())
    )


def files_of(reader: Reader, root: Entry | None) -> list[RepoPath]:
    """The paths of all files, symlinks and submodules below the directory `root`, sorted by directory."""
    return list(_leaves(reader, root, RepoPath("")))


def configurations(paths: Iterable[RepoPath]) -> list[RepoPath]:
    """Those of `paths` that may hold a configuration: the repository's own and every component's, sorted."""
    return sorted(path for path in paths if path.rpartition("/")[2] == ROOT)


def _leaves(reader: Reader, entry: Entry | None, path: RepoPath) -> Iterator[RepoPath]:
    for name, inside in sorted(reader.listing(entry).items()):
        if inside.is_directory:
            yield from _leaves(reader, inside, join(path, name))
        else:
            yield join(path, name)


def in_time(clock: Clock, end: float) -> None:
    """Raises `RepoMistake` when `clock` is past `end`."""
    if clock() > end:
        raise RepoMistake(
            f"the expressions of {ROOT} and of the components' files need more than {MOST_SECONDS:g} s for this "
            "repository; write them without repetitions inside repetitions"
        )


def _literal_start(source_path: str) -> str:
    """What every match of the expression begins with, as far as that is plain to see: most paths need no more.

    Alternatives and groups with flags could make it something else; then it is empty.
    """
    if "|" in source_path or "(?" in source_path:
        return ""
    found = re.match(r"\^?([A-Za-z0-9_/ -]*)([?*{]?)", source_path)
    assert found is not None
    return found[1][:-1] if found[2] else found[1]


def _candidates(config: Config, starts: list[str], directory: str) -> Iterator[tuple[int, Changed]]:
    """The flows that can take a change in `directory`, up to the first that needs no label."""
    asked: set[str] = set()
    for number, flow in enumerate(config.promotion_paths):
        labels = flow.conditions.pr_has_labels
        if labels is not None and asked.issuperset(labels):
            continue  # an earlier flow takes every pull request with one of these labels; an empty list never holds
        if directory.startswith(starts[number]) and (changed := route.component_of(flow, directory)):
            yield number, changed
            if labels is None:
                return
            asked.update(labels)


def _way(config: Config, number: int, changed: Changed, files: ComponentFiles) -> Way:
    flow = config.promotion_paths[number]
    pulls: dict[tuple[str, ...], tuple[Stop, ...]] = {}
    for pull in flow.promotion_prs:
        lot = Lot(number, pull.target_paths, "", flow.conditions.auto_merge, (changed,))
        pulls.setdefault(tuple(sorted(pull.target_paths)), _stops(lot, files))
    labels = flow.conditions.pr_has_labels
    return Way(
        labels=None if labels is None else tuple(sorted(set(labels))),
        auto_merge=flow.conditions.auto_merge,
        pulls=tuple(pulls.values()),
        flow=number,
        source_path=flow.source_path,
    )


def _stops(lot: Lot, files: ComponentFiles) -> tuple[Stop, ...]:
    """What the plan of a change to this one component would sync and skip."""
    [changed] = lot.components
    [promotion] = plan.make(Routes((lot,), ()), files, lambda path: None).promotions
    skipped = {changed.within(skip.target): skip.reason for skip in promotion.skips}
    return tuple(sorted({Stop(path) for path in promotion.sync} | {Stop(*pair) for pair in skipped.items()}, key=_path))


def _path(stop: Stop) -> str:
    return stop.path
