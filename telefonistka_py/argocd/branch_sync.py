"""The box by which people set apps to a pull request's branch: what an edit of it wishes, and what is written there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telefonistka_py.argocd.render import SYNC_MARKER
from telefonistka_py.events.model import Wish

OUTCOME_MARKER = "<!-- telefonistka-argocd-branch-sync-outcome -->"
"""Stands in the lines below the box that say what came of it."""

MOST_LINES = 20
"""Apps that the outcome names."""

_BOX = re.compile(rf"^- \[(?P<mark>[ xX])\] {re.escape(SYNC_MARKER)}.*$", re.MULTILINE)
_OUTCOME = re.compile(rf"^  - {re.escape(OUTCOME_MARKER)}.*(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True)
class Line:
    """What came of one app."""

    app: str
    """Its name; with several Argo CDs after its instance's."""
    on_branch: bool | None
    """Whether it follows the branch by now; None where nobody knows."""
    moved_to: str | None = None
    """The revision it was set to, if it was; empty for none at all."""
    why: str = ""
    """Why it stayed; plain text without a full stop."""
    failed: bool = False


def ticked(body: str) -> bool | None:
    """Whether the box in a comment is ticked; None when there is no box.

    The box is the last one: contents of manifests stand before it, whatever they look like.
    """
    found = _last(body)
    return None if found is None else found["mark"] != " "


def wish(before: str | None, after: str) -> Wish | None:
    """What an edit asks for; None when it leaves the box as it was (contract §7)."""
    was, is_now = ticked(before or ""), ticked(after)
    if was is None or is_now is None or was is is_now:
        return None
    return "set" if is_now else "back"


def fulfilled(lines: Sequence[Line], wished: Wish) -> bool:
    """How the box stands afterwards: ticked while any app follows the branch. Where nobody knows, the wish did not come
    true."""
    unknown = wished == "back"
    return any(unknown if each.on_branch is None else each.on_branch for each in lines)


def rewritten(body: str, *, box: bool, outcome: Sequence[str]) -> str:
    """`body` with its box ticked or not, and below it the lines of `outcome` (Markdown) in place of earlier ones; as it
    is when it has no box."""
    body = _OUTCOME.sub("", body.replace("\r\n", "\n"))
    found = _last(body)
    if found is None:
        return body
    line = f"{found[0][:3]}{'x' if box else ' '}{found[0][4:]}"
    told = "".join(f"\n  - {OUTCOME_MARKER} {each}" for each in outcome)
    return f"{body[: found.start()]}{line}{told}{body[found.end() :]}"


def _last(body: str) -> re.Match[str] | None:
    found = list(_BOX.finditer(body.replace("\r\n", "\n")))
    return found[-1] if found else None
