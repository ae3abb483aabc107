"""The shortest edit between two sequences, as long as it is short (Myers, "An O(ND) Difference Algorithm", 1986)."""

from collections.abc import Sequence
from dataclasses import dataclass

Run = tuple[int, int, int]
"""`(x, y, n)`: `before[x : x + n]` equals `after[y : y + n]`."""


@dataclass
class Budget:
    """Steps that all searches together may take; a step is well under a microsecond."""

    steps: int


@dataclass(frozen=True)
class Found:
    """The equal runs of an edit, in order. What lies behind `end`, a place on each side, was not looked at."""

    runs: list[Run]
    end: tuple[int, int]


def search(before: Sequence[int], after: Sequence[int], most: int, budget: Budget) -> Found:
    """A shortest edit, if it has at most `most` insertions and deletions; else the one that gets furthest with so many,
    or within the budget."""
    n, m = len(before), len(after)
    most = min(most, n + m)
    reached = [0] * (2 * most + 3)
    middle = most + 1
    rounds: list[list[int]] = []
    for edits in range(most + 1):
        low, high = _diagonals(edits, n, m)
        spent = (high - low) // 2 + 1
        for k in range(low, high + 1, 2):
            place = middle + k
            if k == -edits or (k != edits and reached[place - 1] < reached[place + 1]):
                x = start = reached[place + 1]
            else:
                x = start = reached[place - 1] + 1
            if not edits:
                x = start = 0
            y = x - k
            while x < n and y < m and before[x] == after[y]:
                x += 1
                y += 1
            reached[place] = x
            spent += (x - start) // 4
            if x >= n and y >= m:
                budget.steps -= spent
                return Found(_runs(rounds, edits, k, x), (n, m))
        budget.steps -= spent
        rounds.append(reached[middle - edits : middle + edits + 1])
        if budget.steps < 0:
            break
    k, x = _furthest(rounds[-1], n, m)
    return Found(_runs(rounds, len(rounds) - 1, k, x), (min(x, n), min(x - k, m)))


def _diagonals(edits: int, n: int, m: int) -> tuple[int, int]:
    """The outermost diagonals (`x - y`) that so many edits reach without leaving either sequence."""
    return -edits + 2 * max(0, edits - m), edits - 2 * max(0, edits - n)


def _furthest(last: list[int], n: int, m: int) -> tuple[int, int]:
    """The diagonal that came furthest in the last round, and how far."""
    edits = len(last) // 2
    low, high = _diagonals(edits, n, m)
    k = max(range(low, high + 1, 2), key=lambda k: min(last[edits + k], n) + min(last[edits + k] - k, m))
    return k, last[edits + k]


def _runs(rounds: list[list[int]], edits: int, k: int, x: int) -> list[Run]:
    """Goes back from where the search ended, one edit at a time."""
    found: list[Run] = []
    while edits:
        before, middle = rounds[edits - 1], edits - 1
        down = k == -edits or (k != edits and before[middle + k - 1] < before[middle + k + 1])
        came = k + 1 if down else k - 1
        start = before[middle + came] + (0 if down else 1)
        if x > start:
            found.append((start, start - k, x - start))
        edits, k, x = edits - 1, came, before[middle + came]
    if x:
        found.append((0, 0, x))
    return found[::-1]
