"""What we want to say on a pull request, before anybody asks how long it is."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One foldable block of a message."""

    title: str
    """One line of Markdown: text, code spans, bold, links. Tags in it are shown as text."""
    body: str
    """Markdown. Its code blocks come from `fences.fenced`; tags that stay open over lines start their line."""
    brief: str = ""
    """Markdown that stands for a body that fits in no part, such as the list of changed objects. Without one the body
    is cut at a line's end."""
    open: bool = False
    """Whether to show it unfolded while the message is short."""


@dataclass(frozen=True)
class Message:
    """What we say on one topic, however long that is."""

    head: str
    """Markdown at the top of the first part. Its first line, such as a heading, is repeated on every part."""
    sections: Sequence[Section] = ()
    foot: str = ""
    """Markdown at the end of the last part."""
