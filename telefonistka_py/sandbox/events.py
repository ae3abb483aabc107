"""What happens in a repository, told to the Apps that listen. Payload keys as in GitHub's own deliveries."""

from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import commits, diffs, landing_shapes, profiles, shapes
from telefonistka_py.sandbox.commits import Commit, Person
from telefonistka_py.sandbox.git import ZERO
from telefonistka_py.sandbox.model import Comment, Issue, Label, Pull, Review, Status, User
from telefonistka_py.sandbox.refusal import Json

if TYPE_CHECKING:
    from telefonistka_py.sandbox.checks import CheckRun, Suite
    from telefonistka_py.sandbox.repository import Repo

MOST_COMMITS = 2048
"""Commits that a push event lists (docs: Webhook events and payloads, `push`)."""


def _tell(repo: "Repo", by: User, event: str, payload: Json) -> None:
    payload["repository"] = {**payload.get("repository", profiles.repo(repo)), "custom_properties": {}}
    if repo.owner.kind == "Organization":
        payload["organization"] = _organization(repo)
    payload["sender"] = profiles.user(repo.hub, by)
    repo.hub.webhooks.tell(event, payload, repo)


def _organization(repo: "Repo") -> Json:
    url, who = f"{profiles.api(repo.hub)}/orgs/{repo.owner.login}", repo.owner
    return {
        "login": who.login,
        "id": who.id,
        "node_id": who.node_id,
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{repo.hub.url}/avatars/u/{who.id}?v=4",
        "description": "",
    }


async def pull_request(repo: "Repo", by: User, pull: Pull, action: str, **more: Any) -> None:
    """`more`: `before`, `after`, `changes`, or a `label` or `assignee` of ours."""
    if not repo.hub.webhooks.is_heard("pull_request", repo):
        return
    shape = await shapes.full_pull(repo, pull, computed=False)
    _tell(
        repo, by, "pull_request", {"action": action, "number": pull.number, "pull_request": shape} | _shaped(repo, more)
    )


async def issue(repo: "Repo", by: User, which: Issue, action: str, **more: Any) -> None:
    """An `issues` event, or a `pull_request` event when it is one."""
    if isinstance(which, Pull):
        await pull_request(repo, by, which, action, **more)
    elif repo.hub.webhooks.is_heard("issues", repo):
        _tell(repo, by, "issues", {"action": action, "issue": shapes.issue(repo, which)} | _shaped(repo, more))


def _shaped(repo: "Repo", more: dict[str, Any]) -> Json:
    shaped = dict(more)
    if isinstance(more.get("label"), Label):
        shaped["label"] = shapes.label(repo, more["label"])
    if isinstance(more.get("assignee"), User):
        shaped["assignee"] = profiles.user(repo.hub, more["assignee"])
    return shaped


async def issue_comment(repo: "Repo", by: User, which: Issue, made: Comment, action: str, **more: Any) -> None:
    payload = {"action": action, "issue": shapes.issue(repo, which), "comment": shapes.comment(repo, made)} | more
    _tell(repo, by, "issue_comment", payload)


async def pull_request_review(repo: "Repo", by: User, pull: Pull, which: Review, action: str) -> None:
    """A review's state is in lower case here, unlike in REST."""
    review = landing_shapes.review(repo, which)
    review |= {"state": review["state"].lower(), "body": review["body"] or None}
    payload = {"action": action, "review": review, "pull_request": shapes.pull(repo, pull)}
    _tell(repo, by, "pull_request_review", payload)


async def check_run(repo: "Repo", by: User, which: "CheckRun", action: str) -> None:
    _tell(repo, by, "check_run", {"action": action, "check_run": landing_shapes.told_check_run(repo, which)})


async def check_suite(repo: "Repo", by: User, which: "Suite", action: str) -> None:
    found = await commits.read(repo.git, which.sha)
    suite = landing_shapes.check_suite(repo, which) | {
        "latest_check_runs_count": len(which.runs),
        "check_runs_url": f"{profiles.repo_api(repo)}/check-suites/{which.id}/check-runs",
        "head_commit": await _head_commit(repo, found) if found else None,
    }
    _tell(repo, by, "check_suite", {"action": action, "check_suite": suite})


async def _head_commit(repo: "Repo", found: Commit) -> Json:
    shape = await _commit(repo, found)
    kept = {key: shape[key] for key in ("id", "tree_id", "message", "timestamp")}
    people = {role: {key: shape[role][key] for key in ("name", "email")} for role in ("author", "committer")}
    return kept | people


async def status(repo: "Repo", by: User, which: Status) -> None:
    if not repo.hub.webhooks.is_heard("status", repo):
        return
    found = await commits.read(repo.git, which.sha)
    branches = [
        {"name": name, "commit": {"sha": sha, "url": f"{profiles.repo_api(repo)}/commits/{sha}"}, "protected": False}
        for name, sha in (await repo.branches()).items()
        if sha == which.sha
    ]
    payload = {
        "id": which.id,
        "sha": which.sha,
        "name": repo.name,
        "avatar_url": f"{repo.hub.url}/avatars/u/{which.creator.id}?v=4",
        "target_url": which.target_url,
        "context": which.context,
        "description": which.description,
        "state": which.state,
        "commit": shapes.commit(repo, found) if found else None,
        "branches": branches[:10],
        "created_at": profiles.stamp(which.created_at),
        "updated_at": profiles.stamp(which.created_at),
    }
    _tell(repo, by, "status", payload)


async def push(repo: "Repo", by: User, ref: str, before: str | None, after: str | None, *, forced: bool) -> None:
    if not repo.hub.webhooks.is_heard("push", repo):
        return
    listed = await _listed(repo, ref, before, after)
    head = await commits.read(repo.git, after) if after else None
    span = f"{(before or '')[:12]}...{(after or '')[:12]}" if before and after else f"{ref.split('/', 2)[-1]}"
    owner = profiles.user(repo.hub, repo.owner) | {"name": repo.owner.login, "email": None}
    repository = profiles.repo(repo) | {
        "owner": owner,
        "url": repo.html_url,
        "created_at": int(repo.created_at.timestamp()),
        "pushed_at": int(repo.pushed_at.timestamp()),
        "stargazers": 0,
        "master_branch": repo.default_branch,
    }
    payload = {
        "ref": ref,
        "before": before or ZERO,
        "after": after or ZERO,
        "repository": repository,
        "pusher": {"name": by.login, "email": by.email},
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{repo.html_url}/compare/{span}",
        "commits": [await _commit(repo, each) for each in listed],
        "head_commit": await _commit(repo, head) if head else None,
    }
    _tell(repo, by, "push", payload)


async def _listed(repo: "Repo", ref: str, before: str | None, after: str | None) -> list[Commit]:
    """The commits that the push brought, oldest first, at most as many as GitHub lists."""
    if after is None or not ref.startswith("refs/heads/"):
        return []
    not_new = [f"^{before}"] if before else ["--not", f"--exclude={ref.removeprefix('refs/heads/')}", "--branches"]
    out = await repo.git.run("rev-list", "--reverse", "--topo-order", f"--max-count={MOST_COMMITS}", after, *not_new)
    return await commits.read_all(repo.git, out.decode().split())


async def _commit(repo: "Repo", which: Commit) -> Json:
    parent = which.parents[0] if which.parents else None
    changed = await diffs.files(repo.git, parent, which.sha, renames=False)
    words = {"added": "added", "removed": "removed"}
    lists: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
    for each in changed:
        lists[words.get(each.status, "modified")].append(each.path)
    return {
        "id": which.sha,
        "tree_id": which.tree,
        "distinct": True,
        "message": which.message,
        "timestamp": which.committer.when.isoformat(),
        "url": f"{repo.html_url}/commit/{which.sha}",
        "author": _person(repo, which.author),
        "committer": _person(repo, which.committer),
        **lists,
    }


def _person(repo: "Repo", who: Person) -> Json:
    account = repo.hub.by_email(who.email)
    named: Json = {"name": who.name, "email": who.email, "date": who.when.isoformat()}
    if (who.name, who.email) == commits.WEB_FLOW:
        return named | {"username": "web-flow"}
    return named | ({"username": account.login} if account else {})
