"""Which components of a pull request are compared with the clusters (contract §11)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from telefonistka_py.config.model import Config
from telefonistka_py.events.model import PullRequest
from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion import draft, metadata, route
from telefonistka_py.promotion.model import Metadata

MOST = 100
"""Components that are compared on one pull request; each costs Argo CD a rendering (N27)."""


@dataclass(frozen=True)
class Concerned:
    """What a pull request is about."""

    components: tuple[RepoPath, ...]
    """Sorted, at most `MOST`."""
    beyond: int = 0
    """How many more there are."""
    outside: tuple[RepoPath, ...] = ()
    """Changed files of a promotion that it does not account for. It does by what it says it promotes, which people can
    edit: only what the configuration can promote counts, or else the root would account for everything (N25)."""


def promotion_of(pull: PullRequest, us: Login, *, labelled: bool = True) -> Metadata | None:
    """What `pull` promotes, when it is one of ours: our label, our metadata, and we opened it; else None (N25).

    `labelled=False` asks for the latter two: the event that it was opened comes before the label.
    """
    if pull.author != us or (labelled and draft.LABEL not in pull.labels):
        return None
    try:
        found = metadata.read(pull.body)
    except metadata.Broken:
        return None
    return found if found and found.promoted_paths else None


def of(pull: PullRequest, us: Login, config: Config, paths: Iterable[RepoPath]) -> Concerned:
    """Of a promotion, the paths that it promotes, and whatever else it changes; of another one, the components that
    its changed files `paths` belong to. Raises `RepoMistake` when a pattern takes too long."""
    changed = list(paths)
    promotion = promotion_of(pull, us, labelled=False)
    if promotion is None:
        return _limited(_changed(config, changed), ())
    promoted = {path for each in promotion.promoted_paths if (path := RepoPath(each.strip("/")))}
    depths = _depths(config)
    genuine = {path for path in promoted if any(path == place for place in _below(f"{path}/", depths))}
    outside = tuple(path for path in changed if not _lies_in(path, genuine))
    return _limited(promoted | _changed(config, outside), outside)


def _limited(found: Iterable[RepoPath], outside: tuple[RepoPath, ...]) -> Concerned:
    every = sorted(found)
    return Concerned(tuple(every[:MOST]), max(0, len(every) - MOST), outside)


def _changed(config: Config, paths: Iterable[RepoPath]) -> set[RepoPath]:
    """By the first flow that has a component there, its conditions aside; else by the first that promotes to there: a
    change made by hand in a target reaches a cluster as well."""
    changed = list(paths)
    routes = route.find(config, changed, frozenset())
    found = {each.path for lot in routes.lots for each in lot.components}
    found |= {each.component for each in routes.passed_over if not _overlaps(each.component, found)}
    depths = _depths(config)
    directories = {f"{file.rpartition('/')[0]}/" for file in changed if not _lies_in(file, found)}
    return found | {place for each in directories for place in list(_below(each, depths))[-1:]}


def _depths(config: Config) -> dict[str, list[int]]:
    """Target directory → of how many segments the names of components are that are promoted there."""
    found: dict[str, list[int]] = {}
    for flow in config.promotion_paths:
        for promotion in flow.promotion_prs:
            for target in promotion.target_paths:
                found.setdefault(target.rstrip("/"), []).append(flow.component_path_extra_depth + 1)
    return found


def _below(directory: str, depths: Mapping[str, Sequence[int]]) -> Iterator[RepoPath]:
    """The components of targets that `directory`, with its trailing slash, is in or is itself; the deepest one last."""
    steps = directory.rstrip("/").split("/")
    for at in range(1, len(steps)):
        for depth in depths.get("/".join(steps[:at]), ()):
            if len(steps) >= at + depth:
                yield RepoPath("/".join(steps[: at + depth]))


def _lies_in(file: RepoPath, components: Set[RepoPath]) -> bool:
    return any(RepoPath(file[:at]) in components for at, letter in enumerate(file) if letter == "/")


def _overlaps(one: RepoPath, others: Iterable[RepoPath]) -> bool:
    return any(f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/") for other in others)
