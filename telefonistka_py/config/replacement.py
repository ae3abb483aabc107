"""Go's replacement templates: `$1`, `${1}`, `$name`, `${name}` and `$$`.

Source: https://pkg.go.dev/regexp#Regexp.Expand and https://pkg.go.dev/regexp#Regexp.ReplaceAllString.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import regex

from telefonistka_py.config import group_names

_REFERENCE = regex.compile(r"\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))")
_NUMBER = regex.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Piece:
    """A part of a replaced text. `given`: the template spells it; else it is of the text that was matched against."""

    text: str
    given: bool
    kept: bool = False
    """It lies outside of every match."""


def expand(template: str, match: regex.Match[str]) -> str:
    """`template` with what `match` captured. An unknown group, or one that took no part, is empty.

    A name is as long as can be: `$1x` is the group named `1x`. A `$` that begins no name is a plain one.
    """
    return "".join(piece.text for piece in _expanded(template, match))


def spelt(template: str) -> Iterator[tuple[str, str | None]]:
    """The parts of `template`, in order: plain text with None, or what refers to a group with the group's name."""
    end = 0
    for reference in _REFERENCE.finditer(template):
        yield template[end : reference.start()], None
        end = reference.end()
        yield ("$", None) if reference[1] else (reference[0], reference[2] or reference[3])
    yield template[end:], None


def has_group(compiled: regex.Pattern[str], name: str) -> bool:
    """Whether `name`, a number or a name as Go reads it, is a group of the expression; 0 is all that it matched."""
    if _NUMBER.fullmatch(name):
        return int(name) <= compiled.groups
    return any(group_names.original(given) == name for given in compiled.groupindex)


def _expanded(template: str, match: regex.Match[str]) -> Iterator[Piece]:
    for text, name in spelt(template):
        yield Piece(text, given=True) if name is None else Piece(_captured(match, name), given=False)


def _captured(match: regex.Match[str], name: str) -> str:
    if _NUMBER.fullmatch(name):
        number = int(name)
        return (match[number] or "") if number <= match.re.groups else ""
    # Of several groups with the name, the first that took part.
    by_number = sorted(match.re.groupindex.items(), key=lambda item: item[1])
    values = (match[number] for given, number in by_number if group_names.original(given) == name)
    return next((value for value in values if value is not None), "")


def replace_all(
    compiled: regex.Pattern[str],
    text: str,
    template: str,
    *,
    timeout: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """`text` with every match replaced by its expanded `template`; what lies between the matches is kept.

    `compiled` is a compiled translation of `dialect.translate`. Raises `TimeoutError` when it all takes longer than
    `timeout` seconds by `clock`.
    """
    return "".join(piece.text for piece in pieces(compiled, text, template, timeout=timeout, clock=clock))


def pieces(
    compiled: regex.Pattern[str],
    text: str,
    template: str,
    *,
    timeout: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Piece]:
    """The parts of what `replace_all` gives, in order: an empty one stands for a group that captured nothing."""
    end = 0
    for match in _matches(compiled, text, timeout, clock):
        if match.start() > end:
            yield Piece(text[end : match.start()], given=False, kept=True)
        # An empty match right behind another match is none to Go.
        if match.end() > end or match.start() == 0:
            yield from _expanded(template, match)
        end = match.end()
    if end < len(text):
        yield Piece(text[end:], given=False, kept=True)


def _matches(
    compiled: regex.Pattern[str], text: str, timeout: float | None, clock: Callable[[], float]
) -> Iterator[regex.Match[str]]:
    """The matches that Go finds: each begins where the last one ended, or one character on if that was no step."""
    deadline = None if timeout is None else clock() + timeout
    at = 0
    while at <= len(text):
        left = None if deadline is None else deadline - clock()
        if left is not None and left <= 0:
            raise TimeoutError(f"no end within {timeout} s")
        match = compiled.search(text, at, timeout=left)
        if match is None:
            return
        yield match
        at = max(at + 1, match.end())
