"""A YAML file as nodes that know where they stand in the text.

PyYAML gives an alias as the very node that it stands for. A node lies behind the one before it, so one that does not
was reached through an alias; that is how the two are told apart here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from telefonistka_py.bump.model import Refused

BOM = "\ufeff"
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"
STR = "tag:yaml.org,2002:str"

DEEPEST = 5_000
"""Lists and mappings inside one another."""

_DEEP_LINE = re.compile(r"^[ ?:-]{2000}", re.MULTILINE)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: ten times as fast."""


@dataclass(frozen=True)
class Documents:
    """`text` is the file without its byte order mark; the nodes' marks count its characters."""

    bom: str
    text: str
    roots: tuple[Node, ...]


@dataclass(frozen=True)
class Entry:
    """A key of a mapping and its value."""

    key: Node
    value: Node
    aliased: bool
    """The value is written elsewhere, and an alias (`*name`) stands here."""


def read(content: bytes, loader: Any = LOADER) -> Documents | Refused:
    """The YAML documents in `content`."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused(f"it is not UTF-8: byte {error.start + 1} belongs to no character")
    bom = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    try:
        if _may_be_deep(text) and _is_deep(text, loader):
            return Refused(f"it is nested deeper than {DEEPEST:,} levels")
        return Documents(bom, text, tuple(yaml.compose_all(text, Loader=loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        return Refused(f"it is not valid YAML{where}: {error.problem or error.context}")
    except (yaml.YAMLError, RecursionError) as error:
        return Refused(f"it is not valid YAML: {' '.join(str(error).split()) or 'it is nested too deeply'}")


def _may_be_deep(text: str) -> bool:
    """Whether it is worth counting: every level takes a bracket, or a place at the start of some line."""
    return text.count("[") + text.count("{") > DEEPEST or _DEEP_LINE.search(text) is not None


def _is_deep(text: str, loader: Any) -> bool:
    """Counted before nodes are made of it: PyYAML makes them by recursion, and would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


def entries(node: MappingNode) -> Iterator[Entry]:
    """The entries of a mapping in order, merge keys (`<<`) among them."""
    behind = node.start_mark.index
    for key, value in node.value:
        if key.start_mark.index >= behind:
            behind = key.end_mark.index
        aliased = value.start_mark.index < behind
        if not aliased:
            behind = value.end_mark.index
        yield Entry(key, value, aliased)


def items(node: SequenceNode) -> Iterator[tuple[Node, bool]]:
    """The items of a list in order, and whether an alias stands for them."""
    behind = node.start_mark.index
    for number, item in enumerate(node.value):
        aliased = item.start_mark.index < behind or (number == 0 and item is node)
        if not aliased:
            behind = max(item.end_mark.index, behind)
        yield item, aliased


def is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.tag == MERGE


def in_brackets(node: Node | None) -> bool:
    """Whether `node` is a list or mapping between brackets or braces."""
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def line(node: Node) -> int:
    """The line where `node` starts, from 1."""
    return int(node.start_mark.line) + 1


def same(
    before: tuple[Node, ...], after: tuple[Node, ...], wanted: dict[int, str], added: dict[int, dict[str, str]]
) -> bool:
    """Whether two readings hold the same data, but for scalars (by `id`) that are to hold another text, and for keys
    that were added at the end of a mapping (by `id`)."""
    if len(before) != len(after):
        return False
    waiting = list(zip(before, after, strict=True))
    seen: set[int] = set()
    while waiting:
        old, new = waiting.pop()
        if type(old) is not type(new):
            return False
        if isinstance(old, ScalarNode):
            if not isinstance(new, ScalarNode) or not _same_scalar(old, new, wanted.get(id(old))):
                return False
            continue
        more = added.get(id(old), {})
        if old.tag != new.tag or len(old.value) + len(more) != len(new.value):
            return False
        if id(old) in seen:  # what an alias stands for was compared already
            continue
        seen.add(id(old))
        if isinstance(old, SequenceNode):
            waiting.extend(zip(old.value, new.value, strict=True))
            continue
        for (key, value), (new_key, new_value) in zip(old.value, new.value, strict=False):
            waiting.append((key, new_key))
            waiting.append((value, new_value))
        if more and not _holds(new.value[len(old.value) :], more):
            return False
    return True


def _same_scalar(old: ScalarNode, new: ScalarNode, wanted: str | None) -> bool:
    if old.value == new.value and old.tag == new.tag and wanted is None:
        return (old.style or "") == (new.style or "")
    if wanted is None:
        return False
    return new.value == wanted and (new.tag == STR or (new.tag == old.tag and is_custom(old.tag)))


def _holds(entries: list[tuple[Node, Node]], wanted: dict[str, str]) -> bool:
    found = {key.value: value.value for key, value in entries if key.tag == STR and value.tag == STR}
    return found == wanted


def is_custom(tag: str) -> bool:
    """A tag that is none of YAML's own."""
    return not tag.startswith("tag:yaml.org,2002:")
