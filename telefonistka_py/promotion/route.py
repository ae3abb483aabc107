"""Which components changed, and which flow takes each (contract §3)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

import regex

from telefonistka_py.config import patterns
from telefonistka_py.config.model import Conditions, Config, PromotionPath
from telefonistka_py.config.patterns import Budget
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion.model import Changed, Lot, PassedOver, Routes


def find(config: Config, paths: Iterable[RepoPath], labels: frozenset[str]) -> Routes:
    """Sorts the components that `paths` (changed files, renames under both names) belong to into lots.

    Each component takes the first flow that yields it and whose conditions hold. Lots come in the order of the
    configuration. Raises `RepoMistake` when a pattern takes too long.
    """
    # A component is decided by directories alone, so files that lie together are matched once.
    directories = dict.fromkeys(path.rpartition("/")[0] for path in paths)
    taken: dict[int, set[Changed]] = {}
    passed: dict[PassedOver, None] = {}
    budget = Budget()
    candidates = [
        (number, Matcher.of(flow), _refusal(flow.conditions, labels))
        for number, flow in enumerate(config.promotion_paths)
    ]
    for directory in directories:
        budget.check()
        for number, matcher, refusal in candidates:
            changed = matcher.component(f"{directory}/")
            if changed is None:
                continue
            if refusal is None:
                taken.setdefault(number, set()).add(changed)
                break
            passed[PassedOver(changed.path, number, matcher.flow.source_path, refusal)] = None
    lots = (
        lot
        for number, flow in enumerate(config.promotion_paths)
        if number in taken
        for lot in _lots(number, flow, taken[number])
    )
    return Routes(tuple(_with_own_branches(lots)), tuple(passed))


def component_of(flow: PromotionPath, directory: str) -> Changed | None:
    """The component that a file in `directory` (with its trailing slash) belongs to by `flow` alone."""
    return Matcher.of(flow).component(directory)


@dataclass(frozen=True)
class Matcher:
    """Finds the component that a directory belongs to, for one flow."""

    flow: PromotionPath
    prefix: str
    split: regex.Pattern[str]
    split_at_slash: regex.Pattern[str]
    whole: regex.Pattern[str]

    @classmethod
    def of(cls, flow: PromotionPath) -> "Matcher":
        """Compiles what `flow` needs, once."""
        source = flow.source_path
        name = rf"(?P<telefonistka_name>[^/]+(?:/[^/]+){{{flow.component_path_extra_depth}}})/"
        return cls(
            flow,
            patterns.prefix(source),
            patterns.compiled(source, "(?P<telefonistka_source>(?:", f")){_BORDER}{name}"),
            patterns.compiled(source, "(?P<telefonistka_source>(?:", f")){_SLASH}{name}"),
            patterns.compiled(source, "(?:", r")\Z"),
        )

    def component(self, directory: str) -> Changed | None:
        """The component that a file in `directory` (with its trailing slash) belongs to; None when the flow has none.

        The file must lie inside the component: one directly in the source directory belongs to none.
        """
        if not directory.startswith(self.prefix):
            return None
        found = self._split(self.split, directory)
        if found and found.source.endswith("/") and self._takes_more(found):
            return self._split(self.split_at_slash, directory)
        return found

    def _split(self, pattern: regex.Pattern[str], directory: str) -> Changed | None:
        found = patterns.match(pattern, self.flow.source_path, directory)
        return Changed(name=found["telefonistka_name"], source=found["telefonistka_source"]) if found else None

    def _takes_more(self, found: Changed) -> bool:
        """Whether the pattern ended after a slash only because its wildcard took nothing.

        `staging/[^/]*` matches `staging/` too, but what it means is each directory in it: `staging/c1` is a source
        then, not the component `c1`, whose promotion would put a whole cluster into another.
        """
        deeper = found.source + found.name.partition("/")[0]
        return patterns.match(self.whole, self.flow.source_path, deeper) is not None


# Where the source was matched without its trailing slash, one must follow: `clusters/dev` is not `clusters/dev2`.
_SLASH = r"(?<!/)/"
_BORDER = rf"(?:(?<=/)|{_SLASH})"


def _refusal(conditions: Conditions, labels: frozenset[str]) -> str | None:
    """Why the conditions don't hold; None when they do."""
    wanted = conditions.pr_has_labels
    if wanted is None or labels.intersection(wanted):
        return None
    if not wanted:
        return "its prHasLabels is an empty list, which never holds"
    return f"the pull request has none of the labels {', '.join(wanted)}"


def _lots(number: int, flow: PromotionPath, components: set[Changed]) -> Iterator[Lot]:
    seen: set[tuple[str, ...]] = set()
    for promotion in flow.promotion_prs:
        targets = tuple(sorted(promotion.target_paths))
        if targets in seen:
            continue
        seen.add(targets)
        yield Lot(
            flow=number,
            targets=promotion.target_paths,
            description=promotion.target_description or " ".join(promotion.target_paths),
            auto_merge=flow.conditions.auto_merge,
            components=tuple(sorted(components)),
        )


def _with_own_branches(lots: Iterable[Lot]) -> Iterator[Lot]:
    """Two flows that go to the same targets would share a branch name, which is made of the targets alone.

    Targets count as that name's hash takes them, joined: `a_b` is the same as `a` and `b`.
    """
    seen: set[tuple[str, str]] = set()
    for lot in lots:
        targets, number = "_".join(sorted(lot.targets)), f"-{lot.flow + 1}"
        suffixes = chain(("", number), (f"{number}-{again}" for again in count(2)))
        suffix = next(suffix for suffix in suffixes if (targets, suffix) not in seen)
        seen.add((targets, suffix))
        yield replace(lot, branch_suffix=suffix)
