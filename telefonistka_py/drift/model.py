"""What drift speaks of: a component at its source and at a target, and how the two stand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree.difference import Difference
from telefonistka_py.tree.model import Entry


@dataclass(frozen=True, order=True)
class Pair:
    """Two directories that a promotion makes equal."""

    source: RepoPath
    target: RepoPath


@dataclass(frozen=True)
class Gap:
    """What differs between the two sides of a pair. In each difference `before` is the source's entry, `after` the
    target's, and the path starts at the component."""

    pair: Pair
    differences: tuple[Difference, ...]
    source: Entry | None = None
    """The source's own directory; None when it is gone."""


@dataclass(frozen=True)
class Opaque:
    """A file that is not shown, known before its content was read. `binary` None: it is too long to tell."""

    size: int
    binary: bool | None


@dataclass(frozen=True)
class Unread:
    """A file whose content could not be read, and why."""

    why: str


@dataclass(frozen=True)
class LeftOut:
    """A file that nobody tried to read, and why."""

    why: str


Content = bytes | Opaque | Unread | LeftOut
Contents = Mapping[Sha, Content]


class Nature(StrEnum):
    """In which way a file differs."""

    TEXT = "text"
    BINARY = "binary"
    HUGE = "huge"
    NOT_UTF8 = "not UTF-8"
    MODE = "mode"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    KIND = "kind"
    ONLY_SOURCE = "only in the source"
    ONLY_TARGET = "only in the target"
    LEFT_OUT = "not shown"
    UNREAD = "could not be read"


@dataclass(frozen=True)
class FileDrift:
    """One file that differs. `path` starts at the component; empty where the component itself is no directory."""

    path: RepoPath
    nature: Nature
    note: str = ""
    """What is to say beside or instead of a diff, as plain text."""
    diff: str = ""
    """Unified, from the source to the target."""
    added: int = 0
    """Lines that only the target has, as far as they were counted."""
    removed: int = 0


@dataclass(frozen=True)
class LastCommit:
    """The newest commit of the default branch that touched a path."""

    sha: Sha
    at: datetime
    """Aware."""
    headline: str
    pull: int | None = None
    """The pull request that brought it."""
    promoted: bool = False
    """That pull request was a promotion of ours."""


@dataclass(frozen=True)
class Carried:
    """An open promotion pull request makes the target equal to the source."""

    number: int


@dataclass(frozen=True)
class Heading:
    """An open promotion pull request goes to the target, with other contents than the source has now."""

    number: int


@dataclass(frozen=True)
class Direct:
    """The target was changed last, and not by a promotion."""

    commit: LastCommit


@dataclass(frozen=True)
class SourceMoved:
    """The source was changed last, and no open promotion carries that to the target."""

    commit: LastCommit | None
    """None when its commit is not known."""


@dataclass(frozen=True)
class Unknown:
    """The cause could not be found out."""

    why: str


Cause = Carried | Heading | Direct | SourceMoved | Unknown


@dataclass(frozen=True)
class InStep:
    """Source and target are equal."""


@dataclass(frozen=True)
class Differs:
    files: tuple[FileDrift, ...]
    cause: Cause | None = None
    """None where nobody asked, as offline."""

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)

    @property
    def unread(self) -> bool:
        """Whether a content could not be read."""
        return any(file.nature is Nature.UNREAD for file in self.files)


@dataclass(frozen=True)
class NotCompared:
    """A read failed, or the component's own file can't be used: never taken for "in step" (N1)."""

    why: str


@dataclass(frozen=True)
class Compared:
    pair: Pair
    standing: InStep | Differs | NotCompared


Unwell = WorldUnwell | OperatorMistake
"""What time or the operator may heal."""


@dataclass(frozen=True)
class Report:
    """What a drift check found."""

    compared: tuple[Compared, ...]
    """In the order of the plan."""
    mistake: str = ""
    """Why nothing at all could be compared, where that is so."""
    unwell: Unwell | None = None
    """The first failure that time or the operator may heal; the comment says what it kept from being compared."""
    comments: tuple[OwnComment, ...] = field(default=(), repr=False)
    """Ours on the pull request, as they were before this one; none where nothing could be read."""

    @property
    def failed(self) -> bool:
        """Whether something could not be compared. Drift is no failure."""
        return bool(
            self.mistake
            or self.unwell
            or any(
                isinstance(each.standing, NotCompared) or (isinstance(each.standing, Differs) and each.standing.unread)
                for each in self.compared
            )
        )

    @property
    def differing(self) -> tuple[tuple[Pair, Differs], ...]:
        return tuple((each.pair, each.standing) for each in self.compared if isinstance(each.standing, Differs))

    @property
    def not_compared(self) -> tuple[tuple[Pair, str], ...]:
        return tuple((each.pair, each.standing.why) for each in self.compared if isinstance(each.standing, NotCompared))


def in_a_line(report: Report) -> str:
    """For the log and the inbox."""
    if report.mistake:
        return f"drift not checked: {report.mistake}"
    if not report.compared:
        return "no drift to check: no changed file lies in a component that is promoted"
    differing, failed = len(report.differing), len(report.not_compared)
    said = f"{differing} of {len(report.compared)} targets differ from their source" if differing else "in step"
    return f"{said}; {failed} could not be compared" if failed else said
