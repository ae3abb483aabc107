"""The ways from a value to others: under a key, at a place of a list, to each, to everything below.

What can't be changed safely where it is found (it comes through an alias or a merge key, or its key stands twice) is
found all the same, since it may be asked about; it carries the reason why it is blocked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from telefonistka_py.bump import document, glob
from telefonistka_py.bump.items import Item, Missing, Place


def under(item: Item, name: str) -> Iterator[Item]:
    match item:
        case Place(MappingNode() as node):
            yield from _keyed(item, node, name)
        case Place(SequenceNode()) if name.lstrip("-").isdigit():
            yield from at(item, int(name))
        case Place(ScalarNode(tag=document.NULL)):
            yield Missing(None, name, item.document, item.blocked, item.wide)
        case Missing():
            yield replace(item, below=None, key=name)
        case _:
            return


def _keyed(item: Place, node: MappingNode, name: str) -> Iterator[Item]:
    own = list(document.entries(node))
    found = [entry for entry in own if _is_key(entry, name)]
    merged = [entry for entry in own if document.is_merge(entry.key)]
    doubled = _doubled(own)
    for entry in found:
        yield _inside(item, node, entry, doubled)
    if found or glob.is_glob(name):
        return
    for entry in merged:
        for source in _sources(entry.value):
            for below in document.entries(source):
                if _is_key(below, name):
                    why = f"`{name}` comes from the merge key in line {document.line(entry.key)}; change it there"
                    yield Place(below.value, item.document, name, item.blocked or why, item.wide)
                    return
    yield Missing(node, name, item.document, item.blocked, item.wide)


def _is_key(entry: document.Entry, name: str) -> bool:
    key = entry.key
    return isinstance(key, ScalarNode) and not document.is_merge(key) and glob.matches(key.value, name)


def _sources(node: Node) -> list[MappingNode]:
    nodes = node.value if isinstance(node, SequenceNode) else [node]
    return [each for each in nodes if isinstance(each, MappingNode)]


def _doubled(entries: Iterable[document.Entry]) -> dict[str, int]:
    """The keys that stand twice, and the line of the second."""
    seen: set[str] = set()
    found: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry.key, ScalarNode) and not document.is_merge(entry.key):
            if entry.key.value in seen:
                found.setdefault(entry.key.value, document.line(entry.key))
            seen.add(entry.key.value)
    return found


def _inside(item: Place, node: Node, entry: document.Entry, doubled: dict[str, int]) -> Place:
    name = str(entry.key.value) if isinstance(entry.key, ScalarNode) else ""
    blocked = item.blocked
    if not blocked and entry.aliased:
        blocked = _through_alias(f"the value of `{name}` in line {document.line(entry.key)}", entry.value)
    if not blocked and name in doubled:
        blocked = f"the key `{name}` stands twice, again in line {doubled[name]}; remove one"
    return Place(entry.value, item.document, name, blocked, item.wide, entry.aliased, node)


def _through_alias(what: str, node: Node) -> str:
    return f"{what} is an alias; change what it stands for in line {document.line(node)}"


def at(item: Item, number: int) -> Iterator[Item]:
    match item:
        case Place(SequenceNode() as node):
            if -len(node.value) <= number < len(node.value):
                yield list(_items(item, node))[number]
            else:
                yield Missing(None, str(number), item.document, item.blocked, item.wide)
        case Place(MappingNode() as node):
            yield from _keyed(item, node, str(number))
        case Missing() | Place(ScalarNode(tag=document.NULL)):
            yield Missing(None, str(number), item.document, item.blocked, item.wide)
        case _:
            return


def _items(item: Place, node: SequenceNode) -> Iterator[Place]:
    for number, (below, aliased) in enumerate(document.items(node)):
        why = item.blocked
        if not why and aliased:
            why = _through_alias(f"item {number} of the list in line {document.line(node)}", below)
        yield Place(below, item.document, str(number), why, item.wide, aliased, node)


def each(item: Item) -> Iterator[Item]:
    match item:
        case Place(SequenceNode() as node):
            yield from _items(item, node)
        case Place(MappingNode() as node):
            yield from _values(item, node)


def _values(item: Place, node: MappingNode) -> Iterator[Place]:
    own = list(document.entries(node))
    doubled = _doubled(own)
    seen: set[str] = set()
    for entry in own:
        if not document.is_merge(entry.key):
            found = _inside(item, node, entry, doubled)
            seen.add(found.key)
            yield found
    for entry in own:
        if document.is_merge(entry.key):
            for source in _sources(entry.value):
                yield from _merged(item, entry, source, seen)


def _merged(item: Place, entry: document.Entry, source: MappingNode, seen: set[str]) -> Iterator[Place]:
    for below in document.entries(source):
        name = str(below.key.value)
        if name not in seen and not document.is_merge(below.key):
            seen.add(name)
            why = f"`{name}` comes from the merge key in line {document.line(entry.key)}; change it there"
            yield Place(below.value, item.document, name, item.blocked or why, item.wide)


def everything(item: Item) -> Iterator[Item]:
    """Like yq, not into aliases and merge keys: what they stand for is found where it is written."""
    if not isinstance(item, Place):
        yield item
        return
    waiting = [replace(item, wide=True)]
    while waiting:
        here = waiting.pop()
        yield here
        below: list[Place] = []
        if isinstance(here.node, SequenceNode):
            below = list(_items(here, here.node))
        elif isinstance(here.node, MappingNode):
            own = list(document.entries(here.node))
            doubled = _doubled(own)
            below = [_inside(here, here.node, entry, doubled) for entry in own if not document.is_merge(entry.key)]
        waiting += [found for found in reversed(below) if not found.aliased]
