"""Drift on an open pull request: what its promotion would meet on the default branch is compared, and told on it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from telefonistka_py.config.model import Component
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.drift import cause, find, model, render
from telefonistka_py.drift.cause import Standing, Touched
from telefonistka_py.drift.model import (
    Cause,
    Compared,
    Content,
    Contents,
    Differs,
    Gap,
    InStep,
    LastCommit,
    LeftOut,
    NotCompared,
    Opaque,
    Pair,
    Report,
    Unknown,
    Unread,
)
from telefonistka_py.drift.render import Links
from telefonistka_py.errors import OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.github.facts import Blob, OwnComment, Touch
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository, Seen, together
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, draft, neighbours, plan, route
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.promotion.model import Routes
from telefonistka_py.promotion.neighbours import Neighbour
from telefonistka_py.templates import Templates
from telefonistka_py.tree.model import Entry, Mode, ancestors
from telefonistka_py.tree.reading import Reader

HOW_TO_SEE_THE_REST = "telefonistka drift"

PER_QUERY = 64
"""Files whose text one query asks for."""

MOST_READ = 320
"""Files that are read for one comment; it could not show more."""

MOST_CAUSES = 25
"""Pairs whose history is looked up."""

AT_ONCE = 200_000
"""Bytes up to which diffs are made on the spot; more go to a thread, so that other work goes on."""

_UNREADABLE = (WorldUnwell, OperatorMistake, Refused)

log = structlog.get_logger()


async def check(repo: Repository, ground: Ground, pull: PullRequest, html_url: str, templates: Templates) -> Report:
    """Compares what the promotion of the open `pull` would make equal, and keeps one comment on it that says how it is.

    `html_url` is the repository's address as the event names it. Where the comparison as a whole could not be read,
    nothing is said and the report's `unwell` is what to raise, so that it is tried again. Where only contents could
    not be read, the comment says so, and `unwell` is set as well.
    """
    report, known = await _examined(repo, ground, pull)
    log.info("drift", found=model.in_a_line(report))
    if report.differing or report.not_compared or report.mistake:
        said = render.message(report, Links(html_url, ground.pin.branch), templates)
        await comments.keep(repo, pull.number, render.TOPIC, said, known, how_to_see_the_rest=HOW_TO_SEE_THE_REST)
    elif report.unwell is None:
        await _retire(repo, pull, render.in_step(report, templates), known)
    return report


async def _retire(repo: Repository, pull: PullRequest, text: str, known: tuple[OwnComment, ...] | None) -> None:
    """An earlier comment says that all is well now, and is folded away. Without one nothing is said."""
    if known is None:
        known = await repo.own_comments(pull.number)
    if standing := comments.about(render.TOPIC, known):
        await comments.keep(repo, pull.number, render.TOPIC, text, known)
        await repo.minimize(standing)


async def _examined(
    repo: Repository, ground: Ground, pull: PullRequest
) -> tuple[Report, tuple[OwnComment, ...] | None]:
    """What there is to say, and our comments on `pull` if they were read."""
    if isinstance(ground.config, Invalid):
        return Report((), mistake=f"telefonistka.yaml on {ground.pin.branch} can't be used"), None
    if pull.base_ref != ground.pin.branch:
        return Report(()), None  # merging it promotes nothing
    try:
        routes = route.find(ground.config.value, ground.paths, frozenset(pull.labels))
        if not routes.lots:
            return Report(()), None
        return await _compared(repo, ground, pull, routes)
    except RepoMistake as error:
        return Report((), mistake=str(error).rstrip(".")), None
    except _UNREADABLE as error:
        return Report((), unwell=error), None


async def _compared(
    repo: Repository, ground: Ground, pull: PullRequest, routes: Routes
) -> tuple[Report, tuple[OwnComment, ...]]:
    seen = await _look(repo, ground, pull, routes)
    files = await _component_files(repo, seen, routes)

    def pairs_and_gaps(reader: Reader) -> tuple[tuple[Pair, ...], list[Gap]]:
        made = plan.make(routes, files, lambda path: reader.find(ground.pin.tree, path))
        pairs = find.pairs(made)
        return pairs, list(find.gaps(reader, ground.pin.tree, pairs))

    pairs, gaps = await repo.walk(ground.trees, pairs_and_gaps)
    read, causes = (
        asyncio.ensure_future(_contents(repo, gaps)),
        asyncio.ensure_future(_causes(repo, ground, seen, gaps)),
    )
    await together((read, causes))
    contents, unwell = read.result()
    standing = dict(zip((gap.pair for gap in gaps), await _shown(gaps, contents, causes.result()), strict=True))
    found = [Compared(pair, standing.get(pair, InStep())) for pair in pairs]
    return Report((*found, *_unusable(routes, files)), unwell=unwell), seen.comments


async def _look(repo: Repository, ground: Ground, pull: PullRequest, routes: Routes) -> Seen:
    """One look at sources and targets on the default branch, and at the components' own files at the head; those of a
    fork's head are not obeyed (N26)."""
    sources = {changed.path for lot in routes.lots for changed in lot.components}
    targets = {changed.within(target) for lot in routes.lots for changed in lot.components for target in lot.targets}
    deep = sources | targets
    flat = {directory for path in deep for directory in ancestors(path) if directory} - deep
    return await repo.look(
        ground.pin,
        ground.trees,
        flat=sorted(flat),
        deep=sorted(deep),
        files=sorted(plan.component_file(source) for source in sources),
        branches=(),
        comments_of=pull.number,
        label=draft.LABEL,
        files_at=pull.head_sha if pull.head_repo == repo.name else None,
    )


async def _component_files(repo: Repository, seen: Seen, routes: Routes) -> dict[RepoPath, Valid[Component] | Invalid]:
    found: dict[RepoPath, Valid[Component] | Invalid] = {}
    for component in sorted({changed.path for lot in routes.lots for changed in lot.components}):
        if node := seen.texts.get(plan.component_file(component)):
            entry = Entry(Mode.FILE if "byteSize" in node else Mode.DIRECTORY, Sha(node["oid"]))
            found[component] = decide.read_component(component, entry, await repo.content(node, entry))
    return found


def _unusable(routes: Routes, files: plan.ComponentFiles) -> Iterable[Compared]:
    """Pairs that nobody can tell whether they should be equal: the component's own file can't be used (N3)."""
    found: dict[Pair, Compared] = {}
    for lot in routes.lots:
        for changed in lot.components:
            if isinstance(file := files.get(changed.path), Invalid):
                for target in lot.targets:
                    pair = Pair(changed.path, changed.within(target))
                    found[pair] = Compared(pair, NotCompared(str(file.problems[0])))
    return found.values()


# Contents


async def _contents(repo: Repository, gaps: Sequence[Gap]) -> tuple[Contents, TelefonistkaError | None]:
    """What the files that differ hold, in batches side by side; a batch that fails takes no other with it (N17)."""
    wanted = find.needed(gaps)
    asked = wanted[:MOST_READ]
    batches = [asked[start : start + PER_QUERY] for start in range(0, len(asked), PER_QUERY)]
    found: dict[Sha, Content] = dict.fromkeys(
        wanted[MOST_READ:], LeftOut(f"not shown: only {MOST_READ} files are read for one comment")
    )
    first: TelefonistkaError | None = None
    for contents, error in await together(_batch(repo, batch) for batch in batches):
        found |= contents
        first = first or error
    return found, first


async def _batch(repo: Repository, shas: Sequence[Sha]) -> tuple[Contents, TelefonistkaError | None]:
    try:
        read = await repo.texts(shas, find.HUGE)
    except _UNREADABLE as error:
        log.warning("contents not read", reason=str(error))
        return dict.fromkeys(shas, Unread(str(error).rstrip("."))), error
    return {sha: _content(blob) for sha, blob in read.items()}, None


def _content(blob: Blob) -> Content:
    return Opaque(blob.size, blob.binary) if blob.content is None else blob.content


async def _shown(gaps: Sequence[Gap], contents: Contents, causes: Sequence[Cause | None]) -> list[Differs]:
    def made() -> list[Differs]:
        return [Differs(find.files(gap, contents), why) for gap, why in zip(gaps, causes, strict=True)]

    size = sum(len(content) for content in contents.values() if isinstance(content, bytes))
    return await asyncio.to_thread(made) if size > AT_ONCE else made()


# Causes


@dataclass(frozen=True)
class _Asked:
    """What is asked of the history."""

    paths: tuple[RepoPath, ...]
    elsewhere: tuple[tuple[Sha, RepoPath], ...]
    """Heads of open promotions, and the targets that they say they go to."""


async def _causes(repo: Repository, ground: Ground, seen: Seen, gaps: Sequence[Gap]) -> list[Cause | None]:
    """One for each gap; None beyond the first `MOST_CAUSES`. That they can't be told changes nothing else."""
    near, known = neighbours.read(seen.open_pulls), gaps[:MOST_CAUSES]
    beyond: list[Cause | None] = [None] * (len(gaps) - len(known))
    if not known:
        return beyond
    asked = _asked(known, near)
    try:
        touches, there = await repo.traces(ground.pin.commit, asked.paths, asked.elsewhere)
    except _UNREADABLE as error:
        log.warning("causes not found", reason=str(error))
        return [Unknown("the history could not be read")] * len(known) + beyond
    touched: Touched = dict(zip(asked.paths, map(_last_commit, touches), strict=True))
    standing: Standing = dict(zip(asked.elsewhere, there, strict=True))
    return [cause.of(gap, near, standing, touched) for gap in known] + beyond


def _asked(gaps: Iterable[Gap], near: Sequence[Neighbour]) -> _Asked:
    paths: dict[RepoPath, None] = {}
    elsewhere: dict[tuple[Sha, RepoPath], None] = {}
    for gap in gaps:
        paths |= {gap.pair.source: None, gap.pair.target: None}
        for each in cause.promotions_to(gap.pair.target, near):
            elsewhere[each.open.pull.head_sha, gap.pair.target] = None
    return _Asked(tuple(paths), tuple(elsewhere))


def _last_commit(touch: Touch | None) -> LastCommit | None:
    if touch is None:
        return None
    return LastCommit(touch.sha, touch.at, touch.headline, touch.pull, draft.LABEL in touch.own_labels)
