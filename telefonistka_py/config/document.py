"""A YAML document as plain values, with the place of every key. Bombs are refused before they are unpacked (N27)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Loc = tuple[str | int, ...]
"""The way to a value: `("promotionPaths", 0, "sourcePath")`."""

MOST_BYTES = 1_000_000
MOST_NODES = 200_000
DEEPEST = 60

_MERGE = "tag:yaml.org,2002:merge"

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
    beyond: Place | None = None
    """Where a second document begins that holds something. It is not read, as the Go server does not."""

    def place(self, loc: Loc) -> Place | None:
        """Where the value at `loc` stands, or the nearest thing around it."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc)


def parse(content: bytes) -> Document:
    """Reads the first document. Raises `Unreadable`; an empty file is a document whose value is None."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"is {len(content):,} bytes long; at most {MOST_BYTES:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable("is not UTF-8 text", line, 1) from None
    try:
        beyond = _measure(text)
        node = next(yaml.compose_all(text, Loader=_Loader), None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        if mark is None:
            raise Unreadable(f"is not valid YAML: {said}") from None
        said += _tab(text, mark.line)
        raise Unreadable(f"is not valid YAML: {said}", mark.line + 1, mark.column + 1) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position].split("\n")
        said = f"has the character U+{ord(text[error.position]):04X}, which YAML does not allow"
        raise Unreadable(said, len(before), len(before[-1]) + 1) from None
    if node is None:
        return Document(None, {})
    walk = _Walk()
    return Document(walk.value(node, ()), walk.places, beyond)


def _tab(text: str, line: int) -> str:
    """What the parser's words don't say of a line, from 0, that is indented with a tab."""
    found = text.split("\n")[line : line + 1]
    indented = found and "\t" in found[0][: len(found[0]) - len(found[0].lstrip())]
    return "; this line is indented with a tab, and YAML takes spaces alone" if indented else ""


def _measure(text: str) -> Place | None:
    """Counts before anything recursive touches the text; where a further document that is not empty begins."""
    depth = documents = 0
    start: Place | None = None
    beyond: Place | None = None
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or count > MOST_NODES:
            mark: Any = event.start_mark
            what = f"nested deeper than {DEEPEST} levels" if depth > DEEPEST else f"made of over {MOST_NODES:,} parts"
            raise Unreadable(f"is {what}", mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            start = _at(event.start_mark)
        elif documents > 1 and beyond is None and isinstance(event, yaml.NodeEvent) and not _is_empty(event):
            beyond = start
    return beyond


def _is_empty(event: yaml.NodeEvent) -> bool:
    return isinstance(event, yaml.ScalarEvent) and not event.value and not event.style


class _Walk:
    """Turns nodes into values. Every visit counts, so aliases that multiply run into the limit."""

    def __init__(self) -> None:
        self.places: dict[Loc, Place] = {}
        self._visits = 0
        self._construct = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        self._count(node, len(loc))
        self.places.setdefault(loc, _place(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, loc)
            case yaml.SequenceNode():
                return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, (key_node, value_node) in self._members(node, 0).items():
            value = self.value(value_node, (*loc, key))
            self.places[*loc, key] = _place(key_node)
            if value is not None:
                found[key] = value
        return found

    def _members(self, node: yaml.MappingNode, depth: int) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The mapping's keys as they are written, those of its merge keys (`<<`) after its own, which win.

        PyYAML's own way to merge lets a few lines of aliases to aliases fill the memory.
        """
        self._count(node, depth)
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                raise Unreadable("has a key that is not plain text", mark.line + 1, mark.column + 1)
            if key_node.tag == _MERGE:
                for source in self._sources(value_node):
                    merged = self._members(source, depth + 1) | merged
            elif key_node.value in own:
                raise Unreadable(f"names the key {key_node.value!r} twice", mark.line + 1, mark.column + 1)
            else:
                own[key_node.value] = (key_node, value_node)
        return own | {key: pair for key, pair in merged.items() if key not in own}

    def _sources(self, node: yaml.Node) -> Iterator[yaml.MappingNode]:
        """What a merge key names: a mapping, or a list of them."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                mark = source.start_mark
                raise Unreadable("merges (`<<`) something that is no mapping", mark.line + 1, mark.column + 1)
            yield source

    def _count(self, node: yaml.Node, depth: int) -> None:
        self._visits += 1
        if self._visits > MOST_NODES or depth > DEEPEST:
            mark = node.start_mark
            raise Unreadable("grows too large when its aliases are followed", mark.line + 1, mark.column + 1)

    def _scalar(self, node: yaml.Node) -> Any:
        mark = node.start_mark
        try:
            return self._construct.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            raise Unreadable(
                f"has a value that can't be read: {node.value[:60]!r}", mark.line + 1, mark.column + 1
            ) from None


def _place(node: yaml.Node) -> Place:
    return _at(node.start_mark)


def _at(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
