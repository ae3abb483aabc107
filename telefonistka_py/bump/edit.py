"""One edit of one file, whatever its kind."""

from typing import assert_never

from telefonistka_py.bump import parse, regex_edit, yaml_edit
from telefonistka_py.bump.model import Change, Edit, Edited, How, Overwrite, Refused, Replace, Set

MISSING = "there is no such file"


def edit(before: bytes | None, how: How) -> Edit:
    """What `how` makes of a file; `before` None: it does not exist. Raises `BadOption`."""
    match how:
        case Overwrite(content):
            return Edited(content, 1)
        case _ if before is None:
            return Refused(f"{MISSING}; only bump-overwrite makes one")
        case Replace(pattern, template):
            return regex_edit.edit(before, pattern, template)
        case Set(selector, value):
            return yaml_edit.edit(before, selector, value)
        case _:
            assert_never(how)


def repeats(content: bytes, how: How) -> bool:
    """Whether doing it once more to its own result changes nothing, so that a second run can't do harm."""
    again = edit(content, how)
    return isinstance(again, Refused) or again.content == content


def check(changes: tuple[Change, ...]) -> None:
    """Raises `BadOption` for what no file could be edited with."""
    for change in changes:
        match change.how:
            case Replace(pattern, template):
                regex_edit.check(pattern, template)
            case Set(selector, value):
                parse.parse(selector)
                yaml_edit.check(value)
