"""What people told Argo CD not to compare: `ignoreDifferences` of the app, `resourceOverrides` of the settings.

https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from telefonistka_py.argocd import managed_fields, pointers, values
from telefonistka_py.argocd.model import Answer, IgnoreRule, Object, ObjectId, Path, Question, Unanswered

_MOST_SECONDS = 0.2
"""What one pattern may take (N27); one that takes longer matches nothing."""


@dataclass(frozen=True)
class Rules:
    """All that is to be ignored in one object."""

    pointers: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    managers: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.pointers or self.expressions or self.managers)


def rules(id: ObjectId, every: Iterable[IgnoreRule]) -> Rules:
    """Those of `every` that are about the object `id`."""
    found = [rule for rule in every if _about(rule, id)]
    return Rules(
        tuple(dict.fromkeys(each for rule in found for each in rule.pointers)),
        tuple(dict.fromkeys(each for rule in found for each in rule.expressions)),
        frozenset(each for rule in found for each in rule.managers),
    )


def questions(of: Rules, document: dict[str, Any]) -> list[Question]:
    """What jq must say of `document`, one per expression."""
    return [Question(expression, document) for expression in of.expressions]


def without(document: dict[str, Any], of: Rules, live: Object, answers: Sequence[Answer]) -> dict[str, Any]:
    """A copy of `document` without what is to be ignored. `live` notes who owns which field; `answers` are those to
    `questions`; what jq could not answer is not ignored."""
    paths: list[Path] = [path for pointer in of.pointers if (path := pointers.path(pointer, document))]
    if of.managers:
        paths += managed_fields.owned(live, of.managers, document)
    for answer in answers:
        paths += () if isinstance(answer, Unanswered) else answer
    left: dict[str, Any] = values.without(document, paths)
    return left


def failures(of: Rules, answers: Sequence[Answer]) -> list[str]:
    """Which expressions could not be used, as plain text."""
    return [
        f"the difference may be one to ignore: the jq expression {expression} {answer.why}"
        for expression, answer in zip(of.expressions, answers, strict=True)
        if isinstance(answer, Unanswered)
    ]


def _about(rule: IgnoreRule, id: ObjectId) -> bool:
    return (
        _matches(rule.group, id.group)
        and _matches(rule.kind, id.kind)
        and rule.namespace in ("", id.namespace)
        and rule.name in ("", id.name)
    )


@lru_cache(maxsize=10_000)
def _matches(glob: str, text: str) -> bool:
    if glob == text:
        return True
    pattern = _pattern(glob)
    if pattern is None:
        return False
    try:
        return pattern.fullmatch(text, timeout=_MOST_SECONDS) is not None
    except TimeoutError:
        return False


@lru_cache(maxsize=1_000)
def _pattern(glob: str) -> "regex.Pattern[str] | None":
    """`*`, `?`, `[abc]`, `[!abc]`, `{a,b}` and `\\` before a plain character; None when that can't be read."""
    made, depth, at = "", 0, 0
    while at < len(glob):
        letter = glob[at]
        at += 1
        if letter == "*":
            made += ".*"
        elif letter == "?":
            made += "."
        elif letter == "\\" and at < len(glob):
            made += regex.escape(glob[at])
            at += 1
        elif letter == "[" and (end := glob.find("]", at)) > at:
            inside = glob[at:end].replace("\\", "\\\\").replace("[", "\\[")
            made += f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
            at = end + 1
        elif letter == "{":
            made, depth = made + "(?:", depth + 1
        elif letter == "}" and depth:
            made, depth = made + ")", depth - 1
        elif letter == "," and depth:
            made += "|"
        else:
            made += regex.escape(letter)
    try:
        return regex.compile(made, regex.DOTALL)
    except regex.error:
        return None
