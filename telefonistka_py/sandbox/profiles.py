"""GitHub's JSON for accounts, repositories, Apps and installations, and for times and addresses."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from telefonistka_py.sandbox.model import App, Installation, User, node_id
from telefonistka_py.sandbox.refusal import Json

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPO_URLS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}


def stamp(when: datetime) -> str:
    """GitHub's timestamps: UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe(when: datetime | None) -> str | None:
    return stamp(when) if when else None


def api(hub: "Hub") -> str:
    return f"{hub.url}/api/v3"


def repo_api(repo: "Repo") -> str:
    return f"{api(repo.hub)}/repos/{repo.name}"


def user(hub: "Hub", who: User) -> Json:
    url = f"{api(hub)}/users/{quote(who.login)}"
    page = f"apps/{who.login.removesuffix('[bot]')}" if who.kind == "Bot" else who.login
    return {
        "login": who.login,
        "id": who.id,
        "node_id": who.node_id,
        "avatar_url": f"{hub.url}/avatars/u/{who.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{hub.url}/{page}",
        **{key: url + tail for key, tail in _USER_URLS.items()},
        "type": who.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def repo(it: "Repo", viewer: str | None = None) -> Json:
    """A repository; with `viewer` also what that login may do."""
    url = repo_api(it)
    open_issues = sum(issue.state == "open" for issue in it.issues.values())
    host = it.hub.url.split("://")[1]
    shape: Json = {
        "id": it.id,
        "node_id": node_id("R", it.id),
        "name": it.short_name,
        "full_name": it.name,
        "private": it.private,
        "owner": user(it.hub, it.owner),
        "html_url": it.html_url,
        "description": None,
        "fork": it.fork_of is not None,
        "url": url,
        **{key: url + tail for key, tail in _REPO_URLS.items()},
        "created_at": stamp(it.created_at),
        "updated_at": stamp(it.pushed_at),
        "pushed_at": stamp(it.pushed_at),
        "git_url": f"git://{host}/{it.name}.git",
        "ssh_url": f"git@{host}:{it.name}.git",
        "clone_url": it.clone_url,
        "svn_url": it.html_url,
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": it.archived,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if it.private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": it.default_branch,
    }
    if viewer is not None:
        names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
        shape["permissions"] = {key: it.allows(viewer, level) for key, level in names.items()}
    return shape


def full_repo(it: "Repo", viewer: str | None) -> Json:
    """What `GET /repos/{owner}/{repo}` adds."""
    return repo(it, viewer) | merge_settings(it) | {"network_count": 0, "subscribers_count": 0}


def merge_settings(it: "Repo") -> Json:
    return {
        "allow_merge_commit": it.allow_merge_commit,
        "allow_squash_merge": it.allow_squash_merge,
        "allow_rebase_merge": it.allow_rebase_merge,
        "allow_auto_merge": it.allow_auto_merge,
        "delete_branch_on_merge": it.delete_branch_on_merge,
        "allow_update_branch": False,
    }


def app(hub: "Hub", which: App) -> Json:
    return {
        "id": which.id,
        "client_id": f"Iv23sandbox{which.id}",
        "slug": which.slug,
        "node_id": node_id("A", which.id),
        "owner": user(hub, which.owner),
        "name": which.slug,
        "description": None,
        "external_url": hub.url,
        "html_url": f"{hub.url}/apps/{which.slug}",
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "permissions": dict(which.permissions),
        "events": list(which.events),
    }


def installation(hub: "Hub", which: Installation) -> Json:
    url = f"{api(hub)}/app/installations/{which.id}"
    return {
        "id": which.id,
        "client_id": f"Iv23sandbox{which.app.id}",
        "account": user(hub, which.account),
        "repository_selection": "all" if which.repositories is None else "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{api(hub)}/installation/repositories",
        "html_url": f"{hub.url}/organizations/{which.account.login}/settings/installations/{which.id}",
        "app_id": which.app.id,
        "app_slug": which.app.slug,
        "target_id": which.account.id,
        "target_type": which.account.kind,
        "permissions": dict(which.app.permissions),
        "events": list(which.app.events),
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(hub, which.account) if which.suspended_at else None,
        "suspended_at": maybe(which.suspended_at),
    }
