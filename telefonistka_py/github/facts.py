"""What the queries bring back, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telefonistka_py.names import Branch, Login, RepoPath, Sha
from telefonistka_py.tree.model import Entry


@dataclass(frozen=True)
class Pin:
    """The default branch at one moment: everything of a promotion is read at, and built on, this commit (N4)."""

    branch: Branch
    commit: Sha
    tree: Sha
    methods: tuple[str, ...] = ("merge",)
    """How the repository lets pull requests be merged: of `merge`, `squash`, `rebase`, in this order."""


@dataclass(frozen=True)
class File:
    """A file of the pinned commit. `content` None: GitHub gives no text for it (too large, or binary)."""

    entry: Entry
    content: bytes | None


@dataclass(frozen=True)
class Start:
    """What is read first, in one query: nothing of it is older or newer than the rest."""

    pin: Pin
    config: File | None
    """`telefonistka.yaml` at the root of the pinned commit."""
    state: str
    """The pull request's: `OPEN`, `CLOSED` or `MERGED`."""
    newest: int
    """The highest number of a pull request."""


@dataclass(frozen=True)
class Tip:
    """The default branch now."""

    branch: Branch
    commit: Sha
    tree: Sha
    config: File | None
    """`telefonistka.yaml` at its root."""


@dataclass(frozen=True)
class OwnIssue:
    """An issue that we wrote."""

    number: int
    title: str
    body: str
    open: bool


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

    node_id: str
    number: int
    state: str
    """`OPEN`, `CLOSED` or `MERGED`."""
    url: str
    title: str
    head_sha: Sha
    labels: frozenset[str]
    assignees: frozenset[Login]
    ours: bool = False
    """Whether we opened it: anybody who may push can use a branch name of ours (N25)."""


@dataclass(frozen=True)
class Existing:
    """What an earlier attempt may have left under a branch's name."""

    branch: FoundBranch | None
    pulls: tuple[FoundPull, ...]
    """Newest first."""


@dataclass(frozen=True)
class FilesStart:
    """The default branch, and what is known of some of its files and of a branch that changes them."""

    pin: Pin
    existing: Existing
    texts: Mapping[Sha, Any]
    """Files by object id, as GraphQL gave them; `Repository.file_bytes` makes bytes of one."""


@dataclass(frozen=True)
class Inline:
    """A file that goes out with the tree that holds it. `entry` says what must come of it."""

    path: RepoPath
    entry: Entry
    content: bytes


@dataclass(frozen=True)
class OpenPull:
    """An open pull request that carries a label of ours, and that we opened."""

    pull: FoundPull
    branch: str
    body: str
    touched: bool
    """Whether people pushed to it: commits beside ours, or ours amended, rebased or replaced."""


@dataclass(frozen=True)
class MadePull:
    """A pull request that was just opened."""

    number: int
    node_id: str
    url: str
    head_sha: Sha


@dataclass(frozen=True)
class LandingState:
    """How a pull request of ours stands that is to be merged."""

    node_id: str
    state: str
    """`OPEN`, `CLOSED` or `MERGED`."""
    head_sha: Sha
    base: Branch
    default: bool
    """Whether `base` is the default branch."""
    armed: bool
    """GitHub's own auto-merge is ordered."""
    queued: bool
    """It is in the merge queue."""
    has_queue: bool
    """Its base takes changes through a merge queue alone."""
    blocked: bool
    """Required checks or reviews are missing; with a merge queue it may be said of what nothing is missing for."""
    conflicting: bool
    """It conflicts with its base: somebody must resolve that."""
    behind: bool
    """Its base demands that it holds all that the base holds, and it does not."""

    @property
    def underway(self) -> bool:
        """GitHub merges it by itself."""
        return self.armed or self.queued


@dataclass(frozen=True)
class OwnComment:
    """A comment that we wrote."""

    id: int
    node_id: str
    body: str
    minimized: bool
    url: str


@dataclass(frozen=True)
class Blob:
    """A file by its object id. `content` None: it was not read, since it is binary or longer than was asked for."""

    size: int
    binary: bool | None
    """By GitHub's own reading; None where it does not say."""
    content: bytes | None


@dataclass(frozen=True)
class Touch:
    """The newest commit that touched a path."""

    sha: Sha
    at: datetime
    """Aware."""
    headline: str
    pull: int | None
    """The pull request that brought it, if GitHub knows of one."""
    own_labels: frozenset[str]
    """The labels of that pull request, if we opened it."""


@dataclass(frozen=True)
class Attempted:
    """One attempt of GitHub's to hand one delivery over to the App, as its log has it
    (https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook)."""

    id: int
    """The attempt's; a later one at the same delivery has a higher one."""
    guid: str
    """The delivery's (`X-GitHub-Delivery`), the same for all attempts at it."""
    at: datetime
    event: str
    succeeded: bool
