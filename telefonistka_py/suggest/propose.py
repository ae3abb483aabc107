"""From environments and an order to flows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from telefonistka_py.names import RepoPath
from telefonistka_py.suggest.model import Choice, Environment, Flow, Layout

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def usual(layout: Layout) -> Choice:
    """What is proposed before anybody chose: environments of one rank together, but for the first, where a change has
    to begin somewhere; and a pull request for each folder of what is last."""
    ranks: dict[int, list[str]] = {}
    for at, environment in enumerate(layout.environments):
        # Names that say nothing of their order are stages of their own.
        key = environment.rank if layout.order_is_known else at
        ranks.setdefault(key, []).append(environment.name)
    first, *others = ranks.values()
    order = [(first[0],), *([tuple(first[1:])] if first[1:] else []), *(tuple(names) for names in others)]
    return Choice(tuple(order), frozenset(order[-1]) if len(folders_of(layout, order[-1])) > 1 else frozenset())


def folders_of(layout: Layout, names: Sequence[str]) -> tuple[RepoPath, ...]:
    """The folders of these environments, in their order."""
    return tuple(holder for each in layout.environments if each.name in names for holder in each.holders)


def flows(layout: Layout, choice: Choice) -> tuple[Flow, ...]:
    """One flow for each step; for each region where source and targets have the same regions."""
    by_name = {environment.name: environment for environment in layout.environments}
    found: list[Flow] = []
    for sources, targets in pairwise(choice.order):
        found += _step(layout, by_name[sources[-1]], [by_name[name] for name in targets], choice.apart)
    return tuple(found)


def may_divide(layout: Layout, order: tuple[tuple[str, ...], ...], group: Sequence[str]) -> bool:
    """Whether pull requests for each folder of `group`, one of `order`, are others than those for all together."""
    return _divided(layout, order, ()) != _divided(layout, order, group)


def _divided(
    layout: Layout, order: tuple[tuple[str, ...], ...], apart: Iterable[str]
) -> list[list[tuple[RepoPath, ...]]]:
    found = flows(layout, Choice(order, frozenset(apart)))
    return [[targets for _, targets in flow.pulls] for flow in found]


def example(layout: Layout, flows: Sequence[Flow]) -> tuple[RepoPath, Flow]:
    """A component that one of `flows` promotes, the first there is, and that flow."""
    found = ((each, flow) for flow in flows for each in layout.examples if re.match(flow.source, each))
    return next(found)


def _step(layout: Layout, source: Environment, targets: Sequence[Environment], apart: frozenset[str]) -> Iterator[Flow]:
    holders = [holder for target in targets for holder in target.holders]
    if len(source.holders) > 1 and (pairs := _by_place(source, targets)):
        for origin, own in pairs:
            said = f"{origin} → {', '.join(own)}"
            yield Flow(f"{_escaped(origin)}/", tuple(_pulls(targets, own, apart)), said)
        return
    yield Flow(
        _pattern(layout, source.holders, holders), tuple(_pulls(targets, holders, apart)), _arrow(source, targets)
    )


def _arrow(source: Environment, targets: Sequence[Environment]) -> str:
    return f"{source.name} → {', '.join(target.name for target in targets)}"


def _pulls(
    targets: Sequence[Environment], holders: Iterable[RepoPath], apart: frozenset[str]
) -> Iterator[tuple[str, tuple[RepoPath, ...]]]:
    """One pull request for all environments that stay together, and one for each directory of the others."""
    wanted = set(holders)
    together = [each for each in targets if each.name not in apart and wanted.intersection(each.holders)]
    if together:
        paths = tuple(holder for each in together for holder in each.holders if holder in wanted)
        # Of several pull requests to one environment, each says which part it goes to, as those of the last stage do.
        whole = len(paths) == sum(len(each.holders) for each in together)
        yield ", ".join(each.name for each in together) if whole else ", ".join(paths), paths
    for each in targets:
        if each.name in apart:
            for holder in each.holders:
                if holder in wanted:
                    yield holder, (holder,)


def _by_place(source: Environment, targets: Sequence[Environment]) -> list[tuple[RepoPath, list[RepoPath]]]:
    """Each source with the targets in the same place (region, cluster); empty unless every target has its source."""
    keys = _keys([source, *targets])
    origins = {keys[holder]: holder for holder in source.holders}
    goals = [holder for target in targets for holder in target.holders]
    if len(origins) < len(source.holders) or not {keys[goal] for goal in goals} <= origins.keys():
        return []
    pairs = [(origin, [goal for goal in goals if keys[goal] == key]) for key, origin in origins.items()]
    return [(origin, own) for origin, own in pairs if own]


def _keys(environments: Sequence[Environment]) -> dict[RepoPath, tuple[str, ...]]:
    """What is left of each directory's path without the environment's own name: where it is."""
    found: dict[RepoPath, tuple[str, ...]] = {}
    for environment in environments:
        for holder in environment.holders:
            parts = holder.split("/")
            parts.remove(environment.name)
            found[holder] = tuple(parts)
    return found


def _pattern(layout: Layout, sources: Sequence[RepoPath], targets: Iterable[RepoPath]) -> str:
    """The pattern of exactly these directories."""
    if len(sources) == 1:
        return f"{_escaped(sources[0])}/"
    if (wild := _wild(sources)) and _fits(wild, layout, sources, targets):
        return f"{wild}/"
    return f"({'|'.join(_escaped(source) for source in sources)})/"


def _wild(sources: Sequence[RepoPath]) -> str:
    """With `[^/]+` for each segment in which they differ; empty when they are not equally deep."""
    split = [source.split("/") for source in sources]
    if len({len(parts) for parts in split}) > 1:
        return ""
    columns = (set(column) for column in zip(*split, strict=True))
    return "/".join(_escaped(column.pop()) if len(column) == 1 else "[^/]+" for column in columns)


def _fits(wild: str, layout: Layout, sources: Sequence[RepoPath], targets: Iterable[RepoPath]) -> bool:
    """Whether it means these directories alone, and no target lies in what it means."""
    alone = {path for path in layout.directories if re.fullmatch(wild, path)} == set(sources)
    return alone and not any(re.match(f"{wild}/", f"{target}/") for target in targets)


def _escaped(path: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", path)
