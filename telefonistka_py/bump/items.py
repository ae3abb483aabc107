"""What a selector leads to: a value in the file, a key that is missing, or a value that stands nowhere."""

from dataclasses import dataclass

from yaml import MappingNode, Node, ScalarNode

from telefonistka_py.bump import document


@dataclass(frozen=True)
class Place:
    """A value that stands in the file. `blocked`: why it can't be changed there, if it can't."""

    node: Node
    document: int
    key: str = ""
    blocked: str = ""
    wide: bool = False
    """Found below a `..`."""
    aliased: bool = False
    """An alias stands at this place itself."""
    within: Node | None = None
    """The list or mapping that it stands in."""


@dataclass(frozen=True)
class Missing:
    """A key that does not exist, `below` a mapping that does; None when there is no such mapping either."""

    below: MappingNode | None
    key: str
    document: int
    blocked: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Made:
    """A value that stands nowhere: written in the selector, or an answer. `text` None is null."""

    text: str | None
    document: int = 0


Item = Place | Missing | Made


def text_of(item: Item) -> str | None:
    """The text of a single value; None for null, for what is missing, and for lists and mappings."""
    match item:
        case Made(text):
            return text
        case Place(ScalarNode() as node):
            return None if node.tag == document.NULL else str(node.value)
    return None


def is_single(item: Item) -> bool:
    return isinstance(item, Made) or (isinstance(item, Place) and isinstance(item.node, ScalarNode))


def truthy(item: Item) -> bool:
    match item:
        case Place(ScalarNode(tag=tag, value=value)):
            return tag != document.NULL and not (tag.endswith(":bool") and value.lower() == "false")
        case Place():
            return True
        case Made(text):
            return text not in (None, "false")
    return False


def is_null(item: Item) -> bool:
    return isinstance(item, Missing) or (is_single(item) and text_of(item) is None)
