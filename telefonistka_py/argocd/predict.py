"""What the live object becomes: the three-way merge that an apply makes.

https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes:
fields of the new target are written, fields that only the last target had are deleted, and what neither names stays
as defaults and controllers made it. Where the new target says the same in other words, the live words are kept, so that
what differs afterwards differs in earnest.
"""

from typing import Any

from telefonistka_py.argocd import lists, values
from telefonistka_py.argocd.shapes import Merge, Shape, says_nothing
from telefonistka_py.argocd.values import same, without_nulls


def predict(live: Any, last: Any, new: Any, shape: Shape, *, explained: bool = False) -> Any:
    """What `new` makes of `live`, where `last` was applied before; all three JSON values, None for nothing.

    `explained` says that `last` is known to make exactly `live`, so that whatever `live` has beyond it was filled in.
    Neither argument is changed; the result may share parts with them.
    """
    if explained and values.identical(last, new):
        return live
    if isinstance(live, dict) and isinstance(new, dict):
        return _map(live, last if isinstance(last, dict) else {}, new, shape, explained)
    if isinstance(live, list) and isinstance(new, list):
        return _list(live, last if isinstance(last, list) else [], new, shape, explained)
    return live if same(live, new, shape) else without_nulls(new)


def joined(target: Any, applied: Any, shape: Shape) -> Any:
    """What was wanted last, where the target and the annotation of the last apply disagree: a field of either one
    that is wanted no more may go."""
    if isinstance(target, dict) and isinstance(applied, dict):
        both = {key: joined(each, applied.get(key), shape.child(key)) for key, each in target.items()}
        return both | {key: each for key, each in applied.items() if target.get(key) is None}
    if isinstance(target, list) and isinstance(applied, list):
        one, other = values.by_key(target, shape), values.by_key(applied, shape)
        if one is not None and other is not None:
            entries = [joined(each, other.get(key), shape.entry) for key, each in one.items()]
            return entries + [each for key, each in other.items() if key not in one]
        if shape.merge is Merge.SET:
            return target + applied
    return applied if target is None else target


def _map(live: dict[str, Any], last: dict[str, Any], new: dict[str, Any], shape: Shape, explained: bool) -> Any:
    made = dict(live)
    for key, before in last.items():
        if before is not None and new.get(key) is None and live.get(key) is not None:
            _leave_out(made, key, before, shape.child(key))
    for key, value in new.items():
        child, there = shape.child(key), live.get(key)
        if value is None:
            # Applied for the first time, a null deletes what others wrote.
            if there is not None and key not in last and not says_nothing(there, child):
                del made[key]
        elif there is None:
            if not says_nothing(value, child):
                made[key] = without_nulls(value)
        else:
            made[key] = predict(there, last.get(key), value, child, explained=explained)
    if shape.retain and any(not same(live.get(key), made.get(key), shape.child(key)) for key in new):
        made = {key: value for key, value in made.items() if key in new}
    return made


def _leave_out(made: dict[str, Any], key: str, before: Any, shape: Shape) -> None:
    """The new target no longer names `key`."""
    if says_nothing(made[key], shape):
        return
    left = {}
    if shape.by_key_only and isinstance(made[key], dict) and isinstance(before, dict):
        left = {name: value for name, value in made[key].items() if name not in before}
    if left:
        made[key] = left
    else:
        del made[key]


def _list(live: list[Any], last: list[Any], new: list[Any], shape: Shape, explained: bool) -> Any:
    if shape.merge is Merge.SET and all(isinstance(each, str) for each in (*live, *last, *new)):
        return _set(live, last, new)
    here, wanted = values.by_key(live, shape), values.by_key(new, shape)
    if here is None or wanted is None:
        return lists.atomic(live, last, new, shape, predict, explained=explained)
    # Of two with the same key in `last`, which nobody can apply, either one tells that the entry may go.
    before = {key: each for each in last if (key := values.key_of(each, shape)) is not None}
    made = {key: each for key, each in here.items() if key in wanted or key not in before}
    for key, each in wanted.items():
        there = here.get(key)
        made[key] = (
            without_nulls(each)
            if there is None
            else predict(there, before.get(key), each, shape.entry, explained=explained)
        )
    return [made[key] for key in lists.ordered(list(made), list(wanted), set(here))]


def _set(live: list[str], last: list[str], new: list[str]) -> list[str]:
    there, before, wanted = set(live), set(last), dict.fromkeys(new)
    stay = [each for each in live if each in wanted or each not in before]
    return stay + [each for each in wanted if each not in there]
