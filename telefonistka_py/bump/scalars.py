"""How a text is written as a YAML scalar, so that every reader takes it for that text and nothing else."""

import json
import re

_OTHER_TYPE = re.compile(
    r"""
      y | yes | n | no | on | off | true | false | null | ~ | = | << | [-+]?\.inf | \.nan
    | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+ | [-+]?0x[0-9a-f_]+
    | [-+]?(?:[0-9][0-9_,]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9_]*)?
    | [-+]?[0-9][0-9_]*(?::[0-9_]+)+(?:\.[0-9_]*)?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t\ \t].*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What YAML 1.1 or 1.2 reads as null, a boolean, a number, a time, or a merge key; rather a little more."""

_SPECIAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BAD_START = frozenset(" ?:,[]{}#&*!|>'\"%@`")
_FLOW = frozenset(",[]{}?")


def double(value: str) -> str:
    """`value` in double quotes; what is not printable is escaped, as JSON does it, too."""
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def is_plain(value: str, *, flow: bool) -> bool:
    """Whether `value` can stand without quotes; `flow`: between brackets or braces."""
    if not value or _SPECIAL.search(value) or _OTHER_TYPE.fullmatch(value):
        return False
    if value[0] in _BAD_START or value[-1] in " :" or (value[0] == "-" and not value[1:2].isalnum()):
        return False
    if value.startswith(("---", "...")) or ": " in value or " #" in value:
        return False
    return not (flow and _FLOW.intersection(value))


def write(value: str, style: str, *, flow: bool) -> str:
    """`value` in the quotes of `style` (`'`, `"`, or nothing) where they can hold it, else in double quotes."""
    if style == "'" and not _SPECIAL.search(value):
        return "'" + value.replace("'", "''") + "'"
    if not style and is_plain(value, flow=flow):
        return value
    return double(value)
