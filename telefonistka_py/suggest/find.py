"""Finds the environments of a repository: directories that hold components of the same names."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from telefonistka_py.names import RepoPath
from telefonistka_py.suggest import folders, words
from telefonistka_py.suggest.folders import Folders, name_of
from telefonistka_py.suggest.model import Environment, Layout, Nothing

DEEPEST = 4
"""Levels of regions and clusters below an environment, and of an environment below the root."""

_ELSEWHERE = "dev/my-app and prod/my-app"
_EXAMPLES = "config-examples shows common setups, each with a telefonistka.yaml"


@dataclass(frozen=True)
class _Place:
    """A directory that may be an environment, and where below it the components are."""

    path: RepoPath
    holders: tuple[RepoPath, ...]

    def names(self, tree: Folders) -> frozenset[str]:
        found = (name for holder in self.holders for name in tree.names(holder))
        return frozenset(name for name in found if not words.is_part(name) and words.rank(name) is None)


def layout(files: Iterable[RepoPath]) -> Layout | Nothing:
    """The environments among the directories of `files`."""
    tree = folders.of(files)
    if not tree.below:
        return Nothing("There are no folders with files to promote.")
    candidates = list(_candidates(tree, RepoPath(""), DEEPEST))
    left_out: list[str] = []
    places = [_descended(tree, path) for path in candidates if not _is_kustomize_base(tree, path, left_out)]
    found = _environments(tree, _sharing(tree, places), left_out)
    if len(found) < 2:
        found = _environments(tree, _siblings(tree), left_out)
    if len(found) < 2:
        return Nothing(_why(tree, candidates))
    found = _with_groups_as_depth(tree, found)
    directories = frozenset((*tree.below, *(child for below in tree.below.values() for child in below)))
    depth = _depth(tree, found)
    examples = tuple(_example(tree, each, holder, depth) for each in found for holder in each.holders)
    return Layout(tuple(found), depth, examples, tuple(left_out), directories)


def _candidates(tree: Folders, path: RepoPath, levels: int) -> Iterator[RepoPath]:
    """Directories called like an environment, but for those inside another, or that only group several."""
    for child in tree.children(path):
        stages = [below for below in tree.children(child) if words.rank(name_of(below)) is not None]
        if words.rank(name_of(child)) is not None and len({words.rank(name_of(below)) for below in stages}) < 2:
            yield child
        elif levels:
            yield from _candidates(tree, child, levels - 1)


def _is_kustomize_base(tree: Folders, path: RepoPath, left_out: list[str]) -> bool:
    """What overlays refer to is theirs in common: promoted over them, it would replace them."""
    is_one = name_of(path) == "base" and any(child in tree.indexed for child in tree.children(path))
    if is_one:
        left_out.append(f"{path} looks like a Kustomize base, which overlays share and nothing is promoted from.")
    return is_one


def _descended(tree: Folders, path: RepoPath) -> _Place:
    """Goes down through regions and clusters to the directories that hold the components."""
    holders: tuple[RepoPath, ...] = (path,)
    for _ in range(DEEPEST):
        below = _below(tree, holders)
        if not below or not (_are_places(below) or _are_alike(tree, below)):
            break
        holders = below
    return _Place(path, holders)


def _below(tree: Folders, holders: Iterable[RepoPath]) -> tuple[RepoPath, ...]:
    """The directories in `holders` that have directories themselves."""
    return tuple(child for holder in holders for child in tree.children(holder) if tree.children(child))


def _are_places(paths: Iterable[RepoPath]) -> bool:
    names = [name_of(path) for path in paths]
    places = [name for name in names if words.is_place(name) or words.rank(name) is not None]
    return 2 * len(places) > len(names)


def _are_alike(tree: Folders, paths: tuple[RepoPath, ...]) -> bool:
    """Clusters hold the same components as one another, and no files of their own; components do neither."""
    if len(paths) < 2 or any(path in tree.full for path in paths):
        return False
    sets = [tree.names(path) for path in paths]
    if any(words.is_part(name) or words.rank(name) is not None for names in sets for name in names):
        return False
    together, common = frozenset().union(*sets), frozenset.intersection(*sets)
    return 2 * len(common) >= len(together)


def _sharing(tree: Folders, places: list[_Place]) -> list[_Place]:
    """Those that share names of components with others, looked for further down where they don't at once."""
    found: list[_Place] = []
    are_elsewhere = _names_elsewhere(tree, places)
    for place in places:
        holders = place.holders
        for _ in range(DEEPEST):
            here = _Place(place.path, holders)
            if are_elsewhere(place, here):
                found.append(here)
                break
            holders = _below(tree, holders)
    are_elsewhere = _names_elsewhere(tree, found)
    return [
        _Place(place.path, kept)
        for place in found
        if (kept := tuple(each for each in place.holders if are_elsewhere(place, _Place(each, (each,)))))
    ]


def _names_elsewhere(tree: Folders, places: list[_Place]) -> Callable[[_Place, _Place], bool]:
    """Tells whether a component that the second of two places holds is in any of `places` but the first."""
    own = {place.path: place.names(tree) for place in places}
    counts = Counter(name for names in own.values() for name in names)
    return lambda place, here: any(counts[name] > (name in own[place.path]) for name in here.names(tree))


def _siblings(tree: Folders) -> list[_Place]:
    """Where no name says so: directories side by side that hold the same components, the most of them."""
    best: list[_Place] = []
    most = 0
    for parent in sorted(tree.below):
        members = [
            _Place(child, (child,))
            for child in tree.children(parent)
            if tree.children(child) and child not in tree.full
        ]
        if len(members) < 2 or any(words.is_place(name_of(member.path)) for member in members):
            continue
        common = frozenset.intersection(*(member.names(tree) for member in members))
        if len(common) * len(members) > most:
            best, most = members, len(common) * len(members)
    return best


def _names_of(tree: Folders, places: Iterable[_Place]) -> frozenset[str]:
    return frozenset().union(*(place.names(tree) for place in places))


def _environments(tree: Folders, places: Iterable[_Place], left_out: list[str]) -> list[Environment]:
    """Places of one name are one environment, as `us/prod` and `eu/prod` are."""
    named: dict[str, list[_Place]] = defaultdict(list)
    for place in places:
        named[name_of(place.path)].append(place)
    found = []
    for name, group in named.items():
        holders = tuple(sorted(holder for place in group for holder in place.holders))
        rank = words.rank(name)
        found.append(Environment(name, words.UNKNOWN if rank is None else rank, holders, _names_of(tree, group)))
    return sorted(found, key=lambda each: (each.rank, each.name))


def _with_groups_as_depth(tree: Folders, found: list[Environment]) -> list[Environment]:
    """With teams that each environment has alike as a part of the components' names: `dev/payments/api`.

    A flow for each of them would leave out the next one. Regions stay what they are: another one in the next stage is
    a target of its own. So do clusters, which the environments don't share.
    """
    tops = [_top(each) for each in found]
    groups = [frozenset(name_of(holder) for holder in each.holders) for each in found]
    if not all(tops) or len(groups[0]) < 2 or not all(names <= groups[0] for names in groups[1:]):
        return found
    if any(words.is_place(name) for name in groups[0]):
        return found
    return [
        replace(each, holders=(top,), components=tree.names(top))
        for each, top in zip(found, tops, strict=True)
        if top is not None
    ]


def _top(environment: Environment) -> RepoPath | None:
    """The directory of its own name that all its holders lie right in; None when there is no such one."""
    above = {RepoPath(holder.rpartition("/")[0]) for holder in environment.holders}
    top = above.pop()
    return top if not above and name_of(top) == environment.name else None


def _depth(tree: Folders, found: list[Environment]) -> int:
    """How far below a holder the components are: `payments/api` where the directories right below hold no files."""
    level = [child for each in found for holder in each.holders for child in tree.children(holder)]
    for depth in range(DEEPEST):
        below = [child for path in level for child in tree.children(path)]
        names = [name_of(path) for path in below]
        parts = [name for name in names if words.is_part(name) or words.rank(name) is not None]
        if any(tree.has_content(path) for path in level) or not below or 2 * len(parts) > len(names):
            return depth
        level = below
    return 0


def _example(tree: Folders, environment: Environment, holder: RepoPath, depth: int) -> RepoPath:
    """A component in `holder`, by its path."""
    children = tree.children(holder)
    found = next((child for child in children if name_of(child) in environment.components), children[0])
    for _ in range(depth):
        found = next(iter(tree.children(found)), found)
    return found


def _why(tree: Folders, candidates: list[RepoPath]) -> str:
    stages = [path for path in candidates if name_of(path) != "base"]
    inside = [path for path in stages if "/" in path and not tree.children(path)]
    if len(inside) > 1 and 2 * len(inside) > len(stages):
        return (
            f"The environments lie inside each application ({', '.join(inside[:3])}), as Kustomize overlays do. That "
            "is not supported yet: a flow promotes an application from the folder of one environment to the same name "
            "in the folder of the next. What it needs is a folder for each environment with the applications in it, "
            f"such as {_ELSEWHERE}; a base that they share can stay where it is; {_EXAMPLES}."
        )
    if candidates:
        return (
            f"{', '.join(candidates[:5])} look like environments, but no two of them hold folders of the same names; "
            f"{_EXAMPLES}."
        )
    return f"No two folders hold components of the same names; {_EXAMPLES}."
