"""JSON values: when two are the same, and copies without something."""

from collections.abc import Iterable, Sequence
from typing import Any

from telefonistka_py.argocd import quantities
from telefonistka_py.argocd.model import Path
from telefonistka_py.argocd.shapes import Merge, Shape

DEEPEST = 100
"""Levels of maps and lists in one object."""

_EMPTIED = object()


def same(one: Any, other: Any, shape: Shape) -> bool:
    """Whether both mean the same where the field is `shape`. `"80"` is not 80, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[key], shape.child(key)) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b, shape.entry) for a, b in zip(one, other, strict=True))
    if shape.quantity and quantities.equal(one, other):
        return True
    return _alike(one, other)


def identical(one: Any, other: Any) -> bool:
    """Whether both are the same JSON."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(identical(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(identical(a, b) for a, b in zip(one, other, strict=True))
    return _alike(one, other)


def _alike(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and isinstance(one, bool) is isinstance(other, bool):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def without_nulls(value: Any) -> Any:
    """A copy in which no map has a null: to the API server that is the same as nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def is_too_deep(value: Any) -> bool:
    """Whether maps and lists are nested deeper than anybody means, and than a recursion should follow (N27)."""
    level = [value]
    for _ in range(DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for members in inner for each in members if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def key_of(entry: Any, shape: Shape) -> tuple[Any, ...] | None:
    """What tells an entry of the keyed list `shape` from others; None when it has no such thing."""
    if not isinstance(entry, dict):
        return None
    found = []
    for key in shape.keys:
        value = entry.get(key)
        if value is None:
            value = shape.entry.child(key).default
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        found.append(value)
    return tuple(found)


def by_key(entries: Sequence[Any], shape: Shape) -> dict[tuple[Any, ...], Any] | None:
    """The entries of a keyed list; None when it is none, or two entries have the same key."""
    if shape.merge is not Merge.KEYED:
        return None
    found: dict[tuple[Any, ...], Any] = {}
    for entry in entries:
        key = key_of(entry, shape)
        if key is None or key in found:
            return None
        found[key] = entry
    return found


def without(value: Any, paths: Iterable[Path]) -> Any:
    """A copy without what lies at `paths`, nor the maps and lists that are empty for it. Paths that lead nowhere are
    no matter; numbers count the places before anything is gone, those below 0 from the end."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
            if branch is None:
                break
        else:
            if path:
                branch[path[-1]] = None
    if not tree:
        return value
    left = _pruned(value, tree)
    return type(value)() if left is _EMPTIED else left


def _pruned(value: Any, tree: dict[str | int, Any]) -> Any:
    if isinstance(value, dict):
        pairs = ((key, _step(each, tree, key)) for key, each in value.items())
        left: Any = {key: each for key, each in pairs if each is not _EMPTIED}
    elif isinstance(value, list):
        steps = ((each, at if at in tree else at - len(value)) for at, each in enumerate(value))
        left = [each for each in (_step(each, tree, at) for each, at in steps) if each is not _EMPTIED]
    else:
        return value
    return _EMPTIED if value and not left else left


def _step(value: Any, tree: dict[str | int, Any], step: str | int) -> Any:
    if step not in tree:
        return value
    branch = tree[step]
    return _EMPTIED if branch is None else _pruned(value, branch)
