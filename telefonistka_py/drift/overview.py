"""Drift over a whole repository: every component against every environment it is promoted to.

Directories are compared by their git trees; only those that differ are opened. Where the commit comes from, a clone on
disk or GitHub, is the caller's affair.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telefonistka_py.config import read
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.drift import find
from telefonistka_py.drift.model import Content, FileDrift, Gap, Pair
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, survey
from telefonistka_py.promotion.model import Changed
from telefonistka_py.promotion.survey import Clock, Stop, Survey, Takers, Way
from telefonistka_py.tree.model import Entry, Listing
from telefonistka_py.tree.reading import Reader, Trees, Wanted, attempt

Directories = Mapping[RepoPath, Entry]
"""Every directory of the commit."""

Tick = Callable[[int, int], None]
"""Is told how many comparisons are done, and of how many."""


class State(StrEnum):
    IN_STEP = "in step"
    DIFFERS = "differs"
    MISSING = "missing"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Cell:
    """One component at one target."""

    name: str
    source: str
    """The directory that holds the component."""
    environment: str
    """The target directory, without a trailing slash."""
    pair: Pair
    state: State
    files: int = 0
    """How many differ; 0 where the target has nothing at all."""
    reason: str = ""
    """Why it is blocked."""
    gap: Gap | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Seen:
    """One commit of a repository, as far as an overview looks at it."""

    commit: Sha
    tree: Sha
    directories: Directories
    listing: Callable[[Sha], Listing]
    """What a directory of the commit holds, by its git tree."""
    blob: Callable[[Sha], bytes]
    """A file's content; asked for configurations alone, and by `shown`."""
    root: bytes | None = None
    """What the repository's configuration is taken to be; None: what it is in the commit."""


@dataclass(frozen=True)
class Overview:
    """All that was compared: sources in the order of the flows that take from them, then by component and target."""

    commit: Sha
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...] = ()
    only_in_target: tuple[RepoPath, ...] = ()
    """Components of target directories that none of the sources has: deleted there, or never promoted at all."""
    configured: bool = True

    @property
    def differs(self) -> bool:
        return any(cell.state in (State.DIFFERS, State.MISSING) for cell in self.cells)

    @property
    def empty(self) -> bool:
        """Whether there was nothing to compare: no flow takes a component anywhere."""
        return not self.cells and not self.mistaken

    @property
    def mistaken(self) -> bool:
        """Whether a configuration can't be used."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


def make(seen: Seen, clock: Clock, tick: Tick, component: str | None = None) -> Overview:
    """Compares what every flow would keep equal; only `component` (a name, or a path on either side) if given.

    A flow that asks for labels counts only for components that no other flow takes: a shortcut says nothing about what
    should be equal in ordinary times. `clock` counts seconds, for patterns that take too long.
    """
    entry = seen.listing(seen.tree).get(read.ROOT)
    config = _root(seen, entry)
    if isinstance(config, Invalid):
        return Overview(seen.commit, (), config.problems)
    takers = survey.takers(config.value, (RepoPath(f"{directory}/-") for directory in seen.directories), clock)
    files = dict(_own_files(seen, takers))
    ways = survey.make(config.value, takers, files, clock)
    spots = [spot for spot in _spots(takers, ways) if component is None or spot.is_called(component)]
    compare = _Comparison(seen)
    cells = []
    for number, spot in enumerate(spots):
        tick(number, len(spots))
        cells.append(compare.cell(spot))
    own = (problem for file in files.values() for problem in _problems(file))
    return Overview(
        seen.commit,
        tuple(cells),
        (*config.warnings, *own),
        () if component else tuple(_only_in_target(seen.directories, takers, ways)),
        configured=entry is not None or seen.root is not None,
    )


def shown(seen: Seen, gap: Gap) -> tuple[FileDrift, ...]:
    """The files of one gap, with their diffs."""
    contents: dict[Sha, Content] = {sha: seen.blob(sha) for sha in find.needed([gap])}
    return find.files(gap, contents)


@dataclass(frozen=True)
class _Spot:
    """One component that goes, or does not go, to one target."""

    changed: Changed
    stop: Stop

    @property
    def environment(self) -> str:
        return self.stop.path.removesuffix(f"/{self.changed.name}")

    def is_called(self, name: str) -> bool:
        return name.rstrip("/") in (self.changed.name, self.changed.path, self.stop.path)


def _spots(takers: Takers, ways: Survey) -> list[_Spot]:
    """Each target once for each flow: where several sources carry the same component to it, the first by name does."""
    found: dict[tuple[int, RepoPath], _Spot] = {}
    for component, flows in takers.items():
        sources = dict(flows)
        for way in _ordinary(ways.get(component, ())):
            for stop in (stop for pull in way.pulls for stop in pull):
                if stop.path != component:
                    found.setdefault((way.flow, stop.path), _Spot(sources[way.flow], stop))
    first: dict[str, int] = {}
    for (flow, _), spot in found.items():
        first[spot.changed.source] = min(flow, first.get(spot.changed.source, flow))
    pairs = {(spot.changed.path, spot.stop.path): spot for spot in found.values()}
    return sorted(
        pairs.values(),
        key=lambda spot: (first[spot.changed.source], spot.changed.source, spot.changed.name, spot.stop.path),
    )


def _ordinary(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """The way without a condition, if there is one."""
    return tuple(way for way in ways if way.labels is None) or ways


@dataclass(frozen=True)
class _Comparison:
    seen: Seen
    trees: Trees = field(default_factory=Trees)

    def cell(self, spot: _Spot) -> Cell:
        pair = Pair(spot.changed.path, spot.stop.path)
        source = spot.changed.source.rstrip("/")
        if spot.stop.skip:
            return Cell(spot.changed.name, source, spot.environment, pair, State.BLOCKED, reason=spot.stop.skip)
        here, there = self.seen.directories.get(pair.source), self.seen.directories.get(pair.target)
        if here and here == there:
            return Cell(spot.changed.name, source, spot.environment, pair, State.IN_STEP)
        gap = self._walk(lambda reader: find.gap(reader, self.seen.tree, pair))
        if not gap.differences:
            return Cell(spot.changed.name, source, spot.environment, pair, State.IN_STEP)
        missing = there is None and all(each.after is None for each in gap.differences)
        state = State.MISSING if missing else State.DIFFERS
        return Cell(spot.changed.name, source, spot.environment, pair, state, len(gap.differences), gap=gap)

    def _walk(self, ask: Callable[[Reader], Gap]) -> Gap:
        while isinstance(answer := attempt(self.trees, ask), Wanted):
            for sha in answer.shas:
                self.trees.add(sha, self.seen.listing(sha))
        return answer


def _root(seen: Seen, entry: Entry | None) -> Valid[Config] | Invalid:
    """No file at all means that nothing is configured, which is no mistake."""
    if seen.root is not None:
        return read.root(seen.root)
    if entry is None:
        return Valid(Config())
    if not entry.is_file:
        return Invalid((Problem(read.ROOT, "", None, None, "must be a plain file"),))
    return read.root(seen.blob(entry.sha))


def _own_files(seen: Seen, takers: Takers) -> Iterator[tuple[RepoPath, Valid[Component] | Invalid]]:
    for component in takers:
        entry = seen.listing(seen.directories[component].sha).get(read.ROOT)
        if entry is not None:
            content = seen.blob(entry.sha) if entry.kind == "blob" else None
            yield component, decide.read_component(component, entry, content)


def _problems(file: Valid[Component] | Invalid) -> tuple[Problem, ...]:
    return file.problems if isinstance(file, Invalid) else file.warnings


def _only_in_target(directories: Directories, takers: Takers, ways: Survey) -> Iterator[RepoPath]:
    """What lies in target directories as components do, and comes from nowhere."""
    depths: dict[str, set[int]] = {}
    known: set[RepoPath] = set()
    for component, flows in takers.items():
        sources = dict(flows)
        for way in _ordinary(ways.get(component, ())):
            for stop in (stop for pull in way.pulls for stop in pull):
                known.add(stop.path)
                spot = _Spot(sources[way.flow], stop)
                depths.setdefault(spot.environment, set()).add(spot.changed.name.count("/") + 1)
    for path in sorted(directories):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if depth in depths.get("/".join(parts[:-depth]), ()) and path not in known:
                yield path
