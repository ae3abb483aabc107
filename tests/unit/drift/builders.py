"""Two sides of a component, made from dicts, and what is found between them."""

from datetime import UTC, datetime

from telefonistka_py.drift import find
from telefonistka_py.drift.model import (
    Cause,
    Compared,
    Content,
    Contents,
    Differs,
    Gap,
    InStep,
    LastCommit,
    NotCompared,
    Pair,
    Report,
)
from telefonistka_py.names import RepoPath, Sha
from tests import builders
from tests.builders import File, Files

PAIR = Pair(RepoPath("workspace/nginx"), RepoPath("clusters/prod/nginx"))


def both(source: Files, target: Files, pair: Pair = PAIR) -> dict[str, File]:
    """One repository with both sides; a side's file under the empty name is the component itself."""
    sides = ((pair.source, source), (pair.target, target))
    return {
        f"{side}/{name}" if name else side: builders.file(content)
        for side, files in sides
        for name, content in files.items()
    } | {"README.md": File(b"about\n")}


def gap(source: Files, target: Files, pair: Pair = PAIR) -> Gap:
    reader, root = builders.reader(both(source, target, pair))
    return find.gap(reader, root, pair)


def contents(*sides: Files) -> dict[Sha, Content]:
    return {file.sha: file.content for side in sides for file in map(builders.file, side.values())}


def differs(
    source: Files, target: Files, *, cause: Cause | None = None, pair: Pair = PAIR, known: Contents | None = None
) -> Compared:
    """What `find` makes of the two sides."""
    found = find.files(gap(source, target, pair), contents(source, target) if known is None else known)
    return Compared(pair, Differs(found, cause))


def report(*compared: Compared, mistake: str = "") -> Report:
    return Report(compared, mistake)


def in_step(target: str = "clusters/dev/nginx") -> Compared:
    return Compared(Pair(PAIR.source, RepoPath(target)), InStep())


def not_compared(why: str, target: str = "clusters/dev/nginx") -> Compared:
    return Compared(Pair(PAIR.source, RepoPath(target)), NotCompared(why))


def commit(*, day: int = 3, sha: str = "ab", pull: int | None = 12, promoted: bool = False) -> LastCommit:
    return LastCommit(Sha(sha * 20), datetime(2026, 11, day, 12, tzinfo=UTC), "A change", pull, promoted)
