"""What must hold between the keys of a configuration that is well-formed by itself."""

from collections.abc import Iterator

from telefonistka_py.config.document import Loc
from telefonistka_py.config.model import Config, PromotionPath

MOST_TARGETS = 5_000
"""How many target paths one file may name in all (N27)."""


def broken(config: Config) -> Iterator[tuple[Loc, str]]:
    """The key and a sentence for each rule that does not hold."""
    count = sum(len(pr.target_paths) for flow in config.promotion_paths for pr in flow.promotion_prs)
    if count > MOST_TARGETS:
        yield ("promotionPaths",), f"name {count:,} target paths in all; at most {MOST_TARGETS:,} are taken"
    yield from _targets_inside_their_source(config)


def doubtful(config: Config) -> Iterator[tuple[Loc, str]]:
    """What can be used as it is, but hardly means what was meant."""
    for at, flow in enumerate(config.promotion_paths):
        if flow.conditions.pr_has_labels == ():
            loc = ("promotionPaths", at, "conditions", "prHasLabels")
            yield loc, "is an empty list, which never holds, so the flow is never used; leave the key out for any label"
        if "promotion_prs" not in flow.model_fields_set:
            said = "names no target, so what this flow takes is promoted nowhere; if that is meant, write []"
            yield ("promotionPaths", at, "promotionPrs"), said
        yield from _targets_named_twice(at, flow)


def _targets_named_twice(at: int, flow: PromotionPath) -> Iterator[tuple[Loc, str]]:
    """Within one flow; what several flows name may never be used together."""
    first: dict[str, tuple[str | int, ...]] = {}
    for number, promotion in enumerate(flow.promotion_prs):
        for index, target in enumerate(promotion.target_paths):
            loc = ("promotionPaths", at, "promotionPrs", number, "targetPaths", index)
            before = first.setdefault(target.rstrip("/"), loc)
            if before is loc:
                continue
            if before[3] == number:
                yield loc, f"names {target!r} a second time in the same list; name it once"
            else:
                other = f"promotionPrs[{before[3]}]"
                said = (
                    f"names {target!r}, which {other} of the same flow names as well: two pull requests will make the "
                )
                yield loc, f"{said}same change; name it in one of them"


def _targets_inside_their_source(config: Config) -> Iterator[tuple[Loc, str]]:
    """Only a source without wildcards can be judged here (N10); the plan looks at the rest, path by path."""
    for at, flow in enumerate(config.promotion_paths):
        if any(letter in flow.source_path for letter in r"\*+?()[]{}|^$"):
            continue
        source = flow.source_path.rstrip("/") + "/"
        for number, promotion in enumerate(flow.promotion_prs):
            for index, target in enumerate(promotion.target_paths):
                bare = target.rstrip("/") + "/"
                if bare.startswith(source) and bare != source:
                    loc = ("promotionPaths", at, "promotionPrs", number, "targetPaths", index)
                    yield loc, f"{target!r} lies inside its own source {flow.source_path!r}"
