"""The facts of a drift check, each read once, all of them at the pinned commit of the default branch (N4)."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from telefonistka_py.config.model import Component
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.drift import cause, find
from telefonistka_py.drift.cause import Standing, Touched
from telefonistka_py.drift.model import (
    Cause,
    Content,
    Contents,
    Differs,
    Gap,
    LastCommit,
    LeftOut,
    Opaque,
    Unknown,
    Unread,
    Unwell,
)
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.github.facts import Blob, Touch
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.reading import Seen, together
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, draft, neighbours, plan
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.promotion.model import Routes
from telefonistka_py.promotion.neighbours import Neighbour
from telefonistka_py.tree.model import Entry, Mode, ancestors

PER_QUERY = 64
"""Files whose text one query asks for."""

MOST_READ = 320
"""Files that are read for one comment; it could not show more."""

MOST_CAUSES = 25
"""Pairs whose history is looked up."""

MOST_BYTES = 10_000_000
"""What the files that are compared may have in all: seconds of work, and far more than any comment shows."""

AT_ONCE = 50_000
"""Bytes up to which diffs are made on the spot; more go to a thread."""

_UNREADABLE = (WorldUnwell, OperatorMistake, Refused)

log = structlog.get_logger()


async def look(repo: Repository, ground: Ground, pull: PullRequest, routes: Routes) -> Seen:
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


async def component_files(repo: Repository, seen: Seen, routes: Routes) -> dict[RepoPath, Valid[Component] | Invalid]:
    """The components' own files, read. What is no file at all can't be used; a symlink's text is no mapping."""
    found: dict[RepoPath, Valid[Component] | Invalid] = {}
    for component in sorted({changed.path for lot in routes.lots for changed in lot.components}):
        if node := seen.texts.get(plan.component_file(component)):
            entry = Entry(Mode.FILE if "byteSize" in node else Mode.DIRECTORY, Sha(node["oid"]))
            found[component] = decide.read_component(component, entry, await repo.content(node, entry))
    return found


async def contents(repo: Repository, gaps: Sequence[Gap]) -> tuple[Contents, Unwell | None]:
    """What the files that differ hold, in batches side by side; a batch that fails takes no other with it (N17)."""
    wanted = find.needed(gaps)
    asked = wanted[:MOST_READ]
    batches = [asked[start : start + PER_QUERY] for start in range(0, len(asked), PER_QUERY)]
    found: dict[Sha, Content] = dict.fromkeys(
        wanted[MOST_READ:], LeftOut(f"not shown: only {MOST_READ} files are read for one comment")
    )
    first: Unwell | None = None
    for some, error in await together(_batch(repo, batch) for batch in batches):
        found |= some
        first = first or error
    return within(found, MOST_BYTES), first


def within(read: Contents, most: int) -> Contents:
    """`read`, with the files beyond the first `most` bytes left out."""
    kept: dict[Sha, Content] = {}
    room = most
    for sha, content in read.items():
        room -= len(content) if isinstance(content, bytes) else 0
        too_much = room < 0 and isinstance(content, bytes)
        kept[sha] = LeftOut(f"not shown: the files that differ have more than {most:,} bytes") if too_much else content
    return kept


async def _batch(repo: Repository, shas: Sequence[Sha]) -> tuple[Contents, Unwell | None]:
    try:
        read = await repo.texts(shas, find.HUGE)
    except _UNREADABLE as error:
        log.warning("contents not read", reason=str(error))
        return dict.fromkeys(shas, Unread(str(error).rstrip("."))), None if isinstance(error, Refused) else error
    return {sha: _content(blob) for sha, blob in read.items()}, None


def _content(blob: Blob) -> Content:
    return Opaque(blob.size, blob.binary) if blob.content is None else blob.content


async def shown(gaps: Sequence[Gap], read: Contents, causes: Sequence[Cause | None]) -> list[Differs]:
    """What is to be told of each gap; long texts are compared in a thread, so that other work goes on."""

    def made() -> list[Differs]:
        return [Differs(find.files(gap, read), why) for gap, why in zip(gaps, causes, strict=True)]

    size = sum(len(content) for content in read.values() if isinstance(content, bytes))
    return await asyncio.to_thread(made) if size > AT_ONCE else made()


@dataclass(frozen=True)
class _Asked:
    """What is asked of the history."""

    paths: tuple[RepoPath, ...]
    elsewhere: tuple[tuple[Sha, RepoPath], ...]
    """Heads of open promotions, and the targets that they say they go to."""


async def causes(repo: Repository, ground: Ground, seen: Seen, gaps: Sequence[Gap]) -> list[Cause | None]:
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
