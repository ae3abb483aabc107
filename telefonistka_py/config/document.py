"""A YAML document as plain values, with the place of every key. Bombs are refused before they are unpacked (N27)."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml

Loc = tuple[str | int, ...]
"""The way to a value: `("promotionPaths", 0, "sourcePath")`."""

MOST_BYTES = 1_000_000
MOST_NODES = 200_000
DEEPEST = 60

# libyaml's parser where PyYAML was built with it, as its wheels are.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(ValueError):
    """Not a YAML document that can be used. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True)
class Place:
    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """`value` is made of dicts with string keys, lists and scalars. Keys whose value is null are left out."""

    value: Any
    places: dict[Loc, Place]

    def place(self, loc: Loc) -> Place | None:
        """Where the value at `loc` stands, or the nearest thing around it."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc)


def parse(content: bytes) -> Document:
    """Reads one document. Raises `Unreadable`; an empty file is a document whose value is None."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"is {len(content):,} bytes long; at most {MOST_BYTES:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable("is not UTF-8 text", line, 1) from None
    try:
        _measure(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        if mark is None:
            raise Unreadable(f"is not valid YAML: {said}") from None
        raise Unreadable(f"is not valid YAML: {said}", mark.line + 1, mark.column + 1) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"is not valid YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        return Document(None, {})
    walk = _Walk()
    return Document(walk.value(node, ()), walk.places)


def _measure(text: str) -> None:
    """Counts before anything recursive touches the text."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or count > MOST_NODES:
            mark: Any = event.start_mark
            what = f"nested deeper than {DEEPEST} levels" if depth > DEEPEST else f"made of over {MOST_NODES:,} parts"
            raise Unreadable(f"is {what}", mark.line + 1, mark.column + 1)


class _Walk:
    """Turns nodes into values. Every visit counts, so aliases that multiply run into the limit."""

    def __init__(self) -> None:
        self.places: dict[Loc, Place] = {}
        self._visits = 0
        self._construct = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        self._visits += 1
        if self._visits > MOST_NODES or len(loc) > DEEPEST:
            raise Unreadable("grows too large when its aliases are followed", node.start_mark.line + 1, 1)
        self.places.setdefault(loc, _place(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, loc)
            case yaml.SequenceNode():
                return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        self._refuse_repeats(node)
        try:
            self._construct.flatten_mapping(node)  # merge keys (`<<`)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or node.start_mark
            raise Unreadable(f"is not valid YAML: {error.problem}", mark.line + 1, mark.column + 1) from None
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self._scalar(key_node))
            value = self.value(value_node, (*loc, key))
            self.places[*loc, key] = _place(key_node)
            if value is not None:
                found[key] = value
            else:
                found.pop(key, None)
        return found

    def _refuse_repeats(self, node: yaml.MappingNode) -> None:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self._scalar(key_node)
            if key in seen and key != "<<":
                where = key_node.start_mark
                raise Unreadable(f"names the key {key!r} twice", where.line + 1, where.column + 1)
            seen.add(key)

    def _scalar(self, node: yaml.Node) -> Any:
        mark = node.start_mark
        if not isinstance(node, yaml.ScalarNode):
            raise Unreadable("has a key that is not plain text", mark.line + 1, mark.column + 1)
        if node.tag == "tag:yaml.org,2002:merge":
            return "<<"
        try:
            return self._construct.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            raise Unreadable(
                f"has a value that can't be read: {node.value[:60]!r}", mark.line + 1, mark.column + 1
            ) from None


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
