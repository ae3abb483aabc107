"""GitHub's JSON for issues, pull requests, comments, statuses and commits, in REST answers and in webhooks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from telefonistka_py.sandbox import merges, profiles, protection, pulls
from telefonistka_py.sandbox.commits import Commit, Person
from telefonistka_py.sandbox.diffs import Changed
from telefonistka_py.sandbox.model import Comment, Issue, Label, Pull, Reaction, Status, User, node_id
from telefonistka_py.sandbox.refusal import Json

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo


def label(it: "Repo", which: Label) -> Json:
    return {
        "id": which.id,
        "node_id": node_id("LA", it.id, which.name),
        "url": f"{profiles.repo_api(it)}/labels/{quote(which.name)}",
        "name": which.name,
        "color": which.color,
        "default": False,
        "description": which.description,
    }


def association(it: "Repo", who: User) -> str:
    if who is it.owner:
        return "OWNER"
    return "COLLABORATOR" if it.access.get(who.login, "none") != "none" else "NONE"


def _shared(it: "Repo", issue: Issue) -> Json:
    people = [profiles.user(it.hub, each) for each in issue.assignees]
    return {
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": profiles.user(it.hub, issue.author),
        "body": issue.body,
        "labels": [label(it, it.labels[name.lower()]) for name in issue.labels],
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None,
        "created_at": profiles.stamp(issue.created_at),
        "updated_at": profiles.stamp(issue.updated_at),
        "closed_at": profiles.maybe(issue.closed_at),
        "author_association": association(it, issue.author),
        "active_lock_reason": None,
    }


REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def reactions(url: str, given: Sequence[Reaction] = ()) -> Json:
    counts = {kind: sum(each.content == kind for each in given) for kind in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}


def reaction(it: "Repo", which: Reaction) -> Json:
    return {
        "id": which.id,
        "node_id": node_id("REA", it.id, which.id),
        "user": profiles.user(it.hub, which.author),
        "content": which.content,
        "created_at": profiles.stamp(which.created_at),
    }


def issue(it: "Repo", which: Issue) -> Json:
    """An issue, or a pull request seen as one."""
    url, kind = f"{profiles.repo_api(it)}/issues/{which.number}", "pull" if isinstance(which, Pull) else "issues"
    shape = _shared(it, which) | {
        "url": url,
        "repository_url": profiles.repo_api(it),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{it.html_url}/{kind}/{which.number}",
        "id": which.id,
        "node_id": node_id("PR" if kind == "pull" else "I", it.id, which.number),
        "comments": len(which.comments),
        "closed_by": profiles.user(it.hub, which.closed_by) if which.closed_by else None,
        "reactions": reactions(url),
        "performed_via_github_app": None,
        "state_reason": "completed" if which.state == "closed" and kind == "issues" else None,
    }
    if isinstance(which, Pull):
        page = f"{it.html_url}/pull/{which.number}"
        shape["draft"] = which.draft
        shape["pull_request"] = {
            "url": f"{profiles.repo_api(it)}/pulls/{which.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": profiles.maybe(which.merged_at),
        }
    return shape


def pull(it: "Repo", which: Pull) -> Json:
    """A pull request as lists show it."""
    url, page = f"{profiles.repo_api(it)}/pulls/{which.number}", f"{it.html_url}/pull/{which.number}"
    issue_url = f"{profiles.repo_api(it)}/issues/{which.number}"
    links = {
        "self": url,
        "html": page,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{profiles.repo_api(it)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{profiles.repo_api(it)}/statuses/{which.head_sha}",
    }
    return _shared(it, which) | {
        "url": url,
        "id": which.id,
        "node_id": node_id("PR", it.id, which.number),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "merged_at": profiles.maybe(which.merged_at),
        "merge_commit_sha": which.merge_commit_sha,
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": which.draft,
        **{
            f"{key}_url": links[key] for key in ("commits", "review_comments", "review_comment", "comments", "statuses")
        },
        "head": _end(it, which.head_repo, which.head_ref, which.head_sha),
        "base": _end(it, it.name, which.base_ref, which.base_sha),
        "_links": {key: {"href": href} for key, href in links.items()},
        "auto_merge": _auto_merge(it, which),
    }


def _auto_merge(it: "Repo", which: Pull) -> Json | None:
    order = which.auto_merge
    if order is None:
        return None
    return {
        "enabled_by": profiles.user(it.hub, order.by),
        "merge_method": order.method,
        "commit_title": order.title or "",
        "commit_message": order.message or "",
    }


def _end(it: "Repo", name: str | None, ref: str, sha: str) -> Json:
    there = it.hub.repos.get((name or "").lower())
    owner = there.owner if there else it.owner
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": profiles.user(it.hub, owner),
        "repo": (profiles.repo(there) | profiles.merge_settings(there)) if there else None,
    }


async def full_pull(it: "Repo", which: Pull, *, computed: bool = True) -> Json:
    """A pull request by itself. `computed=False`: GitHub hasn't tried the merge yet, as in fresh events."""
    mergeable = await merges.shown_mergeable(it, which) if computed else None
    changed = await pulls.files(it, which)
    state = (await protection.merge_state(it, which)).lower() if computed else "unknown"
    return pull(it, which) | {
        "merge_commit_sha": which.merge_commit_sha,
        "merged": which.merged,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": state,
        "merged_by": profiles.user(it.hub, which.merged_by) if which.merged_by else None,
        "comments": len(which.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(await pulls.commits(it, which)),
        "additions": sum(each.additions for each in changed),
        "deletions": sum(each.deletions for each in changed),
        "changed_files": len(changed),
    }


def changed_file(it: "Repo", each: Changed, head: str) -> Json:
    shape: Json = {
        "sha": each.sha,
        "filename": each.path,
        "status": each.status,
        "additions": each.additions,
        "deletions": each.deletions,
        "changes": each.additions + each.deletions,
        "blob_url": f"{it.html_url}/blob/{head}/{quote(each.path)}",
        "raw_url": f"{it.html_url}/raw/{head}/{quote(each.path)}",
        "contents_url": f"{profiles.repo_api(it)}/contents/{quote(each.path)}?ref={head}",
    }
    if each.previous is not None:
        shape["previous_filename"] = each.previous
    return shape


def comment(it: "Repo", which: Comment) -> Json:
    url = f"{profiles.repo_api(it)}/issues/comments/{which.id}"
    found = it.issues.get(which.number)
    kind = "pull" if isinstance(found, Pull) else "issues"
    return {
        "url": url,
        "html_url": f"{it.html_url}/{kind}/{which.number}#issuecomment-{which.id}",
        "issue_url": f"{profiles.repo_api(it)}/issues/{which.number}",
        "id": which.id,
        "node_id": node_id("IC", it.id, which.id),
        "user": profiles.user(it.hub, which.author),
        "created_at": profiles.stamp(which.created_at),
        "updated_at": profiles.stamp(which.updated_at),
        "author_association": association(it, which.author),
        "body": which.body,
        "reactions": reactions(url, which.reactions),
        "performed_via_github_app": profiles.app(it.hub, which.app) if which.app else None,
    }


def status(it: "Repo", which: Status) -> Json:
    return simple_status(it, which) | {"creator": profiles.user(it.hub, which.creator)}


def simple_status(it: "Repo", which: Status) -> Json:
    return {
        "url": f"{profiles.repo_api(it)}/statuses/{which.sha}",
        "avatar_url": f"{it.hub.url}/avatars/u/{which.creator.id}?v=4",
        "id": which.id,
        "node_id": node_id("SC", it.id, which.id),
        "state": which.state,
        "description": which.description,
        "target_url": which.target_url,
        "context": which.context,
        "created_at": profiles.stamp(which.created_at),
        "updated_at": profiles.stamp(which.created_at),
    }


def person(who: Person) -> Json:
    return {"name": who.name, "email": who.email, "date": profiles.stamp(who.when)}


_UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def git_commit(it: "Repo", which: Commit) -> Json:
    """A commit as the Git data API shows it."""
    url = f"{profiles.repo_api(it)}/git"
    return {
        "sha": which.sha,
        "node_id": node_id("C", it.id, which.sha),
        "url": f"{url}/commits/{which.sha}",
        "html_url": f"{it.html_url}/commit/{which.sha}",
        "author": person(which.author),
        "committer": person(which.committer),
        "tree": {"sha": which.tree, "url": f"{url}/trees/{which.tree}"},
        "message": which.message,
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{it.html_url}/commit/{sha}"}
            for sha in which.parents
        ],
        "verification": dict(_UNSIGNED),
    }


def commit(it: "Repo", which: Commit) -> Json:
    """A commit as the commits API shows it, with the accounts behind the addresses."""
    inner = git_commit(it, which)
    url = f"{profiles.repo_api(it)}/commits/{which.sha}"
    people = {
        role: it.hub.by_email(who.email) for role, who in (("author", which.author), ("committer", which.committer))
    }
    return {
        "sha": which.sha,
        "node_id": inner["node_id"],
        "commit": {key: inner[key] for key in ("author", "committer", "message", "tree", "url", "verification")}
        | {"comment_count": 0},
        "url": url,
        "html_url": inner["html_url"],
        "comments_url": f"{url}/comments",
        **{role: profiles.user(it.hub, who) if who else None for role, who in people.items()},
        "parents": [part | {"url": f"{profiles.repo_api(it)}/commits/{part['sha']}"} for part in inner["parents"]],
    }
