"""Names of groups. Go takes some that `regex` does not: `1st`, and one name for several groups.

`regex` would make groups of one name the same group, and so number those behind them otherwise than Go does.
"""

import re
from collections.abc import Collection

_VALID = re.compile(r"[A-Za-z0-9_]+")
_RESPELLED = re.compile(r"_[0-9]+_(.*)")


def valid(name: str) -> bool:
    """Whether Go takes `name` for a group."""
    return _VALID.fullmatch(name) is not None


def spelled(name: str, number: int, taken: Collection[str]) -> str:
    """`name` as it is where that is possible, else one that `original` can read; `number` is the group's."""
    if name[0].isdigit() or name in taken or _RESPELLED.fullmatch(name):
        return f"_{number}_{name}"
    return name


def original(name: str) -> str:
    """The name that stood in the expression, of one that `spelled` gave."""
    found = _RESPELLED.fullmatch(name)
    return found[1] if found else name
