"""Where two long sequences surely belong together: what stands exactly once on each side (the patience diff).

Where no single line is unique, a few lines in a row are: pairs, then fours, up to `LONGEST`.
"""

from bisect import bisect_left
from collections.abc import Sequence

from telefonistka_py.textdiff.myers import Run

LONGEST = 64


def find(before: Sequence[int], after: Sequence[int]) -> list[Run]:
    """Equal runs in order, none of which overlap; none when nothing is unique on both sides."""
    width, one, other = 1, list(before), list(after)
    while True:
        if pairs := _unique(one, other):
            return _apart(_rising(pairs), width)
        if width >= LONGEST or min(len(one), len(other)) <= width:
            return []
        one, other = _joined(one, other, width)
        width *= 2


def _unique(before: list[int], after: list[int]) -> list[tuple[int, int]]:
    """The places of what stands once on each side, in the order of the first."""
    places = _once(after)
    found = [(x, places[value]) for value, x in _once(before).items() if value in places]
    found.sort()
    return found


def _once(values: list[int]) -> dict[int, int]:
    last = {value: at for at, value in enumerate(values)}
    if len(last) == len(values):
        return last
    first = {value: len(values) - 1 - at for at, value in enumerate(reversed(values))}
    return {value: at for value, at in last.items() if first[value] == at}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest selection in which both places rise."""
    ends: list[int] = []
    tops: list[int] = []
    behind: list[int] = []
    for at, (_, y) in enumerate(pairs):
        pile = bisect_left(ends, y)
        behind.append(tops[pile - 1] if pile else -1)
        ends[pile : pile + 1] = [y]
        tops[pile : pile + 1] = [at]
    chosen = []
    at = tops[-1]
    while at >= 0:
        chosen.append(pairs[at])
        at = behind[at]
    return chosen[::-1]


def _apart(pairs: list[tuple[int, int]], width: int) -> list[Run]:
    """Runs of `width`, each shortened by what the one before took already."""
    found: list[Run] = []
    x_end = y_end = 0
    for x, y in pairs:
        late = max(0, x_end - x, y_end - y)
        if late < width:
            found.append((x + late, y + late, width - late))
            x_end, y_end = x + width, y + width
    return found


def _joined(before: list[int], after: list[int], width: int) -> tuple[list[int], list[int]]:
    """Each value and the one `width` further on, as one number."""
    numbers: dict[tuple[int, int], int] = {}
    give = numbers.setdefault
    return (
        [give(pair, len(numbers)) for pair in zip(before, before[width:], strict=False)],
        [give(pair, len(numbers)) for pair in zip(after, after[width:], strict=False)],
    )
