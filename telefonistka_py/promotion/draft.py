"""The words of a promotion pull request: branch, title, body, labels (contract §5)."""

import hashlib
import re
from collections.abc import Iterable

from telefonistka_py import markdown
from telefonistka_py.feedback import fit
from telefonistka_py.names import Login
from telefonistka_py.promotion import effect, metadata
from telefonistka_py.promotion.model import Draft, Effect, Metadata, Origin, Promotion, Step, Trigger
from telefonistka_py.templates import Templates

LABEL = "promotion"
_LONGEST_REF = 200
_LONGEST_TITLE = 256
_INDENT = "&nbsp;" * 4
_MOST_EFFECTS = 100
"""Targets of components that a body lists."""


def write(
    promotion: Promotion,
    trigger: Trigger,
    labels: tuple[str, ...],
    templates: Templates,
    *,
    supersedes: tuple[int, ...] = (),
    upon: tuple[Origin, ...] = (),
) -> Draft:
    """The pull request for `promotion`. `labels` come beside its own; `supersedes` are older pull requests, and `upon`
    the changes that those carry."""
    remembered = _metadata(promotion, trigger, upon)
    named = effect.named(promotion)
    title = templates.render("promotion-pr-title", components=named, target_description=promotion.description)
    shown, overflow = fit.title(title)
    block = metadata.block(remembered)
    body = templates.render(
        "promotion-pr-body",
        overflow=overflow,
        components=named,
        steps=[
            {"indent": _INDENT * depth, "number": number, "source": step.source, "targets": step.targets}
            for depth, (number, step) in enumerate(sorted(remembered.history.items()))
        ],
        origins=[
            {"number": each.number, "heading": each.title, "author": each.author}
            for each in remembered.origins
            if each.number and each.title
        ],
        effects=_shown(promotion),
        more=max(0, len(promotion.effects) - _MOST_EFFECTS),
        counts=effect.in_words,
        notes=promotion.notes,
        supersedes=supersedes,
        metadata=block,
    )
    return Draft(
        branch=branch(trigger.number, trigger.head_ref, promotion.targets, promotion.branch_suffix),
        title=shown,
        body=fit.body(body, keep_tail=block),
        commit_message=_commit_message(promotion, trigger, templates),
        labels=tuple(dict.fromkeys((LABEL, *labels))),
        assignee=remembered.original_author or None,
    )


def branch(number: int, head_ref: str, targets: Iterable[str], suffix: str = "") -> str:
    """`promotions/<pr>-<head ref>-<hash of the targets>`: the same event finds the branch that it made (N12)."""
    ref = head_ref.replace("/", "-")[:_LONGEST_REF].encode("utf-8", "ignore")[:_LONGEST_REF].decode("utf-8", "ignore")
    digest = hashlib.sha1("_".join(sorted(targets)).encode(), usedforsecurity=False).hexdigest()[:12]
    return f"promotions/{number}-{ref}-{digest}{suffix}"


def _shown(promotion: Promotion) -> list[Effect]:
    return effect.removals_first(promotion.effects)[:_MOST_EFFECTS]


def _commit_message(promotion: Promotion, trigger: Trigger, templates: Templates) -> str:
    """Its first line is v1's. An attempt that finds the branch knows it by that line."""
    text = templates.render(
        "promotion-commit-message",
        source=promotion.source,
        components=[_quiet(name) for name in effect.arriving(promotion)],
        removed=[_quiet(name) for name in effect.leaving(promotion)],
        targets=[_quiet(target) for target in promotion.targets],
        number=trigger.number,
    )
    return text.rstrip()


def _quiet(name: str) -> str:
    """One line for a commit message, where GitHub looks for mentions and for words that close issues (N28)."""
    return re.sub(r"[@#]", "\\g<0>\u200b", " ".join(markdown.printable(name).split()))


def _metadata(promotion: Promotion, trigger: Trigger, upon: tuple[Origin, ...]) -> Metadata:
    before = trigger.metadata
    history = dict(before.history) if before else {}
    history[trigger.number] = Step(promotion.source, promotion.kept_targets)
    own = metadata.origins(before) if before else ()
    origins: dict[int, Origin] = {}
    for each in (*(own or (_own(trigger),)), *upon):
        origins.setdefault(each.number, each)
    return Metadata(
        original_author=(before.original_author if before else Login("")) or trigger.author,
        original_number=(before.original_number if before else 0) or trigger.number,
        promoted_paths=tuple(promotion.sync),
        history=history,
        origins=tuple(origins.values())[: metadata.MOST_ORIGINS],
    )


def _own(trigger: Trigger) -> Origin:
    title = " ".join(markdown.printable(trigger.title).split())
    return Origin(trigger.number, title[:_LONGEST_TITLE], trigger.author)
