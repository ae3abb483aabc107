"""GitHub's JSON for what decides whether a pull request may be merged: reviews, check runs, check suites."""

from typing import TYPE_CHECKING

from telefonistka_py.sandbox import profiles, shapes
from telefonistka_py.sandbox.model import Pull, Review, node_id
from telefonistka_py.sandbox.refusal import Json

if TYPE_CHECKING:
    from telefonistka_py.sandbox.checks import CheckRun, Suite
    from telefonistka_py.sandbox.repository import Repo


def review(it: "Repo", which: Review) -> Json:
    page = f"{it.html_url}/pull/{which.number}#pullrequestreview-{which.id}"
    url = f"{profiles.repo_api(it)}/pulls/{which.number}"
    return {
        "id": which.id,
        "node_id": node_id("PRR", it.id, which.id),
        "user": profiles.user(it.hub, which.author),
        "body": which.body,
        "state": which.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": shapes.association(it, which.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": profiles.stamp(which.submitted_at),
        "commit_id": which.sha,
    }


def _pulls(it: "Repo", sha: str) -> list[Json]:
    """The open pull requests whose head is the commit, in the short form that checks carry."""
    here = {"id": it.id, "url": profiles.repo_api(it), "name": it.short_name}
    return [_short(it, each, here) for each in it.pulls(state="open") if each.head_sha == sha]


def _short(it: "Repo", pull: Pull, here: Json) -> Json:
    return {
        "url": f"{profiles.repo_api(it)}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": here},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": here},
    }


def check_run(it: "Repo", which: "CheckRun") -> Json:
    url = f"{profiles.repo_api(it)}/check-runs/{which.id}"
    page = f"{it.html_url}/runs/{which.id}"
    return {
        "id": which.id,
        "name": which.name,
        "node_id": node_id("CR", it.id, which.id),
        "head_sha": which.suite.sha,
        "external_id": which.external_id,
        "url": url,
        "html_url": page,
        "details_url": which.details_url or page,
        "status": which.status,
        "conclusion": which.conclusion,
        "started_at": profiles.stamp(which.started_at),
        "completed_at": profiles.maybe(which.completed_at),
        "output": {
            "title": which.title,
            "summary": which.summary,
            "text": which.text,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": which.suite.id},
        "app": profiles.app(it.hub, which.suite.app),
        "pull_requests": _pulls(it, which.suite.sha),
    }


def told_check_run(it: "Repo", which: "CheckRun") -> Json:
    """As webhooks show it: with the whole suite."""
    return check_run(it, which) | {"check_suite": check_suite(it, which.suite)}


def check_suite(it: "Repo", which: "Suite") -> Json:
    branch = next((each.head_ref for each in it.pulls() if each.head_sha == which.sha), None)
    return {
        "id": which.id,
        "node_id": node_id("CS", it.id, which.id),
        "head_branch": branch,
        "head_sha": which.sha,
        "status": which.status,
        "conclusion": which.conclusion,
        "url": f"{profiles.repo_api(it)}/check-suites/{which.id}",
        "before": None,
        "after": which.sha,
        "pull_requests": _pulls(it, which.sha),
        "app": profiles.app(it.hub, which.app),
        "created_at": profiles.stamp(which.created_at),
        "updated_at": profiles.stamp(which.updated_at),
    }
