"""What is wrong with the replacements of `webhookEndpointRegexs` whatever file is changed.

What depends on the file's name (`address` and the operator's list of hosts judge it then) is let pass here.
"""

from collections.abc import Iterator

import regex

from telefonistka_py.config import address, patterns, replacement
from telefonistka_py.config.document import Loc
from telefonistka_py.config.model import Config
from telefonistka_py.config.replacement import Piece

_CAPTURED = "name"
"""Stands for what a group captures: a fine part of a host, and of a path."""


def unusable(config: Config) -> Iterator[tuple[Loc, str]]:
    """The key and a sentence for each replacement of which no endpoint ever comes."""
    for rule, endpoint in enumerate(config.webhook_endpoints):
        compiled = patterns.compiled(endpoint.expression)
        for number, template in enumerate(endpoint.replacements):
            if why := _why(compiled, template):
                yield ("webhookEndpointRegexs", rule, "replacements", number), why


def _why(compiled: regex.Pattern[str], template: str) -> str | None:
    pieces = []
    for piece, name in replacement.spelt(template):
        if name is None:
            pieces.append(Piece(piece, given=True))
        elif not replacement.has_group(compiled, name):
            return f"{template!r} uses {piece}, and the expression has no such group{_meant(compiled, piece, name)}"
        else:
            pieces.append(Piece(_CAPTURED, given=False))
    try:
        address.made(pieces)
    except address.Refused as refused:
        return f"{template!r} is refused: {refused}"
    return None


def _meant(compiled: regex.Pattern[str], piece: str, name: str) -> str:
    """`$1app` is the group named `1app`: as long a name as can be."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    if piece.startswith("${") or not digits or digits == name or not replacement.has_group(compiled, digits):
        return ""
    return f"; to put {name.removeprefix(digits)!r} behind a group, write ${{{digits}}}{name.removeprefix(digits)}"
