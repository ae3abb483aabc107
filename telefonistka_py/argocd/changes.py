"""What differs between an object as it is and as it will be, value by value."""

import re
from collections.abc import Iterator
from typing import Any

from telefonistka_py.argocd import values
from telefonistka_py.argocd.model import Change, Special
from telefonistka_py.argocd.shapes import Shape

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN_OF_SECRETS = {"apiVersion", "kind", "type", "immutable"}

ORDER = "order"
"""The last step of the path where entries of a keyed list only change places."""


def between(before: Any, after: Any, shape: Shape, path: str = "") -> Iterator[Change]:
    """All values that differ, in the order of the object; None is the same as nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from between(before.get(key), after.get(key), shape.child(key), _below(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(before, after, shape, path)
    elif not values.same(before, after, shape):
        yield Change(path, _or_absent(before), _or_absent(after))


def hidden(change: Change) -> Change:
    """A Secret's change without its values: the path names the key (N30)."""
    if change.path in _SHOWN_OF_SECRETS:
        return change
    return Change(change.path, _hidden(change.old), _hidden(change.new))


def entry_name(key: tuple[Any, ...]) -> str:
    return "/".join(str(each) for each in key)


def _between_lists(before: list[Any], after: list[Any], shape: Shape, path: str) -> Iterator[Change]:
    if values.same(before, after, shape):
        return
    one, other = values.by_key(before, shape), values.by_key(after, shape)
    if one is not None and other is not None:
        for key in [*one, *(key for key in other if key not in one)]:
            yield from between(one.get(key), other.get(key), shape.entry, _below(path, entry_name(key)))
        stayed = [key for key in one if key in other]
        moved = [key for key in other if key in one]
        if stayed != moved:
            yield Change(_below(path, ORDER), list(map(entry_name, stayed)), list(map(entry_name, moved)))
    elif len(before) == len(after) and all(isinstance(each, dict) for each in (*before, *after)):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from between(old, new, shape.entry, f"{path}[{place}]")
    else:
        yield Change(path, before, after)


def _below(path: str, key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _or_absent(value: Any) -> Any:
    return Special.ABSENT if value is None else value


def _hidden(value: Any) -> Any:
    return value if value is Special.ABSENT else Special.HIDDEN
