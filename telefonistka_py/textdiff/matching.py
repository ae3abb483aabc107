"""Which lines of two texts belong together.

Equal ends are set aside, then lines that the other side does not have: the rest is often equal already. Where a short
edit leads from one side to the other, it is the shortest. Where there is none, the sides are cut at what is unique on
both, and each piece is looked at by itself; where nothing is unique, the edit that gets furthest is taken, and what
lies behind it is looked at next. Every search draws on one budget, so that no text takes long.
"""

from collections.abc import Iterable, Sequence

from telefonistka_py.textdiff import anchors, myers
from telefonistka_py.textdiff.myers import Budget, Run

MOST_EDITS = 200
"""Insertions and deletions that one search tries."""

STEPS = 700_000
"""What all searches of one diff may take: about a quarter of a second."""

_Piece = tuple[list[int], list[int]]
"""Places of both sides that may belong together."""

_Gap = tuple[int, int, int, int]
"""Where a piece within a piece starts and ends, on the one side and on the other."""


def runs(before: Sequence[int], after: Sequence[int], *, steps: int = STEPS) -> list[Run]:
    """The runs of lines that both sides share, in order, each as long as it can be."""
    budget = Budget(steps)
    found: list[Run] = []
    pieces = [(list(range(len(before))), list(range(len(after))), True)]
    while pieces:
        one, other, anchored = pieces.pop()
        one, other = _stripped(*_trimmed(one, other, before, after, found), before, after)
        one, other = _trimmed(one, other, before, after, found)
        if one and other:
            values = [before[x] for x in one], [after[y] for y in other]
            chosen, rest, anchored = _chosen(*values, budget, anchored)
            found += [(one[x + i], other[y + i], 1) for x, y, n in chosen for i in range(n)]
            pieces += [(one[x0:x1], other[y0:y1], anchored) for x0, x1, y0, y1 in rest]
    return _joined(sorted(found))


def _chosen(before: list[int], after: list[int], budget: Budget, anchored: bool) -> tuple[list[Run], list[_Gap], bool]:
    """Runs to keep, the gaps that are still to be looked at, and whether anchors may be found there."""
    n, m = len(before), len(after)
    tried = myers.search(before, after, MOST_EDITS, budget) if budget.steps > 0 else None
    if tried and tried.end == (n, m):
        return tried.runs, [], anchored
    if anchored and (sure := anchors.find(before, after)):
        return sure, list(_between(sure, n, m)), True
    if tried:
        # What has nothing unique as a whole seldom has in its parts, and each look would take as long as the first.
        return tried.runs, [(tried.end[0], n, tried.end[1], m)], False
    return [], [], False


def _between(sure: Iterable[Run], n: int, m: int) -> Iterable[_Gap]:
    x_end = y_end = 0
    for x, y, length in [*sure, (n, m, 0)]:
        if x > x_end and y > y_end:
            yield x_end, x, y_end, y
        x_end, y_end = x + length, y + length


def _trimmed(one: list[int], other: list[int], before: Sequence[int], after: Sequence[int], found: list[Run]) -> _Piece:
    """Without equal lines at both ends, which are added to `found`."""
    most = min(len(one), len(other))
    start = 0
    while start < most and before[one[start]] == after[other[start]]:
        start += 1
    end = 0
    while end < most - start and before[one[-1 - end]] == after[other[-1 - end]]:
        end += 1
    found += [(x, y, 1) for x, y in zip(one[:start], other[:start], strict=True)]
    if end:
        found += [(x, y, 1) for x, y in zip(one[-end:], other[-end:], strict=True)]
    return one[start : len(one) - end], other[start : len(other) - end]


def _stripped(one: list[int], other: list[int], before: Sequence[int], after: Sequence[int]) -> _Piece:
    """Without lines that only one side has: no edit can keep them."""
    shared = {before[x] for x in one} & {after[y] for y in other}
    return [x for x in one if before[x] in shared], [y for y in other if after[y] in shared]


def _joined(found: list[Run]) -> list[Run]:
    """Runs that follow upon each other on both sides, as one."""
    joined: list[Run] = []
    for x, y, n in found:
        if joined and joined[-1][0] + joined[-1][2] == x and joined[-1][1] + joined[-1][2] == y:
            joined[-1] = (*joined[-1][:2], joined[-1][2] + n)
        else:
            joined.append((x, y, n))
    return joined
