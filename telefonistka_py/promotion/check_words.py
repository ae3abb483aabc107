"""The words of the config check: the commit status, the comment, and the lines that a terminal shows."""

from collections.abc import Iterator, Sequence

from telefonistka_py import counted, markdown
from telefonistka_py.config.problem import Problem
from telefonistka_py.config.read import ROOT
from telefonistka_py.feedback.model import Message, Section
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check, check_heirs
from telefonistka_py.promotion.check import Checked
from telefonistka_py.promotion.survey import Change, Stop, Way
from telefonistka_py.templates import Templates

TOPIC = "config"
CONTEXT = "telefonistka/config"
"""The context of the commit status."""

LONGEST_DESCRIPTION = 140
"""Characters. GitHub refuses more: "description is too long (maximum is 140 characters)"."""

_MOST_PROBLEMS = 20
"""Problems told at the top of the comment; the others are folded away."""
_MOST_STOPS = 20
"""Targets of one pull request that the table shows."""


def description(checked: Checked) -> str:
    """One line for the commit status."""
    mistakes = checked.mistakes
    if not mistakes:
        return f"{ROOT} is fine; {routes(checked)}"
    [first, *others] = mistakes
    said = markdown.printable(f"{_place(first)}: {first.key} {first.message}".replace("  ", " "))
    said = " ".join((f"{len(mistakes)} mistakes. {said}" if others else said).split())
    return said if len(said) <= LONGEST_DESCRIPTION else said[: LONGEST_DESCRIPTION - 1] + "…"


def comment(checked: Checked, templates: Templates) -> Message:
    """The comment on the pull request. The problems come first; the routes that change are a folded table."""
    shown = sorted(checked.problems, key=lambda problem: not check.fails(problem))
    head = templates.render(
        "config-check-comment",
        fine=not checked.mistakes,
        problems=_problems(shown[:_MOST_PROBLEMS]),
        more=max(len(shown) - _MOST_PROBLEMS, 0),
        routes=routes(checked),
        later=[{"component": change.component, "gone": gone, "come": come} for change, gone, come in _later(checked)],
    )
    sections = []
    if rest := _problems(shown[_MOST_PROBLEMS:]):
        sections.append(Section(f"{len(rest)} more problems", templates.render("config-problems", problems=rest)))
    if checked.changes:
        title = _counted(checked.changes)
        table = templates.render("config-routes", rows=rows(checked.changes))
        sections.append(Section(title[0].upper() + title[1:], table))
    return Message(head, tuple(sections))


def later_lines(checked: Checked) -> list[str]:
    """For a terminal: what changes once the components' files have been promoted."""
    lines = []
    for change, gone, come in _later(checked):
        parts = [f"no longer goes to {', '.join(gone)}"] if gone else []
        parts += [f"goes to {', '.join(come)} as well"] if come else []
        lines.append(f"Once promoted, {change.component} {' and '.join(parts)}.")
    return lines


def _later(checked: Checked) -> Iterator[tuple[Change, list[RepoPath], list[RepoPath]]]:
    """With the targets that go and those that come."""
    for change in checked.later:
        before, after = check_heirs.goes(change.before), check_heirs.goes(change.after)
        gone, come = ([path for path in one if path not in other] for one, other in ((before, after), (after, before)))
        yield change, gone, come


def rows(changes: Sequence[Change]) -> list[dict[str, object]]:
    """The table of routes: `component`, `before`, `after`; the last two are lists of lines, one for each condition and
    one for each pull request: `text`, `stops`, `more`, the number of stops that are not shown, and `nowhere`, whether
    the condition leads to no pull request."""
    return [
        {"component": change.component, "before": _cell(change.before), "after": _cell(change.after)}
        for change in changes
    ]


def as_lines(change: Change) -> list[str]:
    """One change for a terminal: the component, and what goes (`-`) and comes (`+`)."""
    before, after = _text(change.before), _text(change.after)
    if sorted(before) == sorted(after):  # the same in another order, or in other pull requests
        before, after = _text(change.before, numbered=True), _text(change.after, numbered=True)
        return [change.component, *(f"  - {line}" for line in before), *(f"  + {line}" for line in after)]
    gone = [f"  - {line}" for line in before if line not in after]
    come = [f"  + {line}" for line in after if line not in before]
    return [change.component, *gone, *come]


def _text(ways: Sequence[Way], *, numbered: bool = False) -> list[str]:
    found = []
    for place, way in enumerate(ways):
        when = condition(way, first=place == 0)
        for number, stops in enumerate(way.pulls, start=1):
            where = f", pull request {number}" if numbered else ""
            found += [f"{when}{where}: {_stop(stop)}" for stop in stops]
        if not way.pulls:
            found.append(f"{when}: nowhere")
    return found


def _stop(stop: Stop) -> str:
    return f"not {stop.path}: {stop.skip}" if stop.skip else stop.path


def _cell(ways: Sequence[Way]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for place, way in enumerate(ways):
        nowhere = not any(way.pulls)
        found.append({"text": condition(way, first=place == 0), "stops": (), "more": 0, "nowhere": nowhere})
        found += [
            {"text": "", "stops": stops[:_MOST_STOPS], "more": max(len(stops) - _MOST_STOPS, 0), "nowhere": False}
            for stops in way.pulls
        ]
    return found


def condition(way: Way, *, first: bool) -> str:
    """When a way is taken: `labelled hotfix or security`, `always`, or `otherwise` behind other ways."""
    when = "always" if first else "otherwise"
    if way.labels is not None:
        when = f"labelled {' or '.join(way.labels)}"
    return f"{when}, merged by itself" if way.auto_merge else when


def routes(checked: Checked) -> str:
    """What becomes of the routes, in a few words."""
    if checked.uncompared:
        return f"routes not compared: {checked.uncompared}"
    if checked.changes is None:
        return f"{counted.of(checked.components, 'component')} on its routes"
    if checked.changes:
        return _counted(checked.changes)
    return "no route changes before it is promoted" if checked.later else "no route changes"


def _counted(changes: Sequence[Change]) -> str:
    """`the routes of 3 components change (1 newly promoted, 1 no longer)`."""
    new = sum(not change.before for change in changes)
    lost = sum(not change.after for change in changes)
    kinds = [f"{count} {said}" for count, said in ((new, "newly promoted"), (lost, "no longer")) if count]
    said = f"the routes of {counted.of(len(changes), 'component')} change"
    return f"{said} ({', '.join(kinds)})" if kinds else said


def _place(problem: Problem) -> str:
    return f"{problem.path}:{problem.line}" if problem.line else problem.path


def _problems(problems: Sequence[Problem]) -> list[dict[str, object]]:
    return [{"problem": problem, "fails": check.fails(problem)} for problem in problems]
