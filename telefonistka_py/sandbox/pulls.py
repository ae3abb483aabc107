"""Pull requests: opened, followed by pushes, closed; merging is in `merges`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import automerge, diffs, events, limits_of_text, protection, queue, reviews
from telefonistka_py.sandbox.git import ZERO
from telefonistka_py.sandbox.model import Pull, User
from telefonistka_py.sandbox.refusal import custom, failed, wrong

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

MOST_FILES = 3000
"""Files that a pull request's list ever names (docs: List pull requests files)."""


async def open(
    repo: "Repo", by: User, *, title: str, body: str | None, head: str, base: str, draft: bool = False
) -> Pull:
    """`POST pulls`. `head` is `branch` or `owner:branch`. Raises `Refusal` as GitHub would."""
    limits_of_text.check_issue("PullRequest", title, body)
    async with repo.lock:  # so that no two are opened for one branch, and no push goes by unseen
        return await _opened(repo, by, title, body, head, base, draft)


async def _opened(repo: "Repo", by: User, title: str, body: str | None, head: str, base: str, draft: bool) -> Pull:
    owner, _, branch = head.rpartition(":")
    source = _head_repo(repo, owner)
    sha = await source.git.resolve(f"refs/heads/{branch}") if source and branch else None
    base_sha = await repo.git.resolve(f"refs/heads/{base}") if base else None
    problems = [wrong("PullRequest", "head")] if sha is None else []
    if base_sha is None:
        problems.append(wrong("PullRequest", "base"))
    if problems or source is None or sha is None or base_sha is None:
        raise failed(*problems)
    _refuse_second(repo, source, branch, base)
    number = repo.hub.next_number(repo)
    await _fetch(repo, source, branch, number, sha)
    if await diffs.is_ancestor(repo.git, sha, base_sha):
        await repo.git.run("update-ref", "-d", f"refs/pull/{number}/head")
        raise failed(custom("PullRequest", f"No commits between {base} and {head}"))
    now = repo.hub.clock()
    pull = Pull(repo.hub.next_id(), number, title, body or None, by, now, now)
    pull.head_ref, pull.head_sha, pull.head_repo = branch, sha, source.name
    pull.base_ref, pull.base_sha, pull.draft = base, base_sha, draft
    repo.issues[number] = pull
    await events.pull_request(repo, by, pull, "opened")
    return pull


def _head_repo(repo: "Repo", owner: str) -> "Repo | None":
    if not owner or owner.lower() == repo.owner.login.lower():
        return repo
    forks = (each for each in repo.hub.repos.values() if each.fork_of == repo.name)
    return next((each for each in forks if each.owner.login.lower() == owner.lower()), None)


def _refuse_second(repo: "Repo", source: "Repo", branch: str, base: str) -> None:
    for pull in repo.pulls(state="open"):
        if (pull.head_repo, pull.head_ref, pull.base_ref) == (source.name, branch, base):
            label = f"{source.owner.login}:{branch}"
            raise failed(custom("PullRequest", f"A pull request already exists for {label}."))


async def _fetch(repo: "Repo", source: "Repo", branch: str, number: int, sha: str) -> None:
    """Keeps GitHub's `refs/pull/N/head`; brings a fork's commits into the base repository."""
    if source is not repo:
        refspec = f"+refs/heads/{branch}:refs/pull/{number}/head"
        await repo.git.run("fetch", "--quiet", "--no-tags", str(source.git.path), refspec)
    await repo.git.run("update-ref", f"refs/pull/{number}/head", sha)


async def follow(repo: "Repo", by: User, branch: str, before: str | None, after: str | None) -> None:
    """What a push to `branch` does to open pull requests, here and in the repository this is a fork of."""
    homes = [repo, *(other for other in repo.hub.repos.values() if other.name == repo.fork_of)]
    for home in homes:
        for pull in home.pulls(state="open"):
            if (pull.head_repo, pull.head_ref) == (repo.name, branch):
                await _head_moved(home, repo, by, pull, before, after)
    landed = set(await diffs.between(repo.git, before, after)) if before and after else set()
    for pull in repo.pulls(state="open"):
        if pull.base_ref != branch or pull.state != "open":
            continue
        if after is None:
            await shut(repo, by, pull)
        elif pull.head_sha in landed:
            await mark_merged(repo, by, pull, after, base=before)


async def _head_moved(
    home: "Repo", source: "Repo", by: User, pull: Pull, before: str | None, after: str | None
) -> None:
    if after is None:
        await shut(home, by, pull)
        return
    await _fetch(home, source, pull.head_ref, pull.number, after)
    pull.head_sha, pull.updated_at = after, home.hub.clock()
    pull.base_sha = await home.git.resolve(f"refs/heads/{pull.base_ref}") or pull.base_sha
    await events.pull_request(home, by, pull, "synchronize", before=before or ZERO, after=after)
    await queue.remove(home, by, pull, "BRANCH_UPDATED")
    if protection.of(home, pull.base_ref).dismiss_stale:
        await reviews.dismiss_approvals(home, by, pull)
    if by.kind != "Bot" and not home.allows(by.login, "write"):
        await automerge.disable(home, by, pull, "Head branch was pushed to by a user without write access")


async def shut(repo: "Repo", by: User, pull: Pull) -> None:
    """Closes without merging."""
    if pull.state == "closed":
        return
    await queue.remove(repo, by, pull, "PR_CLOSED")
    now = repo.hub.clock()
    pull.state, pull.closed_at, pull.updated_at, pull.closed_by = "closed", now, now, by
    pull.auto_merge = None
    await events.pull_request(repo, by, pull, "closed")


async def reopen(repo: "Repo", by: User, pull: Pull) -> None:
    """Raises a 422 for one that is merged, or whose branch is gone."""
    source = repo.hub.repos.get((pull.head_repo or "").lower())
    sha = await source.git.resolve(f"refs/heads/{pull.head_ref}") if source else None
    if pull.merged or source is None or sha is None:
        why = "is already merged" if pull.merged else f"the {pull.head_ref} branch was deleted"
        raise failed(custom("PullRequest", f"state cannot be changed. The pull request cannot be reopened: {why}."))
    _refuse_second(repo, source, pull.head_ref, pull.base_ref)
    await _fetch(repo, source, pull.head_ref, pull.number, sha)
    pull.state, pull.closed_at, pull.closed_by, pull.head_sha = "open", None, None, sha
    pull.updated_at = repo.hub.clock()
    await events.pull_request(repo, by, pull, "reopened")


async def retarget(repo: "Repo", by: User, pull: Pull, base: str) -> None:
    sha = await repo.git.resolve(f"refs/heads/{base}")
    if sha is None or pull.state != "open":
        raise failed(wrong("PullRequest", "base"))
    source = repo.hub.repos[(pull.head_repo or repo.name).lower()]
    _refuse_second(repo, source, pull.head_ref, base)
    changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    await queue.remove(repo, by, pull, "BASE_BRANCH_CHANGED")
    pull.base_ref, pull.base_sha, pull.updated_at = base, sha, repo.hub.clock()
    pull.auto_merge = None
    await events.pull_request(repo, by, pull, "edited", changes=changes)


async def mark_merged(repo: "Repo", by: User, pull: Pull, commit: str, *, base: str | None) -> None:
    """The pull request's work is on its base since `commit`; `base` is the tip from before."""
    now = repo.hub.clock()
    pull.base_sha = base or pull.base_sha
    pull.fork_point = await diffs.merge_base(repo.git, pull.base_sha, pull.head_sha)
    pull.state, pull.closed_at, pull.closed_by, pull.updated_at = "closed", now, by, now
    pull.merged, pull.merged_at, pull.merged_by, pull.merge_commit_sha = True, now, by, commit
    pull.auto_merge = None
    await queue.remove(repo, by, pull, "MERGE")
    await events.pull_request(repo, by, pull, "closed")


async def fork_point(repo: "Repo", pull: Pull) -> str | None:
    """Where the pull request's own commits begin: what it is compared with."""
    if pull.merged:
        return pull.fork_point
    tip = await repo.git.resolve(f"refs/heads/{pull.base_ref}") if pull.state == "open" else None
    return await diffs.merge_base(repo.git, tip or pull.base_sha, pull.head_sha)


async def files(repo: "Repo", pull: Pull) -> list[diffs.Changed]:
    """All files that the pull request changes; remembered per pair of commits."""
    base = await fork_point(repo, pull)
    key = (repo.name, base, pull.head_sha)
    if key not in repo.hub.diffs:
        repo.hub.diffs[key] = await diffs.files(repo.git, base, pull.head_sha)
    return repo.hub.diffs[key]


async def commits(repo: "Repo", pull: Pull) -> list[str]:
    """The pull request's own commits, oldest first."""
    return await diffs.between(repo.git, await fork_point(repo, pull), pull.head_sha)


def containing(every: Iterable[Pull], sha: str, own: dict[int, list[str]]) -> list[Pull]:
    """Those that brought or hold `sha`, given each one's own commits by number."""
    return [pull for pull in every if sha in own[pull.number] or sha == pull.merge_commit_sha]
