"""Everything that GitHub holds at the end, without what legitimately differs between two runs.

Left out or replaced, and why:

- ids of comments, reviews and the like, and all times: the clock and one row of numbers give them;
- hashes of commits: they hold the time. A branch is the row of its commits' trees and messages instead, so that a
  commit or merge too many shows;
- the sandbox's address: its port;
- how often a commit status was set: an attempt that is made again says `pending` again. Its last state counts;
- the order of comments on one pull request, where two lanes write to it: all of them count, with their texts.
"""

import re
from collections import defaultdict
from typing import Any

from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.model import Issue, Pull
from telefonistka_py.sandbox.repository import Repo

_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_SHORT_SHA = re.compile(r"\[`[0-9a-f]{7}`\]")
_COMMENT = re.compile(r"#issuecomment-[0-9]+")
_DAY = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b")

Picture = dict[str, Any]


async def of(hub: Hub) -> Picture:
    """The picture of all repositories."""
    return {repo.name: await _repository(hub, repo) for repo in hub.repos.values()}


async def _repository(hub: Hub, repo: Repo) -> Picture:
    branches = await repo.branches()
    return {
        "branches": {name: await _commits(repo, sha) for name, sha in branches.items()},
        "issues": {number: await _issue(hub, repo, issue) for number, issue in repo.issues.items()},
        "statuses": await _statuses(repo),
        "labels": sorted(label.name for label in repo.labels.values()),
        "merge queue": {branch: [each.pull.number for each in queue] for branch, queue in repo.queues.items() if queue},
    }


async def _commits(repo: Repo, sha: str) -> list[str]:
    """The branch's own commits, newest first; what was merged into it shows by the number of parents."""
    found, at = [], [sha]
    while at:
        line, at = await _commit(repo, at[0])
        found.append(line)
    return found


async def _commit(repo: Repo, sha: str) -> tuple[str, list[str]]:
    """Tree, author, number of parents and subject of a commit in a line; and its parents."""
    stored = await repo.git.object(sha)
    assert stored is not None
    head, _, message = stored.data.decode().partition("\n\n")
    fields = [line.split(" ", 1) for line in head.splitlines()]
    told = {key: value for key, value in fields if key in ("tree", "author")}
    parents = [value for key, value in fields if key == "parent"]
    author = told["author"].partition(" <")[0]
    return f"{told['tree']} {author}, {len(parents)} parents: {message.splitlines()[0]}", parents


async def _issue(hub: Hub, repo: Repo, issue: Issue) -> Picture:
    found: Picture = {
        "title": issue.title,
        "body": _plain(hub, issue.body or ""),
        "author": issue.author.login,
        "state": issue.state,
        "closed by": issue.closed_by.login if issue.closed_by else None,
        "labels": sorted(issue.labels),
        "assignees": sorted(user.login for user in issue.assignees),
        "comments": sorted(
            f"{comment.author.login} ({comment.minimized or 'shown'}): {_plain(hub, comment.body)}"
            for comment in issue.comments
        ),
    }
    return found | await _pull(repo, issue) if isinstance(issue, Pull) else found


async def _pull(repo: Repo, pull: Pull) -> Picture:
    return {
        "branch": pull.head_ref,
        "base": pull.base_ref,
        "tree": await repo.tree_sha(pull.head_sha),
        "merged by": pull.merged_by.login if pull.merged_by else None,
        "armed by": pull.auto_merge.by.login if pull.auto_merge else None,
        "reviews": [(each.author.login, each.state, each.body, each.sha == pull.head_sha) for each in pull.reviews],
    }


async def _statuses(repo: Repo) -> Picture:
    """The last state of each context, by the tree and message of its commit."""
    found: dict[str, Picture] = defaultdict(dict)
    for sha, log in repo.status_log.items():
        commit, _ = await _commit(repo, sha)
        found[commit] |= {each.context: (each.state, each.description, each.creator.login) for each in log}
    return dict(found)


def _plain(hub: Hub, text: str) -> str:
    text = text.replace(hub.url, "https://github.example")
    for pattern, word in ((_SHA, "SHA"), (_SHORT_SHA, "[`SHA`]"), (_COMMENT, "#issuecomment-ID"), (_DAY, "DAY")):
        text = pattern.sub(word, text)
    return text
