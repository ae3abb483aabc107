"""One edit of one file, whatever its kind."""

from typing import assert_never

from telefonistka_py.bump import parse, regex_edit, yaml_edit
from telefonistka_py.bump.model import BadOption, Change, Edit, Edited, How, Overwrite, Refused, Replace, Set

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


def check(changes: tuple[Change, ...], *, allow_empty: bool = False) -> None:
    """Raises `BadOption` for what no file could be edited with, and for an empty text unless `allow_empty`: in CI that
    is an output that nobody set."""
    for change in changes:
        if not allow_empty and (what := _empty(change.how)):
            raise BadOption(f"{change.path}: {what}; give --allow-empty if that is meant")
        match change.how:
            case Replace(pattern, template):
                regex_edit.check(pattern, template)
            case Set(selector, value):
                parse.parse(selector)
                yaml_edit.check(value)


def _empty(how: How) -> str:
    """What is empty of it, in words; white space alone counts as empty."""
    match how:
        case Set(selector, value) if not value.strip():
            return f"the new value for `{selector}` is empty"
        case Replace(pattern, template) if not template.strip():
            return f"what matches {pattern!r} would become nothing: the replacement is empty"
        case Overwrite(content) if not content.strip():
            return "the new content is empty"
    return ""
