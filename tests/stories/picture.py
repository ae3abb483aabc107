"""What GitHub holds at the end, without what differs from run to run (times, ids, commit hashes)."""

from typing import Any

from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import House


async def of(house: House, repo: Repo) -> dict[str, Any]:
    """Pull requests with their trees, branches, the last status of each head, and comments."""
    pulls = {
        pull.number: {
            "title": pull.title,
            "body": pull.body,
            "branch": pull.head_ref,
            "tree": await repo.tree_sha(pull.head_sha),
            "labels": sorted(pull.labels),
            "assignees": sorted(user.login for user in pull.assignees),
            "state": "merged" if pull.merged else pull.state,
            "status": house.states(repo, pull)[-1:],
            "comments": house.said(pull),
            "reviews": [(review.author.login, review.state) for review in pull.reviews],
        }
        for pull in repo.pulls()
    }
    branches = {name: await repo.tree_sha(sha) for name, sha in (await repo.branches()).items()}
    return {"pulls": pulls, "branches": branches}
