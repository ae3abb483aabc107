"""What the queries bring back, in our own words."""

from dataclasses import dataclass

from telefonistka_py.names import Branch, Login, Sha
from telefonistka_py.tree.model import Entry


@dataclass(frozen=True)
class Pin:
    """The default branch at one moment: everything of a promotion is read at, and built on, this commit (N4)."""

    branch: Branch
    commit: Sha
    tree: Sha


@dataclass(frozen=True)
class File:
    """A file of the pinned commit. `content` None: GitHub gives no text for it (too large, or binary)."""

    entry: Entry
    content: bytes | None


@dataclass(frozen=True)
class FoundBranch:
    """A branch that exists, and its newest commit."""

    commit: Sha
    tree: Sha
    message: str
    parents: tuple[Sha, ...]


@dataclass(frozen=True)
class FoundPull:
    """A pull request of this repository, in whatever state."""

    number: int
    state: str
    """`OPEN`, `CLOSED` or `MERGED`."""
    url: str
    labels: frozenset[str]
    assignees: frozenset[Login]


@dataclass(frozen=True)
class Existing:
    """What an earlier attempt may have left under a branch's name."""

    branch: FoundBranch | None
    pulls: tuple[FoundPull, ...]
    """Newest first."""


@dataclass(frozen=True)
class OwnComment:
    """A comment that we wrote."""

    id: int
    node_id: str
    body: str
    minimized: bool
