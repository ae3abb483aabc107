"""Branch protection: what a branch demands of a pull request, and what that makes of its merge state.

Rules hold for everybody, administrators and Apps too. Words as GitHub's merge API says them
(docs: About protected branches).
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import checks, merges, reviews, statuses
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.refusal import invalid

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

QUEUE = "Changes must be made through the merge queue"


@dataclass(frozen=True)
class Protection:
    """What a branch demands. `Protection()` demands only that its branch is not deleted."""

    checks: tuple[str, ...] = ()
    """Statuses or check runs that must have succeeded on the head."""
    reviews: int = 0
    """Approving reviews by people (or Apps) who may write."""
    queue: bool = False
    """Changes come through the merge queue alone."""
    strict: bool = False
    """The head must hold everything that the branch holds."""
    dismiss_stale: bool = False
    """A push to the head dismisses its approvals."""


def of(repo: "Repo", branch: str) -> Protection:
    return repo.protections.get(branch, Protection())


def is_required(repo: "Repo", pull: Pull, context: str) -> bool:
    """Whether the pull request's base demands the status or check run."""
    return context.lower() in [name.lower() for name in of(repo, pull.base_ref).checks]


async def unmet(repo: "Repo", pull: Pull) -> list[str]:
    """What the base demands and the pull request lacks, a sentence each; the queue aside."""
    rules = of(repo, pull.base_ref)
    found = _unmet_checks(repo, rules, pull.head_sha)
    found += _unmet_reviews(repo, rules, pull)
    if rules.strict and await merges.is_behind(repo, pull):
        found.append("Head branch is out of date. Review and try the merge again after updating it.")
    return found


def _unmet_checks(repo: "Repo", rules: Protection, sha: str) -> list[str]:
    words = {"expected": "expected", "pending": "pending", "in_progress": "in progress", "failure": "failing"}
    states = {name: checks.state(repo, sha, name) for name in rules.checks}
    lacking = {name: words[state] for name, state in states.items() if state != "success"}
    if len(lacking) < 2:
        return [f'Required status check "{name}" is {word}.' for name, word in lacking.items()]
    many = f"{len(lacking)} of {len(states)} required status checks"
    counts = Counter(lacking.values())
    if list(counts) == ["expected"]:
        return [f"{many} are expected."]
    return [f"{many} have not succeeded: {', '.join(f'{count} {word}' for word, count in counts.items())}."]


def _unmet_reviews(repo: "Repo", rules: Protection, pull: Pull) -> list[str]:
    if not rules.reviews:
        return []
    counting = reviews.counting(repo, pull)
    if any(each.state == "CHANGES_REQUESTED" for each in counting):
        return ["Changes have been requested by a reviewer with write access."]
    if sum(each.state == "APPROVED" for each in counting) >= rules.reviews:
        return []
    some = "review is" if rules.reviews == 1 else "reviews are"
    return [f"At least {rules.reviews} approving {some} required by reviewers with write access."]


def review_decision(repo: "Repo", pull: Pull) -> str | None:
    """GraphQL's word; None where no review is required."""
    if not (rules := of(repo, pull.base_ref)).reviews:
        return None
    if any(each.state == "CHANGES_REQUESTED" for each in reviews.counting(repo, pull)):
        return "CHANGES_REQUESTED"
    return "REVIEW_REQUIRED" if _unmet_reviews(repo, rules, pull) else "APPROVED"


async def merge_state(repo: "Repo", pull: Pull) -> str:
    """GraphQL's `mergeStateStatus`. It tells of the branch's rules, not of the queue that they may send one to.

    Some see `BLOCKED` for whatever must take the queue: `Repo.queue_blocks`.
    """
    mergeable = await merges.shown_mergeable(repo, pull)
    if mergeable is None:
        return "UNKNOWN"
    if not mergeable:
        return "DIRTY"
    if pull.draft:
        return "DRAFT"
    rules, lacking = of(repo, pull.base_ref), await unmet(repo, pull)
    behind = rules.strict and await merges.is_behind(repo, pull)
    if lacking:
        return "BEHIND" if behind and len(lacking) == 1 else "BLOCKED"
    if rules.queue and repo.queue_blocks:
        return "BLOCKED"
    states = [each.state for each in statuses.latest(repo.statuses(pull.head_sha))]
    states += [checks.outcome(each) for each in checks.latest(repo, pull.head_sha)]
    return "CLEAN" if all(state == "success" for state in states) else "UNSTABLE"


def check_push(repo: "Repo", ref: str, sha: str | None) -> None:
    """Raises the 422 for moving (or, with None, deleting) a protected branch past its pull requests."""
    branch = ref.removeprefix("refs/heads/")
    if branch not in repo.protections or branch == ref:
        return
    rules = of(repo, branch)
    if sha is None:
        raise invalid("Cannot delete this protected branch")
    if rules.queue:
        raise invalid(QUEUE)
    if rules.reviews:
        raise invalid("Changes must be made through a pull request.")
    if lacking := _unmet_checks(repo, rules, sha):
        raise invalid(" ".join(lacking))
