"""Patterns from the users' files: checked when read, and never given more than a moment (N27)."""

from functools import lru_cache

import regex

from telefonistka_py.errors import RepoMistake
from telefonistka_py.markdown import printable

MOMENT = 0.5
"""Seconds that one pattern may take on one path. An honest pattern takes microseconds."""


class BadPattern(ValueError):
    """The pattern can't be used; the text says why and where."""


@lru_cache(maxsize=4096)
def compiled(expression: str) -> regex.Pattern[str]:
    """`expression`, ready to match. Classes such as `\\d` and `\\w` are ASCII, as in Go."""
    try:
        return regex.compile(expression, regex.V0 | regex.ASCII)
    except regex.error as error:
        raise BadPattern(f"is not a valid regular expression: {error}") from None
    except (OverflowError, RecursionError, MemoryError):
        raise BadPattern("is not a usable regular expression: it is too large or too deeply nested") from None


def check(expression: str) -> str:
    """`expression` itself, when it can be compiled, also as a part of a larger one; raises `BadPattern`."""
    compiled(expression)
    compiled(f"(?:{expression})/")
    return expression


def match(expression: str, path: str) -> regex.Match[str] | None:
    """A match at the start of `path`. Raises `RepoMistake` when the pattern takes too long."""
    try:
        return compiled(expression).match(path, timeout=MOMENT)
    except TimeoutError:
        raise _too_slow(expression, path) from None


def search(expression: str, path: str) -> bool:
    """Whether `expression` matches anywhere in `path`. Raises `RepoMistake` when the pattern takes too long."""
    try:
        return compiled(expression).search(path, timeout=MOMENT) is not None
    except TimeoutError:
        raise _too_slow(expression, path) from None


def _too_slow(expression: str, path: str) -> RepoMistake:
    return RepoMistake(
        f"the pattern {expression!r} did not finish within {MOMENT} s on {printable(path)!r}: "
        "it backtracks without end. Write it without a repetition inside a repetition."
    )
