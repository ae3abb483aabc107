"""`telefonistka check`: every `telefonistka.yaml` of a working tree, before it is committed."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from telefonistka_py import counted, markdown
from telefonistka_py.cli import json_text
from telefonistka_py.config import read
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.config.read import ROOT
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.localgit import files
from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check as checking
from telefonistka_py.promotion import check_words, survey
from telefonistka_py.promotion.check import Checked, Reading
from telefonistka_py.promotion.survey import Change, Way

FINE, PROBLEMS = 0, 1

_UNCONFIGURED = "There is no {root} at the root of {top}: nothing is configured. `telefonistka init` proposes one."


@click.command(short_help="Check every telefonistka.yaml of a local clone, and show which routes change.")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--against", metavar="REV", help="Show also which routes change compared with this revision.")
@click.option("--root", is_flag=True, help="PATH is one file, the repository's.")
@click.option("--component", is_flag=True, help="PATH is one file, a component's own.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(path: Path, against: str | None, root: bool, component: bool, as_json: bool) -> int:
    """Check the telefonistka.yaml at the root, and that of every component.

    PATH is a local clone (default: this folder), whose files are read as they are on disk, or a single file. A
    telefonistka.yaml at the root of a clone is the repository's, one below it a component's; what any other file is
    shows in its keys. --root and --component say it instead.

    An unknown key is a problem here, although a running promotion only warns of it.

    \b
    Exit codes: 0 fine, 1 problems, 3 any other error.
    """
    if root and component:
        raise click.UsageError("give --root or --component, not both")
    if path.is_dir():
        if root or component:
            raise click.UsageError(f"--{'root' if root else 'component'} is for a single file; PATH is a folder")
        top = files.working_tree(path, os.environ)
        now = _now(top, os.environ)
        then = _then(top, against, os.environ) if against else None
        checked = checking.make(then, now, time.monotonic, all_files=True)
        shown = Path(os.path.relpath(top))
        nothing = "" if ROOT in now.files else _UNCONFIGURED.format(root=ROOT, top=top)
        nothing = "" if checked.mistakes else nothing
    else:
        if against:
            raise click.UsageError("--against compares routes, which needs a clone; PATH is a single file")
        checked, shown, nothing = _single(path, component if root or component else None), path.parent, ""
    if as_json:
        click.echo(_json(checked, against))
    else:
        _print(checked, shown, against, nothing)
    return PROBLEMS if checked.mistakes else FINE


def _now(top: Path, environ: Mapping[str, str]) -> Reading:
    """The working tree as it is on disk."""
    paths = files.on_disk(top, environ)
    return Reading({path: files.content(top, path) for path in survey.configurations(paths)}, paths)


def _then(top: Path, revision: str, environ: Mapping[str, str]) -> Reading:
    """The tree of `revision`."""
    with Clone(top, environ) as clone:
        entries = files.at(top, clone.commit(revision).tree, environ)
        wanted = survey.configurations(entries)
        contents = {path: clone.blob(entries[path].sha) if entries[path].is_file else None for path in wanted}
        return Reading(contents, entries)


def _single(path: Path, component: bool | None) -> Checked:
    """One file by itself; `component` None: of which kind it is shows in its place, or else in its keys."""
    if component is None and path.suffix not in (".yaml", ".yml", ""):
        raise OperatorMistake(f"{path} is no .yaml file; give a {ROOT}, or say --root or --component")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OperatorMistake(f"{path} can't be read: {error.strerror}; give a local clone or a file") from None
    if component is None:
        component = _below_the_root(path)
    if component is None:
        component = read.likelier_component(content)
    name = RepoPath(path.name)
    found = _problems(read.component(content, name)) if component else _problems(read.root(content), name)
    return Checked(found, None)


def _below_the_root(path: Path) -> bool | None:
    """Whether a telefonistka.yaml lies below the root of its clone; None for other names, and outside of a clone."""
    if path.name != ROOT:
        return None
    try:
        return files.working_tree(path.parent, os.environ).resolve() != path.parent.resolve()
    except OperatorMistake:
        return None  # it lies in no clone, which a single file need not


def _problems(found: Valid[Any] | Invalid, path: RepoPath | None = None) -> tuple[Problem, ...]:
    problems = found.problems if isinstance(found, Invalid) else found.warnings
    return tuple(replace(problem, path=path or problem.path) for problem in problems)


def _print(checked: Checked, folder: Path, against: str | None, nothing: str) -> None:
    for problem in checked.problems:
        _say(_problem(problem, folder))
        if sys.stdout.isatty():
            _say(*_excerpt(problem, folder))
    for change in checked.changes or ():
        _say(*check_words.as_lines(change))
    _say(*check_words.later_lines(checked))
    _say(nothing or _summary(checked, against))


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(markdown.printable(line))


def _problem(problem: Problem, folder: Path) -> str:
    """`path:line:column: key message`, where the path is as seen from here; a warning says that it is one."""
    seen = replace(problem, path=RepoPath(str(folder / problem.path)))
    if checking.fails(problem):
        return str(seen)
    return str(replace(seen, key=f"warning: {problem.key}" if problem.key else "warning:"))


def _excerpt(problem: Problem, folder: Path) -> list[str]:
    """The line that the problem is in, with a caret below its place."""
    if problem.line is None or problem.column is None:
        return []
    try:
        lines = (folder / problem.path).read_text("utf-8-sig", "replace").splitlines()
    except OSError:
        return []  # it was there a moment ago, and the problem itself is told
    if not problem.line <= len(lines):
        return []
    line = lines[problem.line - 1]
    indent = "".join("\t" if letter == "\t" else " " for letter in line[: problem.column - 1])
    return [f"  {line}", f"  {indent}^"]


def _summary(checked: Checked, against: str | None) -> str:
    mistakes, warnings = len(checked.mistakes), len(checked.problems) - len(checked.mistakes)
    parts = [counted.of(mistakes, "problem")] if mistakes else ["No problems"]
    parts += [counted.of(warnings, "warning")] if warnings else []
    said = ", ".join(parts)
    if against:
        said += f". Compared with {against}: {check_words.routes(checked)}"
    return f"{said}."


def _json(checked: Checked, against: str | None) -> str:
    changes = None if checked.changes is None else _changes(checked.changes)
    said = {
        "problems": [_problem_data(problem) for problem in checked.problems],
        "against": against,
        "changes": changes,
        "oncePromoted": None if checked.changes is None else _changes(checked.later),
        "uncompared": checked.uncompared or None,
    }
    return json_text.of(said)


def _changes(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    return [
        {"component": change.component, "before": _ways(change.before), "after": _ways(change.after)}
        for change in changes
    ]


def _problem_data(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "message": problem.message,
        "severity": "error" if checking.fails(problem) else "warning",
    }


def _ways(ways: tuple[Way, ...]) -> list[dict[str, Any]]:
    return [
        {
            "flow": way.flow,
            "sourcePath": way.source_path,
            "labels": way.labels,
            "autoMerge": way.auto_merge,
            "pullRequests": [[{"target": stop.path, "skipped": stop.skip} for stop in stops] for stops in way.pulls],
        }
        for way in ways
    ]
