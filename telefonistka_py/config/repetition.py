"""What quantifiers apply to, what they make of it, and where Go and `regex` would not agree on that."""

from dataclasses import dataclass
from enum import IntEnum

import regex

from telefonistka_py.config.scanner import Scanner

MOST_COPIES = 1_000
"""Go's limit for a repetition's count, and for the product of counts nested in one another."""

_COUNTS = regex.compile(r"\{(0|[1-9][0-9]*)(,)?((?<=,)(?:0|[1-9][0-9]*))?\}")


class Empty(IntEnum):
    """Whether something can match no characters, and when it does."""

    NEVER = 0
    LAST = 1
    """Only after all else has failed, as `a*`."""
    EARLY = 2
    """Also before something else is tried, as `(?:|a)` or `a*?`."""


@dataclass(frozen=True)
class Piece:
    """A part of a translation that a quantifier can apply to."""

    text: str
    copies: int = 1
    """The largest product of nested repetition counts within."""
    atomic: bool = True
    """Whether a quantifier behind `text` would apply to all of it."""
    empty: Empty = Empty.NEVER
    captures: bool = False


def grouped(opening: str, branches: list[list[Piece]]) -> Piece:
    """The group that `opening` begins, with `|` between its branches."""
    pieces = [piece for branch in branches for piece in branch]
    # A branch that is not the last is tried before others.
    *earlier, last = [_all_empty(branch) for branch in branches]
    return Piece(
        f"{opening}{'|'.join(''.join(piece.text for piece in branch) for branch in branches)})",
        max((piece.copies for piece in pieces), default=1),
        empty=Empty.EARLY if any(earlier) else last,
        captures=opening != "(?:" or any(piece.captures for piece in pieces),
    )


def _all_empty(branch: list[Piece]) -> Empty:
    if any(piece.empty is Empty.NEVER for piece in branch):
        return Empty.NEVER
    return max((piece.empty for piece in branch), default=Empty.LAST)


@dataclass(frozen=True)
class Count:
    """A quantifier, `{2,3}` say."""

    text: str
    least: int
    most: int | None
    """None for no end."""
    copies: int
    """What it counts for towards `MOST_COPIES`."""


def read(scanner: Scanner) -> Count | None:
    """The quantifier that comes next, without a `?` behind it. None, and nothing read, if something else comes."""
    start = scanner.at
    if scanner.peek() in ("*", "+", "?"):
        symbol = scanner.take()
        return Count(symbol, 1 if symbol == "+" else 0, 1 if symbol == "?" else None, 1)
    # Anything but {n}, {n,} and {n,m}, as {,m}, is plain text to Go.
    found = _COUNTS.match(scanner.text, start)
    if not found:
        return None
    scanner.at = found.end()
    low, comma, high = found.groups()
    if max(len(low), len(high or low)) > 4 or max(int(low), int(high or low)) > MOST_COPIES:
        raise scanner.refuse(start, f"repeats more often than {MOST_COPIES:,} times, which is Go's limit")
    if int(low) > int(high or low):
        raise scanner.refuse(start, "repeats at least more often than at most; swap the two numbers")
    if comma and not high:
        return Count(found[0], int(low), None, max(1, int(low)))
    return Count(found[0], int(low), int(high or low), int(high or low))


def problem(piece: Piece, count: Count) -> str | None:
    """Why `piece` can't be repeated so."""
    if count.copies > 1 and piece.copies * count.copies > MOST_COPIES:
        return f"makes over {MOST_COPIES:,} copies, repetitions inside repetitions multiplied; that is Go's limit"
    if count.most is None and (piece.empty is Empty.EARLY or (piece.empty and piece.captures)):
        # Go goes round again only when something was matched; `regex` also once for nothing, and captures that.
        return "repeats without end what may match nothing; let each round match at least one character"
    return None


def applied(piece: Piece, count: Count, *, lazy: bool) -> Piece:
    """`piece`, repeated."""
    body = piece.text if piece.atomic else f"(?:{piece.text})"
    empty = piece.empty
    if count.least == 0:
        # Greedy, nothing is the last thing tried; lazy, the first.
        empty = Empty.EARLY if lazy else max(empty, Empty.LAST)
    return Piece(f"{body}{count.text}{'?' if lazy else ''}", piece.copies * count.copies, False, empty, piece.captures)
