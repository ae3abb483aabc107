"""Upon what a bump is built, given what earlier runs and other jobs for the same commit have done (N12, N13)."""

from dataclasses import dataclass

from telefonistka_py.bump import draft
from telefonistka_py.github.facts import Existing, FoundBranch, FoundPull


@dataclass(frozen=True)
class Fresh:
    """Upon the default branch."""

    leftover: FoundBranch | None = None
    """The branch as an earlier, merged pull request left it: it is taken again."""
    merged: int | None = None
    """The number of that pull request, whether its branch is still there or not."""


@dataclass(frozen=True)
class OnTop:
    """Upon the branch, by one more commit where something is missing. `pull` None: it was not opened yet."""

    branch: FoundBranch
    pull: FoundPull | None


@dataclass(frozen=True)
class InTheWay:
    """Something that people must decide on; `why` is a sentence."""

    why: str


def decide(existing: Existing) -> Fresh | OnTop | InTheWay:
    """`existing` is what GitHub has under the branch's name."""
    branch = existing.branch
    foreign = next((pull for pull in existing.pulls if not pull.ours and pull.state == "OPEN"), None)
    if foreign:
        return InTheWay(f"{foreign.url}, which somebody else opened, uses the branch; close it, and delete the branch")
    opened = next((pull for pull in existing.pulls if pull.ours and pull.state == "OPEN"), None)
    if opened:
        return OnTop(branch, opened) if branch else InTheWay(f"the branch of {opened.url} is gone; restore or close it")
    latest = next((pull for pull in existing.pulls if pull.ours), None)
    if latest and latest.state == "CLOSED":
        return InTheWay(f"{latest.url} was closed without being merged; reopen it, and run this again")
    if branch is None or (latest and branch.commit == latest.head_sha):
        return Fresh(branch, latest.number if latest else None)
    if branch.message.startswith(draft.COMMIT) and len(branch.parents) == 1:
        return OnTop(branch, None)  # another job is about to open its pull request, or was stopped before it did
    return InTheWay("the branch has commits that are not of a bump, and no open pull request; delete it")
