"""Which components changed, and which flow takes each: contract §3, line by line."""

from typing import Any

import pytest

from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import draft, route
from telefonistka_py.promotion.model import Changed, Routes
from tests import builders
from tests.builders import flow


def routes(*flows: dict[str, Any], files: list[str], labels: tuple[str, ...] = ()) -> Routes:
    return route.find(builders.config(*flows), [RepoPath(file) for file in files], frozenset(labels))


def component(source: str, file: str, depth: int = 0) -> tuple[str, str] | None:
    """Source and name of the component that `file` belongs to."""
    found = routes(flow(source, ["t/"], depth=depth), files=[file]).lots
    return (found[0].components[0].source, found[0].components[0].name) if found else None


@pytest.mark.parametrize(
    ("source", "depth", "file", "found"),
    [
        ("workspace/", 0, "workspace/nginx/values.yaml", ("workspace/", "nginx")),
        ("workspace/", 0, "workspace/nginx/a/b/c.yaml", ("workspace/", "nginx")),
        ("workspace", 0, "workspace/nginx/values.yaml", ("workspace", "nginx")),
        ("^workspace/", 0, "workspace/nginx/values.yaml", ("workspace/", "nginx")),
        ("workspace/?", 0, "workspace/nginx/values.yaml", ("workspace/", "nginx")),
        # the name takes as many segments as the depth asks for, plus one
        ("workspace/", 1, "workspace/team/nginx/values.yaml", ("workspace/", "team/nginx")),
        ("workspace/", 2, "workspace/a/b/c/d/e", ("workspace/", "a/b/c")),
        ("workspace/", 1, "workspace/nginx/values.yaml", None),
        # a file directly in the source directory belongs to no component
        ("workspace/", 0, "workspace/README.md", None),
        ("workspace", 0, "workspace/README.md", None),
        ("workspace/", 0, "README.md", None),
        (".*", 0, "README.md", None),
        # anchored, and whole segments only
        ("prod/", 0, "nonprod/nginx/f", None),
        ("prod/", 0, "x/prod/nginx/f", None),
        ("clusters/dev", 0, "clusters/dev2/nginx/f", None),
        ("clusters/dev", 0, "clusters/dev/nginx/f", ("clusters/dev", "nginx")),
        ("clusters/de", 0, "clusters/dev/nginx/f", None),
        # regular expressions
        ("clusters/[^/]*/", 0, "clusters/dev/nginx/f", ("clusters/dev/", "nginx")),
        ("clusters/(dev|lab)/", 0, "clusters/lab/nginx/f", ("clusters/lab/", "nginx")),
        ("clusters/(dev|lab)/", 0, "clusters/prod/nginx/f", None),
        ("dev/|lab/", 0, "lab/nginx/f", ("lab/", "nginx")),
        ("(?i)DEV/", 0, "dev/nginx/f", ("dev/", "nginx")),
        ("(?P<telefonistka>dev)/", 0, "dev/nginx/f", ("dev/", "nginx")),
        # a wildcard at the end stands for a whole directory, never for nothing
        ("staging/[^/]*/[^/]*", 0, "staging/us/c1/nginx/f", ("staging/us/c1", "nginx")),
        ("staging/[^/]*/[^/]*", 0, "staging/us/c1/README.md", None),
        ("staging/[^/]*/[^/]*", 1, "staging/us/c1/nginx/f", None),
        ("staging/[^/]*", 0, "staging/us/README.md", None),
        ("staging/[^/]*", 0, "staging/us/nginx/f", ("staging/us", "nginx")),
        ("staging/.*", 0, "staging/us/README.md", None),
        # names that mean something to a pattern or to a shell
        ("w/", 0, "w/+[(/f", ("w/", "+[(")),
        ("w/", 0, "w/a b/'c\".yaml", ("w/", "a b")),
        ("w/", 0, "w/größe/f", ("w/", "größe")),
        ("w/", 0, "w/caf\udce9/f", ("w/", "caf\udce9")),
        ("w/", 0, "w/new\nline/f", ("w/", "new\nline")),
    ],
)
def test_the_component_that_a_file_belongs_to(
    source: str, depth: int, file: str, found: tuple[str, str] | None
) -> None:
    assert component(source, file, depth) == found


def test_the_first_flow_that_yields_a_component_and_whose_conditions_hold_is_used() -> None:
    found = routes(
        flow("w/", ["deep/"], depth=3),
        flow("w/", ["labelled/"], labels=["fast"]),
        flow("w/", ["first/"]),
        flow("w/", ["second/"]),
        files=["w/nginx/f"],
    )
    assert [lot.targets for lot in found.lots] == [("first/",)]
    [passed] = found.passed_over
    assert (passed.component, passed.flow, passed.source_path) == ("w/nginx", 1, "w/")
    assert passed.reason == "the pull request has none of the labels fast"


@pytest.mark.parametrize(
    ("wanted", "labels", "used"),
    [
        (None, (), True),
        (["a"], ("a",), True),
        (["a", "b"], ("b", "c"), True),
        (["a"], ("b",), False),
        (["a"], (), False),
        ([], ("a",), False),
        (["A"], ("a",), False),
    ],
)
def test_any_of_the_labels_is_enough(wanted: list[str] | None, labels: tuple[str, ...], used: bool) -> None:
    found = routes(flow("w/", ["t/"], labels=wanted), files=["w/a/f"], labels=labels)
    assert bool(found.lots) is used
    assert bool(found.passed_over) is not used


def test_each_component_takes_its_own_flow() -> None:
    found = routes(
        flow("w/", ["deep/"], depth=1), flow("w/", ["flat/"]), files=["w/flat/f", "w/team/deep/f", "w/team/other/f"]
    )
    assert [(lot.targets, [c.name for c in lot.components]) for lot in found.lots] == [
        (("deep/",), ["team/deep", "team/other"]),
        (("flat/",), ["flat"]),
    ]


def test_auto_merge_is_taken_from_the_flow_that_is_used() -> None:
    flows = flow("w/", ["t/"], labels=["x"], auto_merge=True), flow("w/", ["t/"], auto_merge=False)
    assert [lot.auto_merge for lot in routes(*flows, files=["w/a/f"]).lots] == [False]
    assert [lot.auto_merge for lot in routes(*flows, files=["w/a/f"], labels=("x",)).lots] == [True]


def test_one_lot_for_each_pull_request_in_the_order_of_the_file() -> None:
    found = routes(
        flow("b/", ["z/"], ["y/", "x/"], descriptions=["Zone"]), flow("a/", ["t/"]), files=["a/1/f", "b/2/f", "b/1/f"]
    )
    assert [(lot.flow, lot.targets, lot.description) for lot in found.lots] == [
        (0, ("z/",), "Zone"),
        (0, ("y/", "x/"), "y/ x/"),
        (1, ("t/",), "t/"),
    ]
    assert found.lots[0].components == (Changed("1", "b/"), Changed("2", "b/"))


def test_a_pull_request_that_names_the_same_targets_again_is_one() -> None:
    assert len(routes(flow("w/", ["a/", "b/"], ["b/", "a/"]), files=["w/c/f"]).lots) == 1


def test_the_order_of_the_files_does_not_count() -> None:
    """N6."""
    flows = flow("dev/[^/]*/", ["t/"], ["u/"]), flow("lab/", ["t/"])
    files = ["dev/a/x/f", "dev/b/x/f", "dev/a/y/f", "lab/z/f", "lab/a/f", "dev/a/x/g"]
    assert routes(*flows, files=files) == routes(*flows, files=files[::-1])


def test_a_flow_without_pull_requests_takes_its_component_and_promotes_nothing() -> None:
    assert routes(flow("w/"), flow("w/", ["t/"]), files=["w/a/f"]).lots == ()


def branches(*flows: dict[str, Any], files: list[str]) -> list[str]:
    return [draft.branch(1, "x", lot.targets, lot.branch_suffix) for lot in routes(*flows, files=files).lots]


def test_two_flows_with_the_same_targets_get_branches_of_their_own() -> None:
    found = branches(
        flow("a/", ["t/", "u/"]), flow("b/", ["u/", "t/"]), flow("c/", ["t/", "u/"]), files=["a/1/f", "b/1/f", "c/1/f"]
    )
    assert len(set(found)) == 3
    assert found[1] == f"{found[0]}-2"
    assert found[2] == f"{found[0]}-3"


def test_targets_that_read_the_same_when_joined_get_branches_of_their_own() -> None:
    found = branches(flow("w/", ["a", "b_c"], ["a_b", "c"], ["a_b_c"]), flow("v/", ["a_b_c"]), files=["w/1/f", "v/1/f"])
    assert len(set(found)) == 4


def test_a_pattern_that_hangs_is_a_mistake_of_the_repository() -> None:
    """N27."""
    with pytest.raises(RepoMistake, match="backtracks without end"):
        routes(flow("(?:a|aa)+$", ["t/"]), files=["a" * 60 + "!/x/f"])
