"""Opens a pull request with the Git data API: trees, commit, branch, pull request, labels. No clone is made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.facts import FoundBranch, MadePull, Pin
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.pulls.opening import Make, Standing
from telefonistka_py.tree import graft as graft_of
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.reading import Reader, Trees

MOST_ENTRIES = 1_000
"""Entries per tree request: GitHub gives up on much larger ones, and asks to build such trees incrementally."""


class WrongTree(TelefonistkaError):
    """GitHub wrote another tree than the one that was computed: nothing is committed."""


@dataclass(frozen=True)
class Wanted:
    """A pull request to be, word for word."""

    branch: str
    title: str
    body: str
    commit_message: str
    labels: tuple[str, ...]
    assignee: Login | None


async def make(
    repo: Repository,
    pin: Pin,
    graft: Graft,
    wanted: Wanted,
    decision: Make,
    beside: Callable[[MadePull], Awaitable[None]] | None = None,
) -> MadePull:
    """Opens `wanted` on the pinned commit. `beside` goes out together with its labels."""
    commit = decision.commit
    if commit is None:
        commit = await repo.create_commit(wanted.commit_message, await _tree(repo, pin, graft), pin.commit)
        if decision.branch_exists:
            await repo.move_branch(wanted.branch, commit)
        else:
            await repo.create_branch(wanted.branch, commit)
    made = await repo.create_pull(title=wanted.title, body=wanted.body, head=wanted.branch, base=pin.branch)
    marked = repo.mark(made.number, labels=wanted.labels, assignees=[wanted.assignee] if wanted.assignee else [])
    await together((marked, beside(made)) if beside else (marked,))
    return made


async def proven(
    repo: Repository, pin: Pin, trees: Trees, branch: FoundBranch | None, sync: Mapping[RepoPath, RepoPath]
) -> bool:
    """Whether a branch that stands already holds our promotion of `sync` and nothing else, and is still what is wanted.

    It is one commit on a commit of the default branch, its tree is the one that we would make there, and the sources
    have not changed since. A message or an author would prove nothing: whoever may push can write both (N5, N25).
    """
    if branch is None or len(branch.parents) != 1:
        return False
    parent, base = branch.parents[0], pin.tree
    if parent != pin.commit:
        if not await repo.is_ancestor(parent, pin.commit):
            return False
        [base] = await repo.trees_of([parent])

    def same(reader: Reader) -> bool:
        now = {target: reader.find(pin.tree, source) for target, source in sync.items()}
        then = {target: reader.find(base, source) for target, source in sync.items()}
        return now == then and graft_of.make(reader, base, then).root == branch.tree

    return await repo.walk(trees, same)


async def complete(repo: Repository, wanted: Wanted, standing: Standing) -> None:
    """Marks a pull request that an earlier attempt opened and did not get to mark; what people added stays."""
    labels = dict.fromkeys([*sorted(standing.pull.labels), *wanted.labels])
    people = dict.fromkeys([*sorted(standing.pull.assignees), *([wanted.assignee] if wanted.assignee else [])])
    await repo.mark(standing.pull.number, labels=labels, assignees=people)


async def _tree(repo: Repository, pin: Pin, graft: Graft) -> Sha:
    tree = pin.tree
    for step in graft.steps:
        for start in range(0, len(step), MOST_ENTRIES):
            tree = await repo.create_tree(tree, step[start : start + MOST_ENTRIES])
    if tree != graft.root:
        raise WrongTree(f"GitHub made the tree {tree} where {graft.root} was meant; nothing was committed")
    return tree
