"""A unified diff, as `patch` and `git apply` read it
(https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telefonistka_py.textdiff import lines, matching
from telefonistka_py.textdiff.myers import Run

CONTEXT = 3
"""Unchanged lines shown around each change."""

_Change = tuple[int, int, int, int]
"""`(x0, x1, y0, y1)`: lines `x0` to `x1` of the one become lines `y0` to `y1` of the other."""


@dataclass(frozen=True)
class Diff:
    """`text` is empty when the texts are equal. The counts are lines."""

    text: str
    added: int
    removed: int


def make(before: str, after: str, before_name: str, after_name: str) -> Diff:
    """What turns `before` into `after`. The names stand in the head as they are; they must hold no line feed."""
    one, other = lines.split(before), lines.split(after)
    changes = _changes(matching.runs(*lines.numbered(one, other)), len(one), len(other))
    if not changes:
        return Diff("", 0, 0)
    written = [f"--- {before_name}", f"+++ {after_name}"]
    for group in _grouped(changes):
        written += _hunk(group, one, other)
    return Diff(
        "\n".join(written) + "\n",
        added=sum(y1 - y0 for _, _, y0, y1 in changes),
        removed=sum(x1 - x0 for x0, x1, _, _ in changes),
    )


def _changes(runs: Sequence[Run], n: int, m: int) -> list[_Change]:
    """What lies between the runs that both sides share."""
    found: list[_Change] = []
    x_end = y_end = 0
    for x, y, length in [*runs, (n, m, 0)]:
        if x > x_end or y > y_end:
            found.append((x_end, x, y_end, y))
        x_end, y_end = x + length, y + length
    return found


def _grouped(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Changes whose context would touch, together."""
    group = [changes[0]]
    for change in changes[1:]:
        if change[0] - group[-1][1] > 2 * CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk(group: Sequence[_Change], one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    lead = min(CONTEXT, first[0])
    trail = min(CONTEXT, len(one) - last[1])
    x, x_end = first[0] - lead, last[1] + trail
    yield f"@@ -{_range(x, x_end)} +{_range(first[2] - lead, last[3] + trail)} @@"
    for x0, x1, y0, y1 in group:
        for line in one[x:x0]:
            yield f" {line}"
        for line in one[x0:x1]:
            yield f"-{line}"
        for line in other[y0:y1]:
            yield f"+{line}"
        x = x1
    for line in one[x:x_end]:
        yield f" {line}"


def _range(start: int, end: int) -> str:
    """Lines count from 1; an empty range names the line before it."""
    count = end - start
    return f"{start + 1 if count else start},{count}"
