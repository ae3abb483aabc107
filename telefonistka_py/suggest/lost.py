"""What the first promotions after a proposal would remove: files that a target has and its source lacks."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from telefonistka_py import counted
from telefonistka_py.names import RepoPath
from telefonistka_py.suggest.model import Flow, Layout

MOST_NAMED = 8
"""Files that are named; the others are counted."""

_Held = dict[str, set[str]]
"""The files of one directory's components: paths within the component, by the component's name."""


def files(paths: Iterable[RepoPath], layout: Layout, flows: Sequence[Flow]) -> tuple[RepoPath, ...]:
    """The files among `paths`, all of the repository's, that a promotion would remove from a component which stays;
    sorted. Components that a target alone has are left out: no promotion touches them."""
    held = _held(paths, layout)
    found: set[str] = set()
    for flow in flows:
        targets = [target for _, targets in flow.pulls for target in targets]
        for source in (holder for holder in held if re.match(flow.source, f"{holder}/")):
            for target in targets:
                for component in held[source].keys() & held.get(target, {}).keys():
                    gone = held[target][component] - held[source][component]
                    found.update(f"{target}/{component}/{rest}" for rest in gone)
    return tuple(RepoPath(path) for path in sorted(found))


def told(found: Sequence[RepoPath]) -> str:
    """What a person should know of them before the proposal is merged; empty when there are none."""
    if not found:
        return ""
    lines = [
        "A target becomes exactly its source. The first promotion of its component would remove "
        f"{counted.of(len(found), 'file')} that a target alone has:",
        *(f"  {path}" for path in found[:MOST_NAMED]),
        *([f"  and {len(found) - MOST_NAMED:,} more"] if len(found) > MOST_NAMED else []),
        "To keep them, put them into the source as well, or outside of the components, before this file is merged.",
    ]
    return "\n".join((*lines, ""))


def _held(paths: Iterable[RepoPath], layout: Layout) -> dict[RepoPath, _Held]:
    holders = {holder for environment in layout.environments for holder in environment.holders}
    found: dict[RepoPath, _Held] = defaultdict(lambda: defaultdict(set))
    for path in paths:
        parts = path.split("/")
        # A component's name has `depth` segments beyond one, and a file of it at least one more.
        for end in range(1, len(parts) - layout.depth - 1):
            holder = RepoPath("/".join(parts[:end]))
            if holder in holders:
                name = end + layout.depth + 1
                found[holder]["/".join(parts[end:name])].add("/".join(parts[name:]))
    return found
