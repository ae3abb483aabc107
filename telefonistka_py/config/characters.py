"""Sets of characters as Go understands them: its ASCII classes, and upper and lower case as one under `(?i)`.

A set is a sequence of ranges `(first, last)` of code points. `regex`'s own classes and its own `IGNORECASE` are not
used: they take in letters that Go's don't, such as `İ` for `i`.
"""

from collections.abc import Iterable
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
EVERYTHING: Ranges = ((0, LAST),)
_BUT_NEWLINE: Ranges = ((0, 0x09), (0x0B, LAST))

_DIGIT = ((0x30, 0x39),)
_UPPER = ((0x41, 0x5A),)
_LOWER = ((0x61, 0x7A),)
_ALPHA = (*_UPPER, *_LOWER)
_WORD = (*_DIGIT, *_UPPER, (0x5F, 0x5F), *_LOWER)

PERL: dict[str, Ranges] = {"d": _DIGIT, "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)), "w": _WORD}
"""`\\d`, `\\s` and `\\w`; `\\s` is without the vertical tab. https://pkg.go.dev/regexp/syntax"""

POSIX: dict[str, Ranges] = {
    "alnum": (*_DIGIT, *_ALPHA),
    "alpha": _ALPHA,
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": _LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
"""The names between `[[:` and `:]]`. https://pkg.go.dev/regexp/syntax"""


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same characters, in order, with ranges that touch made one."""
    whole: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if whole and first <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return tuple(whole)


def complement(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Every character that is not in `ranges`."""
    rest, begin = [], 0
    for first, last in merged(ranges):
        if begin < first:
            rest.append((begin, first - 1))
        begin = last + 1
    return (*rest, (begin, LAST)) if begin <= LAST else tuple(rest)


def folded(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """`ranges`, and what equals one of their characters but for its case."""
    whole = merged(ranges)
    others = [
        (other, other)
        for first, last in whole
        for code in _cased(first, last)
        for other in _orbits()[code]
        if not first <= other <= last
    ]
    return merged((*whole, *others))


def _cased(first: int, last: int) -> Iterable[int]:
    orbits = _orbits()
    if last - first < len(orbits):
        return (code for code in range(first, last + 1) if code in orbits)
    return (code for code in orbits if first <= code <= last)


@lru_cache(maxsize=1)
def _orbits() -> dict[int, tuple[int, ...]]:
    """Each character that has another case → all that equal it, itself included: `k`, `K` and the Kelvin sign.

    This is Unicode's simple case folding (https://www.unicode.org/reports/tr44/#CaseFolding.txt), as in Go's
    `unicode.SimpleFold`. No character outside these bounds has another case.
    """
    by_fold: dict[str, list[int]] = {}
    for code in range(0x41, 0x1E944):
        by_fold.setdefault(_simple_fold(chr(code)), []).append(code)
    return {code: tuple(codes) for codes in by_fold.values() if len(codes) > 1 for code in codes}


def _simple_fold(letter: str) -> str:
    # Where full folding gives several letters (ß → ss), the simple one is the lower case, or the letter itself.
    for fold in (letter.casefold(), letter.lower()):
        if len(fold) == 1:
            return fold
    return letter


def written(ranges: Ranges) -> str:
    """The set in `regex`'s spelling."""
    if not ranges:
        return "(?!)"
    if ranges == EVERYTHING:
        return "(?s:.)"
    if ranges == _BUT_NEWLINE:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return literal(chr(ranges[0][0]))
    # `[^…]` where it is shorter, but never for one character: `regex` takes `[^a]|[^b]` for a set that is empty.
    others = complement(ranges)
    if len(others) < len(ranges) and not (len(others) == 1 and others[0][0] == others[0][1]):
        return f"[^{inside(others)}]"
    return f"[{inside(ranges)}]"


def inside(ranges: Ranges) -> str:
    """The set as it stands between the brackets of a class."""
    return "".join(_item(first, last) for first, last in ranges)


def literal(letter: str) -> str:
    """One character that means itself, outside of a set."""
    return f"\\{letter}" if letter in r"\.^$*+?{}[]()|" else letter


def _item(first: int, last: int) -> str:
    if first == last:
        return _escaped(first)
    return f"{_escaped(first)}{'-' if last > first + 1 else ''}{_escaped(last)}"


def _escaped(code: int) -> str:
    if chr(code).isascii() and chr(code).isalnum():
        return chr(code)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
