"""Reviews of pull requests: who may give which, and which of them count."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events, limits_of_text
from telefonistka_py.sandbox.model import Pull, Review, User
from telefonistka_py.sandbox.refusal import Refusal, custom, failed

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
"""What each `event` makes of a review."""
_OWN = {
    "APPROVE": "Can not approve your own pull request",
    "REQUEST_CHANGES": "Can not request changes on your own pull request",
}


@dataclass(frozen=True)
class Wish:
    event: str
    """`APPROVE`, `REQUEST_CHANGES` or `COMMENT`."""
    body: str = ""
    sha: str | None = None
    """The commit that was reviewed; None: the head."""


async def submit(repo: "Repo", by: User, pull: Pull, wish: Wish) -> Review:
    """`POST pulls/N/reviews`. Raises 422 for one's own pull request, an unknown commit, or a missing text."""
    if by is pull.author and wish.event in _OWN:
        raise _refused(_OWN[wish.event])
    if wish.event != "APPROVE" and not wish.body.strip():
        raise _refused("Body cannot be blank")
    if len(wish.body) > limits_of_text.BODY:
        raise failed(
            custom("PullRequestReview", f"body is too long (maximum is {limits_of_text.BODY} characters)", "body")
        )
    sha = wish.sha or pull.head_sha
    if len(sha) != 40 or await repo.git.kind(sha) != "commit":
        raise _refused("The commit_id is not part of the pull request")
    made = Review(repo.hub.next_id(), pull.number, by, STATES[wish.event], wish.body, sha, repo.hub.clock())
    pull.reviews.append(made)
    pull.updated_at = made.submitted_at
    await events.pull_request_review(repo, by, pull, made, "submitted")
    await repo.settle()
    return made


def _refused(reason: str) -> Refusal:
    return Refusal(422, "Unprocessable Entity", [reason])


def latest(pull: Pull, *, opinionated: bool) -> list[Review]:
    """Each reviewer's newest review; `opinionated`: the newest of those that say yes or no (or once did)."""
    newest: dict[int, Review] = {}
    for each in pull.reviews:
        if not opinionated or each.state != "COMMENTED":
            newest.pop(each.author.id, None)
            newest[each.author.id] = each
    return list(newest.values())


def counting(repo: "Repo", pull: Pull) -> list[Review]:
    """The opinions that a branch's rules ask for: those of reviewers who may write."""
    return [each for each in latest(pull, opinionated=True) if may_count(repo, each.author)]


def may_count(repo: "Repo", reviewer: User) -> bool:
    """A person's review counts with write access, an App's with the permission to write pull requests."""
    if reviewer.kind != "Bot":
        return repo.allows(reviewer.login, "write")
    installed = [each.app for each in repo.hub.installations.values() if each.covers(repo.name)]
    return any(app.bot is reviewer and app.permissions.get("pull_requests") == "write" for app in installed)


async def dismiss_approvals(repo: "Repo", by: User, pull: Pull) -> None:
    """What a push does where stale approvals don't last."""
    for each in pull.reviews:
        if each.state == "APPROVED":
            each.state = "DISMISSED"
            await events.pull_request_review(repo, by, pull, each, "dismissed")
