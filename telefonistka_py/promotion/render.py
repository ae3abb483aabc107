"""The comments on the merged pull request."""

import re
from collections.abc import Iterable
from dataclasses import replace

from telefonistka_py.promotion import effect
from telefonistka_py.promotion.model import Kind, Plan, Promotion
from telefonistka_py.promotion.outcome import Failed, Level, Report, Skipped, Stands
from telefonistka_py.pulls.landing import Held, Merged, Moved, Underway
from telefonistka_py.templates import Templates

TOPIC = "promotion"
PLAN_TOPIC = "plan"
GIVEN_UP_TOPIC = "given-up"
NEIGHBOUR_TOPIC = "superseded"
_MOST_REMOVALS = 50
"""Removals that the report lists of one promotion."""


def report(found: Report, templates: Templates, before: str = "") -> str:
    """What became of each promotion, without our markers. `before`: what our comment says already."""
    return templates.render(
        "promotion-report-comment",
        mistake=found.mistake,
        problems=found.problems,
        stands=[(each.promotion, each.outcome) for each in found.results if isinstance(each.outcome, Stands)],
        told=lambda promotion, outcome: _told(promotion, outcome, before),
        failed=[(each.promotion, each.outcome) for each in found.results if isinstance(each.outcome, Failed)],
        level=[each.promotion for each in found.results if isinstance(each.outcome, Level)],
        skipped=[each.promotion for each in found.results if isinstance(each.outcome, Skipped)],
        landing=_landing,
        counts=effect.in_words,
    )


def dry_run(plan: Plan, templates: Templates, problems: Iterable[object] = (), *, config_from: str = "") -> str:
    """What would be promoted (contract §5). `config_from`: the branch whose configuration it was, if that matters."""
    return templates.render(
        "dry-run-pr-comment",
        promotions=plan.promotions,
        passed_over=plan.passed_over,
        problems=[*problems, *plan.problems],
        config_from=config_from,
        counts=effect.in_words,
    )


def superseded(newer: int | None, closed: bool, touched: bool, templates: Templates) -> str:
    """On an older promotion of the same components to the same targets."""
    return templates.render("superseded-comment", newer=newer, closed=closed, touched=touched)


def emptied(templates: Templates) -> str:
    """On a promotion whose targets were brought level by something else."""
    return templates.render("emptied-comment")


def _told(promotion: Promotion, outcome: Stands, before: str) -> dict[str, object]:
    # What becomes of the targets is known until it is merged. Then they are level, and what was said holds.
    shown = replace(promotion, effects=()) if outcome.state == "MERGED" else promotion
    effects = [each for each in shown.effects if each.kind is Kind.REMOVES]
    removes = effect.leaving(shown)
    return {
        "carries": effect.arriving(shown) or (() if removes else promotion.components),
        "removes": removes,
        "removals": effects[:_MOST_REMOVALS],
        "more": max(0, len(effects) - _MOST_REMOVALS),
        "said": _said(outcome.number, before) if outcome.state == "MERGED" else "",
    }


def _said(number: int, before: str) -> str:
    """What `before` says of the promotion `number`: its line, and those indented below."""
    found = re.search(rf"^- 🚀 #{number} .*(?:\n  .*)*", before.replace("\r\n", "\n"), re.MULTILINE)
    return found[0] if found else ""


def _landing(outcome: Stands) -> str:
    match outcome.landing:
        case Merged():
            return "merged"
        case Underway():
            return f"GitHub merges it by {outcome.landing.how} once what holds it is met"
        case Held():
            return f"held back when it was opened, and merged once that is met: {outcome.landing.why}"
        case Moved():
            return f"not merged: {outcome.landing.why}"
    if outcome.state == "CLOSED":
        return "closed; to have it after all, restore its branch and reopen it"
    # Said before it is merged, and true afterwards: no second edit is needed.
    return "merged by itself" if outcome.to_merge else ""
