"""The comment on what a pull request changes in the clusters (contract §11)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from telefonistka_py import markdown
from telefonistka_py.argocd import shown
from telefonistka_py.argocd.model import (
    App,
    Compared,
    ComponentResult,
    Failed,
    Fate,
    ObjectDiff,
    Outcome,
    Skipped,
    nothing_changes,
)
from telefonistka_py.feedback import fences
from telefonistka_py.feedback.model import Message, Section
from telefonistka_py.names import Branch
from telefonistka_py.templates import Templates

TOPIC = "argocd"

SYNC_MARKER = "<!-- telefonistka-argocd-branch-sync -->"
"""Stands in the line whose box sets the apps to the branch (contract §7)."""

MOST_APPS = 50
"""Apps that the summary names; more would leave no room for what it sums up."""

MOST_ERRORS = 10
"""Failures that are told one by one; of the others, where they are."""

_LONGEST_ERROR = 500
_MOST_NAMES = 200
_MANY_LINE_ENDS = re.compile(r"\n{3,}")
_FATES = {
    Fate.NEW: ("is new", ";"),
    Fate.CHANGED: ("changes", ";"),
    Fate.DELETED: ("**will be deleted**", ","),
    Fate.LEFT: ("is left behind", ":"),
}
"""In words, and what joins them with what is to say beside."""


@dataclass(frozen=True)
class BranchSync:
    """The offer to set apps to the pull request's branch."""

    branch: Branch
    ticked: bool = False


def comment(results: Sequence[ComponentResult], templates: Templates, sync: BranchSync | None = None) -> Message:
    """What there is to say about `results`, one per changed component; with the box when `sync` is given."""
    every = ((result, outcome) for result in results for outcome in result.outcomes or (None,))
    # What failed is told by itself.
    apps = [each for each in every if not isinstance(each[1], Failed) and not (each[1] is None and each[0].failed)]
    errors = _errors(results)
    further = [name for _, where in errors[MOST_ERRORS:] for name in where]
    head = templates.render(
        "argoCD-diff-pr-comment",
        apps=[_app(*each) for each in apps[:MOST_APPS]],
        more=max(0, len(apps) - MOST_APPS),
        errors=[{"where": _joined(where), "why": why} for why, where in errors[:MOST_ERRORS]],
        further_errors=further[: MOST_APPS - MOST_ERRORS],
        unnamed_errors=max(0, len(further) - (MOST_APPS - MOST_ERRORS)),
        nothing_changes=nothing_changes(results),
    )
    foot = templates.render("argoCD-branch-sync", marker=SYNC_MARKER, sync=sync) if sync else ""
    sections = [_section(result, outcome, templates) for result, outcome in apps if _has_section(outcome)]
    return Message(_MANY_LINE_ENDS.sub("\n\n", head), sections, foot)


def _app(result: ComponentResult, outcome: Outcome | None) -> dict[str, object]:
    told: dict[str, object] = {"component": result.component, "title": "", "says": "no app found", "warnings": []}
    match outcome:
        case Compared(app, diff):
            told |= {"title": _link(app), "says": diff.summary, "warnings": list(_warnings(outcome))}
        case Skipped(app, why):
            told |= {"title": _link(app), "says": f"not compared: {markdown.plain(why)}"}
    return told


def _warnings(compared: Compared) -> Iterator[str]:
    """As Markdown."""
    app, diff = compared.app, compared.diff
    if app.temporary:
        yield "The app does not exist yet. What is shown is what a temporary one would create."
    else:
        if app.health != "Healthy":
            yield f"The app's health is {markdown.code(app.health or 'Unknown')}."
        if app.sync != "Synced":
            status = markdown.code(app.sync or "Unknown")
            yield f"The app's sync status is {status}: changes that wait for a sync already are shown as well."
        if not app.auto_sync:
            yield "Auto-sync is off: after the merge somebody must sync the app."
    for note in diff.notes:
        yield f"{markdown.plain(note)}."
    if diff.unseen:
        some = _some([str(id) for id in diff.unseen])
        yield f"Argo CD hides the values of Secrets, so whether they change is not known: {some}."
    if diff.hooks:
        yield f"Hooks change, which run at a sync: {_some(diff.hooks)}."
    if changed := [str(each.id) for each in diff.left_out if each.differs]:
        yield f"Left out as a hook or as `IgnoreExtraneous`, though it seems to change: {_some(changed)}."


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(markdown.code(name) for name in names[:10])
    return f"{shown} and {len(names) - 10:,} more" if len(names) > 10 else shown


def _link(app: App) -> str:
    name = f"**{markdown.plain(app.name)}**"
    return f"[{name}]({quote(app.url, safe=_OF_ADDRESSES)})" if app.url.startswith(("https://", "http://")) else name


_OF_ADDRESSES = ":/?#[]$&+,;=%~"
"""What an address may hold; brackets and angles that could end a link are not among it."""


def _errors(results: Sequence[ComponentResult]) -> list[tuple[str, list[str]]]:
    """Why something could not be compared, and what that was: an Argo CD that is down is told of once."""
    found: dict[str, list[str]] = {}
    for result in results:
        for error in result.errors:
            found.setdefault(_why(error), []).append(_failed(result, error))
    return list(found.items())


def _why(error: Failed) -> str:
    # Each line of it stays in the block.
    why = " ".join(markdown.plain(error.why[:_LONGEST_ERROR]).split())
    return f"{why} …" if len(error.why) > _LONGEST_ERROR else why


def _joined(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_APPS])
    return f"{shown} and {len(names) - MOST_APPS:,} more" if len(names) > MOST_APPS else shown


def _failed(result: ComponentResult, error: Failed) -> str:
    name = f"**{markdown.plain(error.name)}** · " if error.name else ""
    return f"{name}{markdown.code(result.component)}"


def _has_section(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Compared) and bool(outcome.diff.objects)


def _section(result: ComponentResult, outcome: Outcome | None, templates: Templates) -> Section:
    assert isinstance(outcome, Compared)
    diff = outcome.diff
    title = f"**{markdown.plain(outcome.app.name)}** · {markdown.code(result.component)}: {diff.summary}"
    names = [_named(each) for each in diff.objects]
    if result.list_only:
        return Section(title, f"Contents are not shown (`disableArgoCDDiff`).\n\n{_list(names)}", brief=_list(names))
    body = templates.render(
        "argoCD-app-diff",
        objects=[{"title": name, "block": _block(each)} for name, each in zip(names, diff.objects, strict=True)],
    )
    return Section(title, body, brief=_list(names), open=True)


def _named(diff: ObjectDiff) -> str:
    fate, joint = _FATES[diff.fate]
    notes = "".join(f"{joint} {markdown.plain(note)}" for note in diff.notes)
    return f"{markdown.code(str(diff.id))} {fate}{notes}"


def _list(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    lines = [f"- {name}" for name in names[:_MOST_NAMES]]
    return "\n".join([*lines, f"- … and {more:,} more"] if more > 0 else lines)


def _block(diff: ObjectDiff) -> str:
    if diff.fate is Fate.NEW and diff.whole is not None:
        return fences.fenced(shown.new_object(diff.whole), "diff")
    return fences.fenced(shown.changes(diff.changes), "diff") if diff.changes else ""
