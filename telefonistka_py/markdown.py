"""The one place where text that others chose is made safe for GitHub's Markdown (N28)."""

import re

_ACTIVE = re.compile(r"[\\`*\[\]<>&@#|~]")
_BLANK = re.compile(r"[\r\n\t\f\v\x00-\x1f\x7f]+")


def code(text: str) -> str:
    """`text` as an inline code span: nothing inside it is a link, a mention or a tag.

    The fence is longer than any run of backticks within, as https://spec.commonmark.org/0.31.2/#code-spans asks.
    """
    shown = _BLANK.sub(" ", printable(text))
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: str) -> str:
    """`text` as running text. Names made of letters, digits and `-_./` come out unchanged."""
    shown = _BLANK.sub(" ", printable(text))
    return _ACTIVE.sub(_inert, shown)


def printable(text: str) -> str:
    """`text` with bytes that are no UTF-8 (kept as surrogate escapes) shown as `\\xNN`, and other halves of a surrogate
    pair, which JSON can carry, as `\\uNNNN`."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _inert(found: re.Match[str]) -> str:
    # GitHub looks for mentions and references in the finished text, where an entity is its character again
    # (https://github.com/github/markup/issues/1168). Only something in between keeps the two apart.
    apart = "&#8203;" if found[0] in "@#" else ""
    return f"&#{ord(found[0])};{apart}"
