"""The check of every `telefonistka.yaml` of a repository before it is merged (N31): its problems, and what it changes.

Nothing is fetched here: a `Reading` is what was read of one commit, or of the files on disk.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from telefonistka_py.config import read
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.config.read import ROOT
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check_doubts, check_heirs, plan, survey
from telefonistka_py.promotion.plan import ComponentFiles
from telefonistka_py.promotion.survey import Change, Clock, Survey, Takers


@dataclass(frozen=True)
class Reading:
    """One state of a repository."""

    files: Mapping[RepoPath, bytes | None]
    """The content of each `telefonistka.yaml`, the root's and the components', by its path (`survey.configurations`
    finds them). None: something stands there that is no plain file."""
    paths: Collection[RepoPath]
    """All files. Where only component files differ, those below these components are enough."""


@dataclass(frozen=True)
class Checked:
    """What there is to say; `check_words` says it."""

    problems: tuple[Problem, ...]
    """Of the root's file and of each component file that differs, in order of path and line."""
    changes: tuple[Change, ...] | None
    """Components whose routes differ. None: they could not be compared, or there was nothing to compare with."""
    uncompared: str = ""
    """Why they could not be compared."""
    components: int = 0
    """How many components the flows take."""
    later: tuple[Change, ...] = ()
    """Components whose routes differ once the component files that differ have been promoted to them."""
    heirs: frozenset[RepoPath] = frozenset()
    """The components that those files may be promoted to: their own files, too, decide on `later`."""

    @property
    def mistakes(self) -> tuple[Problem, ...]:
        """The problems that fail the check; the others are warnings."""
        return tuple(problem for problem in self.problems if fails(problem))

    @property
    def state(self) -> Literal["success", "error"]:
        """For the commit status."""
        return "error" if self.mistakes else "success"


def fails(problem: Problem) -> bool:
    """Whether `problem` fails the check: an error, or an unknown key, which a running promotion only warns of."""
    return problem.severity is Severity.ERROR or problem.unknown_key


def make(before: Reading | None, after: Reading, clock: Clock, *, all_files: bool = False) -> Checked:
    """Checks `after`, and compares its routes with those of `before`. None: everything in `after` is new.

    Only files that differ are judged, unless `all_files`: the others are not this author's. Both are surveyed on the
    files of both, so that what differs is due to the configuration alone. `clock` counts seconds; expressions that
    need too many of them are a problem like any other.
    """
    everywhere = {*after.paths, *(before.paths if before else ())}
    new = _look(after, everywhere, clock)
    old = _look(before, everywhere, clock) if before else None
    known = _known(new, old)
    own = _components(after, known)
    judged = None if all_files else before
    problems = _judged(new, own, judged, after)
    problems += check_doubts.misnamed(_new_paths(judged, after), ROOT in after.files)
    ways = _ways(new, own, clock)
    if isinstance(ways, Invalid):
        problems += [] if ways is new.root else ways.problems
        return Checked(_sorted(problems), None, f"{ROOT} can't be used" if before else "")
    assert isinstance(new.root, Valid)
    config, checked = new.root.value, Checked((), None, "", len(ways))
    try:
        problems += _doubts(config, new.takers, ways, own, judged, after, clock)
        if before and old:
            checked = _compared(config, checked, (old, before), ways, own, known, after, clock)
    except RepoMistake as error:
        problems += _too_slow(error).problems
    return replace(checked, problems=_sorted(problems))


def _doubts(
    config: Config,
    takers: Takers,
    ways: Survey,
    own: ComponentFiles,
    judged: Reading | None,
    after: Reading,
    clock: Clock,
) -> Iterator[Problem]:
    """Of the files that differ. Raises `RepoMistake` when a pattern takes too long."""
    end = clock() + survey.MOST_SECONDS

    def in_time() -> None:
        survey.in_time(clock, end)

    if _differs(ROOT, judged, after):
        yield from check_doubts.of_root(config, takers, ways, after.files.get(ROOT))
    differing = [path for path in after.files if _differs(path, judged, after)]
    yield from check_doubts.strays(after.files, differing, takers, ways)
    for component, file in own.items():
        path = plan.component_file(component)
        content = after.files.get(path)
        if isinstance(file, Valid) and content is not None and _differs(path, judged, after):
            in_time()
            onward = check_heirs.places(config, [component], ways, clock)
            flows = {way.flow for found in (ways.get(component, ()), *onward.values()) for way in found}
            yield from check_doubts.of_component(config, file, content, component, flows, in_time)


def _compared(
    config: Config,
    checked: Checked,
    past: "tuple[_Side, Reading]",
    ways: Survey,
    own: ComponentFiles,
    known: set[RepoPath] | None,
    after: Reading,
    clock: Clock,
) -> Checked:
    """With the routes that differ, at once and later on."""
    old, before = past
    old_ways = _ways(old, _components(before, known), clock)
    if isinstance(old_ways, Invalid):
        return replace(checked, uncompared=f"the {ROOT} that was there before can't be used")
    changed = [
        RepoPath(path.rpartition("/")[0])
        for path in sorted({*before.files, *after.files})
        if path != ROOT and _differs(path, before, after) and (path in after.files or _is_there(path, after))
    ]
    return replace(
        checked,
        changes=survey.compare(old_ways, ways),
        later=tuple(check_heirs.changes(config, changed, ways, own, clock)),
        heirs=frozenset(check_heirs.places(config, changed, ways, clock)),
    )


def _is_there(file: RepoPath, after: Reading) -> bool:
    """Whether the component whose own file this was is still there: one that was removed leaves none where it goes."""
    component = file.removesuffix(ROOT)
    return any(path.startswith(component) for path in after.paths)


def _new_paths(judged: Reading | None, after: Reading) -> list[RepoPath]:
    before = frozenset(judged.paths) if judged else frozenset[RepoPath]()
    return sorted(path for path in after.paths if "/" not in path and path not in before)


@dataclass(frozen=True)
class _Side:
    """One of the two states: its root file, and the components that it knows of; none when it can't be used."""

    root: Valid[Config] | Invalid
    takers: Takers


def _look(reading: Reading, paths: Collection[RepoPath], clock: Clock) -> _Side:
    root = _root(reading)
    if isinstance(root, Invalid):
        return _Side(root, {})
    try:
        return _Side(root, survey.takers(root.value, paths, clock))
    except RepoMistake as error:
        return _Side(_too_slow(error), {})


def _known(new: _Side, old: _Side | None) -> set[RepoPath] | None:
    """The components that either side knows of; None when neither can tell."""
    usable = [side for side in (new, old) if side and isinstance(side.root, Valid)]
    return {component for side in usable for component in side.takers} if usable else None


def _judged(new: _Side, own: ComponentFiles, before: Reading | None, after: Reading) -> list[Problem]:
    """The problems of the files that differ."""
    found = list(_said(new.root)) if _differs(ROOT, before, after) else []
    for component, file in own.items():
        if _differs(plan.component_file(component), before, after):
            found += _said(file)
    return found


def _ways(side: _Side, own: ComponentFiles, clock: Clock) -> Survey | Invalid:
    if isinstance(side.root, Invalid):
        return side.root
    try:
        return survey.make(side.root.value, side.takers, own, clock)
    except RepoMistake as error:
        return _too_slow(error)


def _root(reading: Reading) -> Valid[Config] | Invalid:
    """No file at all means that nothing is configured, which is no mistake."""
    if ROOT not in reading.files:
        return Valid(Config())
    content = reading.files[ROOT]
    return read.root(content) if content is not None else _odd(ROOT)


def _odd(path: RepoPath) -> Invalid:
    return Invalid((Problem(path, "", None, None, "must be a plain file; a symlink or a directory is not read"),))


def _components(reading: Reading, known: set[RepoPath] | None) -> dict[RepoPath, Valid[Component] | Invalid]:
    """The components' own files, read, by component. A file of that name elsewhere is read by nobody.

    Where nothing is known of which directories are components, each is taken for one.
    """
    found: dict[RepoPath, Valid[Component] | Invalid] = {}
    for path, content in reading.files.items():
        component = RepoPath(path.rpartition("/")[0])
        if component and (known is None or component in known):
            found[component] = read.component(content, path) if content is not None else _odd(path)
    return found


def _said(file: Valid[Config] | Valid[Component] | Invalid) -> tuple[Problem, ...]:
    return file.problems if isinstance(file, Invalid) else file.warnings


_ABSENT = object()


def _differs(path: RepoPath, before: Reading | None, after: Reading) -> bool:
    return before is None or before.files.get(path, _ABSENT) != after.files.get(path, _ABSENT)


def _too_slow(error: RepoMistake) -> Invalid:
    return Invalid((Problem(ROOT, "", None, None, str(error).rstrip(".")),))


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    """The root's first, then by path, line and column; each once."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda p: (p.path != ROOT, p.path, p.line or 0, p.column or 0, p.key))
    )
