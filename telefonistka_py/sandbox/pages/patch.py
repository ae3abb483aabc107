"""Reads what `git diff-tree -p` prints, for a page: files, their lines, and the lines' numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -([0-9]+)(?:,[0-9]+)? \+([0-9]+)(?:,[0-9]+)? @@.*")
_SAID = ("old mode ", "new mode ", "new file mode ", "deleted file mode ", "similarity index ", "Binary files ")
LONGEST_LINE = 2_000


@dataclass(frozen=True)
class Line:
    """`kind`: `add`, `del`, `hunk`, `same` or `note`. Numbers are None where the side lacks the line."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class Patch:
    """One file's."""

    notes: tuple[str, ...]
    """What git says of it beside its lines: modes, binary content."""
    lines: tuple[Line, ...]


def read(text: str) -> list[Patch]:
    """One per file, in git's order."""
    return [_file(part.split("\n")) for part in re.split(r"^diff --git ", text, flags=re.MULTILINE)[1:]]


def _file(lines: list[str]) -> Patch:
    first = next((at for at, line in enumerate(lines) if _HUNK.fullmatch(line)), len(lines))
    notes = tuple(line for line in lines[1:first] if line.startswith(_SAID) and line != "similarity index 100%")
    return Patch(notes, tuple(_lines(lines[first:])))


def _lines(lines: list[str]) -> Iterator[Line]:
    old = new = 0
    for line in lines:
        shown = line[:LONGEST_LINE]
        if found := _HUNK.fullmatch(line):
            old, new = int(found[1]), int(found[2])
            yield Line("hunk", None, None, shown)
        elif line.startswith("+"):
            yield Line("add", None, new, shown)
            new += 1
        elif line.startswith("-"):
            yield Line("del", old, None, shown)
            old += 1
        elif line.startswith(" "):
            yield Line("same", old, new, shown)
            old, new = old + 1, new + 1
        elif line.startswith("\\"):
            yield Line("note", None, None, shown)
