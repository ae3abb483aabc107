"""The facts of a promotion, each read once, all of them at one pinned commit (N4)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.github.facts import Existing, File, OpenPull, OwnComment, Pin
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, draft, plan
from telefonistka_py.promotion.decide import Decision
from telefonistka_py.promotion.model import Routes
from telefonistka_py.tree import difference
from telefonistka_py.tree.model import Entry, Mode, ancestors
from telefonistka_py.tree.reading import Trees


@dataclass(frozen=True)
class Ground:
    """What needs nothing else first: the default branch, the configuration there, and the changed files."""

    pin: Pin
    trees: Trees
    config: Valid[Config] | Invalid
    paths: list[RepoPath]
    """Renames under both names."""
    state: str
    """The pull request's at the pinned moment: `OPEN`, `CLOSED` or `MERGED`."""
    newest: int = 0
    """The highest number of a pull request at that moment: before anything else was looked at."""


@dataclass(frozen=True)
class Facts:
    """All that the decisions and the effects rest on."""

    decision: Decision
    existing: dict[str, Existing]
    comments: tuple[OwnComment, ...]
    """Ours on the pull request that is handled."""
    open_pulls: tuple[OpenPull, ...]
    """Our open promotions."""


async def ground(repo: Repository, pull: PullRequest, beside: Callable[[], Awaitable[None]]) -> Ground:
    """One round trip; `beside` goes out together with it."""
    trees = Trees()
    started = asyncio.ensure_future(repo.start(trees, pull.number))
    listed = asyncio.ensure_future(repo.changed_paths(pull.number, pull.changed_files))
    await together((started, listed, asyncio.ensure_future(beside())))
    start, paths = started.result(), listed.result()
    pin = start.pin
    if pull.merge_commit and not await repo.contains(pin.commit, pull.merge_commit):
        raise WorldUnwell(f"GitHub shows {pin.branch} as it was before #{pull.number} was merged")
    if paths is None:
        paths = await _compared(repo, pull, trees)
    return Ground(pin, trees, _config(start.config), paths, start.state, start.newest)


async def facts(repo: Repository, pin: Pin, trees: Trees, routes: Routes, pull: PullRequest) -> Facts:
    """One look at everything the routes touch; more only where directories lie deeper than one query reaches."""
    sources = {changed.path for lot in routes.lots for changed in lot.components}
    targets = {changed.within(target) for lot in routes.lots for changed in lot.components for target in lot.targets}
    deep = sources | targets
    flat = {directory for path in deep for directory in ancestors(path) if directory} - deep
    seen = await repo.look(
        pin,
        trees,
        flat=sorted(flat),
        deep=sorted(deep),
        files=sorted(plan.component_file(source) for source in sources),
        branches=_branches(pull, routes),
        comments_of=pull.number,
        label=draft.LABEL,
    )
    entries = await repo.walk(trees, lambda reader: decide.component_files(reader, pin.tree, routes))
    files = {
        component: decide.read_component(
            component, entry, await repo.content(seen.texts.get(plan.component_file(component)), entry)
        )
        for component, entry in entries.items()
    }
    decision = await repo.walk(trees, lambda reader: decide.on(reader, pin.tree, routes, files))
    return Facts(decision, seen.existing, seen.comments, seen.open_pulls)


async def merged_later(repo: Repository, merge: Sha, numbers: Collection[int]) -> frozenset[int]:
    """Those of the merged pull requests `numbers` that came onto the default branch after the commit `merge`."""
    commits = await repo.merge_commits(sorted(numbers))
    known = [(number, commit) for number, commit in commits.items() if commit and commit != merge]
    later = await together(repo.is_ancestor(merge, commit) for _, commit in known)
    return frozenset(number for (number, _), after in zip(known, later, strict=True) if after)


def _config(file: File | None) -> Valid[Config] | Invalid:
    """No file at all means that nothing is configured, which is no mistake."""
    if file is None:
        return Valid(Config())
    if file.content is None or not file.entry.is_file:
        return Invalid((Problem(read.ROOT, "", None, None, f"must be a plain file, not a {file.entry.kind}"),))
    return read.root(file.content)


async def _compared(repo: Repository, pull: PullRequest, trees: Trees) -> list[RepoPath]:
    """The changed files of a pull request too large for GitHub's list: the two trees, walked where they differ."""
    fork: Sha = await repo.merge_base(pull.base_sha, pull.head_sha)
    before, after = (Entry(Mode.DIRECTORY, tree) for tree in await repo.trees_of([fork, pull.head_sha]))
    found = await repo.walk(trees, lambda reader: list(difference.differences(reader, before, after, RepoPath(""))))
    return [difference.path for difference in found]


def _branches(pull: PullRequest, routes: Routes) -> list[str]:
    """The branch of each lot, in the order of the lots."""
    return [draft.branch(pull.number, pull.head_ref, lot.targets, lot.branch_suffix) for lot in routes.lots]
