"""What came of setting apps to a branch, in the words that stand below the box."""

from collections.abc import Sequence

from telefonistka_py import markdown
from telefonistka_py.argocd import branch_sync
from telefonistka_py.argocd.branch_sync import MOST_LINES, Line
from telefonistka_py.feedback import size
from telefonistka_py.names import Login
from telefonistka_py.templates import Templates

LONGEST = 300
"""Characters of one reason."""


def body(now: str, said: Sequence[str], *, box: bool) -> str:
    """The comment `now` with its box ticked or not and `said` below it; without `said` where that does not fit."""
    whole = branch_sync.rewritten(now, box=box, outcome=said)
    return whole if size.fits(whole, size.GITHUB) else branch_sync.rewritten(now, box=box, outcome=())


def outcome(
    lines: Sequence[Line], templates: Templates, *, asked_by: Login | None = None, note: str = "", again: bool = False
) -> list[str]:
    """Markdown, a line each. `asked_by` is None where the pull request was closed; `note` is one
    more sentence; `again`: what failed is retried."""
    moved = [each for each in lines if each.moved_to is not None]
    stayed = [each for each in lines if each.moved_to is None and each.why and not each.failed]
    failed = [each for each in lines if each.failed]
    text = templates.render(
        "argoCD-branch-sync-outcome",
        note=markdown.plain(note[:LONGEST]),
        moved=[_together(moved, to) for to in dict.fromkeys(each.moved_to for each in moved)],
        because=f", as {markdown.code(asked_by)} asked" if asked_by else ", as the pull request is closed",
        stayed=[_reason(each) for each in stayed[:MOST_LINES]],
        failed=[_reason(each) for each in failed[:MOST_LINES]],
        unnamed=max(0, len(stayed) - MOST_LINES) + max(0, len(failed) - MOST_LINES),
        again=again,
    )
    return [line for line in text.splitlines() if line.strip()]


def _together(moved: Sequence[Line], to: str | None) -> dict[str, object]:
    names = [each.app for each in moved if each.moved_to == to]
    return {"to": to, "apps": names[:MOST_LINES], "more": max(0, len(names) - MOST_LINES)}


def _reason(line: Line) -> dict[str, str]:
    why = " ".join(line.why.rstrip(".").split())
    return {"app": line.app, "why": f"{why[:LONGEST]} …" if len(why) > LONGEST else why}
