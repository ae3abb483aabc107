"""What a pull request changes in one app: the live objects against the manifests that it wants (contract §11).

Nothing here reads or writes anything; `jq` is asked where rules ask for it, once for all objects that differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telefonistka_py.argocd import changes, ignore, keys, normalize, pair, secret, values
from telefonistka_py.argocd.ignore import Rules
from telefonistka_py.argocd.model import (
    Answer,
    AppDiff,
    Change,
    Facts,
    Fate,
    Jq,
    LeftOut,
    Managed,
    Object,
    ObjectDiff,
    ObjectId,
    Prune,
    Question,
    Unanswered,
)
from telefonistka_py.argocd.pair import Couple
from telefonistka_py.argocd.predict import joined, predict
from telefonistka_py.argocd.shapes import Shape

_IGNORED = "it is marked IgnoreExtraneous"
_HOOK = "it is a hook"


def app(facts: Facts, jq: Jq) -> AppDiff:
    """What the pull request changes. Contents of Secrets are in no part of the answer (N30)."""
    paired = pair.pairs(facts)
    found = [_standing(couple, facts) for couple in paired.couples]
    diffs = _settled([each for each in found if isinstance(each, _Maybe)], jq)
    for each in found:
        if isinstance(each, ObjectDiff):
            diffs[each.id] = each
    plain = {each.id for each in facts.managed if each.live is not None and not (each.hook or pair.is_hook(each.live))}
    # An object that becomes a hook is pruned, or deleted and made anew at each sync.
    left_out = [LeftOut(id, _HOOK, differs=id in plain) for id in paired.hooks]
    for couple in paired.couples:
        live = couple.managed.live if couple.managed else None
        if pair.is_extraneous(couple.wanted) or pair.is_extraneous(live):
            gone = couple.wanted is None
            diff = diffs.pop(couple.id, None)
            left_out.append(LeftOut(couple.id, _IGNORED, differs=diff is not None and not gone))
    notes = [f"The manifests name {id} more than once; the last one counts" for id in paired.repeated]
    return AppDiff(
        objects=tuple(sorted(diffs.values(), key=lambda each: (list(Fate).index(each.fate), each.id))),
        compared=len(paired.couples) - sum(each.why == _IGNORED for each in left_out),
        left_out=tuple(left_out),
        unseen=tuple(couple.id for couple in paired.couples if _is_unseen(couple)),
        notes=(*facts.notes, *notes),
    )


@dataclass(frozen=True)
class _Maybe:
    """An object that differs, unless rules say otherwise."""

    id: ObjectId
    live: Object = field(repr=False)
    """With its managed fields."""
    before: dict[str, Any] = field(repr=False)
    after: dict[str, Any] = field(repr=False)
    shape: Shape = field(repr=False)
    rules: Rules


def _standing(couple: Couple, facts: Facts) -> ObjectDiff | _Maybe | None:
    managed = couple.managed
    if managed is None or managed.live is None:
        return None if couple.wanted is None else _new(couple.id, couple.wanted, facts)
    if couple.wanted is None:
        return _unwanted(couple.id, managed, managed.live, facts.prune)
    return _maybe(couple.id, managed, managed.live, couple.wanted, facts)


def _new(id: ObjectId, wanted: Object, facts: Facts) -> ObjectDiff:
    shown = values.without_nulls(normalize.normalized(wanted, facts.tracking))
    return ObjectDiff(id, Fate.NEW, whole=secret.outline(shown) if normalize.is_secret(wanted) else shown)


def _unwanted(id: ObjectId, managed: Managed, live: Object, prune: Prune) -> ObjectDiff | None:
    """An object that the pull request wants no more. One that nobody wanted before either, and nothing deletes, is as
    it was."""
    if pair.is_kept(live) or pair.is_kept(managed.target):
        left = "it is marked never to be pruned"
    elif prune is Prune.OFF:
        left = "pruning is off"
    else:
        notes = []
        if prune is Prune.BY_HAND:
            notes.append("only if whoever syncs the app prunes")
        if pair.is_confirmed(live):
            notes.append("once somebody confirms it in Argo CD")
        return ObjectDiff(id, Fate.DELETED, notes=tuple(notes))
    return None if managed.target is None else ObjectDiff(id, Fate.LEFT, notes=(left,))


def _maybe(id: ObjectId, managed: Managed, live: Object, wanted: Object, facts: Facts) -> _Maybe | None:
    rules = ignore.rules(id, facts.rules)
    # Where something is ignored, Argo CD's normalized object lacks empty maps as well, which are not to be ignored.
    as_is = live if rules or managed.normalized is None else managed.normalized
    shape = keys.shape(id.group, id.kind)
    before, new = (normalize.normalized(each, facts.tracking) for each in (as_is, wanted))
    judged = facts.judged.get(id)
    if judged is not None:
        after = normalize.normalized(judged, facts.tracking)
    else:
        last = _last(managed, live, shape, facts)
        in_sync = managed.normalized is not None and values.identical(managed.normalized, managed.predicted)
        after = predict(before, last, new, shape, explained=in_sync)
    if not any(changes.between(before, after, shape)):
        return None
    return _Maybe(id, live, before, after, shape, rules)


def _last(managed: Managed, live: Object, shape: Shape, facts: Facts) -> Any:
    applied = normalize.last_applied(live)
    last, noted = (
        None if each is None else normalize.normalized(each, facts.tracking) for each in (managed.target, applied)
    )
    return joined(last, noted, shape)


def _settled(maybes: Sequence[_Maybe], jq: Jq) -> dict[ObjectId, ObjectDiff]:
    """Those that differ in what nobody told Argo CD to ignore."""
    asked = [(ignore.questions(each.rules, each.before), ignore.questions(each.rules, each.after)) for each in maybes]
    answers = iter(_answers([question for both in asked for side in both for question in side], jq))
    found = {}
    for each, (about_before, about_after) in zip(maybes, asked, strict=True):
        said = [next(answers) for _ in about_before], [next(answers) for _ in about_after]
        diff = _object_diff(each, *said)
        if diff is not None:
            found[each.id] = diff
    return found


def _answers(questions: Sequence[Question], jq: Jq) -> Sequence[Answer]:
    return jq(questions) if questions else ()


def _object_diff(maybe: _Maybe, of_before: Sequence[Answer], of_after: Sequence[Answer]) -> ObjectDiff | None:
    before = ignore.without(maybe.before, maybe.rules, maybe.live, of_before)
    after = ignore.without(maybe.after, maybe.rules, maybe.live, of_after)
    found: Iterable[Change] = changes.between(before, after, maybe.shape)
    if normalize.is_secret(maybe.live) or normalize.is_secret(maybe.after):
        found = map(changes.hidden, found)
    listed = tuple(found)
    if not listed:
        return None
    # An expression that fails on either side leaves the difference to be seen.
    failed = [one if isinstance(one, Unanswered) else other for one, other in zip(of_before, of_after, strict=True)]
    return ObjectDiff(maybe.id, Fate.CHANGED, listed, notes=tuple(ignore.failures(maybe.rules, failed)))


def _is_unseen(couple: Couple) -> bool:
    """A Secret that stays, whose values Argo CD masks: from one answer to another the masks tell nothing."""
    there = couple.managed is not None and couple.managed.live is not None
    wanted = couple.wanted
    return there and wanted is not None and normalize.is_secret(wanted) and secret.is_masked(wanted)
