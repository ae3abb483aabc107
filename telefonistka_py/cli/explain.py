"""`telefonistka explain`: where a file or a component is promoted, and why or why not."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from telefonistka_py import markdown
from telefonistka_py.cli import json_text, own_config
from telefonistka_py.config import document, read
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.localgit import files
from telefonistka_py.localgit.clone import Clone, Commit
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, plan
from telefonistka_py.promotion import explain as explaining
from telefonistka_py.promotion.explain import Asked, Explanation, Goal, Look, Own, Spot
from telefonistka_py.tree.model import Entry, Mode

PROMOTED, NOT_PROMOTED, CONFIG_PROBLEM = 0, 1, 2


@click.command(short_help="Say where a file or a component is promoted, and why or why not.")
@click.argument("path")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="A local clone. Default: this folder.")
@click.option("--ref", metavar="REV", default="HEAD", show_default=True, help="The revision whose files are read.")
@click.option("--config", type=click.Path(path_type=Path), help="A telefonistka.yaml in place of the one at the root.")
@click.option("--label", "labels", metavar="L", multiple=True, help="A label of the pull request; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def explain(path: str, repo: Path, ref: str, config: Path | None, labels: tuple[str, ...], as_json: bool) -> int:
    """Say which flow takes the file or component PATH, which ones don't and why, and which targets it goes to.

    PATH starts at the root of the repository. It need not exist any more: a component that was deleted is promoted,
    too. What is asked is what a merged pull request that changes PATH, with the labels given, would do.

    \b
    Exit codes: 0 it is promoted, 1 it is not, 2 a problem in a telefonistka.yaml, 3 any other error.
    """
    tried = own_config.given(config)
    with Clone(repo, os.environ) as clone:
        note = "" if config else own_config.uncommitted(repo, clone, os.environ)
        commit = clone.commit(ref)
        asked, there = _asked(clone, commit, _inside(path, repo), frozenset(labels))
        entry = _entry(clone, commit.tree, read.ROOT)
        root = _root(clone, entry) if tried is None else read.root(tried)
        if isinstance(root, Invalid):
            said = {"problems": [_problem(problem) for problem in root.problems]}
            at = str(config) if config else ref
            click.echo(json_text.of(said) if as_json else "\n".join([*_note(note), *_lines(root.problems, at)]))
            return CONFIG_PROBLEM
        places = document.parse(tried if tried is not None else clone.blob(entry.sha) if entry else b"")
        broken: dict[Problem, None] = {}

        def own(component: RepoPath) -> Own | None:
            file = _own(clone, commit, component)
            broken.update(dict.fromkeys(file.file.problems) if file and isinstance(file.file, Invalid) else {})
            return file

        found = explaining.make(root.value, places, asked, own)
    if as_json:
        data = {
            **_data(asked, found, commit),
            "problems": [_problem(each) for each in broken],
            "notes": [note] if note else [],
        }
        click.echo(json_text.of(data))
    else:
        configured = entry is not None or tried is not None
        for line in (*_note(note), there, *_text(found, configured=configured), *_lines(broken, ref)):
            click.echo(markdown.printable(line))
    if broken:
        return CONFIG_PROBLEM
    return PROMOTED if _is_promoted(found) else NOT_PROMOTED


def _note(text: str) -> list[str]:
    return [f"note: {text}"] if text else []


def _is_promoted(found: Explanation) -> bool:
    return found.used is not None and any(not goal.skip for goal in found.used.goals)


def _inside(path: str, repo: Path) -> str:
    """`path` from the root of the repository, with its trailing slash if it has one."""
    if os.path.isabs(path):
        top = files.working_tree(repo, os.environ).resolve()
        if not Path(path).resolve().is_relative_to(top):
            raise click.UsageError(f"{path} does not lie in {top}")
        path = os.path.relpath(Path(path).resolve(), top) + ("/" if path.endswith("/") else "")
    clean = os.path.normpath(path)
    if clean == ".." or clean.startswith("../"):
        raise click.UsageError(f"{path} leaves the repository; write it from the repository's root")
    return "" if clean == "." else clean + ("/" if path.endswith("/") else "")


def _asked(clone: Clone, commit: Commit, path: str, labels: frozenset[str]) -> tuple[Asked, str]:
    """The question, and a sentence on what stands at the path."""
    bare = RepoPath(path.rstrip("/"))
    name, when = bare or "The root of the repository", f"at {commit.sha[:7]}"
    if entry := _entry(clone, commit.tree, bare):
        return Asked(bare, entry.is_directory, labels), f"{name} is a {_kind(entry)} {when}."
    for before in files.removed_from(clone.path, commit.sha, bare, os.environ):
        if entry := _entry(clone, clone.commit(before).tree, bare):
            said = f"{name} is not there {when}; it was a {_kind(entry)}, there last in {before[:7]}."
            return Asked(bare, entry.is_directory, labels), said
    return Asked(
        bare, True, labels
    ), f"{name} is not there {when}, nor in the history before it; it is taken for a directory."


def _kind(entry: Entry) -> str:
    return "directory" if entry.is_directory else "file"


def _entry(clone: Clone, tree: Sha, path: RepoPath) -> Entry | None:
    here: Entry | None = Entry(Mode.DIRECTORY, tree)
    for name in path.split("/") if path else ():
        here = clone.tree(here.sha).get(name) if here and here.is_directory else None
    return here


def _root(clone: Clone, entry: Entry | None) -> Valid[Any] | Invalid:
    if entry is None:
        return read.root(b"")
    if not entry.is_file:
        return Invalid((Problem(read.ROOT, "", None, None, "must be a plain file"),))
    return read.root(clone.blob(entry.sha))


def _own(clone: Clone, commit: Commit, component: RepoPath) -> Own | None:
    """The component's own file, at the same revision."""
    entry = _entry(clone, commit.tree, plan.component_file(component))
    if entry is None:
        return None
    content = clone.blob(entry.sha) if entry.is_file else None
    file = decide.read_component(component, entry, content)
    return Own(file, document.parse(content) if isinstance(file, Valid) and content is not None else None)


def _text(found: Explanation, *, configured: bool) -> list[str]:
    lines = [_answer(found, configured=configured)]
    for look in found.looks:
        lines += ["", f"Flow {look.flow + 1}, sourcePath {look.source_path}  ({look.spot})", *_look(look)]
    lines += [""] if found.written else []
    for each in found.written:
        lines.append(f"Promotions of flow {each.flow + 1} write here: {each.target}  ({each.spot})")
    return lines


def _answer(found: Explanation, *, configured: bool) -> str:
    if not configured:
        return (
            f"There is no {read.ROOT} at the root of the repository: nothing is promoted. "
            "`telefonistka init` proposes one."
        )
    if (used := found.used) is None:
        matching = [look for look in found.looks if look.component]
        if not matching:
            return "It lies in no component of any flow, so a change to it is not promoted."
        return f"It lies in the component {matching[0].component}, which no flow takes as asked."
    goes = sum(not goal.skip for goal in used.goals)
    skipped = len(used.goals) - goes
    said = f"It lies in the component {used.component}, which flow {used.flow + 1} takes to {goes} "
    return said + f"{'target' if goes == 1 else 'targets'}" + (f"; {skipped} skipped." if skipped else ".")


def _look(look: Look) -> list[str]:
    if look.goals:
        width = max(len(goal.path) for goal in look.goals)
        return ["  used", *(line for goal in look.goals for line in _goal(goal, width))]
    if look.verdict is explaining.Verdict.USED:
        return ["  used, and it names no targets"]
    place = f"  ({look.reason_spot})" if look.reason_spot != look.spot else ""
    return [f"  not used: {look.reason}{place}"]


def _goal(goal: Goal, width: int) -> list[str]:
    mark = "🚫" if goal.skip else "➡️ "
    lines = [f"  {mark} {goal.path:<{width}}  pull request {goal.pull}  ({goal.spot})"]
    return [*lines, f"       {goal.skip}  ({goal.skip_spot})"] if goal.skip else lines


def _data(asked: Asked, found: Explanation, commit: Commit) -> dict[str, Any]:
    return {
        "path": asked.path,
        "directory": asked.is_directory,
        "commit": commit.sha,
        "labels": sorted(asked.labels),
        "component": found.used.component if found.used else None,
        "flows": [_look_data(look) for look in found.looks],
        "writtenBy": [{"flow": each.flow, "target": each.target, "at": _spot(each.spot)} for each in found.written],
        "problems": [],
    }


def _look_data(look: Look) -> dict[str, Any]:
    return {
        "flow": look.flow,
        "sourcePath": look.source_path,
        "at": _spot(look.spot),
        "verdict": look.verdict.value,
        "reason": look.reason or None,
        "reasonAt": _spot(look.reason_spot) if look.reason else None,
        "component": look.component,
        "targets": [
            {
                "pullRequest": goal.pull,
                "target": goal.path,
                "at": _spot(goal.spot),
                "skipped": goal.skip,
                "skippedAt": _spot(goal.skip_spot) if goal.skip_spot else None,
            }
            for goal in look.goals
        ],
    }


def _spot(spot: Spot) -> dict[str, Any]:
    return {"path": spot.path, "line": spot.line}


def _lines(problems: Iterable[Problem], ref: str) -> list[str]:
    return [f"{problem.severity.value} at {ref}: {problem}" for problem in problems]


def _problem(problem: Problem) -> dict[str, Any]:
    said = f"{problem.key} {problem.message}".strip()
    return {"path": problem.path, "line": problem.line, "message": said, "severity": problem.severity.value}
