"""Texts as lines, and lines as numbers: equal lines have equal numbers."""

from collections.abc import Sequence

NO_NEWLINE = "\n\\ No newline at end of file"
"""What a last line without its line feed ends in, here and in a diff. No other line can: each holds no line feed."""


def split(text: str) -> list[str]:
    """The lines of `text`, without their line feeds. Only those end a line; a carriage return belongs to its line."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + NO_NEWLINE] if last else lines


def numbered(before: Sequence[str], after: Sequence[str]) -> tuple[list[int], list[int]]:
    """Both sides, each line as its number."""
    numbers: dict[str, int] = {}
    give = numbers.setdefault
    return [give(line, len(numbers)) for line in before], [give(line, len(numbers)) for line in after]
