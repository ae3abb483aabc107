"""The whole repository's drift as tables: for a terminal, for a wiki, and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from telefonistka_py import counted, markdown
from telefonistka_py.config.problem import Problem
from telefonistka_py.drift.model import FileDrift, Pair
from telefonistka_py.drift.overview import Cell, Overview, State

MOST_ROWS = 50
"""Components up to which all are listed; of more, only those that are not in step everywhere."""

Diffs = Mapping[Pair, tuple[FileDrift, ...]]
"""The files of the pairs that were asked for, with their diffs."""


def as_data(found: Overview, diffs: Diffs) -> dict[str, Any]:
    """The comparison as JSON. `files` lists what differs; diffs are given where one component was asked for."""
    return {
        "commit": found.commit,
        "components": [
            {
                "component": cell.name,
                "source": cell.pair.source,
                "target": cell.pair.target,
                "environment": cell.environment,
                "state": cell.state.value,
                **({"reason": cell.reason} if cell.reason else {}),
                "files": list(_files(cell, diffs.get(cell.pair, ()))),
            }
            for cell in found.cells
        ],
        "only_in_target": list(found.only_in_target),
        "problems": [_problem(problem) for problem in found.problems],
    }


def _files(cell: Cell, shown: Iterable[FileDrift]) -> Iterator[dict[str, Any]]:
    by_path = {file.path: file for file in shown}
    for each in cell.gap.differences if cell.gap else ():
        change = "only in source" if each.after is None else "only in target" if each.before is None else "differs"
        file = by_path.get(each.path)
        extra = {"added": file.added, "removed": file.removed, "note": file.note, "diff": file.diff} if file else {}
        yield {"path": each.path, "change": change, **extra}


def _problem(problem: Problem) -> dict[str, Any]:
    said = f"{problem.key} {problem.message}".strip()
    return {"path": problem.path, "line": problem.line, "message": said, "severity": problem.severity.value}


def as_text(found: Overview, diffs: Diffs, width: int) -> str:
    """For a terminal of so many columns: one matrix for each source directory, then what it does not show."""
    parts = ["\n".join(f"{problem.severity.value}: {problem}" for problem in found.problems)]
    for source, cells in _by_source(found):
        parts.append(_matrix(source, cells, width))
    parts += ["\n".join(_blocked(found)), _extra(found), *(_diff(pair, files) for pair, files in diffs.items())]
    if not found.mistaken:
        parts.append(summary(found))
    return "\n\n".join(part for part in parts if part)


def summary(found: Overview) -> str:
    """The result in a sentence."""
    if not found.configured:
        return "Nothing to compare: there is no telefonistka.yaml at the root of the repository."
    compared = [cell for cell in found.cells if cell.state is not State.BLOCKED]
    if found.cells and not compared:
        return "Nothing to compare: the components' own files block every target."
    if not compared:
        return "Nothing to compare: no flow of telefonistka.yaml takes a component of this repository anywhere."
    behind = sum(cell.state is not State.IN_STEP for cell in compared)
    if len(compared) == 1:
        return f"The one target is {'not ' if behind else ''}in step with its source."
    if behind:
        verb, whose = ("is", "its") if behind == 1 else ("are", "their")
        return f"{behind:,} of {len(compared):,} targets {verb} not in step with {whose} source."
    return f"All {len(compared):,} targets are in step with their source."


def _by_source(found: Overview) -> Iterator[tuple[str, list[Cell]]]:
    for source, cells in groupby(found.cells, key=lambda cell: cell.source):
        yield source, list(cells)


def _matrix(source: str, cells: list[Cell], width: int) -> str:
    """Rows are components, columns environments; what is wider than the terminal has numbers for heads."""
    environments = sorted({cell.environment for cell in cells})
    rows = [[f"  {name}", *row] for name, row in _rows(cells, environments, "-")]
    more = len({cell.name for cell in cells}) - len(rows)
    text = _aligned([[f"{source}/", *environments], *rows])
    if max(map(len, text)) > width:
        numbers = [f"({number})" for number in range(1, len(environments) + 1)]
        text = _aligned([[f"{source}/", *numbers], *rows])
        text += [f"  {number} {where}" for number, where in zip(numbers, environments, strict=True)]
    return "\n".join([*text, f"  … and {more:,} more components, in step everywhere"] if more else text)


def _rows(cells: list[Cell], environments: list[str], nothing: str) -> Iterator[tuple[str, list[str]]]:
    """Each component with its words; of many components only those that are not in step everywhere."""
    names: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        names.setdefault(cell.name, {})[cell.environment] = cell
    for name, found in sorted(names.items()):
        if len(names) <= MOST_ROWS or any(cell.state is not State.IN_STEP for cell in found.values()):
            yield name, [_word(found[where]) if where in found else nothing for where in environments]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _word(cell: Cell) -> str:
    if cell.state is State.DIFFERS:
        return f"differs by {counted.of(cell.files, 'file')}"
    return "blocked by config" if cell.state is State.BLOCKED else cell.state.value


def _blocked(found: Overview) -> Iterator[str]:
    for cell in found.cells:
        if cell.state is State.BLOCKED:
            yield f"{cell.pair.source} does not go to {cell.environment}: {cell.reason}"


def _extra(found: Overview) -> str:
    if not found.only_in_target:
        return ""
    lines = ["Only in a target, and in no source (deleted there, or never promoted):"]
    return "\n".join([*lines, *(f"  {path}" for path in found.only_in_target)])


def _diff(pair: Pair, files: Iterable[FileDrift]) -> str:
    lines = [f"{pair.source} ↔ {pair.target}"]
    for file in files:
        lines.append(f"  {file.path or pair.target}: {file.note or file.nature.value}")
        if file.diff:
            lines[-1:] = [file.diff.removesuffix("\n")]
    return "\n".join(lines)


def as_markdown(found: Overview) -> str:
    """For a wiki or an issue."""
    parts = [f"- {markdown.plain(f'{problem.severity.value}: {problem}')}" for problem in found.problems]
    for source, cells in _by_source(found):
        parts.append(_table(source, cells))
    if blocked := [f"- {markdown.plain(line)}" for line in _blocked(found)]:
        parts.append("\n".join(blocked))
    if found.only_in_target:
        named = "\n".join(f"- {markdown.code(path)}" for path in found.only_in_target)
        parts.append(f"Only in a target, and in no source (deleted there, or never promoted):\n\n{named}")
    if not found.mistaken:
        parts.append(summary(found))
    return "\n\n".join(parts)


def _table(source: str, cells: list[Cell]) -> str:
    environments = sorted({cell.environment for cell in cells})
    heads = [_code(f"{source}/"), *map(_code, environments)]
    rows = list(_rows(cells, environments, ""))
    lines = [_line(heads), _line(["---"] * len(heads)), *(_line([_code(name), *row]) for name, row in rows)]
    if more := len({cell.name for cell in cells}) - len(rows):
        lines += ["", f"… and {more:,} more components, in step everywhere."]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return markdown.code(text).replace("|", "\\|")
