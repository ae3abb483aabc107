"""Patterns from the users' files: Go's syntax, checked when read, and never given more than a moment (N27)."""

import re
import time
from collections.abc import Callable
from functools import lru_cache

import regex

from telefonistka_py.config import dialect
from telefonistka_py.errors import RepoMistake
from telefonistka_py.markdown import printable

MOMENT = 0.1
"""Seconds that one pattern may take on one path. An honest pattern takes microseconds."""

IN_ALL = 3.0
"""Seconds that all patterns together may take on one pull request."""


class BadPattern(ValueError):
    """The pattern can't be used; the text says why and where."""


class Budget:
    """How much time matching has left; one for each pull request."""

    def __init__(self, seconds: float = IN_ALL, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def check(self) -> None:
        """Raises `RepoMistake` when it is used up."""
        if self._clock() > self._end:
            raise RepoMistake(
                "the sourcePath patterns of telefonistka.yaml took too long on the changed files; make them simpler"
            )


@lru_cache(maxsize=4096)
def compiled(expression: str, before: str = "", after: str = "") -> regex.Pattern[str]:
    """`expression` (Go's syntax) between `before` and `after` (the `regex` module's), ready to match.

    Raises `BadPattern`.
    """
    try:
        return regex.compile(f"{before}{dialect.translate(expression)}{after}", dialect.FLAGS)
    except dialect.Unsupported as error:
        raise BadPattern(f"is not a valid regular expression: {error}") from None
    except regex.error as error:
        raise BadPattern(f"is not a usable regular expression: {error}") from None
    except (OverflowError, RecursionError, MemoryError):
        raise BadPattern("is not a usable regular expression: it is too large or too deeply nested") from None


def check(expression: str) -> str:
    """`expression` itself, when it can be used; raises `BadPattern`."""
    compiled(expression)
    return expression


def match(pattern: regex.Pattern[str], expression: str, path: str) -> regex.Match[str] | None:
    """A match of the compiled `pattern` at the start of `path`. `RepoMistake`, with `expression`, when too slow."""
    try:
        return pattern.match(path, timeout=MOMENT)
    except TimeoutError:
        raise _too_slow(expression, path) from None


def search(expression: str, path: str) -> bool:
    """Whether `expression` matches anywhere in `path`. Raises `RepoMistake` when the pattern takes too long."""
    try:
        return compiled(expression).search(path, timeout=MOMENT) is not None
    except TimeoutError:
        raise _too_slow(expression, path) from None


_LITERAL = re.compile(r"[A-Za-z0-9_/-]*")


def prefix(expression: str) -> str:
    """Text that whatever `expression` matches at the start of a path must start with; often empty."""
    if "|" in expression:
        return ""
    found = _LITERAL.match(expression)
    literal = found[0] if found else ""
    # A quantifier belongs to the character before it, which need not be there.
    return literal[:-1] if expression[len(literal) : len(literal) + 1] in ("*", "?", "+", "{") else literal


def _too_slow(expression: str, path: str) -> RepoMistake:
    return RepoMistake(
        f"the pattern {expression!r} took too long on {printable(path)!r}: it backtracks without end. "
        "Write it without a repetition inside a repetition"
    )
