"""Random repositories and configurations, small but full of what goes wrong: names that sort oddly, files where
directories stand elsewhere, sources inside targets, components that are gone."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from telefonistka_py.config import read
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.names import RepoPath
from tests import builders
from tests.builders import File

TOPS = ("w", "w", "w/a", "dev", "dev/a", "dev/x", "t", "t/a", "t/u")
NAMES = ("a", "a", "a.b", "b", "f", "größe x")

leaves = st.sampled_from(
    [
        builders.file("1"),
        builders.file("2"),
        builders.file(""),
        builders.executable("1"),
        builders.symlink("1"),
        builders.submodule("1" * 40),
        builders.submodule("2" * 40),
    ]
)
segments = st.sampled_from(NAMES)
paths = st.builds(lambda top, rest: "/".join([top, *rest]), st.sampled_from(TOPS), st.lists(segments, max_size=4))


def _consistent(wished: list[tuple[str, File]]) -> dict[str, File]:
    """Without paths that can't stand beside one that came before."""
    files: dict[str, File] = {}
    for path, leaf in wished:
        inside = any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in files)
        if not inside:
            files[path] = leaf
    return files


trees = (
    st.lists(st.tuples(paths, leaves), min_size=2, max_size=25)
    .map(_consistent)
    .map(lambda files: {"README": builders.file("1"), **files})
)
"""A repository: never quite empty."""

_sources = st.sampled_from(["w/", "w", "w/", "w", "dev/", "[^/]*/", "dev/[^/]*", "(w|dev)/", "t", "dev/x/|w/"])
_targets = st.sampled_from(["dev/", "dev", "dev/x/", "t/", "t/u", "t/a", "new/", "w/"])
_flows = st.builds(
    lambda source, targets, depth: builders.flow(source, *targets, depth=depth),
    _sources,
    st.lists(st.lists(_targets, min_size=1, max_size=3, unique=True), min_size=1, max_size=2),
    st.sampled_from([0, 0, 0, 1]),
)


def _config(flows: list[dict[str, Any]]) -> Config | None:
    found = read.root(builders.yaml({"promotionPaths": flows}))
    return found.value if isinstance(found, Valid) else None


configs = st.lists(_flows, min_size=1, max_size=3).map(_config).filter(lambda config: config is not None)


def _component(block: list[str] | None, allow: list[str] | None) -> Valid[Component] | Invalid:
    return builders.component(promotionTargetBlockList=block, promotionTargetAllowList=allow)


_lists = st.builds(
    _component, st.sampled_from([None, ["^dev"], ["("]]), st.sampled_from([None, None, ["t"], ["dev", "t"], []])
)


@dataclass(frozen=True)
class Case:
    """A repository after a merge, its configuration, and the files that the merge changed."""

    files: dict[str, File]
    config: Config
    changed: tuple[RepoPath, ...]
    lists: dict[RepoPath, Valid[Component] | Invalid]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    files = draw(trees)
    config = draw(configs)
    assert config is not None
    changed = draw(st.lists(st.one_of(st.sampled_from(sorted(files, reverse=True)), paths), min_size=1, max_size=8))
    listed = draw(
        st.dictionaries(st.sampled_from(["w/a", "w/b", "dev/a", "dev/x/a"]).map(RepoPath), _lists, max_size=2)
    )
    return Case(files, config, tuple(RepoPath(path) for path in changed), listed)
