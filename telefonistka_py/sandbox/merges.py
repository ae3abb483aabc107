"""Merging a pull request, computed by real git: merge commit, squash or rebase."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import commits, diffs, protection, pulls, refs
from telefonistka_py.sandbox.commits import Commit
from telefonistka_py.sandbox.model import Pull, User
from telefonistka_py.sandbox.refusal import Refusal, invalid

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

METHODS = ("merge", "squash", "rebase")


@dataclass(frozen=True)
class Wish:
    """How somebody wants it merged. `sha`: only if this is still the head."""

    method: str = "merge"
    title: str | None = None
    message: str | None = None
    sha: str | None = None


async def merge(repo: "Repo", by: User, pull: Pull, wish: Wish) -> str:
    """`PUT pulls/N/merge`; answers the commit that is the base's tip then. Raises 405, 409 or 422."""
    async with repo.lock:
        return await land(repo, by, pull, wish)


async def land(repo: "Repo", by: User, pull: Pull, wish: Wish, *, queued: bool = False) -> str:
    """As `merge`; the caller holds `repo.lock`. `queued`: it comes out of the queue that its base may demand."""
    await _check(repo, pull, wish, queued=queued)
    base = await repo.git.resolve(f"refs/heads/{pull.base_ref}")
    if base is None:
        raise Refusal(405, "Base branch was deleted")
    commit = await _made(repo, by, pull, base, wish)
    if commit is None:
        raise Refusal(405, "Pull Request is not mergeable")
    head_branch, same_repo = pull.head_ref, pull.head_repo == repo.name
    # Marked first: the push below would otherwise take it for one that was merged by hand.
    await repo.git.run("update-ref", f"refs/heads/{pull.base_ref}", commit, base)
    await pulls.mark_merged(repo, by, pull, commit, base=base)
    await refs.moved(repo, by, f"refs/heads/{pull.base_ref}", base, commit)
    tip = await refs.read(repo, f"refs/heads/{head_branch}") if same_repo else None
    if repo.delete_branch_on_merge and tip is not None and _may_go(repo, head_branch):
        await refs.move(repo, by, f"refs/heads/{head_branch}", tip, None)
    return commit


def _may_go(repo: "Repo", branch: str) -> bool:
    return branch != repo.default_branch and branch not in repo.protections


def allowed_methods(repo: "Repo") -> list[str]:
    """Of `METHODS`, in this order, those that the repository allows."""
    flags = (repo.allow_merge_commit, repo.allow_squash_merge, repo.allow_rebase_merge)
    return [method for method, allowed in zip(METHODS, flags, strict=True) if allowed]


def check_method(repo: "Repo", method: str) -> None:
    """Raises 422 for what is no method, 405 for one that the repository does not allow."""
    if method not in METHODS:
        raise invalid(f"Invalid merge method {method!r}")
    if method not in allowed_methods(repo):
        what = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
        raise Refusal(405, f"{what[method]} are not allowed on this repository.")


async def _check(repo: "Repo", pull: Pull, wish: Wish, *, queued: bool) -> None:
    check_method(repo, wish.method)
    if pull.state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if wish.sha is not None and wish.sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if lacking := await protection.unmet(repo, pull):
        raise Refusal(405, " ".join(lacking) if await is_mergeable(repo, pull) else "Pull Request is not mergeable")
    if protection.of(repo, pull.base_ref).queue and not queued:
        raise Refusal(405, protection.QUEUE)


async def is_mergeable(repo: "Repo", pull: Pull) -> bool | None:
    """Whether git could merge it now; None for one that is closed."""
    base = await repo.git.resolve(f"refs/heads/{pull.base_ref}")
    if pull.state != "open" or base is None:
        return None
    key = (repo.name, base, pull.head_sha)
    if key not in repo.hub.mergeable:
        tree = await _merged_tree(repo, base, pull.head_sha)
        repo.hub.mergeable[key] = tree is not None
        if tree is not None:
            await _test_merge(repo, pull, base, tree)
        else:
            pull.merge_commit_sha = None
    return repo.hub.mergeable[key]


async def shown_mergeable(repo: "Repo", pull: Pull) -> bool | None:
    """What GitHub shows: while `repo.undecided` requests last, it is still computing, and knows nothing."""
    if pull.state == "open" and repo.is_undecided():
        return None
    return await is_mergeable(repo, pull)


async def _test_merge(repo: "Repo", pull: Pull, base: str, tree: str) -> None:
    """GitHub's trial merge: while a pull request is open, `merge_commit_sha` and `refs/pull/N/merge` name it."""
    message = f"Merge {pull.head_sha} into {base}"
    who = commits.web_flow(repo.hub.clock())
    parents = [base, pull.head_sha]
    sha = commits.write(
        repo.git,
        tree=tree,
        parents=parents,
        author=commits.person(pull.author, who.when),
        committer=who,
        message=message,
    )
    pull.merge_commit_sha = sha
    await repo.git.run("update-ref", f"refs/pull/{pull.number}/merge", sha)


async def _merged_tree(repo: "Repo", base: str, head: str) -> str | None:
    code, out = await repo.git.code(
        "merge-tree", "--write-tree", "--no-messages", "--allow-unrelated-histories", base, head
    )
    return out.decode().split("\n")[0].strip() if code == 0 else None


async def _made(repo: "Repo", by: User, pull: Pull, base: str, wish: Wish) -> str | None:
    """The new tip of the base branch, or None when git finds a conflict."""
    if wish.method == "rebase":
        return await _rebased(repo, pull, base)
    tree = await _merged_tree(repo, base, pull.head_sha)
    if tree is None:
        return None
    now = repo.hub.clock()
    title, message = await _texts(repo, pull, wish)
    squash = wish.method == "squash"
    return commits.write(
        repo.git,
        tree=tree,
        parents=[base] if squash else [base, pull.head_sha],
        author=commits.person(pull.author if squash else by, now),
        committer=commits.web_flow(now),
        message=f"{title}\n\n{message}" if message else title,
    )


async def _texts(repo: "Repo", pull: Pull, wish: Wish) -> tuple[str, str]:
    """Title and message of the commit, GitHub's defaults where the wish says nothing."""
    if wish.method == "merge":
        owner = (pull.head_repo or repo.name).split("/")[0]
        default, text = f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}", pull.title
    else:
        own = await commits.read_all(repo.git, await pulls.commits(repo, pull))
        headline = own[0].headline if len(own) == 1 else pull.title
        default = f"{headline} (#{pull.number})"
        text = own[0].message.partition("\n")[2].strip() if len(own) == 1 else _listed(own)
    return wish.title or default, text if wish.message is None else wish.message


def _listed(own: list[Commit]) -> str:
    return "\n\n".join(f"* {commit.message.strip()}" for commit in own)


async def _rebased(repo: "Repo", pull: Pull, base: str) -> str | None:
    tip = base
    for commit in await commits.read_all(repo.git, await pulls.commits(repo, pull)):
        if len(commit.parents) > 1:
            continue
        tree = await _picked(repo, tip, commit)
        if tree is None:
            return None
        tip = commits.write(
            repo.git,
            tree=tree,
            parents=[tip],
            author=commit.author,
            committer=commits.web_flow(repo.hub.clock()),
            message=commit.message,
        )
    return tip if tip != base else None


async def _picked(repo: "Repo", onto: str, commit: Commit) -> str | None:
    """The tree of `commit`'s change on top of `onto`.

    A helper commit with `onto`'s tree and `commit`'s parent makes that parent the merge base, which
    git before 2.40 can't be told otherwise.
    """
    onto_tree = await repo.git.tree_of(onto)
    assert onto_tree is not None
    helper = commits.write(
        repo.git,
        tree=onto_tree,
        parents=commit.parents[:1],
        author=commit.author,
        committer=commit.committer,
        message="onto",
    )
    return await _merged_tree(repo, helper, commit.sha)


async def is_behind(repo: "Repo", pull: Pull) -> bool:
    """Whether the base has commits that the head lacks."""
    base = await repo.git.resolve(f"refs/heads/{pull.base_ref}")
    return base is not None and not await diffs.is_ancestor(repo.git, base, pull.head_sha)
