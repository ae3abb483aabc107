"""Where in the text a value stands, to the character, and where a new key goes."""

import re
from dataclasses import dataclass

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from telefonistka_py.bump import document, scalars

_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
_BLANK = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*)*")
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Splice:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


class NoPlace(ValueError):
    """There is no safe place for it; the text says why."""


def anchored(text: str, node: ScalarNode) -> bool:
    """Whether the scalar carries an anchor (`&name`)."""
    return "&" in _properties_text(text, node)


def tagged(text: str, node: ScalarNode) -> bool:
    """Whether the scalar carries a tag (`!!int`)."""
    return "!" in _properties_text(text, node)


def _properties_text(text: str, node: ScalarNode) -> str:
    found = _properties(text, node)
    return text[found[0] : found[1]] if found else ""


def _properties(text: str, node: ScalarNode) -> tuple[int, int] | None:
    """From where to where the anchor and the tag before a scalar stand."""
    at, end = node.start_mark.index, node.end_mark.index
    last = None
    while at < end and (found := _PROPERTY.match(text, at, end)):
        last = found.end()
        blank = _BLANK.match(text, last, end)
        at = blank.end() if blank else last
    return (node.start_mark.index, last) if last is not None else None


def own(text: str, node: ScalarNode) -> tuple[int, int]:
    """From where to where the scalar itself stands, quotes included, anchor and tag left out."""
    start, end = node.start_mark.index, node.end_mark.index
    if properties := _properties(text, node):
        blank = _BLANK.match(text, properties[1], end)
        start = blank.end() if blank else properties[1]
        if not node.style and not node.value:
            return properties[1], properties[1]
    return start, end


def replacing(text: str, node: ScalarNode, value: str, *, flow: bool, quoted: bool) -> Splice:
    """Puts `value` where `node` stands. `quoted`: a scalar that had no quotes gets them in any case, as in JSON."""
    start, end = own(text, node)
    written = scalars.double(value) if quoted and not node.style else scalars.write(value, node.style or "", flow=flow)
    if start == end:  # nothing stood there, as in `key:`
        written = ("" if text[start - 1 : start].isspace() or not start else " ") + written
        follows = text[end : end + 1]
        written += "" if not follows or follows.isspace() or follows in ",]}" else " "
    return Splice(start, end, written)


def adding(text: str, node: MappingNode, key: str, value: str) -> Splice:
    """Adds a key at the end of a mapping, in the way that its other keys are written."""
    if document.in_brackets(node):
        return _adding_in_braces(text, node, key, value)
    first = node.value[0][0]
    if first.start_mark.index < node.start_mark.index:
        raise NoPlace(f"the mapping in line {document.line(node)} begins with an alias; add `{key}` by hand")
    if text[: first.start_mark.index].endswith(("? ", "?\t")):
        raise NoPlace(f"the mapping in line {document.line(node)} is written with `?`; add `{key}` by hand")
    written = f"{scalars.write(key, '', flow=False)}: {scalars.write(value, '', flow=False)}"
    return _on_a_line_of_its_own(text, _last_end(text, node), " " * first.start_mark.column + written)


def _on_a_line_of_its_own(text: str, end: int, written: str) -> Splice:
    if end and text[end - 1] in "\r\n":  # a block scalar ends behind its last line
        return Splice(end, end, written + _break_before(text, end))
    ending = _BREAK.search(text, end)
    if ending:
        return Splice(ending.end(), ending.end(), written + ending[0])
    return Splice(len(text), len(text), _break_before(text, len(text)) + written)


def _break_before(text: str, end: int) -> str:
    """The line ending that the file uses."""
    found = list(_BREAK.finditer(text, max(0, end - 10_000), end))
    return found[-1][0] if found else "\n"


def _last_end(text: str, node: MappingNode) -> int:
    """Where the last thing in a block ends. The end that the parser gives lies behind comments and empty lines."""
    here: Node = node
    aliased = False
    while not aliased and not isinstance(here, ScalarNode) and not document.in_brackets(here) and here.value:
        if isinstance(here, MappingNode):
            *_, entry = document.entries(here)
            key, here, aliased = entry.key, entry.value, entry.aliased
            if aliased:
                return _behind_alias(text, key.end_mark.index)
        elif isinstance(here, SequenceNode):
            last, aliased = list(document.items(here))[-1]
            if aliased:
                raise NoPlace(f"the list in line {document.line(here)} ends with an alias; add the key by hand")
            here = last
    return int(here.end_mark.index)


def _behind_alias(text: str, start: int) -> int:
    found = re.compile(r"\s*:\s*\*[^\s,\[\]{}]+").match(text, start)
    if not found:
        raise NoPlace("the mapping ends with an alias; add the key by hand")
    return found.end()


def _adding_in_braces(text: str, node: MappingNode, key: str, value: str) -> Splice:
    if _like_json(text, node):
        written = f"{scalars.double(key)}: {scalars.double(value)}"
    else:
        written = f"{scalars.write(key, '', flow=True)}: {scalars.write(value, '', flow=True)}"
    close = int(node.end_mark.index) - 1
    if not node.value:
        return Splice(close, close, written)
    *_, entry = document.entries(node)
    if entry.aliased:
        raise NoPlace(f"the mapping in line {document.line(node)} ends with an alias; add `{key}` by hand")
    end = int(entry.value.end_mark.index)
    rest = text[end:close]
    if rest.strip():
        raise NoPlace(f"the mapping in line {document.line(node)} ends with a comment or comma; add `{key}` by hand")
    return Splice(end, end, f",{_space_before(text, entry.key)}{written}")


def _like_json(text: str, node: MappingNode) -> bool:
    if node.value:
        return isinstance(node.value[0][0], ScalarNode) and bool(node.value[0][0].style == '"')
    return text.lstrip().startswith(("{", "["))


def _space_before(text: str, key: Node) -> str:
    """What stands before the last key: a line break and its indentation, else one space."""
    start = int(key.start_mark.index)
    found = re.search(r"(?:\r\n|\r|\n)[ \t]*\Z", text[max(0, start - 1_000) : start])
    return found[0] if found else " "
