"""Which files differ between two directories. Equal subtrees are never opened."""

from collections.abc import Iterator
from dataclasses import dataclass

from telefonistka_py.names import RepoPath
from telefonistka_py.tree.model import Entry, join
from telefonistka_py.tree.reading import Reader


@dataclass(frozen=True)
class Difference:
    """One path where two trees differ. `before` and `after` are files, symlinks or submodules; None: not there."""

    path: RepoPath
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True)
class Changes:
    """Paths, sorted. A path that turns from a file into a directory is deleted, and the files below it are added."""

    added: tuple[RepoPath, ...]
    modified: tuple[RepoPath, ...]
    deleted: tuple[RepoPath, ...]


def differences(reader: Reader, before: Entry | None, after: Entry | None, path: RepoPath) -> Iterator[Difference]:
    """Every file below `path` that differs when `before` becomes `after`, in order of names."""
    if before == after:
        return
    old, new = reader.listing(before), reader.listing(after)
    leaf_before = None if before is None or before.is_directory else before
    leaf_after = None if after is None or after.is_directory else after
    if leaf_before or leaf_after:
        yield Difference(path, leaf_before, leaf_after)
    for name in sorted(old.keys() | new.keys()):
        yield from differences(reader, old.get(name), new.get(name), join(path, name))


def changes(found: list[Difference]) -> Changes:
    """The same differences, sorted into what git would call them."""
    return Changes(
        added=tuple(sorted(d.path for d in found if d.before is None)),
        modified=tuple(sorted(d.path for d in found if d.before and d.after)),
        deleted=tuple(sorted(d.path for d in found if d.after is None)),
    )
