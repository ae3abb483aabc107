"""Which ways every component of a repository can take, and which differ between two configurations."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, route, survey
from telefonistka_py.promotion.survey import Stop, Survey, Way
from telefonistka_py.tree.model import Entry, Mode
from tests import builders


def still() -> float:
    return 0.0


def of(config: Config, paths: Iterable[str], files: Mapping[str, Valid[Component] | Invalid] | None = None) -> Survey:
    own = {RepoPath(path): file for path, file in (files or {}).items()}
    return survey.make(config, survey.takers(config, map(RepoPath, paths), still), own, still)


def way(*pulls: list[str], labels: tuple[str, ...] | None = None, auto_merge: bool = False) -> Way:
    return Way(labels, auto_merge, tuple(tuple(Stop(RepoPath(path)) for path in paths) for paths in pulls))


def test_every_component_is_listed_with_its_targets() -> None:
    config = builders.config(builders.flow("w/", ["dev/", "lab/"], ["prod/"]), builders.flow("lab/", ["prod/"]))
    assert of(config, ["w/nginx/f", "w/nginx/deep/g", "w/app/f", "lab/app/f", "docs/f", "w/README"]) == {
        "lab/app": (way(["prod/app"]),),
        "w/app": (way(["dev/app", "lab/app"], ["prod/app"]),),
        "w/nginx": (way(["dev/nginx", "lab/nginx"], ["prod/nginx"]),),
    }


def test_flows_that_need_a_label_are_listed_before_the_one_that_takes_the_rest() -> None:
    config = builders.config(
        builders.flow("w/", ["fast/"], labels=["hotfix", "security"], auto_merge=True),
        builders.flow("w/", ["slow/"]),
        builders.flow("w/", ["never/"]),
    )
    assert of(config, ["w/a/f"])[RepoPath("w/a")] == (
        way(["fast/a"], labels=("hotfix", "security"), auto_merge=True),
        way(["slow/a"]),
    )


def test_a_flow_whose_labels_earlier_flows_take_is_left_out() -> None:
    config = builders.config(
        builders.flow("w/", ["a/"], labels=["one", "two"]),
        builders.flow("w/", ["b/"], labels=["two"]),
        builders.flow("w/", ["c/"], labels=[]),
    )
    assert of(config, ["w/x/f"]) == {"w/x": (way(["a/x"], labels=("one", "two")),)}


def test_a_flow_of_another_depth_takes_other_components() -> None:
    config = builders.config(builders.flow("w/", ["deep/"], depth=1), builders.flow("w/", ["flat/"]))
    assert of(config, ["w/team/app/f", "w/team/OWNERS"]) == {
        "w/team": (way(["flat/team"]),),
        "w/team/app": (way(["deep/team/app"]),),
    }


def test_what_a_component_skips_carries_its_reason() -> None:
    config = builders.config(builders.flow("w/", ["dev/", "prod/"]))
    file = builders.component(promotionTargetBlockList=["^prod"])
    [found] = of(config, ["w/a/f"], {"w/a": file})[RepoPath("w/a")]
    assert [(stop.path, bool(stop.skip)) for stop in found.pulls[0]] == [("dev/a", False), ("prod/a", True)]
    assert "blocked by '^prod'" in (found.pulls[0][1].skip or "")


def test_a_component_whose_own_file_is_wrong_goes_nowhere() -> None:
    """N3."""
    config = builders.config(builders.flow("w/", ["dev/"]))
    [found] = of(config, ["w/a/f"], {"w/a": builders.component(promotionTargetBlockList=["("])})[RepoPath("w/a")]
    assert "can't be used" in (found.pulls[0][0].skip or "")


@pytest.mark.parametrize(
    "source", ["^w/", "w", "wo*rk/", "w|x/", "(?i)W/", "w/?", "work/{0}", "[w]/", r"\Qw/\E"], ids=str
)
def test_no_component_is_missed_by_looking_at_how_an_expression_starts(source: str) -> None:
    config = builders.config(builders.flow(source, ["t/"]))
    for path in ("w/a/f", "wrk/a/f", "x/a/f", "W/a/f", "worka/a/f", "work/a/f"):
        expected = route.find(config, [RepoPath(path)], frozenset()).lots
        assert bool(of(config, [path])) == bool(expected), path


LABELS = st.none() | st.lists(st.sampled_from(["l", "m"]), max_size=2)
SOURCES = st.sampled_from(["w/", "w", "e/[^/]*/", "e/[^/]*", ".*/", "w/a/", "[we]/"])
TARGETS = st.lists(st.sampled_from(["t/", "u", "v/x/"]), min_size=1, max_size=2, unique=True)
FLOWS = st.builds(
    lambda source, depth, labels, targets: builders.flow(source, targets, depth=depth, labels=labels),
    SOURCES,
    st.integers(0, 1),
    LABELS,
    TARGETS,
)
PATHS = st.lists(st.lists(st.sampled_from(["w", "e", "a", "b"]), min_size=1, max_size=5).map("/".join), min_size=1)


@given(st.lists(FLOWS, max_size=4), PATHS, st.sets(st.sampled_from(["l", "m", "n"])).map(frozenset))
def test_a_merge_goes_where_the_survey_says(flows: list[object], paths: list[str], labels: frozenset[str]) -> None:
    """Whatever one file changes, the way that is taken is in the survey, and none that comes before it would hold."""
    config = builders.config(*flows)  # type: ignore[arg-type]
    found = of(config, paths)
    for path in paths:
        routes = route.find(config, [RepoPath(path)], labels)
        made = plan.make(routes, {}, lambda path: None)
        for lot, promotion in zip(routes.lots, made.promotions, strict=True):
            [taken] = [each for each in found[lot.components[0].path] if each.flow == lot.flow]
            assert taken.labels is None or labels.intersection(taken.labels)
            assert set(promotion.sync) in [{stop.path for stop in stops if not stop.skip} for stops in taken.pulls]


def test_only_what_differs_is_compared_and_in_order() -> None:
    before = builders.config(builders.flow("w/", ["dev/"]), builders.flow("dev/", ["prod/"]))
    after = builders.config(
        builders.flow("v/", ["x/"]), builders.flow("w/", ["dev/"]), builders.flow("lab/", ["prod/"])
    )
    paths = ["w/a/f", "dev/a/f", "lab/a/f"]
    changes = survey.compare(of(before, paths), of(after, paths))
    assert [(change.component, bool(change.before), bool(change.after)) for change in changes] == [
        ("dev/a", True, False),
        ("lab/a", False, True),
    ]


@pytest.mark.parametrize(
    "after",
    [
        builders.flow("w/", ["dev/"], ["lab/"]),
        builders.flow("w/", ["dev/", "lab/"], auto_merge=True),
        builders.flow("w/", ["dev/", "lab/"], labels=["l"]),
        builders.flow("w/", ["dev/"]),
    ],
)
def test_another_grouping_condition_or_merge_is_a_difference(after: dict[str, object]) -> None:
    before = of(builders.config(builders.flow("w/", ["dev/", "lab/"])), ["w/a/f"])
    assert len(survey.compare(before, of(builders.config(after), ["w/a/f"]))) == 1


def test_the_same_ways_written_otherwise_are_no_difference() -> None:
    before = of(builders.config(builders.flow("w/", ["dev/", "lab/"])), ["w/a/f"])
    after = of(builders.config(builders.flow("x/", ["y/"]), builders.flow("^w", ["lab", "dev/"])), ["w/a/f"])
    assert survey.compare(before, after) == ()


def test_the_files_of_a_tree_are_found_through_a_reader() -> None:
    reader, root = builders.reader({"a/b/c": "1", "a/d": builders.submodule(), "e": builders.symlink("a")})
    assert survey.files_of(reader, Entry(Mode.DIRECTORY, root)) == ["a/b/c", "a/d", "e"]
    assert reader.wanted == {}


def test_configurations_are_known_by_their_name() -> None:
    paths = [RepoPath(path) for path in ("w/a/telefonistka.yaml", "telefonistka.yaml", "w/xtelefonistka.yaml", "w/b")]
    assert survey.configurations(paths) == ["telefonistka.yaml", "w/a/telefonistka.yaml"]


def test_expressions_that_take_too_long_in_all_are_given_up() -> None:
    """N27: each is quick enough by itself, and there are many directories."""
    config = builders.config(builders.flow("w/", ["t/"]))
    paths = [RepoPath(f"w/{number}/f") for number in range(100)]
    ticks = iter(range(1000))
    with pytest.raises(RepoMistake, match="need more than 10 s"):
        survey.takers(config, paths, lambda: float(next(ticks)))
    taken = survey.takers(config, paths, still)
    with pytest.raises(RepoMistake, match="need more than 10 s"):
        survey.make(config, taken, {}, lambda: float(next(ticks)))
