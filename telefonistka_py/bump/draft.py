"""The words of a version bump's pull request, as the Go server writes them."""

import re
from dataclasses import dataclass

from telefonistka_py.bump.model import BadOption, Change
from telefonistka_py.names import Login
from telefonistka_py.pulls.flow import Wanted

LABEL = "promotion"
COMMIT = "Bumping version @ "
"""How the message of every commit of a bump begins."""

LONGEST_TITLE = 250
"""Characters; GitHub takes 256."""
LONGEST_BRANCH = 240
"""Bytes; git keeps a branch's name in a file's name."""

_REPO = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_SHA = re.compile(r"[0-9A-Fa-f]{1,64}")


@dataclass(frozen=True)
class Trigger:
    """What the bump comes from: the repository that was built, the commit, and who pushed it."""

    repo: str
    sha: str
    actor: Login | None


def wanted(trigger: Trigger, changes: tuple[Change, ...]) -> Wanted:
    """The pull request. Raises `BadOption` when the repository or the commit can't be part of a branch's name."""
    files = ", ".join(dict.fromkeys(change.path for change in changes))
    return Wanted(
        branch=_branch(trigger),
        title=_short(f"{trigger.repo}🚠 {COMMIT}{files}"),
        body=f"Bumping version triggered by {trigger.repo}@{trigger.sha}",
        commit_message=_short(f"{COMMIT}{files}"),
        labels=(LABEL,),
        assignee=trigger.actor,
    )


def _branch(trigger: Trigger) -> str:
    name = f"artifact_version_bump/{trigger.repo}/{trigger.sha}"
    parts = name.split("/")
    if not _REPO.fullmatch(trigger.repo) or ".." in name or any(_reserved(part) for part in parts):
        raise BadOption(f"the triggering repository {trigger.repo!r} can't be part of a branch's name; give owner/name")
    if not _SHA.fullmatch(trigger.sha):
        raise BadOption(f"the triggering commit {trigger.sha!r} is no SHA: give its hexadecimal digits")
    if len(name) > LONGEST_BRANCH:
        raise BadOption(f"the branch's name {name[:60]}… would be longer than {LONGEST_BRANCH} letters")
    return name


def _reserved(part: str) -> bool:
    return part.startswith(".") or part.endswith((".", ".lock"))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else f"{text[:LONGEST_TITLE]}..."
