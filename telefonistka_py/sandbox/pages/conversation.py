"""What a page tells about one pull request or issue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from telefonistka_py.sandbox import checks, merges, protection, reviews, statuses
from telefonistka_py.sandbox.model import Comment, Issue, Pull, Review, User
from telefonistka_py.sandbox.pages import markdown
from telefonistka_py.sandbox.pages.markdown import Known

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

_WORDS = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested changes", "DISMISSED": "reviewed (dismissed)"}
_REACTIONS = {
    "+1": "👍", "-1": "👎", "laugh": "😄", "confused": "😕", "heart": "❤️", "hooray": "🎉", "rocket": "🚀", "eyes": "👀"
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One entry of the conversation."""

    id: str
    """Its anchor, as in GitHub's links."""
    author: User
    at: datetime
    did: str
    """`commented`, `approved`, …"""
    body: Markup
    is_edited: bool = False
    minimized: str | None = None
    reactions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    name: str
    state: str
    """`success`, `failure`, `error` or `pending`."""
    said: str
    url: str | None
    is_required: bool


@dataclass(frozen=True)
class Landing:
    """What stands between an open pull request and its merge."""

    fits: bool
    """Whether git can merge it."""
    lacking: tuple[str, ...]
    methods: tuple[str, ...]


def known(repo: "Repo") -> Known:
    """What texts in `repo` may refer to."""
    logins = [user.login.lower() for user in repo.hub.users.values()]
    return Known(f"/{repo.name}/pull/", repo.issues.keys(), logins)


def told(repo: "Repo", issue: Issue) -> list[Said]:
    """The description and what followed, oldest first."""
    what = known(repo)
    opened = Said("description", issue.author, issue.created_at, "opened this", _shown(issue.body or "", what))
    later = [_comment(each, what) for each in issue.comments]
    if isinstance(issue, Pull):
        later += [_review(each, what) for each in issue.reviews]
    return [opened, *sorted(later, key=lambda each: each.at)]


def _shown(text: str, what: Known) -> Markup:
    return markdown.html(text, what) if text.strip() else Markup("<p><em>No description.</em></p>")


def _comment(each: Comment, what: Known) -> Said:
    return Said(
        id=f"issuecomment-{each.id}",
        author=each.author,
        at=each.created_at,
        did="commented",
        body=_shown(each.body, what),
        is_edited=each.updated_at > each.created_at,
        minimized=each.minimized,
        reactions=tuple(f"{_REACTIONS.get(made.content, made.content)} {made.author.login}" for made in each.reactions),
    )


def _review(each: Review, what: Known) -> Said:
    body = markdown.html(each.body, what) if each.body else Markup()
    did = _WORDS.get(each.state, "reviewed")
    return Said(f"pullrequestreview-{each.id}", each.author, each.submitted_at, did, body)


def checked(repo: "Repo", pull: Pull) -> list[Check]:
    """The newest status of each context and check run of each name on the head, and what is demanded and not there."""
    found = [
        Check(each.context, each.state, each.description or "", each.target_url, _is_required(repo, pull, each.context))
        for each in statuses.latest(repo.statuses(pull.head_sha))
    ]
    for run in checks.latest(repo, pull.head_sha):
        outcome = checks.outcome(run)
        state = outcome if outcome in ("success", "failure") else "pending"
        said = run.title or run.conclusion or run.status
        found.append(Check(run.name, state, said, run.details_url, _is_required(repo, pull, run.name)))
    there = {each.name.lower() for each in found}
    missing = [name for name in protection.of(repo, pull.base_ref).checks if name.lower() not in there]
    return found + [Check(name, "pending", "expected", None, True) for name in missing]


def _is_required(repo: "Repo", pull: Pull, name: str) -> bool:
    return protection.is_required(repo, pull, name)


async def landing(repo: "Repo", pull: Pull) -> Landing:
    lacking = await protection.unmet(repo, pull)
    if protection.of(repo, pull.base_ref).queue:
        lacking.append("This branch takes changes through its merge queue alone.")
    return Landing(bool(await merges.is_mergeable(repo, pull)), tuple(lacking), tuple(merges.allowed_methods(repo)))


def reviewers(pull: Pull) -> list[tuple[str, str]]:
    """Login and word of each reviewer's newest review."""
    newest = reviews.latest(pull, opinionated=False)
    return [(each.author.login, _WORDS.get(each.state, "commented")) for each in newest]


def mentions(repo: "Repo", issue: Issue) -> Iterator[Issue]:
    """Other pull requests and issues that speak of this one."""
    named = re.compile(rf"(?<![\w/&])#{issue.number}\b|/{re.escape(repo.name)}/(?:pull|issues)/{issue.number}\b")
    for other in repo.issues.values():
        texts = [other.body or "", *(comment.body for comment in other.comments)]
        if other is not issue and any(named.search(text) for text in texts):
            yield other
