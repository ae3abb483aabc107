"""Lists in the three-way merge: the order of keyed ones, and atomic ones entry by entry."""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol, TypeVar

from telefonistka_py.argocd.shapes import Shape, says_nothing
from telefonistka_py.argocd.values import by_key, identical, same, without_nulls

_MOST_PAIRS = 10_000
"""Pairs of entries that are compared to find out which belong together."""

_K = TypeVar("_K", bound=Hashable)


class Predict(Protocol):
    """`predict.predict`."""

    def __call__(self, live: Any, last: Any, new: Any, shape: Shape, *, explained: bool = False) -> Any: ...


def ordered(made: Sequence[_K], wanted: Sequence[_K], there: set[_K]) -> list[_K]:
    """`made` in the order that an apply gives: what is `wanted` in its order, the others where they stand.

    `made` starts with what was `there`, in its order; what is new follows.
    """
    ranks = {key: rank for rank, key in enumerate(wanted)}
    standing = [key for key in made if key in there]
    places = iter(sorted((key for key in standing if key in ranks), key=lambda key: ranks[key]))
    # What is new, by what stands before it.
    following: dict[_K | None, list[_K]] = {None: []}
    last: _K | None = None
    for key in wanted:
        if key in there:
            last = key
        else:
            following.setdefault(last, []).append(key)
    result = following[None]
    for key in (next(places) if key in ranks else key for key in standing):
        result += [key, *following.get(key, ())]
    return result


def atomic(
    live: list[Any], last: list[Any], new: list[Any], shape: Shape, predict: Predict, *, explained: bool
) -> list[Any]:
    """What becomes of a list that is replaced as a whole: `new`, with its entries filled in by the API server as those
    of `live` were.

    What an entry of `live` has beyond `last` was filled in if that is `explained`, or if it is a default that we know.
    Otherwise somebody else may have written it, and then it goes.
    """
    entry = shape.entry
    filled_in = len(live) == len(last) and all(
        covers(here, before, entry, anything=explained) for here, before in zip(live, last, strict=True)
    )
    if filled_in:
        partners = _partners(last, new, lambda before, wanted: identical(before, wanted))
        return [
            without_nulls(wanted) if at is None else predict(live[at], last[at], wanted, entry, explained=explained)
            for wanted, at in zip(new, partners, strict=True)
        ]
    found = _partners(live, new, lambda here, wanted: covers(here, wanted, entry))
    return [
        live[at] if at is not None and covers(live[at], wanted, entry) else without_nulls(wanted)
        for wanted, at in zip(new, found, strict=True)
    ]


def covers(live: Any, given: Any, shape: Shape, *, anything: bool = False) -> bool:
    """Whether `live` is `given` and what the API server fills in: known defaults, or `anything`."""
    if isinstance(live, dict) and isinstance(given, dict):
        return all(
            covers(live[key], each, shape.child(key), anything=anything)
            if live.get(key) is not None and each is not None
            else says_nothing(each, shape.child(key))
            for key, each in given.items()
        ) and (
            anything
            or all(says_nothing(each, shape.child(key)) for key, each in live.items() if given.get(key) is None)
        )
    if isinstance(live, list) and isinstance(given, list):
        here, wanted = by_key(live, shape), by_key(given, shape)
        if here is not None and wanted is not None and anything:
            pairs = [(here.get(key), each) for key, each in wanted.items()]
        elif len(live) != len(given):
            return False
        else:
            pairs = list(zip(live, given, strict=True))
        return all(covers(one, other, shape.entry, anything=anything) for one, other in pairs)
    return same(live, given, shape)


class _Equal(Protocol):
    def __call__(self, one: Any, other: Any, /) -> bool: ...


def _partners(one: Sequence[Any], other: Sequence[Any], equal: _Equal) -> list[int | None]:
    """For each entry of `other` the place of the entry of `one` that it goes with: equal ones first; between those,
    as many as both sides have, in order."""
    start = 0
    most = min(len(one), len(other))
    while start < most and equal(one[start], other[start]):
        start += 1
    end = 0
    while end < most - start and equal(one[-1 - end], other[-1 - end]):
        end += 1
    middle = _middle(one[start : len(one) - end], other[start : len(other) - end], equal)
    return [
        *range(start),
        *(None if at is None else at + start for at in middle),
        *range(len(one) - end, len(one)),
    ]


def _middle(one: Sequence[Any], other: Sequence[Any], equal: _Equal) -> list[int | None]:
    if len(one) == len(other):
        return list(range(len(one)))
    found: list[int | None] = [None] * len(other)
    if len(one) * len(other) > _MOST_PAIRS:
        return found
    taken = 0
    for at, each in enumerate(other):
        place = next((place for place in range(taken, len(one)) if equal(one[place], each)), None)
        if place is not None:
            found[at], taken = place, place + 1
    return found
