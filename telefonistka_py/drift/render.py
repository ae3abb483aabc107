"""The drift comment: a summary first, then one foldable block for each pair that differs (contract §6)."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from telefonistka_py import markdown
from telefonistka_py.drift.model import (
    Carried,
    Cause,
    Differs,
    Direct,
    FileDrift,
    Heading,
    LastCommit,
    Nature,
    Pair,
    Report,
    SourceMoved,
    Unknown,
)
from telefonistka_py.feedback import fences
from telefonistka_py.feedback.model import Message, Section
from telefonistka_py.names import Branch, RepoPath
from telefonistka_py.templates import Templates
from telefonistka_py.tree.model import join

TOPIC = "drift"

MOST_ROWS = 100
"""Rows of the summary; a longer one would leave no room for what it sums up."""

MOST_NAMES = 200
"""Files on one side only, and blame links, that one pair lists."""

_MANY_LINE_ENDS = re.compile(r"\n{3,}")


class Links:
    """Addresses of the repository as people see it, from the address that the event names."""

    def __init__(self, html_url: str, branch: Branch) -> None:
        self._html_url = html_url.rstrip("/")
        self._branch = branch

    def blame(self, path: RepoPath) -> str:
        """Who wrote each line of a file on the default branch."""
        return f"{self._html_url}/blame/{_quoted(self._branch)}/{_quoted(path)}"

    def commit(self, sha: str) -> str:
        return f"{self._html_url}/commit/{sha}"


def message(report: Report, links: Links, templates: Templates) -> Message:
    """What there is to say about drift, however long it gets."""
    differing = report.differing
    head = templates.render(
        "drift-pr-comment",
        rows=[_row(pair, differs, links) for pair, differs in differing[:MOST_ROWS]],
        more=max(0, len(differing) - MOST_ROWS),
        not_compared=report.not_compared,
        mistake=report.mistake,
        in_step=len(report.compared) - len(differing) - len(report.not_compared),
    )
    return Message(
        _MANY_LINE_ENDS.sub("\n\n", head), [_section(pair, differs, links, templates) for pair, differs in differing]
    )


def in_step(report: Report, templates: Templates) -> str:
    """In place of an earlier comment, when nothing differs any more."""
    return templates.render("drift-in-step-comment", pairs=[each.pair for each in report.compared])


def title(pair: Pair) -> str:
    """As v1 heads a pair."""
    return f"{markdown.code(pair.source)} ↔️  {markdown.code(pair.target)}"


def _row(pair: Pair, differs: Differs, links: Links) -> dict[str, object]:
    counted = any(file.nature is Nature.TEXT or file.added or file.removed for file in differs.files)
    return {
        "title": _cell(title(pair)),
        "files": len(differs.files),
        "lines": f"+{differs.added:,} −{differs.removed:,}" if counted else "",
        "cause": _cell(_cause(differs.cause, links)),
    }


def _section(pair: Pair, differs: Differs, links: Links, templates: Templates) -> Section:
    source_only = [_below(pair.source, file.path) for file in differs.files if file.nature is Nature.ONLY_SOURCE]
    target_only = [_below(pair.target, file.path) for file in differs.files if file.nature is Nature.ONLY_TARGET]
    body = templates.render(
        "drift-pair",
        pair=pair,
        cause=_cause(differs.cause, links),
        files=[_file(each) for each in differs.files if each.nature not in (Nature.ONLY_SOURCE, Nature.ONLY_TARGET)],
        only_source=_limited(source_only),
        only_target=_limited(target_only),
        blame=_limited([(path, links.blame(path)) for path in _blamed(pair, differs.files)]),
    )
    return Section(title(pair), body, brief=_brief(differs))


def _file(file: FileDrift) -> dict[str, object]:
    return {
        "path": file.path,
        "note": file.note,
        "unread": file.nature is Nature.UNREAD,
        "block": fences.fenced(file.diff, "diff") if file.diff else "",
    }


def _blamed(pair: Pair, files: Iterable[FileDrift]) -> list[RepoPath]:
    """Both sides of the files that both have; the one side of the others. A submodule has no lines to blame."""
    found: list[RepoPath] = []
    for file in files:
        if file.nature is Nature.SUBMODULE:
            continue
        sides = {Nature.ONLY_SOURCE: [pair.source], Nature.ONLY_TARGET: [pair.target]}
        found += [_below(side, file.path) for side in sides.get(file.nature, [pair.source, pair.target])]
    return found


def _below(component: RepoPath, path: RepoPath) -> RepoPath:
    """A component that is no directory is its own and only file."""
    return join(component, path) if path else component


def _brief(differs: Differs) -> str:
    """The list that stands for a block too long to be shown."""
    lines = [f"- {markdown.code(file.path)}{_counts(file)}" for file in differs.files[:MOST_NAMES]]
    more = len(differs.files) - len(lines)
    return "\n".join([*lines, f"- … and {more:,} more files"] if more else lines)


def _counts(file: FileDrift) -> str:
    if file.added or file.removed:
        return f" +{file.added:,} −{file.removed:,}"
    return f": {file.nature.value}" if file.nature is not Nature.TEXT else ""


def _limited(names: Sequence[object]) -> dict[str, object]:
    return {"shown": names[:MOST_NAMES], "more": max(0, len(names) - MOST_NAMES)}


def _cause(cause: Cause | None, links: Links) -> str:
    """As Markdown, in few words; what people wrote is made inert."""
    match cause:
        case None:
            return ""
        case Carried(number):
            return f"the open promotion #{number} carries this change"
        case Heading(number):
            return f"the open promotion #{number} goes there, but not with what the source holds now"
        case Direct(commit):
            return f"changed directly in the target by {_commit(commit, links)}"
        case SourceMoved(commit) if commit:
            return f"the source was changed by {_commit(commit, links)}; no open promotion carries that"
        case SourceMoved():
            return "no open promotion carries this change"
        case Unknown(why):
            return f"unknown: {markdown.plain(why)}"


def _commit(commit: LastCommit, links: Links) -> str:
    brought = f" (#{commit.pull})" if commit.pull else ""
    return f"[`{commit.sha[:7]}`]({links.commit(commit.sha)}){brought} on {commit.at:%Y-%m-%d}"


def _cell(text: str) -> str:
    """In a table a bar ends the cell, in code as well, unless it is escaped."""
    return text.replace("|", "\\|")


def _quoted(path: str) -> str:
    """For the path of an address; bytes that are no UTF-8 as they are in the file's name."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
