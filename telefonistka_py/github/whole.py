"""All directories of a commit at once: for what looks at a whole repository, not at what one pull request touches."""

from collections.abc import Mapping
from typing import TypeVar

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.reading import Reads, together
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree import proof
from telefonistka_py.tree.model import Entry, Listing, Mode, join
from telefonistka_py.tree.reading import Reader, Trees

MOST_DEPTH = 200
"""Directories inside one another; git's own tools give up on fewer."""

Found = TypeVar("Found")


async def directories(repo: Reads, tree: Sha, trees: Trees) -> dict[RepoPath, Entry]:
    """Every directory below the git tree `tree`, by path; their listings are in `trees` afterwards, that of `tree` too.

    One request for up to 100,000 entries or 7 MB (https://docs.github.com/en/rest/git/trees#get-a-tree); of a larger
    repository each directory at the root is asked for, and so on down. Every listing proves itself by its hash (N2);
    those that can't, because a name in them is no UTF-8, are read by another way.
    """
    await _read(repo, tree, trees, 0)
    return await repo.walk(trees, lambda reader: dict(_below(reader, Entry(Mode.DIRECTORY, tree), RepoPath(""))))


async def _read(repo: Reads, tree: Sha, trees: Trees, depth: int) -> None:
    found, whole = await repo.everything(tree)
    for sha, listing in _listings(tree, found).items():
        if proof.holds(listing, sha):
            trees.add(sha, listing)
    if whole:
        return
    if depth >= MOST_DEPTH:
        raise WorldUnwell(f"{repo.name} has directories too deep to be listed")
    own = await repo.walk(trees, lambda reader: reader.listing(Entry(Mode.DIRECTORY, tree)))
    below = {entry.sha for entry in own.values() if entry.is_directory and trees.get(entry.sha) is None}
    await together(_read(repo, sha, trees, depth + 1) for sha in sorted(below))


def _listings(tree: Sha, found: Mapping[RepoPath, Entry]) -> dict[Sha, Listing]:
    by_path: dict[str, dict[str, Entry]] = {"": {}}
    for path, entry in found.items():
        if entry.is_directory:
            by_path.setdefault(path, {})
        parent, _, name = path.rpartition("/")
        by_path.setdefault(parent, {})[name] = entry
    shas = {path: entry.sha for path, entry in found.items() if entry.is_directory}
    return {
        tree if not path else shas[RepoPath(path)]: listing
        for path, listing in by_path.items()
        if not path or RepoPath(path) in shas
    }


def _below(reader: Reader, entry: Entry, path: RepoPath) -> list[tuple[RepoPath, Entry]]:
    found: list[tuple[RepoPath, Entry]] = []
    for name, inside in reader.listing(entry).items():
        if inside.is_directory:
            here = join(path, name)
            found += [(here, inside), *_below(reader, inside, here)]
    return found
