"""Runs a selector over a YAML document. Finding never changes anything: what is missing is a finding of its own."""

from collections.abc import Iterator
from typing import assert_never

from yaml import MappingNode, ScalarNode, SequenceNode

from telefonistka_py.bump import document, glob, items, ways
from telefonistka_py.bump.items import Item, Made, Place
from telefonistka_py.bump.selector import (
    Ask,
    Both,
    Descend,
    Each,
    Either,
    Equal,
    Index,
    Itself,
    Key,
    Literally,
    Pipe,
    Select,
    Selector,
    Tell,
    Union,
)
from telefonistka_py.config import patterns

_MOMENT = 1.0
"""Seconds that one expression in `test(…)` may take on one value."""


class TooSlow(ValueError):
    """An expression in the selector backtracks without end."""


def run(selector: Selector, item: Item) -> list[Item]:
    """What `selector` finds from `item`, in order. Raises `TooSlow`."""
    match selector:
        case Itself():
            return [item]
        case Key(name):
            return list(ways.under(item, name))
        case Index(number):
            return list(ways.at(item, number))
        case Each():
            return list(ways.each(item))
        case Descend():
            return list(ways.everything(item))
        case Pipe(left, right):
            return [found for between in run(left, item) for found in run(right, between)]
        case Union(left, right):
            return run(left, item) + run(right, item)
        case Select(condition):
            return [item] if _any(condition, item) else []
        case Equal() | Both() | Either():
            return list(_logic(selector, item))
        case Literally(text):
            return [Made(text, item.document)]
        case Ask():
            return [_truth(_answer(selector, item), item)]
        case Tell(what):
            return [_tell(what, item)]
        case _:
            assert_never(selector)


def _truth(value: bool, item: Item) -> Made:
    return Made("true" if value else "false", item.document)


def _any(condition: Selector, item: Item) -> bool:
    return any(items.truthy(found) for found in run(condition, item))


def _logic(selector: Equal | Both | Either, item: Item) -> Iterator[Item]:
    if isinstance(selector, Both):
        yield _truth(_any(selector.left, item) and _any(selector.right, item), item)
    elif isinstance(selector, Either):
        yield _truth(_any(selector.left, item) or _any(selector.right, item), item)
    else:
        for left in run(selector.left, item) or [Made(None)]:
            for right in run(selector.right, item) or [Made(None)]:
                yield _truth(_equal(left, right) is not selector.negated, item)


def _equal(left: Item, right: Item) -> bool:
    one, other = items.text_of(left), items.text_of(right)
    if one is None or other is None:
        return items.is_null(left) and items.is_null(right)
    return glob.matches(one, other)


def _answer(ask: Ask, item: Item) -> bool:
    return any(_one_answer(ask, item, items.text_of(argument)) for argument in run(ask.argument, item))


def _one_answer(ask: Ask, item: Item, argument: str | None) -> bool:
    if argument is None:
        return False
    if ask.what == "has":
        return _has(item, argument)
    text = items.text_of(item)
    if text is None:
        return False
    match ask.what:
        case "test":
            return _test(argument, text)
        case "contains":
            return argument in text
        case "startswith":
            return text.startswith(argument)
        case "endswith":
            return text.endswith(argument)
        case _:
            assert_never(ask.what)


def _has(item: Item, name: str) -> bool:
    match item:
        case Place(MappingNode() as node):
            return any(isinstance(key, ScalarNode) and key.value == name for key, _ in node.value)
        case Place(SequenceNode() as node):
            return name.isdigit() and int(name) < len(node.value)
    return False


def _test(expression: str, text: str) -> bool:
    try:
        return patterns.compiled(expression).search(text, timeout=_MOMENT) is not None
    except patterns.BadPattern:
        return False  # a pattern that the file itself holds; one in the selector was checked when it was read
    except TimeoutError:
        raise TooSlow(
            f"the pattern {expression!r} in the selector took longer than {_MOMENT:g} s; write it simpler"
        ) from None


def _tell(what: str, item: Item) -> Made:
    if what == "not":
        return _truth(not items.truthy(item), item)
    if what == "di":
        return Made(str(item.document), item.document)
    if what == "key":
        return Made(None if isinstance(item, Made) else item.key, item.document)
    return Made(_tag(item), item.document)


def _tag(item: Item) -> str:
    if isinstance(item, Place):
        tag = item.node.tag
        return tag if document.is_custom(tag) else f"!!{tag.rpartition(':')[2]}"
    return "!!null" if items.text_of(item) is None else "!!str"
