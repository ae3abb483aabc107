"""One entry of a git tree, and a directory's listing."""

from dataclasses import dataclass
from enum import IntEnum

from telefonistka_py.names import RepoPath, Sha


class Mode(IntEnum):
    """The modes that GitHub's API writes (https://docs.github.com/en/rest/git/trees#create-a-tree)."""

    DIRECTORY = 0o040000
    FILE = 0o100644
    EXECUTABLE = 0o100755
    SYMLINK = 0o120000
    SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one name: a directory, a file, a symlink or a submodule.

    `mode` is kept as git has it, since old repositories hold modes that nobody writes any more (`0o100664`).
    """

    mode: int
    sha: Sha

    @property
    def is_directory(self) -> bool:
        return self.mode == Mode.DIRECTORY

    @property
    def is_file(self) -> bool:
        """A plain file, executable or not; no symlink."""
        return self.mode & 0o170000 == 0o100000

    @property
    def kind(self) -> str:
        """git's word for the object: `tree`, `blob` or `commit`."""
        if self.mode == Mode.DIRECTORY:
            return "tree"
        return "commit" if self.mode == Mode.SUBMODULE else "blob"


Listing = dict[str, Entry]
"""One directory: name → entry. Bytes of a name that are not UTF-8 are kept as surrogate escapes."""


def join(directory: RepoPath, name: str) -> RepoPath:
    """`name` inside `directory`, where the root is the empty path."""
    return RepoPath(f"{directory}/{name}") if directory else RepoPath(name)


def ancestors(path: RepoPath) -> list[RepoPath]:
    """The directories that `path` lies in, from the root down; the path itself is left out."""
    parts = path.split("/")
    return [RepoPath("/".join(parts[:depth])) for depth in range(len(parts))] if path else []
