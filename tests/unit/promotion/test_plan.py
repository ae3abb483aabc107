"""From lots to promotions: which targets are skipped and why, and which source wins."""

from typing import Any

import pytest

from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import plan, route
from telefonistka_py.promotion.model import Plan, Promotion
from tests import builders
from tests.builders import Files, flow


def planned(
    *flows: dict[str, Any], tree: Files, changed: list[str] | None = None, lists: dict[str, Any] | None = None
) -> Plan:
    reader, root = builders.reader(tree)
    paths = [RepoPath(path) for path in (tree if changed is None else changed)]
    routes = route.find(builders.config(*flows), paths, frozenset())
    files = {RepoPath(path): builders.component(**keys) for path, keys in (lists or {}).items()}
    return plan.make(routes, files, lambda path: reader.find(root, path))


def only(*flows: dict[str, Any], **keys: Any) -> Promotion:
    [promotion] = planned(*flows, **keys).promotions
    return promotion


def reasons(promotion: Promotion) -> dict[str, str]:
    return {skip.target: skip.reason for skip in promotion.skips}


def test_a_promotion_names_what_each_target_must_equal_sorted() -> None:
    found = only(flow("w/", ["z/", "b"]), tree={"w/nginx/f": "1", "w/app/f": "1"})
    assert list(found.sync.items()) == [
        ("b/app", "w/app"),
        ("b/nginx", "w/nginx"),
        ("z/app", "w/app"),
        ("z/nginx", "w/nginx"),
    ]
    assert found.components == ("app", "nginx")
    assert found.targets == ("b", "z/")
    assert found.kept_targets == ("b", "z/")
    assert found.source == "w/"


def test_a_deleted_component_is_still_promoted_as_its_absence() -> None:
    found = only(flow("w/", ["t/"]), tree={"t/gone/f": "1"}, changed=["w/gone/f"])
    assert found.sync == {"t/gone": "w/gone"}


def test_a_component_never_goes_onto_itself() -> None:
    found = only(flow("env/[^/]*/", ["env/a/", "env/b/"]), tree={"env/a/nginx/f": "1"})
    assert found.sync == {"env/b/nginx": "env/a/nginx"}
    assert reasons(found) == {"env/a/": "it is the component itself"}
    assert found.kept_targets == ("env/b/",)


@pytest.mark.parametrize(
    ("source", "target", "file"),
    [("[a]/", "a/b/", "a/b/f"), ("a/b/", "a/", "a/b/b/f"), ("[w]/", "w/nginx", "w/nginx/f")],
)
def test_a_target_and_its_source_that_lie_inside_one_another_are_skipped(source: str, target: str, file: str) -> None:
    """N10."""
    found = only(flow(source, [target]), tree={file: "1"})
    assert found.sync == {}
    assert "lie inside one another" in reasons(found)[target]


def test_a_target_inside_another_target_is_skipped() -> None:
    found = only(flow("w/", ["t/", "t/nginx/"]), tree={"w/nginx/f": "1"})
    assert found.sync == {"t/nginx": "w/nginx"}
    assert reasons(found) == {"t/nginx/": "t/nginx/nginx lies inside t/nginx, another target of the same pull request"}


def test_each_list_says_which_of_its_patterns_spoke() -> None:
    found = only(
        flow("w/", ["prod/us/", "prod/eu/", "dev/"]),
        tree={"w/nginx/f": "1"},
        lists={"w/nginx": {"promotionTargetBlockList": ["^prod/us"], "promotionTargetAllowList": ["^prod/"]}},
    )
    assert found.sync == {"prod/eu/nginx": "w/nginx"}
    assert reasons(found) == {
        "prod/us/": "blocked by '^prod/us' of promotionTargetBlockList in w/nginx/telefonistka.yaml",
        "dev/": "not allowed by promotionTargetAllowList in w/nginx/telefonistka.yaml",
    }


def test_lists_count_for_their_own_component_only() -> None:
    found = only(
        flow("w/", ["a/", "b/"]),
        tree={"w/one/f": "1", "w/two/f": "1"},
        lists={"w/one": {"promotionTargetBlockList": ["a"]}},
    )
    assert found.sync == {"b/one": "w/one", "a/two": "w/two", "b/two": "w/two"}
    assert found.kept_targets == ("a/", "b/"), "one component skips none, so the body leaves none out"


def test_the_body_leaves_out_what_the_component_that_skips_fewest_skips() -> None:
    found = only(
        flow("w/", ["a/", "b/", "c/"]),
        tree={"w/one/f": "1", "w/two/f": "1"},
        lists={"w/one": {"promotionTargetBlockList": ["a|b"]}, "w/two": {"promotionTargetBlockList": ["c"]}},
    )
    assert found.kept_targets == ("a/", "b/")


def test_a_component_whose_file_can_not_be_used_goes_nowhere_and_the_others_go() -> None:
    """N3."""
    made = planned(
        flow("w/", ["a/", "b/"]),
        tree={"w/bad/f": "1", "w/good/f": "1"},
        lists={"w/bad": {"promotionTargetBlockList": ["("]}},
    )
    [found] = made.promotions
    assert found.sync == {"a/good": "w/good", "b/good": "w/good"}
    assert {skip.component for skip in found.skips} == {"bad"}
    assert "the component's own file can't be used" in found.skips[0].reason
    [problem] = made.problems
    assert problem.key == "promotionTargetBlockList[0]"


def test_warnings_of_a_components_file_are_passed_on() -> None:
    made = planned(flow("w/", ["a/"]), tree={"w/x/f": "1"}, lists={"w/x": {"promotionTargetAllowList": []}})
    assert made.promotions[0].sync == {}
    assert "which allows nothing" in made.promotions[0].skips[0].reason
    assert [problem.severity for problem in made.problems] == ["warning"]


AGGREGATE = flow("dev/[^/]*/", ["prod/"])


@pytest.mark.parametrize(
    ("tree", "chosen", "noted"),
    [
        ({"dev/a/x/f": "1", "dev/b/x/f": "1"}, "dev/a/x", False),
        ({"dev/a/x/f": "1", "dev/b/x/f": "2"}, "dev/a/x", True),
        ({"dev/b/x/f": "2"}, "dev/b/x", True),
        ({"prod/x/f": "2"}, "dev/a/x", False),
    ],
    ids=["equal", "both differ", "one is gone", "both are gone"],
)
def test_of_several_sources_the_first_that_exists_wins(tree: Files, chosen: str, noted: bool) -> None:
    found = only(AGGREGATE, tree=tree, changed=["dev/b/x/f", "dev/a/x/f"])
    assert found.sync == {"prod/x": chosen}
    assert bool(found.notes) is noted


def test_the_reviewer_is_told_which_source_won() -> None:
    found = only(AGGREGATE, tree={"dev/a/x/f": "1", "dev/b/x/f": "2", "dev/c/x/f": "1"})
    assert found.notes == ("`prod/x` takes `dev/a/x`; `dev/b/x`, `dev/c/x` changed too and differs from it.",)
    assert found.components == ("x",)


def test_a_source_that_is_blocked_leaves_the_target_to_the_other() -> None:
    found = only(
        AGGREGATE,
        tree={"dev/a/x/f": "1", "dev/b/x/f": "2"},
        lists={"dev/a/x": {"promotionTargetBlockList": ["prod"]}},
    )
    assert found.sync == {"prod/x": "dev/b/x"}
    assert found.kept_targets == ("prod/",), "the component does go there"


def test_a_target_with_and_without_its_slash_is_one() -> None:
    assert only(flow("w/", ["t", "t/"]), tree={"w/x/f": "1"}).sync == {"t/x": "w/x"}
