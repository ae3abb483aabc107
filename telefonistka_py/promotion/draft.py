"""The words of a promotion pull request: branch, title, body, labels (contract §5)."""

import hashlib
from collections.abc import Iterable

from telefonistka_py.feedback import fit
from telefonistka_py.names import Login
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Draft, Metadata, Promotion, Step, Trigger
from telefonistka_py.templates import Templates

LABEL = "promotion"
_LONGEST_REF = 200
_INDENT = "&nbsp;" * 4


def write(
    promotion: Promotion,
    trigger: Trigger,
    labels: tuple[str, ...],
    templates: Templates,
    *,
    supersedes: tuple[int, ...] = (),
) -> Draft:
    """The pull request for `promotion`. `labels` come beside its own; `supersedes` are older pull requests."""
    remembered = _metadata(promotion, trigger)
    title = templates.render(
        "promotion-pr-title", components=promotion.components, target_description=promotion.description
    )
    shown, overflow = fit.title(title)
    block = metadata.block(remembered)
    body = templates.render(
        "promotion-pr-body",
        overflow=overflow,
        components=promotion.components,
        steps=[
            {"indent": _INDENT * depth, "number": number, "source": step.source, "targets": step.targets}
            for depth, (number, step) in enumerate(sorted(remembered.history.items()))
        ],
        notes=promotion.notes,
        supersedes=supersedes,
        metadata=block,
    )
    return Draft(
        branch=branch(trigger.number, trigger.head_ref, promotion.targets, promotion.branch_suffix),
        title=shown,
        body=fit.body(body, keep_tail=block),
        commit_message=templates.render("promotion-commit-message", source=promotion.source),
        labels=tuple(dict.fromkeys((LABEL, *labels))),
        assignee=remembered.original_author or None,
    )


def branch(number: int, head_ref: str, targets: Iterable[str], suffix: str = "") -> str:
    """`promotions/<pr>-<head ref>-<hash of the targets>`: the same event finds the branch that it made (N12)."""
    ref = head_ref.replace("/", "-")[:_LONGEST_REF].encode("utf-8", "ignore")[:_LONGEST_REF].decode("utf-8", "ignore")
    digest = hashlib.sha1("_".join(sorted(targets)).encode(), usedforsecurity=False).hexdigest()[:12]
    return f"promotions/{number}-{ref}-{digest}{suffix}"


def _metadata(promotion: Promotion, trigger: Trigger) -> Metadata:
    before = trigger.metadata
    history = dict(before.history) if before else {}
    history[trigger.number] = Step(promotion.source, promotion.kept_targets)
    return Metadata(
        original_author=(before.original_author if before else Login("")) or trigger.author,
        original_number=(before.original_number if before else 0) or trigger.number,
        promoted_paths=tuple(promotion.sync),
        history=history,
    )
