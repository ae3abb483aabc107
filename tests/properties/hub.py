"""GitHub's `POST git/trees`, as strictly as anyone has reported it: what is disputed is refused.

A tree is a flat dict, path → leaf. https://docs.github.com/en/rest/git/trees#create-a-tree
"""

from collections.abc import Callable, Iterable, Mapping

from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree.graft import Write
from telefonistka_py.tree.model import Entry, Mode
from tests.builders import File

Flat = dict[str, Entry]
Open = Callable[[Sha], Flat]
"""The leaves below a tree, by its id; KeyError for one that is not in the repository."""

_KINDS = {"blob": {Mode.FILE, Mode.EXECUTABLE, Mode.SYMLINK}, "tree": {Mode.DIRECTORY}, "commit": {Mode.SUBMODULE}}


class Refused(Exception):
    """422."""


def flat(files: Mapping[str, File]) -> Flat:
    return {path: file.entry for path, file in files.items()}


def post(base: Flat, writes: Iterable[Write], opened: Open) -> Flat:
    """The tree that GitHub makes of `base_tree` and the entries."""
    writes = list(writes)
    _refuse_contradictions([write.path for write in writes])
    after = dict(base)
    for write in writes:
        write.path.encode()  # what is no UTF-8 can't be sent at all
        if write.mode not in _KINDS[write.kind]:
            raise Refused(f"{write.path}: mode {write.mode:o} is no {write.kind}")
        if write.sha is None:
            _delete(base, after, write.path)
        elif write.kind == "tree":
            _refuse_below_files(base, write.path, itself=True)
            after |= {f"{write.path}/{path}": entry for path, entry in opened(write.sha).items()}
        else:
            _refuse_below_files(base, write.path, itself=False)
            if any(path.startswith(f"{write.path}/") for path in base):
                raise Refused(f"{write.path} is a directory")
            after[write.path] = Entry(write.mode, write.sha)
    return after


def apply(base: Flat, steps: Iterable[Iterable[Write]], opened: Open) -> Flat:
    """One request upon the other."""
    for step in steps:
        base = post(base, step, opened)
    return base


def below(tree: Flat, path: str) -> Flat:
    """What stands at `path`: leaves relative to it; a leaf itself under the empty name."""
    found = {name.removeprefix(f"{path}/"): entry for name, entry in tree.items() if name.startswith(f"{path}/")}
    return {"": tree[path]} if path in tree else found


def _delete(base: Flat, after: Flat, path: RepoPath) -> None:
    if path not in base:
        raise Refused(f"{path} is no file that is there")
    del after[path]


def _refuse_contradictions(paths: list[RepoPath]) -> None:
    if len(set(paths)) < len(paths):
        raise Refused("one path twice")
    named = set(paths)
    for path in paths:
        for above in _above(path):
            if above in named:
                raise Refused(f"{path} lies inside {above}, which is written too")


def _refuse_below_files(base: Flat, path: RepoPath, *, itself: bool) -> None:
    for above in [*_above(path), *([path] if itself else [])]:
        if above in base:
            raise Refused(f"{above} is a file")


def _above(path: str) -> list[RepoPath]:
    parts = path.split("/")
    return [RepoPath("/".join(parts[:depth])) for depth in range(1, len(parts))]
