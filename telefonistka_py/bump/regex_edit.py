"""Replaces what a regular expression finds, as Go's `ReplaceAllString` does it."""

import re

import regex

from telefonistka_py.bump.model import BadOption, Edit, Edited, Refused
from telefonistka_py.config import group_names, patterns, replacement

PATIENCE = 10.0
"""Seconds that the expression may take on the whole file."""

_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def check(pattern: str, template: str) -> None:
    """Raises `BadOption` for a pattern or template that can't be used."""
    if not pattern:
        raise BadOption("the pattern is empty: it would match between any two letters")
    _check(template, _compiled(pattern))


def edit(content: bytes, pattern: str, template: str, patience: float = PATIENCE) -> Edit:
    """`content` with every match replaced. Raises `BadOption` for a pattern or template that can't be used."""
    compiled = _compiled(pattern)
    _check(template, compiled)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused(f"it is not UTF-8: byte {error.start + 1} belongs to no character")
    try:
        after = replacement.replace_all(compiled, text, template, timeout=patience)
        places = sum(1 for _ in compiled.finditer(text, timeout=patience))
    except TimeoutError:
        return Refused(f"the pattern {pattern!r} took longer than {patience:g} s on it; write it simpler")
    if not places:
        return Edited(content, 0, (f"nothing in it matches the pattern {pattern!r}",))
    return Edited(after.encode("utf-8"), places)


def _compiled(pattern: str) -> regex.Pattern[str]:
    try:
        return patterns.compiled(pattern)
    except patterns.BadPattern as error:
        raise BadOption(f"the pattern {pattern!r} {error}") from None


def _check(template: str, compiled: regex.Pattern[str]) -> None:
    """Go takes an unknown group for an empty text, which is never what was meant."""
    names = {group_names.original(name) for name in compiled.groupindex}
    for found in _REFERENCE.finditer(template):
        name = found[1] or found[2]
        if name is None or name in names or (name.isdigit() and int(name) <= compiled.groups):
            continue
        number = re.match(r"\d+", name)
        hint = f"; write ${{{number[0]}}}{name[number.end() :]}" if number and number[0] != name and found[2] else ""
        raise BadOption(f"the replacement {template!r} names a group {name!r} that the pattern does not have{hint}")
