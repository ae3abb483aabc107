"""Bodies as GitHub sends them, written by hand from its description, for the tests of the checks themselves."""

from typing import Any

API = "https://api.github.com"
WEB = "https://github.com"
REPO = f"{API}/repos/acme/gitops"
SHA = "3f1c9a0b7d5e4c2f8a6b1d0e9c8f7a6b5d4c3e2f"
WHEN = "2024-05-04T12:00:00Z"

USER_URLS = (
    "followers_url following_url gists_url organizations_url received_events_url repos_url starred_url"
    " subscriptions_url events_url"
)
REPO_URLS = (
    "archive_url assignees_url blobs_url branches_url collaborators_url comments_url commits_url compare_url"
    " contents_url contributors_url deployments_url downloads_url events_url forks_url git_commits_url git_refs_url"
    " git_tags_url git_url hooks_url issue_comment_url issue_events_url issues_url keys_url labels_url languages_url"
    " merges_url milestones_url notifications_url pulls_url releases_url ssh_url stargazers_url statuses_url"
    " subscribers_url subscription_url svn_url tags_url teams_url trees_url"
)
PULL_URLS = (
    "comments_url commits_url diff_url html_url issue_url patch_url review_comment_url review_comments_url statuses_url"
    " url"
)


def user(login: str = "alice") -> dict[str, Any]:
    page = f"{WEB}/{login}"
    return {
        "login": login,
        "id": 7,
        "node_id": "U_7",
        "avatar_url": f"{WEB}/avatars/7",
        "gravatar_id": "",
        "html_url": page,
        "url": f"{API}/users/{login}",
        "type": "User",
        "site_admin": False,
        **{name: f"{page}/{name}" for name in USER_URLS.split()},
    }


def repository() -> dict[str, Any]:
    counts = "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count"
    flags = "archived disabled fork has_downloads has_issues has_pages has_projects has_wiki private"
    return {
        "id": 1,
        "node_id": "R_1",
        "name": "gitops",
        "full_name": "acme/gitops",
        "owner": user("acme"),
        "default_branch": "main",
        "html_url": f"{WEB}/acme/gitops",
        "url": REPO,
        "clone_url": f"{WEB}/acme/gitops.git",
        **{name: f"{REPO}/{name}" for name in REPO_URLS.split()},
        **dict.fromkeys(counts.split(), 0),
        **dict.fromkeys(flags.split(), False),
        **dict.fromkeys(["description", "homepage", "language", "license", "mirror_url"]),
        **dict.fromkeys(["created_at", "pushed_at", "updated_at"], WHEN),
    }


def pull(number: int = 4) -> dict[str, Any]:
    def side(ref: str) -> dict[str, Any]:
        return {"label": f"acme:{ref}", "ref": ref, "sha": SHA, "user": user("acme"), "repo": repository()}

    links = "comments commits html issue review_comment review_comments self statuses"
    counts = "additions changed_files comments commits deletions review_comments"
    absent = "assignee auto_merge body closed_at merge_commit_sha merged_at merged_by milestone mergeable"
    return {
        "id": 40,
        "node_id": "PR_40",
        "number": number,
        "title": "Raise the limit",
        "state": "open",
        "locked": False,
        "merged": False,
        "maintainer_can_modify": False,
        "mergeable_state": "unknown",
        "author_association": "MEMBER",
        "user": user(),
        "labels": [],
        "head": side("feature/x"),
        "base": side("main"),
        "created_at": WHEN,
        "updated_at": WHEN,
        "_links": {name: {"href": f"{REPO}/pulls/{number}"} for name in links.split()},
        **{name: f"{REPO}/pulls/{number}/{name}" for name in PULL_URLS.split()},
        **dict.fromkeys(counts.split(), 0),
        **dict.fromkeys(absent.split()),
    }


def comment(body: str = "Hello") -> dict[str, Any]:
    return {
        "id": 5,
        "node_id": "IC_5",
        "url": f"{REPO}/issues/comments/5",
        "html_url": f"{WEB}/acme/gitops/pull/4#issuecomment-5",
        "issue_url": f"{REPO}/issues/4",
        "body": body,
        "user": user(),
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "MEMBER",
        "performed_via_github_app": None,
    }


def tree() -> dict[str, Any]:
    entry = {
        "path": "a.yaml",
        "mode": "100644",
        "type": "blob",
        "sha": SHA,
        "size": 1,
        "url": f"{REPO}/git/blobs/{SHA}",
    }
    return {"sha": SHA, "url": f"{REPO}/git/trees/{SHA}", "tree": [entry], "truncated": False}


def git_commit() -> dict[str, Any]:
    who = {"name": "bot", "email": "1+bot[bot]@users.noreply.github.com", "date": WHEN}
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "sha": SHA,
        "node_id": "C_1",
        "url": f"{REPO}/git/commits/{SHA}",
        "html_url": f"{WEB}/acme/gitops/commit/{SHA}",
        "author": who,
        "committer": who,
        "message": "Syncing from workspace/",
        "tree": {"sha": SHA, "url": f"{REPO}/git/trees/{SHA}"},
        "parents": [{"sha": SHA, "url": f"{REPO}/git/commits/{SHA}", "html_url": f"{WEB}/acme/gitops/commit/{SHA}"}],
        "verification": unsigned,
    }


def git_ref() -> dict[str, Any]:
    target = {"type": "commit", "sha": SHA, "url": f"{REPO}/git/commits/{SHA}"}
    return {"ref": "refs/heads/x", "node_id": "REF_x", "url": f"{REPO}/git/refs/heads/x", "object": target}


def changed_file(**changes: Any) -> dict[str, Any]:
    return {
        "sha": SHA,
        "filename": "workspace/nginx/a.yaml",
        "status": "modified",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{WEB}/acme/gitops/blob/{SHA}/workspace%2Fnginx%2Fa.yaml",
        "raw_url": f"{WEB}/acme/gitops/raw/{SHA}/workspace%2Fnginx%2Fa.yaml",
        "contents_url": f"{REPO}/contents/workspace%2Fnginx%2Fa.yaml?ref={SHA}",
        **changes,
    }


def file_in_directory() -> dict[str, Any]:
    return {
        "type": "file",
        "name": "a.yaml",
        "path": "workspace/a.yaml",
        "sha": SHA,
        "size": 1,
        "url": f"{REPO}/contents/workspace/a.yaml?ref=main",
        "git_url": f"{REPO}/git/blobs/{SHA}",
        "html_url": f"{WEB}/acme/gitops/blob/main/workspace/a.yaml",
        "download_url": None,
        "_links": {"self": f"{REPO}/contents/workspace/a.yaml", "git": None, "html": None},
    }


def directory() -> dict[str, Any]:
    return {**file_in_directory(), "type": "dir", "entries": [file_in_directory()]}


def error(message: str = "Not Found", **more: Any) -> dict[str, Any]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest", **more}
