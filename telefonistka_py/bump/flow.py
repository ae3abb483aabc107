"""A bump at GitHub: gathers what is there, decides, and opens or completes the one pull request of the commit.

Every step can be done again: whatever an earlier run left is found by the branch's name and completed. Where another
job for the same commit is faster, the whole is looked at anew.
"""

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

from telefonistka_py.bump import content, opening
from telefonistka_py.bump.content import File
from telefonistka_py.bump.model import Change
from telefonistka_py.bump.opening import Fresh, InTheWay, OnTop
from telefonistka_py.errors import OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.github.facts import FilesStart, Inline, MadePull
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import landing, merge
from telefonistka_py.pulls.flow import Wanted, WrongTree
from telefonistka_py.pulls.landing import Held, Merged, Moved, Underway
from telefonistka_py.pulls.opening import Standing
from telefonistka_py.tree import graft, proof
from telefonistka_py.tree.model import Entry, Mode, ancestors
from telefonistka_py.tree.reading import Reader, Trees

MOST_RACES = 8
"""How often jobs for the same commit may get in each other's way before this one gives up for the moment."""

_RACE = re.compile(r"already exists|fast.?forward|Reference does not exist", re.IGNORECASE)


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    changes: tuple[Change, ...]
    wanted: Wanted
    auto_merge: bool


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    url: str
    """The pull request; empty where the default branch holds all of it already."""
    files: tuple[File, ...]
    """As this run found and left them."""
    said: str
    """One sentence."""
    unmerged: str = ""
    """Why the pull request was not merged although that was asked for; else empty."""
    standing: bool = False
    """The pull request was there before this run."""


class _Raced(Exception):
    """Another job changed the branch meanwhile."""


@dataclass(frozen=True)
class _Base:
    """What a commit is built upon."""

    commit: Sha
    tree: Sha


@dataclass(frozen=True)
class _Plan:
    """The files as they are to be, and the tree that holds them."""

    files: tuple[File, ...]
    entries: Mapping[RepoPath, Entry]
    root: Sha


async def run(repo: Repository, order: Order) -> Outcome:
    """Does what is asked for. Raises the house's errors, and `model.BadOption`."""
    for _ in range(MOST_RACES):
        try:
            return await _attempt(repo, order)
        except _Raced:
            continue
    raise WorldUnwell(f"other jobs keep changing {order.wanted.branch} of {repo.name}; run this again")


async def _attempt(repo: Repository, order: Order) -> Outcome:
    trees = Trees()
    start = await _start(repo, trees, order)
    match opening.decide(start.existing):
        case InTheWay(why):
            raise RepoMistake(f"{order.wanted.branch}: {why}")
        case OnTop() as found:
            return await _on_top(repo, trees, start, order, found)
        case Fresh() as found:
            return await _fresh(repo, trees, start, order, found)


async def _start(repo: Repository, trees: Trees, order: Order) -> FilesStart:
    paths = tuple(dict.fromkeys(change.path for change in order.changes))
    try:
        return await repo.files_start(trees, paths, order.wanted.branch)
    except Refused as error:
        if error.status != 404:
            raise
        raise OperatorMistake(f"{repo.name} does not exist, or these credentials can't see it") from error


async def _fresh(repo: Repository, trees: Trees, start: FilesStart, order: Order, found: Fresh) -> Outcome:
    base = _Base(start.pin.commit, start.pin.tree)
    there = await _contents(repo, trees, start, base.tree, order)
    if found.merged is None:
        files = content.make(order.changes, there)
    else:
        files = content.after_merge(order.changes, there, found.merged)
    if not any(file.changed for file in files):
        return Outcome("", files, _nothing(repo, start, files))
    plan = await _planned(repo, trees, base.tree, files)
    commit = await _commit(repo, base, plan, order)
    if found.leftover:
        await _take_again(repo, order.wanted.branch, found.leftover.commit, base.commit, commit)
    else:
        await _racing(repo.create_branch(order.wanted.branch, commit))
    made = await _open(repo, start, order)
    outcome = Outcome(made.url, files, f"opened #{made.number}")
    return await _landed(repo, start, order, outcome, made, sure=made.head_sha == commit)


async def _take_again(repo: Repository, branch: str, left: Sha, base: Sha, commit: Sha) -> None:
    """Points the branch of a merged pull request at a new commit. After a squash its own commits are in no other
    branch, and only force moves it; else force would only lose what another job does at the same moment."""
    if await repo.is_ancestor(left, base):
        await _racing(repo.advance_branch(branch, commit))
    else:
        await repo.move_branch(branch, commit)


async def _on_top(repo: Repository, trees: Trees, start: FilesStart, order: Order, found: OnTop) -> Outcome:
    branch, pull = found.branch, found.pull
    base = _Base(branch.commit, branch.tree)
    at_first = await _contents(repo, trees, start, start.pin.tree, order)
    now = await _contents(repo, trees, start, base.tree, order)
    files = content.again(order.changes, at_first, now)
    head = branch.commit
    if not any(file.places for file in files):
        return Outcome("", files, _nothing(repo, start, files))
    if any(file.changed for file in files):
        head = await _commit(repo, base, await _planned(repo, trees, base.tree, files), order)
        await _racing(repo.advance_branch(order.wanted.branch, head))
    if pull is None:
        made, said = await _open(repo, start, order), ""
    else:
        made = MadePull(pull.number, pull.node_id, pull.url, head)
        said = f"#{pull.number} holds it already" if head == branch.commit else f"one more commit on #{pull.number}"
        if not pull.labels.issuperset(order.wanted.labels):
            await pulls.complete(repo, order.wanted, Standing(pull, missing_labels=True))
    outcome = Outcome(made.url, files, said or f"opened #{made.number}", standing=pull is not None)
    sure = order.auto_merge and made.head_sha == branch.commit and await _only_ours(repo, trees, start, order, found)
    return await _landed(repo, start, order, outcome, made, sure=sure)


def _nothing(repo: Repository, start: FilesStart, files: tuple[File, ...]) -> str:
    why = f"{start.pin.branch} of {repo.name} holds it already"
    return f"nothing to change: {why if any(file.places for file in files) else 'nothing matches'}"


async def _only_ours(repo: Repository, trees: Trees, start: FilesStart, order: Order, found: OnTop) -> bool:
    """Whether the branch is one commit upon the default branch that holds this very bump and nothing else: what people
    or other jobs pushed to it is not merged by itself (N5, N25)."""
    branch, pin = found.branch, start.pin
    if len(branch.parents) != 1 or not await repo.is_ancestor(branch.parents[0], pin.commit):
        return False
    [root] = [pin.tree] if branch.parents[0] == pin.commit else await repo.trees_of([branch.parents[0]])
    try:
        files = content.make(order.changes, await _contents(repo, trees, start, root, order))
    except RepoMistake:
        return False
    return (await _planned(repo, trees, root, files)).root == branch.tree


async def _landed(
    repo: Repository, start: FilesStart, order: Order, outcome: Outcome, made: MadePull, *, sure: bool
) -> Outcome:
    """Merges the pull request where that was asked for, at the very commit that was decided on (N5)."""
    if not order.auto_merge:
        return outcome
    if not sure:
        return replace(outcome, unmerged=f"#{made.number} was not merged: its branch holds more than this bump")
    if outcome.standing and (await repo.landing(made.number)).underway:
        return replace(outcome, said=f"{outcome.said}; GitHub merges it once what holds it is met")
    method = landing.method(None, start.pin.methods)
    match await merge.land(repo, made.number, made.node_id, made.head_sha, method):
        case Merged():
            return replace(outcome, said=f"{outcome.said} and merged it")
        case Underway(how):
            return replace(outcome, said=f"{outcome.said}; {how} of GitHub merges it once what holds it is met")
        case Held(why) | Moved(why):
            return replace(outcome, unmerged=f"#{made.number} was not merged: {why}")


async def _contents(repo: Repository, trees: Trees, start: FilesStart, root: Sha, order: Order) -> content.Contents:
    """The files as they stand in the tree `root`."""
    paths = tuple(dict.fromkeys(change.path for change in order.changes))
    entries = await repo.walk(trees, lambda reader: {path: _entry(reader, root, path) for path in paths})
    return {
        path: await repo.file_bytes(entry.sha, start.texts.get(entry.sha)) if entry else None
        for path, entry in entries.items()
    }


def _entry(reader: Reader, root: Sha, path: RepoPath) -> Entry | None:
    for above in ancestors(path)[1:]:
        there = reader.find(root, above)
        if there is not None and not there.is_directory:
            raise RepoMistake(f"{path}: {above} is no directory")
    found = reader.find(root, path)
    if found is not None and not found.is_file:
        kind = {Mode.DIRECTORY: "a directory", Mode.SYMLINK: "a symlink", Mode.SUBMODULE: "a submodule"}
        raise RepoMistake(f"{path} is {kind.get(Mode(found.mode), 'no plain file')}; name a plain file")
    return found


async def _planned(repo: Repository, trees: Trees, root: Sha, files: tuple[File, ...]) -> _Plan:
    changed = [file for file in files if file.changed]

    def make(reader: Reader) -> _Plan:
        entries = {}
        for file in changed:
            there = _entry(reader, root, file.path)
            entries[file.path] = Entry(there.mode if there else Mode.FILE, proof.blob_sha(file.after, like=root))
        return _Plan(files, entries, graft.make(reader, root, entries).root)

    return await repo.walk(trees, make)


async def _commit(repo: Repository, base: _Base, plan: _Plan, order: Order) -> Sha:
    contents = {file.path: file.after for file in plan.files}
    writes = [Inline(path, entry, contents[path]) for path, entry in plan.entries.items()]
    tree = await repo.create_tree_of(base.tree, writes)
    if tree != plan.root:
        raise WrongTree(f"GitHub made the tree {tree} where {plan.root} was meant; nothing was committed")
    return await repo.create_commit(order.wanted.commit_message, tree, base.commit)


async def _open(repo: Repository, start: FilesStart, order: Order) -> MadePull:
    wanted = order.wanted
    try:
        made = await repo.create_pull(title=wanted.title, body=wanted.body, head=wanted.branch, base=start.pin.branch)
    except Refused as error:
        raise _raced_or(error) from error
    await repo.mark(made.number, labels=wanted.labels, assignees=[wanted.assignee] if wanted.assignee else [])
    return made


async def _racing(step: Awaitable[None]) -> None:
    try:
        await step
    except Refused as error:
        raise _raced_or(error) from error


def _raced_or(error: Refused) -> Exception:
    return _Raced() if error.status == 422 and _RACE.search(error.reason) else error
