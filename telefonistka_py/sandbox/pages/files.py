"""What pages show of git: a pull request's changes, a branch's directories and files."""

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import diffs, pulls
from telefonistka_py.sandbox.diffs import Changed
from telefonistka_py.sandbox.git import EMPTY_TREE, Entry, Object
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.pages import patch
from telefonistka_py.sandbox.pages.patch import Patch

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

_SHA = re.compile(r"[0-9a-f]{40}")
MOST_FILES = 300
"""Shown on one page, as GitHub does."""
MOST_LINES = 6_000
"""Of all files on one page together."""
FOLDED = 400
"""Lines of a file from which on it is folded."""
LARGEST_FILE = 256 * 1024
"""Bytes of a file that a page shows."""


@dataclass(frozen=True)
class Difference:
    """One file of a pull request or commit."""

    changed: Changed
    patch: Patch
    is_folded: bool
    is_cut: bool
    """Its lines are left out: the page is long already."""


@dataclass(frozen=True)
class Differences:
    shown: tuple[Difference, ...]
    count: int
    """Of all files, shown or not."""
    additions: int
    deletions: int


async def of_pull(repo: "Repo", pull: Pull) -> Differences:
    return await between(repo, await pulls.fork_point(repo, pull), pull.head_sha)


async def between(repo: "Repo", base: str | None, head: str) -> Differences:
    """From the commit `base` (None: from nothing) to `head`."""
    files = await diffs.files(repo.git, base, head)
    flags = ["diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--no-commit-id"]
    out = await repo.git.run(*flags, base or EMPTY_TREE, head)
    patches = patch.read(printable(out))
    left, shown = MOST_LINES, []
    for changed, lines in zip_longest(files[:MOST_FILES], patches[:MOST_FILES]):
        if changed is None:
            break
        found = lines or Patch((), ())
        is_cut = len(found.lines) > left
        left -= 0 if is_cut else len(found.lines)
        kept = Patch(found.notes, ()) if is_cut else found
        shown.append(Difference(changed, kept, len(found.lines) > FOLDED, is_cut))
    return Differences(
        tuple(shown), len(files), sum(each.additions for each in files), sum(each.deletions for each in files)
    )


async def revision(repo: "Repo", parts: tuple[str, ...]) -> tuple[str, str, str] | None:
    """The branch or commit that `parts` begin with, its commit, and the path that follows; None for neither.

    A branch's name may hold slashes, so the longest that there is is meant.
    """
    branches = await repo.branches()
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in branches:
            return name, branches[name], "/".join(parts[length:])
    if parts and await is_commit(repo, parts[0]):
        return parts[0], parts[0], "/".join(parts[1:])
    return None


async def is_commit(repo: "Repo", sha: str) -> bool:
    """Whether `sha` is the whole id of one: nothing else is handed to git as a name."""
    return _SHA.fullmatch(sha) is not None and await repo.git.kind(sha) == "commit"


async def directory(repo: "Repo", commit: str, path: str) -> list[Entry] | None:
    """What lies in it, directories first; None when it is none."""
    sha = await repo.tree_sha(commit, path)
    entries = await repo.git.tree(sha) if sha else None
    return None if entries is None else sorted(entries, key=lambda each: (each.kind != "tree", each.name))


async def file(repo: "Repo", commit: str, path: str) -> tuple[Entry, Object] | None:
    """The file at `path`; None when there is none."""
    root = await repo.git.tree_of(commit)
    entry = await repo.git.entry(root, path) if root and path else None
    found = await repo.git.object(entry.sha) if entry is not None and entry.kind == "blob" else None
    return (entry, found) if entry is not None and found is not None else None


def text(data: bytes) -> str | None:
    """A file's text; None for one that is no text, or too long for a page."""
    if len(data) > LARGEST_FILE or b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def printable(data: bytes) -> str:
    return data.decode("utf-8", "replace")
