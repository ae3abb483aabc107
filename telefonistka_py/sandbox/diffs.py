"""What differs between two commits, with git's own rename detection."""

from collections.abc import Iterator
from dataclasses import dataclass

from telefonistka_py.sandbox.git import EMPTY_TREE, Git

_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True)
class Changed:
    path: str
    previous: str | None
    status: str
    """GitHub's word: `added`, `removed`, `modified`, `renamed`, `copied`, `changed`."""
    sha: str
    """The blob's id; of a removed file the one it had."""
    additions: int
    deletions: int


async def files(git: Git, base: str | None, head: str, *, renames: bool = True) -> list[Changed]:
    """The files that differ from `base` (None: from nothing) to `head`, sorted by path as git sorts."""
    how = ["-M"] if renames else ["--no-renames"]
    flags = ["diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", "--no-commit-id", *how]
    out = await git.run(*flags, base or EMPTY_TREE, head)
    parts = iter(out.decode("utf-8", "surrogateescape").split("\0"))
    raw: dict[str, tuple[str, str | None, str]] = {}
    found = []
    for part in parts:
        if part.startswith(":"):
            path, previous, status, sha = _raw(part, parts)
            raw[path] = (status, previous, sha)
        elif part:
            added, deleted, path = part.split("\t", 2)
            if not path:
                next(parts)
                path = next(parts)
            status, previous, sha = raw[path]
            count = (0 if added == "-" else int(added), 0 if deleted == "-" else int(deleted))
            found.append(Changed(path, previous, status, sha, *count))
    return found


def _raw(part: str, parts: Iterator[str]) -> tuple[str, str | None, str, str]:
    _, _, before, after, letter = part[1:].split(" ")
    path, previous = next(parts), None
    if letter[0] in "RC":
        path, previous = next(parts), path
    return path, previous, _STATUS.get(letter[0], "modified"), before if letter[0] == "D" else after


async def merge_base(git: Git, one: str, other: str) -> str | None:
    """The best common ancestor of two commit ids; None for histories that share nothing."""
    if one == other:
        return one
    key = ("merge-base", one, other)
    if key not in git.memory:
        code, out = await git.code("merge-base", one, other)
        git.memory[key] = out.decode().strip() if code == 0 else None
    found: str | None = git.memory[key]
    return found


async def is_ancestor(git: Git, older: str, newer: str) -> bool:
    return await merge_base(git, newer, older) == older


async def between(git: Git, base: str | None, head: str) -> list[str]:
    """The commits that `head` has and `base` lacks, oldest first. Both are commit ids."""
    if base == head:
        return []
    key = ("between", base or "", head)
    if key not in git.memory:
        spec = [head, f"^{base}"] if base else [head]
        out = await git.run("rev-list", "--reverse", "--topo-order", *spec)
        git.memory[key] = out.decode().split()
    return list(git.memory[key])
