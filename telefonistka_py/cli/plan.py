"""`telefonistka plan`: the decisions of a promotion, from a local clone."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from telefonistka_py import counted, markdown
from telefonistka_py.cli import own_config
from telefonistka_py.config.problem import Problem, Severity
from telefonistka_py.config.read import ROOT
from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import Login
from telefonistka_py.promotion import effect, offline
from telefonistka_py.promotion.model import Effect, Kind
from telefonistka_py.promotion.offline import Planned, Preview, Told
from telefonistka_py.templates import Templates

PLANNED, NOTHING, CONFIG_PROBLEM = 0, 1, 2


@click.command(short_help="Show what a merge or a pull request would promote. Sends nothing.")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="A local clone. Default: this folder.")
@click.option("--merge", metavar="REV", help="A merge or squash commit on the default branch: what it promotes.")
@click.option("--base", metavar="REV", help="With --head: the default branch that an open pull request goes to.")
@click.option("--head", metavar="REV", help="With --base: the open pull request's head.")
@click.option("--config", type=click.Path(path_type=Path), help="A telefonistka.yaml in place of the one at the root.")
@click.option("--pr", type=click.IntRange(min=1), help="The pull request's number. Default: from the commit's message.")
@click.option("--ref", metavar="NAME", help="The pull request's branch. Default: --head, or from the commit's message.")
@click.option("--author", metavar="LOGIN", help="Who opened the pull request.")
@click.option("--label", "labels", metavar="L", multiple=True, help="A label of the pull request; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(
    repo: Path,
    merge: str | None,
    base: str | None,
    head: str | None,
    config: Path | None,
    pr: int | None,
    ref: str | None,
    author: str | None,
    labels: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show what would be promoted, with the reasons for what would not. Nothing is sent or written.

    Either --merge REV, for a change that was merged, or --base REV --head REV, for one that is open. As for an open
    pull request on GitHub, the telefonistka.yaml at the root is read at --base, and those of components at --head.

    \b
    Exit codes: 0 planned, 1 nothing to promote, 2 a problem in a telefonistka.yaml, 3 any other error.
    """
    told = Told(pr, ref, Login(author) if author else None, frozenset(labels), own_config.given(config))
    with Clone(repo, os.environ) as clone:
        uncommitted = "" if config else own_config.uncommitted(repo, clone, os.environ)
        if merge and not (base or head):
            preview = offline.of_merge(clone, merge, clone.default_branch(), told, Templates())
        elif base and head and not merge:
            preview = offline.of_pull(clone, base, head, told, Templates(), os.environ)
        else:
            raise click.UsageError("give either --merge REV, or both --base REV and --head REV")
    if uncommitted:
        preview = replace(preview, notes=(*preview.notes, uncommitted))
    click.echo(_as_json(preview) if as_json else markdown.printable(as_text(preview)))
    if any(problem.severity is Severity.ERROR for problem in preview.problems):
        return CONFIG_PROBLEM
    return PLANNED if any(planned.graft.steps for planned in preview.planned) else NOTHING


def as_data(preview: Preview) -> dict[str, Any]:
    """The plan's JSON. A promotion that would not be opened is listed only when it has skips to explain."""
    return {
        "promotions": [
            {
                "branch": planned.draft.branch,
                "title": planned.draft.title,
                "body": planned.draft.body,
                "labels": list(planned.draft.labels),
                "assignee": planned.draft.assignee,
                "base": preview.base,
                "tree": planned.graft.root,
                "opens": bool(planned.graft.steps),
                "sync": dict(planned.promotion.sync),
                "skipped": [
                    {"component": skip.component, "target": skip.target, "reason": skip.reason}
                    for skip in planned.promotion.skips
                ],
                "changes": {
                    "added": list(planned.changes.added),
                    "modified": list(planned.changes.modified),
                    "deleted": list(planned.changes.deleted),
                },
            }
            for planned in preview.planned
            if planned.graft.steps or planned.promotion.skips
        ],
        "problems": [_problem(problem, preview) for problem in preview.problems],
        "configuration": {
            "root": preview.config_at.root,
            "components": preview.config_at.components,
            "changed": list(preview.changed_configs),
        },
        "notes": _notes(preview),
    }


def _as_json(preview: Preview) -> str:
    said = json.dumps(as_data(preview), indent=2, ensure_ascii=False)
    return said.encode("utf-8", "backslashreplace").decode()  # names that are no UTF-8, as JSON escapes them


def _problem(problem: Problem, preview: Preview) -> dict[str, Any]:
    said = f"{problem.key} {problem.message}".strip()
    return {
        "path": problem.path,
        "line": problem.line,
        "message": said,
        "severity": problem.severity.value,
        "revision": preview.config_at.of(problem.path),
    }


def _notes(preview: Preview) -> list[str]:
    """What a reader would miss: which version of a changed configuration this plan goes by."""
    at, notes = preview.config_at, list(preview.notes)
    if at.root == at.components:
        return notes
    own = [path for path in preview.changed_configs if path != ROOT]
    if not preview.config_given and ROOT in preview.changed_configs:
        notes.append(
            f"{at.components} changes {ROOT}. This plan goes by the one at {at.root}, as for every open pull request; "
            f"once it is merged, its own counts. `telefonistka check --against {at.root}`, with {at.components} "
            "checked out, shows which routes change."
        )
    if own:
        notes.append(f"{at.components} changes {', '.join(own)}. This plan goes by {at.components} there.")
    return notes


def as_text(preview: Preview) -> str:
    """The plan for a person."""
    lines = [f"note: {note}" for note in _notes(preview)]
    lines += [
        f"{problem.severity.value} at {preview.config_at.of(problem.path)}: {problem}" for problem in preview.problems
    ]
    for planned in preview.planned:
        lines += _promotion(planned)
    for passed in preview.passed_over:
        lines.append(
            f"Flow {passed.flow + 1} ({passed.source_path}) is not used for {passed.component}: {passed.reason}."
        )
    if not preview.planned and not any(problem.severity is Severity.ERROR for problem in preview.problems):
        lines.append(_why_nothing(preview))
    return "\n".join(lines)


def _why_nothing(preview: Preview) -> str:
    if not preview.config_found:
        return (
            "Nothing to promote: there is no telefonistka.yaml at the root of the repository. "
            "`telefonistka init` proposes one."
        )
    if not preview.changed_files:
        return "Nothing to promote: no file changed."
    count = preview.changed_files
    which = f"none of the {count:,} changed files lies" if count > 1 else "the one changed file does not lie"
    return f"Nothing to promote: {which} in a component of a flow of {ROOT} whose conditions hold."


def _promotion(planned: Planned) -> list[str]:
    promotion, draft, changes = planned.promotion, planned.draft, planned.changes
    if not promotion.sync:
        lines = [f"Not opened: every target of {', '.join(promotion.components)} is skipped."]
    elif not planned.graft.steps:
        equal = "equals its" if len(promotion.targets) == 1 else "equal their"
        lines = [f"Not opened: {', '.join(promotion.targets)} {equal} source."]
    else:
        files = len(changes.added) + len(changes.modified) + len(changes.deleted)
        counts = counted.of(files, "file")
        counts += f": +{len(changes.added)} ~{len(changes.modified)} -{len(changes.deleted)}"
        lines = [
            draft.title,
            f"  branch    {draft.branch}",
            f"  tree      {planned.graft.root}",
            f"  changes   {counts}",
        ]
        lines += [f"  label     {label}" for label in draft.labels]
        lines += [f"  assignee  {draft.assignee}"] if draft.assignee else []
    lines += [f"  {_becomes(each)}" for each in promotion.effects]
    lines += [f"  🚫 {skip.component} to {skip.target}: {skip.reason}" for skip in promotion.skips]
    return [*lines, ""]


def _becomes(what: Effect) -> str:
    """What becomes of a target, in the words of the comments."""
    counts = effect.in_words(what)
    if what.kind is Kind.REMOVES:
        return f"🗑  removes {what.target}{f' ({counts})' if counts else ''}: {what.source} is gone"
    said = {Kind.ADDS: ["new", counts], Kind.LEVEL: ["equal already"], Kind.CHANGES: [counts]}[what.kind]
    brackets = ", ".join(filter(None, said))
    return f"{what.source} ➡️  {what.target}{f' ({brackets})' if brackets else ''}"
