"""From lots to promotions: the lists of each component, and which source a target must equal (contract §§2, 3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telefonistka_py import markdown
from telefonistka_py.config import patterns
from telefonistka_py.config.model import Component
from telefonistka_py.config.problem import Invalid, Problem, Severity, Valid
from telefonistka_py.config.read import ROOT
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion.model import Changed, Lot, Plan, Promotion, Routes, Skip
from telefonistka_py.tree.model import Entry

Find = Callable[[RepoPath], Entry | None]
"""What stands at a path of the pinned commit; None when nothing does."""

ComponentFiles = Mapping[RepoPath, Valid[Component] | Invalid]
"""Component path → its own file, read; components that have none are not in it."""


@dataclass(frozen=True)
class _Pair:
    changed: Changed
    target: str


def make(routes: Routes, files: ComponentFiles, find: Find) -> Plan:
    """The promotions that `routes` lead to, in the order of the configuration, each with its reasons for skipping."""
    promotions = tuple(_promotion(lot, files, find) for lot in routes.lots)
    problems: dict[Problem, None] = {}
    for lot in routes.lots:
        for changed in lot.components:
            problems |= dict.fromkeys(_problems(files.get(changed.path)))
    return Plan(promotions, routes.passed_over, tuple(problems))


def component_file(component: RepoPath) -> RepoPath:
    """Where a component's own configuration lies."""
    return RepoPath(f"{component}/{ROOT}")


def _problems(file: Valid[Component] | Invalid | None) -> tuple[Problem, ...]:
    match file:
        case Invalid():
            return file.problems
        case Valid():
            return file.warnings
    return ()


def _promotion(lot: Lot, files: ComponentFiles, find: Find) -> Promotion:
    skips: dict[Skip, None] = {}
    pairs: dict[RepoPath, list[_Pair]] = {}
    for changed in lot.components:
        for target in lot.targets:
            if reason := refusal(changed, target, files.get(changed.path)):
                skips[Skip(changed.name, target, reason)] = None
            else:
                pairs.setdefault(changed.within(target), []).append(_Pair(changed, target))
    sync: dict[RepoPath, RepoPath] = {}
    notes: list[str] = []
    for path, candidates in sorted(pairs.items()):
        if reason := _inside_another(path, pairs):
            skips |= {Skip(pair.changed.name, pair.target, reason): None for pair in candidates}
            continue
        sync[path], note = _source(path, [pair.changed for pair in candidates], find)
        notes += [note] if note else []
    names = tuple(dict.fromkeys(changed.name for changed in lot.components))
    return Promotion(
        flow=lot.flow,
        source=lot.components[0].source,
        components=names,
        targets=tuple(sorted(lot.targets)),
        kept_targets=tuple(sorted(_kept(lot, sync))),
        description=lot.description,
        auto_merge=lot.auto_merge,
        sync=sync,
        skips=tuple(skips),
        notes=tuple(notes),
        branch_suffix=lot.branch_suffix,
    )


def refusal(changed: Changed, target: str, file: Valid[Component] | Invalid | None) -> str | None:
    """Why `changed` does not go to `target`; None when it does."""
    path = changed.within(target)
    if path == changed.path:
        return "it is the component itself"
    if f"{path}/".startswith(f"{changed.path}/") or f"{changed.path}/".startswith(f"{path}/"):
        return f"source {changed.path} and target {path} lie inside one another"
    where = component_file(changed.path)
    if isinstance(file, Invalid):
        problem = next(problem for problem in file.problems if problem.severity is Severity.ERROR)
        return f"the component's own file can't be used ({problem})"
    if file is None:
        return None
    return _blocked(target, file.value.block_list or (), where) or _not_allowed(target, file.value.allow_list, where)


def is_blocked(expression: str, target: str) -> bool:
    """Whether `expression` of a block list matches: either form of the path, with or without its trailing slash, is
    enough."""
    bare = target.removesuffix("/")
    return patterns.search(expression, bare) or patterns.search(expression, f"{bare}/")


def _blocked(target: str, block_list: tuple[str, ...], where: RepoPath) -> str | None:
    for expression in block_list:
        if is_blocked(expression, target):
            return f"blocked by {expression!r} of promotionTargetBlockList in {where}"
    return None


def _not_allowed(target: str, allow_list: tuple[str, ...] | None, where: RepoPath) -> str | None:
    if allow_list is None or any(patterns.search(expression, target) for expression in allow_list):
        return None
    if not allow_list:
        return f"promotionTargetAllowList in {where} is empty, which allows nothing"
    return f"not allowed by promotionTargetAllowList in {where}"


def _inside_another(path: RepoPath, pairs: Mapping[RepoPath, object]) -> str | None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = RepoPath("/".join(parts[:depth]))
        if above in pairs:
            return f"{path} lies inside {above}, another target of the same pull request"
    return None


def _source(path: RepoPath, candidates: list[Changed], find: Find) -> tuple[RepoPath, str | None]:
    """Which of several sources a target must equal, and a note for the reviewer where that was a choice.

    Equal trees are no conflict; a source that exists beats one that does not; then the first by name wins.
    """
    ordered = sorted(dict.fromkeys(changed.path for changed in candidates))
    entries = {source: find(source) for source in ordered}
    there = [source for source in ordered if entries[source]]
    chosen = there[0] if there else ordered[0]
    if len(set(entries.values())) <= 1:
        return chosen, None
    others = ", ".join(markdown.code(source) for source in ordered if source != chosen)
    return chosen, f"{markdown.code(path)} takes {markdown.code(chosen)}; {others} changed too and differs from it."


def _kept(lot: Lot, sync: Mapping[RepoPath, RepoPath]) -> set[str]:
    """The targets that the body names: those of the component that skips fewest (contract §5)."""
    kept = ({target for target in lot.targets if changed.within(target) in sync} for changed in lot.components)
    return max(kept, key=len)
