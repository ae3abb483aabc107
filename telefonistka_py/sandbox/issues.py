"""What issues and pull requests have in common: text, state, labels, assignees, comments."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events, limits_of_text, pulls
from telefonistka_py.sandbox.model import App, Comment, Issue, Label, Pull, User
from telefonistka_py.sandbox.refusal import failed, not_found, wrong

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

MOST_COMMENTS = 2500
"""Comments on one issue (docs: Limits for issues and pull requests)."""
MOST_ASSIGNEES = 10


async def open(repo: "Repo", by: User, *, title: str, body: str | None) -> Issue:
    limits_of_text.check_issue("Issue", title, body)
    now = repo.hub.clock()
    number = repo.hub.next_number(repo)
    issue = Issue(repo.hub.next_id(), number, title, body or None, by, now, now)
    repo.issues[number] = issue
    await events.issue(repo, by, issue, "opened")
    return issue


async def close(repo: "Repo", by: User, issue: Issue) -> None:
    if isinstance(issue, Pull):
        await pulls.shut(repo, by, issue)
    elif issue.state == "open":
        now = repo.hub.clock()
        issue.state, issue.closed_at, issue.updated_at, issue.closed_by = "closed", now, now, by
        await events.issue(repo, by, issue, "closed")


async def reopen(repo: "Repo", by: User, issue: Issue) -> None:
    if issue.state == "open":
        return
    if isinstance(issue, Pull):
        await pulls.reopen(repo, by, issue)
        return
    issue.state, issue.closed_at, issue.closed_by = "open", None, None
    await events.issue(repo, by, issue, "reopened")


async def edit(repo: "Repo", by: User, issue: Issue, *, title: str | None = None, body: str | None = None) -> None:
    """None leaves a text as it is; an empty body empties it."""
    limits_of_text.check_issue("Issue", title, body)
    changes = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != (issue.body or ""):
        changes["body"] = {"from": issue.body or ""}
        issue.body = body or None
    if changes:
        issue.updated_at = repo.hub.clock()
        await events.issue(repo, by, issue, "edited", changes=changes)


def made_label(repo: "Repo", name: str) -> Label:
    """The repository's label of that name, made when it doesn't exist."""
    found = repo.labels.get(name.lower())
    if found is None:
        if not name.strip() or len(name) > 50:
            raise failed(wrong("Label", "name"))
        found = repo.labels[name.lower()] = Label(repo.hub.next_id(), name)
    return found


async def label(repo: "Repo", by: User, issue: Issue, names: Iterable[str]) -> None:
    """Adds labels, in order; each new one is an event of its own."""
    for name in [made_label(repo, name).name for name in names]:
        if name not in issue.labels:
            issue.labels.append(name)
            issue.updated_at = repo.hub.clock()
            await events.issue(repo, by, issue, "labeled", label=repo.labels[name.lower()])


async def unlabel(repo: "Repo", by: User, issue: Issue, name: str) -> None:
    found = next((each for each in issue.labels if each.lower() == name.lower()), None)
    if found is None:
        raise not_found()
    issue.labels.remove(found)
    issue.updated_at = repo.hub.clock()
    await events.issue(repo, by, issue, "unlabeled", label=repo.labels[found.lower()])


async def set_labels(repo: "Repo", by: User, issue: Issue, names: list[str]) -> None:
    """Makes the labels exactly `names`."""
    wanted = [made_label(repo, name).name for name in names]
    for name in [each for each in issue.labels if each not in wanted]:
        await unlabel(repo, by, issue, name)
    await label(repo, by, issue, wanted)


async def assign(repo: "Repo", by: User, issue: Issue, logins: Iterable[str], *, exactly: bool = False) -> None:
    """Adds (or, `exactly`, sets) assignees. Whoever can't be assigned is dropped without a word, as at GitHub."""
    wanted = []
    for login in logins:
        user = repo.hub.users.get(login.lower())
        if (
            user is not None
            and user.kind == "User"
            and repo.allows(user.login, "read")
            and _is_collaborator(repo, user)
        ):
            wanted.append(user)
    for user in [each for each in issue.assignees if exactly and each not in wanted]:
        await unassign(repo, by, issue, user)
    for user in wanted:
        if user not in issue.assignees and len(issue.assignees) < MOST_ASSIGNEES:
            issue.assignees.append(user)
            issue.updated_at = repo.hub.clock()
            await events.issue(repo, by, issue, "assigned", assignee=user)


def _is_collaborator(repo: "Repo", user: User) -> bool:
    return user is repo.owner or repo.access.get(user.login, "none") != "none"


async def unassign(repo: "Repo", by: User, issue: Issue, user: User) -> None:
    if user in issue.assignees:
        issue.assignees.remove(user)
        issue.updated_at = repo.hub.clock()
        await events.issue(repo, by, issue, "unassigned", assignee=user)


async def comment(repo: "Repo", by: User, issue: Issue, body: str, *, app: App | None = None) -> Comment:
    limits_of_text.check_comment(body)
    if len(issue.comments) >= MOST_COMMENTS:
        message = f"Commenting is disabled on issues with more than {MOST_COMMENTS} comments"
        raise failed({"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message})
    now = repo.hub.clock()
    made = Comment(repo.hub.next_id(), issue.number, by, body, now, now, app=app)
    issue.comments.append(made)
    issue.updated_at = now
    await events.issue_comment(repo, by, issue, made, "created")
    return made


async def edit_comment(repo: "Repo", by: User, made: Comment, body: str) -> Comment:
    limits_of_text.check_comment(body)
    if body == made.body:
        return made
    before, made.body, made.updated_at = made.body, body, repo.hub.clock()
    changes = {"body": {"from": before}}
    await events.issue_comment(repo, by, repo.issue(made.number), made, "edited", changes=changes)
    return made


async def delete_comment(repo: "Repo", by: User, made: Comment) -> None:
    issue = repo.issue(made.number)
    issue.comments.remove(made)
    await events.issue_comment(repo, by, issue, made, "deleted")
