"""Flows that carry back what other flows brought."""

from collections.abc import Iterator
from dataclasses import dataclass

from telefonistka_py.config.document import Loc
from telefonistka_py.config.model import Config
from telefonistka_py.config.patterns import Budget
from telefonistka_py.promotion.route import Matcher

_MOST_TARGETS = 1_000
"""Target directories that are followed."""


@dataclass(frozen=True)
class Loop:
    loc: Loc
    """The target, among those of the loop, that the configuration names last."""
    way: tuple[str, ...]
    """Directories, the first of them again at the end."""


def find(config: Config) -> Iterator[Loop]:
    """Each loop once, as far as flows without a condition make it: a promotion carries no label of its own accord.

    Raises `RepoMistake` when a pattern takes too long.
    """
    places = _targets(config)
    if len(places) > _MOST_TARGETS:
        return
    onward = _onward(config, places)
    told: set[frozenset[str]] = set()
    for start in places:
        way = _back_to(start, onward)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            loc = max((places[each] for each in way), key=_place)
            yield Loop(loc, (*way, way[0]))


def _targets(config: Config) -> dict[str, Loc]:
    """Every target directory of the flows without a condition, with the first place that names it."""
    found: dict[str, Loc] = {}
    for number, flow in enumerate(config.promotion_paths):
        if flow.conditions.pr_has_labels is None:
            for pull, promotion in enumerate(flow.promotion_prs):
                for index, target in enumerate(promotion.target_paths):
                    loc = ("promotionPaths", number, "promotionPrs", pull, "targetPaths", index)
                    found.setdefault(target.rstrip("/"), loc)
    return found


def _onward(config: Config, places: dict[str, Loc]) -> dict[str, list[str]]:
    """Where what arrives in each target directory is carried next, by the first flow that takes it from there."""
    flows = [flow for flow in config.promotion_paths if flow.conditions.pr_has_labels is None]
    matchers, budget = [Matcher.of(flow) for flow in flows], Budget()
    found: dict[str, list[str]] = {}
    for place in places:
        budget.check()
        for flow, matcher in zip(flows, matchers, strict=True):
            component = f"{place}/" + "x/" * (flow.component_path_extra_depth + 1)
            changed = matcher.component(component)
            if changed and changed.source.rstrip("/") == place:
                targets = (target.rstrip("/") for promotion in flow.promotion_prs for target in promotion.target_paths)
                found[place] = [target for target in targets if target != place]
                break
    return found


def _place(loc: Loc) -> tuple[int, ...]:
    return tuple(part for part in loc if isinstance(part, int))


def _back_to(start: str, onward: dict[str, list[str]]) -> tuple[str, ...]:
    """The shortest way from `start` back to it; empty when there is none."""
    before: dict[str, str] = {}
    queue = [start]
    for here in queue:
        for there in onward.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if there not in before:
                before[there] = here
                queue.append(there)
    return ()
