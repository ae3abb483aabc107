"""What can be used as it is, but hardly means what was meant: told by the check, and not by every promotion."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from telefonistka_py.config import document, endpoints, patterns, read
from telefonistka_py.config.document import Document, Loc
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Problem, Severity, Valid
from telefonistka_py.config.read import ROOT
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check_loops, plan
from telefonistka_py.promotion.survey import Survey, Takers

_MOST_NAMED = 5
"""Targets that a sentence names."""


@dataclass(frozen=True)
class _Place:
    """Makes problems of one file."""

    path: RepoPath
    document: Document

    def problem(self, loc: Loc, said: str, severity: Severity = Severity.WARNING) -> Problem:
        place = self.document.place(loc)
        line, column = (place.line, place.column) if place else (None, None)
        return Problem(self.path, read.key_path(loc), line, column, said, severity)


def of_root(config: Config, takers: Takers, ways: Survey, content: bytes | None) -> Iterator[Problem]:
    """Of the repository's file. Raises `RepoMistake` when a pattern takes too long."""
    at = _Place(ROOT, document.parse(content or b""))
    used = {way.flow for found in ways.values() for way in found}
    sources: dict[int, set[str]] = {}
    for flows in takers.values():
        for number, changed in flows:
            sources.setdefault(number, set()).add(changed.source.rstrip("/"))
    for number, flow in enumerate(config.promotion_paths):
        loc: Loc = ("promotionPaths", number)
        if number not in used and flow.conditions.pr_has_labels != ():
            said = (
                f"takes no component of this repository: {flow.source_path!r} matches no directory that holds one, "
                "or earlier flows take them all"
            )
            yield at.problem((*loc, "sourcePath"), said)
        if not flow.promotion_prs and "promotion_prs" in flow.model_fields_set:
            yield at.problem((*loc, "promotionPrs"), "is an empty list: what this flow takes is promoted nowhere")
        own = sources.get(number) or {flow.source_path.rstrip("/")}
        for pull, promotion in enumerate(flow.promotion_prs):
            for index, target in enumerate(promotion.target_paths):
                if own == {target.rstrip("/")}:
                    said = f"names {target!r}, which is the source itself: nothing is ever promoted there"
                    yield at.problem((*loc, "promotionPrs", pull, "targetPaths", index), said)
    for loop in check_loops.find(config):
        way = " → ".join(loop.way)
        said = f"closes a loop: {way}. What is promoted comes back to where it came from"
        yield at.problem(loop.loc, said)
    for loc, said in endpoints.unusable(config):
        yield at.problem(loc, said, Severity.ERROR)


def of_component(
    config: Config,
    file: Valid[Component],
    content: bytes,
    component: RepoPath,
    flows: Collection[int],
    in_time: Callable[[], None],
) -> Iterator[Problem]:
    """Of a component's own file: what it names that is no target of `flows`, which take the component from where it
    is, or from where it is promoted to. Raises `RepoMistake`, as `in_time` does when all of it takes too long."""
    at = _Place(plan.component_file(component), document.parse(content))
    targets = list(
        dict.fromkeys(
            target
            for number in sorted(flows)
            for promotion in config.promotion_paths[number].promotion_prs
            for target in promotion.target_paths
        )
    )
    lists = (
        ("promotionTargetBlockList", file.value.block_list, plan.is_blocked),
        ("promotionTargetAllowList", file.value.allow_list, patterns.search),
    )
    for key, expressions, matches in lists:
        for index, expression in enumerate(expressions or ()):
            in_time()
            if not any(matches(expression, target) for target in targets):
                yield at.problem((key, index), f"{expression!r} matches no target of {component}{_named(targets)}")


def _named(targets: list[str]) -> str:
    more = len(targets) - _MOST_NAMED
    named = ", ".join(targets[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f", which goes to {named}" if targets else ", which no flow takes anywhere"


def strays(
    files: Mapping[RepoPath, bytes | None], judged: Iterable[RepoPath], takers: Takers, ways: Survey
) -> Iterator[Problem]:
    """Those of the files `judged` that are written for a component and lie where none is, nor one is promoted to."""
    known = {*takers, *(stop.path for found in ways.values() for way in found for pull in way.pulls for stop in pull)}
    for path in judged:
        content = files.get(path)
        if path == ROOT or content is None or path.rpartition("/")[0] in known:
            continue
        if read.likelier_component(content):
            said = f"is read by nobody: {path.rpartition('/')[0]} is no component that a flow takes"
            yield Problem(path, "", None, None, said, Severity.WARNING)


def is_misnamed(path: RepoPath) -> bool:
    """Whether a path at the root is nearly that of the repository's file."""
    return path != ROOT and path.lower() in (ROOT, ROOT.replace(".yaml", ".yml"))


def misnamed(paths: Iterable[RepoPath], configured: bool) -> Iterator[Problem]:
    """Files at the root whose names are nearly that of the repository's file; an error where that is missing."""
    for path in paths:
        if is_misnamed(path):
            severity = Severity.WARNING if configured else Severity.ERROR
            yield Problem(path, "", None, None, f"is read by nobody; did you mean {ROOT}?", severity)
