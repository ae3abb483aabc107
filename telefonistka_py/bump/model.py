"""What is to be changed, and what an edit comes to."""

from dataclasses import dataclass

from telefonistka_py.names import RepoPath


@dataclass(frozen=True)
class Overwrite:
    """The whole file becomes `content`; it may not exist yet."""

    content: bytes


@dataclass(frozen=True)
class Replace:
    """Every match of `pattern` becomes `template`, as Go's `ReplaceAllString` does it."""

    pattern: str
    template: str


@dataclass(frozen=True)
class Set:
    """Every value that `selector` finds becomes `value`, in YAML."""

    selector: str
    value: str


How = Overwrite | Replace | Set


@dataclass(frozen=True)
class Change:
    """One edit of one file."""

    path: RepoPath
    how: How


@dataclass(frozen=True)
class Edited:
    """The file afterwards; it may be what it was before."""

    content: bytes
    places: int
    """How many matches or values now are what was asked for."""
    notes: tuple[str, ...] = ()
    """Sentences that people should read: what else the change reaches."""


@dataclass(frozen=True)
class Refused:
    """It can't be done, or not safely; one sentence says why, and what to do. It does not name the file."""

    why: str


Edit = Edited | Refused


class BadOption(ValueError):
    """A selector, pattern, template, path or name that can't be used, whatever the file holds; one sentence."""
