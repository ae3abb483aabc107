"""The same decisions on a clone on disk: what a merge led to, or what a pull request would lead to. Nothing is sent."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.localgit.clone import Clone, Commit
from telefonistka_py.localgit.merging import Merged
from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.promotion import decide, draft, metadata, route
from telefonistka_py.promotion.model import Draft, Metadata, PassedOver, Promotion, Routes, Trigger
from telefonistka_py.promotion.plan import ComponentFiles
from telefonistka_py.templates import Templates
from telefonistka_py.tree import difference
from telefonistka_py.tree.difference import Changes
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.model import Entry, Listing, Mode
from telefonistka_py.tree.reading import Answer, Reader, Trees, Wanted, attempt

UNKNOWN_NUMBER, UNKNOWN_BRANCH = "<number>", "<branch>"
"""What stands for the pull request's number and branch where nobody told them."""


@dataclass(frozen=True)
class Told:
    """What git does not know of the pull request. None: guessed from the commit's message where it can be."""

    number: int | None = None
    ref: str | None = None
    author: Login | None = None
    labels: frozenset[str] = frozenset()
    config: bytes | None = None
    """What the root's file is taken to hold; None: what it holds at its revision."""


@dataclass(frozen=True)
class Planned:
    """One promotion as it would be. `changes` are the files that its branch would change."""

    promotion: Promotion
    draft: Draft
    graft: Graft
    changes: Changes


@dataclass(frozen=True)
class ConfigAt:
    """The revisions, as they were asked for, at which each kind of `telefonistka.yaml` is read."""

    root: str
    components: str

    def of(self, path: RepoPath) -> str:
        return self.root if path == read.ROOT else self.components


@dataclass(frozen=True)
class Preview:
    base: str
    config_at: ConfigAt
    config_found: bool
    changed_files: int
    changed_configs: tuple[RepoPath, ...]
    """Each `telefonistka.yaml` that the change itself adds, changes or removes."""
    planned: tuple[Planned, ...]
    passed_over: tuple[PassedOver, ...]
    problems: tuple[Problem, ...]
    config_given: bool = False
    """The root's file is one that was given, not that of the revision."""
    notes: tuple[str, ...] = ()
    """What else a reader should know."""


@dataclass(frozen=True)
class _Ground:
    """What is compared (`before` → `after`), where the root file is read, and the tree that is promoted on."""

    config_at: ConfigAt
    before: Sha | None
    after: Sha
    config_tree: Sha
    component_tree: Sha
    tree: Sha
    listing: Callable[[Sha], Listing]
    blob: Callable[[Sha], bytes]
    config: bytes | None
    """In place of the root's file at `config_tree`."""


def of_merge(clone: Clone, revision: str, base: str, told: Told, templates: Templates) -> Preview:
    """What the merge or squash commit `revision` of the default branch `base` leads to."""
    commit = clone.commit(revision)
    before = clone.commit(commit.parents[0]).tree if commit.parents else None
    at, tree = ConfigAt(_root_at(told, revision), revision), commit.tree
    ground = _Ground(at, before, tree, tree, tree, tree, clone.tree, clone.blob, told.config)
    return _preview(ground, base, _trigger(commit, told), told.labels, templates)


def of_pull(
    clone: Clone, base: str, head: str, told: Told, templates: Templates, environ: Mapping[str, str]
) -> Preview:
    """What the open pull request `head` → `base` would lead to if it were merged now.

    As for a pull request on GitHub, the root file is read at the base and component files at the head (contract §2).
    """
    base_commit, head_commit = clone.commit(base), clone.commit(head)
    fork = clone.merge_base(base_commit.sha, head_commit.sha)
    if fork is None:
        raise RepoMistake(f"{base} and {head} have no commit in common")
    told = replace(told, ref=told.ref or _branch(head))
    with _merged(clone, base_commit, head_commit, environ) as merged:
        ground = _Ground(
            config_at=ConfigAt(_root_at(told, base), head),
            before=clone.commit(fork).tree,
            after=head_commit.tree,
            config_tree=base_commit.tree,
            component_tree=head_commit.tree,
            tree=merged.tree,
            listing=merged.listing,
            blob=merged.blob,
            config=told.config,
        )
        return _preview(ground, base, _trigger(head_commit, told), told.labels, templates)


def _root_at(told: Told, revision: str) -> str:
    return revision if told.config is None else "--config"


@contextmanager
def _merged(clone: Clone, base: Commit, head: Commit, environ: Mapping[str, str]) -> Iterator[Merged]:
    merged = Merged(clone, base, head, environ)
    try:
        yield merged
    finally:
        merged.close()


def _preview(ground: _Ground, base: str, trigger: Trigger, labels: frozenset[str], templates: Templates) -> Preview:
    trees = Trees()

    def walk(ask: Callable[[Reader], Answer]) -> Answer:
        while isinstance(answer := attempt(trees, ask), Wanted):
            for sha in answer.shas:
                trees.add(sha, ground.listing(sha))
        return answer

    before = Entry(Mode.DIRECTORY, ground.before) if ground.before else None
    after = Entry(Mode.DIRECTORY, ground.after)
    paths = [found.path for found in walk(lambda reader: _differences(reader, before, after))]
    configs = tuple(path for path in paths if path.rpartition("/")[2] == read.ROOT)
    entry = walk(lambda reader: reader.find(ground.config_tree, read.ROOT))
    content = ground.config if ground.config is not None else ground.blob(entry.sha) if entry else None
    config = read.root(content) if content is not None else Valid(Config())
    given = ground.config is not None
    if isinstance(config, Invalid):
        return Preview(base, ground.config_at, True, len(paths), configs, (), (), config.problems, given)
    routes = route.find(config.value, paths, labels)
    found_files = walk(lambda reader: decide.component_files(reader, ground.component_tree, routes))
    files = {
        component: decide.read_component(component, file, ground.blob(file.sha) if file.kind == "blob" else None)
        for component, file in found_files.items()
    }
    decision, changed = walk(lambda reader: _decision(reader, ground.tree, routes, files))
    planned = tuple(
        Planned(
            promotion,
            _without_number(draft.write(promotion, trigger, config.value.labels, templates), trigger),
            _usable(graft),
            changes,
        )
        for promotion, graft, changes in zip(decision.plan.promotions, decision.grafts, changed, strict=True)
    )
    problems = (*config.warnings, *decision.plan.problems)
    return Preview(
        base=base,
        config_at=ground.config_at,
        config_found=content is not None,
        changed_files=len(paths),
        changed_configs=configs,
        planned=planned,
        passed_over=routes.passed_over,
        problems=problems,
        config_given=given,
    )


def _without_number(made: Draft, trigger: Trigger) -> Draft:
    """`made`, with `UNKNOWN_NUMBER` where it would name pull request 0."""
    if trigger.number:
        return made
    branch = made.branch.replace("promotions/0-", f"promotions/{UNKNOWN_NUMBER}-", 1)
    return replace(made, branch=branch, body=_STEP_ZERO.sub(rf"\g<1>#{UNKNOWN_NUMBER} ", made.body, count=1))


def _usable(graft: Graft | RepoMistake) -> Graft:
    if isinstance(graft, RepoMistake):
        raise graft
    return graft


def _differences(reader: Reader, before: Entry | None, after: Entry | None) -> list[difference.Difference]:
    return list(difference.differences(reader, before, after, RepoPath("")))


def _decision(
    reader: Reader, root: Sha, routes: Routes, files: ComponentFiles
) -> tuple[decide.Decision, list[Changes]]:
    """The decision, once every file that it changes is known: a clone has them all, so all are counted."""
    decision = decide.on(reader, root, routes, files)
    return decision, [_changes(reader, root, promotion) for promotion in decision.plan.promotions]


def _changes(reader: Reader, root: Sha, promotion: Promotion) -> Changes:
    found: list[difference.Difference] = []
    for target, source in promotion.sync.items():
        found += difference.differences(reader, reader.find(root, target), reader.find(root, source), target)
    return difference.changes(found)


_STEP_ZERO = re.compile(r"^(↘️ *)#0 ", re.MULTILINE)
_MERGE = re.compile(r"Merge pull request #(\d+) from [^/\s]+/(\S+)")
_SQUASH = re.compile(r"\(#(\d+)\)\s*$")


def _trigger(commit: Commit, told: Told) -> Trigger:
    """GitHub writes the number, and for a merge commit the branch, into the commit's subject."""
    subject = commit.message.partition("\n")[0]
    merge, squash = _MERGE.match(subject), _SQUASH.search(subject)
    number = int(merge[1]) if merge else int(squash[1]) if squash else 0
    return Trigger(
        number=told.number if told.number is not None else number,
        head_ref=told.ref or (merge[2] if merge else UNKNOWN_BRANCH),
        author=told.author or Login(""),
        metadata=_remembered(commit.message),
        title=_title(commit, merge, squash),
    )


def _title(commit: Commit, merge: re.Match[str] | None, squash: re.Match[str] | None) -> str:
    """GitHub writes the pull request's title into the subject of a squash, and below that of a merge."""
    subject, _, rest = commit.message.partition("\n")
    if merge:
        return rest.strip().partition("\n")[0]
    return subject[: squash.start()].strip() if squash else ""


_NO_BRANCH = re.compile(r"HEAD|@|[0-9a-f]{7,64}|.*([~^:]|@\{).*", re.DOTALL)


def _branch(revision: str) -> str | None:
    """The branch that `revision` names; None when it is written in another way, such as `HEAD` or a hash."""
    if _NO_BRANCH.fullmatch(revision):
        return None
    return re.sub(r"^(refs/(heads|remotes)/)?(origin/)?", "", revision)


def _remembered(message: str) -> Metadata | None:
    """A squash commit may carry the pull request's body."""
    try:
        return metadata.read(message)
    except metadata.Broken:
        return None
