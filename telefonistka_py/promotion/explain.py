"""Why a path is promoted where it is, or is not: every flow that was looked at, and every target, with its line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from telefonistka_py.config.document import Document, Loc
from telefonistka_py.config.model import Component, Config, PromotionPath
from telefonistka_py.config.problem import Invalid, Severity, Valid
from telefonistka_py.config.read import ROOT
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, route
from telefonistka_py.promotion.model import Changed, Lot, Routes, Skip


class Verdict(StrEnum):
    """What became of one flow."""

    USED = "used"
    CONDITION = "condition"
    """It matches, and its conditions don't hold."""
    LATER = "later"
    """It matches, and an earlier flow is used."""
    SHALLOW = "too shallow"
    IN_SOURCE = "in the source directory"
    """A file beside the components, or the source directory itself."""
    NO_MATCH = "no match"


@dataclass(frozen=True)
class Spot:
    """A line of a file; it counts from 1."""

    path: RepoPath
    line: int | None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Goal:
    """One target of the flow that is used. `skip` says why the component does not go there; None: it does."""

    pull: int
    """Which promotion pull request, from 1."""
    path: RepoPath
    spot: Spot
    skip: str | None = None
    skip_spot: Spot | None = None


@dataclass(frozen=True)
class Look:
    """One flow, as it was considered."""

    flow: int
    """Its place in `promotionPaths`, from 0."""
    source_path: str
    spot: Spot
    verdict: Verdict
    reason: str
    reason_spot: Spot
    component: RepoPath | None = None
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True)
class Written:
    """A flow whose promotions write where the path lies."""

    flow: int
    target: str
    spot: Spot


@dataclass(frozen=True)
class Explanation:
    looks: tuple[Look, ...]
    written: tuple[Written, ...]

    @property
    def used(self) -> Look | None:
        """The flow that takes the path's component."""
        return next((look for look in self.looks if look.verdict is Verdict.USED), None)


@dataclass(frozen=True)
class Own:
    """A component's own file, read; `document` tells its lines where it could be."""

    file: Valid[Component] | Invalid
    document: Document | None = None


@dataclass(frozen=True)
class Asked:
    """The question. `is_directory` tells a component from a file in one."""

    path: RepoPath
    is_directory: bool
    labels: frozenset[str] = frozenset()

    @property
    def directory(self) -> str:
        """The directory that decides, with its trailing slash."""
        return f"{self.path}/" if self.is_directory else f"{self.path.rpartition('/')[0]}/"


def make(config: Config, document: Document, asked: Asked, own: Callable[[RepoPath], Own | None]) -> Explanation:
    """Looks at every flow of `config`, whose lines `document` has. `own` gives a component's file; None: it has none.

    Raises `RepoMistake` when a pattern takes too long.
    """
    routes = route.find(config, [RepoPath(f"{asked.directory}x")], asked.labels)
    passed = {each.flow: each.reason for each in routes.passed_over}
    lines = _Lines(document)
    looks: list[Look] = []
    taken: int | None = None
    for number, flow in enumerate(config.promotion_paths):
        look = _look(number, flow, asked, lines)
        if look.verdict is Verdict.USED and taken is not None:
            look = replace(look, verdict=Verdict.LATER, reason=f"flow {taken + 1} comes first")
        elif look.verdict is Verdict.USED and number in passed:
            spot = lines.spot("promotionPaths", number, "conditions", "prHasLabels")
            look = replace(look, verdict=Verdict.CONDITION, reason=passed[number], reason_spot=spot)
        elif look.verdict is Verdict.USED:
            taken = number
            look = replace(look, goals=tuple(_goals(config, routes, own, lines)))
        looks.append(look)
    return Explanation(tuple(looks), tuple(_written(config, asked, lines)))


@dataclass(frozen=True)
class _Lines:
    """Places in the root's file."""

    document: Document

    def spot(self, *loc: str | int) -> Spot:
        return _spot(ROOT, self.document, loc)


def _spot(path: RepoPath, document: Document | None, loc: Loc) -> Spot:
    place = document.place(loc) if document else None
    return Spot(path, place.line if place else None)


def _look(number: int, flow: PromotionPath, asked: Asked, lines: _Lines) -> Look:
    """The flow by itself: whether it yields a component, and if not, why."""
    spot = lines.spot("promotionPaths", number, "sourcePath")
    if changed := route.component_of(flow, asked.directory):
        return Look(number, flow.source_path, spot, Verdict.USED, "", spot, changed.path)
    missing, source = _missing(flow, asked.directory)
    parts = flow.component_path_extra_depth + 1
    if missing == parts:
        said = "it is the source directory itself" if asked.is_directory else f"it lies directly in {source}"
        reason = f"{said}: only what lies in a directory of its own there is a component"
        return Look(number, flow.source_path, spot, Verdict.IN_SOURCE, reason, spot)
    if missing:
        depth = lines.spot("promotionPaths", number, "componentPathExtraDepth")
        reason = f"too shallow: below {source} a component's name has {parts} parts, and this has {parts - missing}"
        return Look(number, flow.source_path, spot, Verdict.SHALLOW, reason, depth)
    reason = f"{flow.source_path!r} does not match from the start of the path"
    return Look(number, flow.source_path, spot, Verdict.NO_MATCH, reason, spot)


def _missing(flow: PromotionPath, directory: str) -> tuple[int, str]:
    """How many directories deeper the flow would yield a component, and below which source; 0: at no depth."""
    for deeper in range(1, flow.component_path_extra_depth + 2):
        changed = route.component_of(flow, directory + "x/" * deeper)
        if changed and directory.startswith(f"{changed.source.rstrip('/')}/"):
            return deeper, changed.source
    return 0, ""


def _goals(config: Config, routes: Routes, own: Callable[[RepoPath], Own | None], lines: _Lines) -> Iterator[Goal]:
    """Each target of the lots, which hold one component and one flow, as the plan of a merge has it."""
    if not routes.lots:
        return  # a flow without pull requests leads nowhere
    [changed] = routes.lots[0].components
    file = own(changed.path)
    made = plan.make(routes, {changed.path: file.file} if file else {}, lambda path: None)
    for lot, promotion in zip(routes.lots, made.promotions, strict=True):
        number, spots = _places(config, lot, lines)
        skips = {skip.target: skip for skip in promotion.skips}
        for target, spot in spots.items():
            goal = Goal(number + 1, changed.within(target), spot)
            if skip := skips.get(target):
                goal = replace(goal, skip=skip.reason, skip_spot=_skip_spot(changed, skip, file) or spot)
            yield goal


def _places(config: Config, lot: Lot, lines: _Lines) -> tuple[int, dict[str, Spot]]:
    """Which of its flow's pull requests a lot is, and the line of each target."""
    pulls = config.promotion_paths[lot.flow].promotion_prs
    number = next(at for at, pull in enumerate(pulls) if sorted(pull.target_paths) == sorted(lot.targets))
    where = ("promotionPaths", lot.flow, "promotionPrs", number, "targetPaths")
    spots: dict[str, Spot] = {}
    for at, target in enumerate(pulls[number].target_paths):
        spots.setdefault(target, lines.spot(*where, at))
    return number, spots


def _skip_spot(changed: Changed, skip: Skip, own: Own | None) -> Spot | None:
    """The line of the component's own file that skips the target; None when the root's file does."""
    if own is None:
        return None
    path = plan.component_file(changed.path)
    if isinstance(own.file, Invalid):
        error = next(problem for problem in own.file.problems if problem.severity is Severity.ERROR)
        return Spot(path, error.line)
    for loc, alone in _single_lists(own.file.value):
        if plan.refusal(changed, skip.target, Valid(alone)) == skip.reason:
            return _spot(path, own.document, loc)
    return None


def _single_lists(component: Component) -> Iterator[tuple[Loc, Component]]:
    """The component's file with one expression of its block list alone, then with its allow list alone."""
    for at, expression in enumerate(component.block_list or ()):
        alone = component.model_copy(update={"block_list": (expression,), "allow_list": None})
        yield ("promotionTargetBlockList", at), alone
    yield ("promotionTargetAllowList",), component.model_copy(update={"block_list": None})


def _written(config: Config, asked: Asked, lines: _Lines) -> Iterator[Written]:
    for number, flow in enumerate(config.promotion_paths):
        for pull, each in enumerate(flow.promotion_prs):
            for at, target in enumerate(each.target_paths):
                if asked.directory.startswith(f"{target.rstrip('/')}/"):
                    spot = lines.spot("promotionPaths", number, "promotionPrs", pull, "targetPaths", at)
                    yield Written(number, target, spot)
