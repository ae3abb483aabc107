"""A repository's directories, as a tree that knows which of them hold something to deploy."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from telefonistka_py.names import RepoPath

_ABOUT = re.compile(r"(?:README|OWNERS|CODEOWNERS|LICENSE|CHANGELOG|NOTICE|telefonistka)(?:\..*)?", re.IGNORECASE)
_INDEX = re.compile(r"kustomization\.ya?ml", re.IGNORECASE)


@dataclass(frozen=True)
class Folders:
    below: dict[RepoPath, tuple[RepoPath, ...]]
    """Each directory's own directories, sorted; hidden ones and those without files to deploy are left out."""
    full: frozenset[RepoPath]
    """Directories with files of their own, apart from those about the repository and `kustomization.yaml`."""
    indexed: frozenset[RepoPath]
    """Directories with a `kustomization.yaml`."""

    def children(self, path: RepoPath) -> tuple[RepoPath, ...]:
        return self.below.get(path, ())

    def names(self, path: RepoPath) -> frozenset[str]:
        """The names of its directories."""
        return frozenset(name_of(child) for child in self.children(path))

    def has_content(self, path: RepoPath) -> bool:
        return path in self.full or path in self.indexed


def of(files: Iterable[RepoPath]) -> Folders:
    """The folders of a repository that holds `files`."""
    below: dict[RepoPath, set[RepoPath]] = defaultdict(set)
    full: set[RepoPath] = set()
    indexed: set[RepoPath] = set()
    for file in files:
        directory, _, name = file.rpartition("/")
        if _ABOUT.fullmatch(name) or any(not _usable(part) for part in file.split("/")):
            continue
        (indexed if _INDEX.fullmatch(name) else full).add(RepoPath(directory))
        while directory:
            above = directory.rpartition("/")[0]
            below[RepoPath(above)].add(RepoPath(directory))
            directory = above
    return Folders({path: tuple(sorted(found)) for path, found in below.items()}, frozenset(full), frozenset(indexed))


def name_of(path: RepoPath) -> str:
    return path.rpartition("/")[2]


def _usable(part: str) -> bool:
    """Hidden names are no environments; those with control characters or bytes that are no text can't be configured."""
    return not part.startswith(".") and part.isprintable()
