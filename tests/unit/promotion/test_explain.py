"""Every flow that was looked at, and every target, with its reason and its line (N32)."""

from collections.abc import Iterable

import pytest

from telefonistka_py.config import document, read
from telefonistka_py.config.problem import Valid
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import explain
from telefonistka_py.promotion.explain import Asked, Explanation, Goal, Own, Verdict

ROOT = b"""\
promotionPaths:
- sourcePath: w/
  conditions:
    prHasLabels: [hotfix]
  promotionPrs:
  - targetPaths: [prod/]
- sourcePath: w/
  promotionPrs:
  - targetPaths:
    - dev/
    - lab/
  - targetPaths:
    - prod/
- sourcePath: w/
  promotionPrs:
  - targetPaths: [elsewhere/]
- sourcePath: deep/
  componentPathExtraDepth: 1
  promotionPrs:
  - targetPaths: [prod/]
"""


def ask(
    path: str, *labels: str, root: bytes = ROOT, own: bytes | None = None, directory: bool | None = None
) -> Explanation:
    found = read.root(root)
    assert isinstance(found, Valid), found
    is_directory = not path.rpartition("/")[2].startswith("f") if directory is None else directory
    asked = Asked(RepoPath(path), is_directory, frozenset(labels))

    def file(component: RepoPath) -> Own | None:
        if own is None:
            return None
        value = read.component(own, RepoPath(f"{component}/telefonistka.yaml"))
        return Own(value, document.parse(own) if isinstance(value, Valid) else None)

    return explain.make(found.value, document.parse(root), asked, file)


def verdicts(found: Explanation) -> list[Verdict]:
    return [look.verdict for look in found.looks]


def goals(found: Explanation) -> Iterable[Goal]:
    assert found.used is not None
    return found.used.goals


@pytest.mark.parametrize("path", ["w/nginx", "w/nginx/f", "w/nginx/templates/f"])
def test_the_flow_that_is_used_is_named_with_its_targets_and_lines(path: str) -> None:
    found = ask(path)
    assert verdicts(found) == [Verdict.CONDITION, Verdict.USED, Verdict.LATER, Verdict.NO_MATCH]
    assert found.used is not None
    assert (found.used.flow, found.used.component, found.used.spot.line) == (1, "w/nginx", 7)
    assert [(goal.pull, goal.path, goal.spot.line, goal.skip) for goal in goals(found)] == [
        (1, "dev/nginx", 10, None),
        (1, "lab/nginx", 11, None),
        (2, "prod/nginx", 13, None),
    ]


def test_missing_labels_are_named_with_their_line() -> None:
    condition = ask("w/nginx").looks[0]
    assert condition.reason == "the pull request has none of the labels hotfix"
    assert str(condition.reason_spot) == "telefonistka.yaml:4"


def test_a_label_that_is_there_makes_the_flow_hold() -> None:
    found = ask("w/nginx", "hotfix")
    assert verdicts(found)[:3] == [Verdict.USED, Verdict.LATER, Verdict.LATER]
    assert found.looks[1].reason == "flow 1 comes first"


def test_a_path_that_is_too_shallow_is_told_the_depth_and_its_line() -> None:
    look = ask("deep/team/f").looks[3]
    assert look.verdict is Verdict.SHALLOW
    assert look.reason == "too shallow: below deep/ a component's name has 2 parts, and this has 1"
    assert str(look.reason_spot) == "telefonistka.yaml:18"


@pytest.mark.parametrize(
    ("path", "flow", "said"),
    [
        ("w/f", 1, "it lies directly in w/"),
        ("w", 1, "it is the source directory itself"),
        ("deep/f", 3, "it lies directly in deep/"),
    ],
)
def test_a_file_beside_the_components_belongs_to_none(path: str, flow: int, said: str) -> None:
    found = ask(path)
    assert found.used is None
    assert found.looks[flow].verdict is Verdict.IN_SOURCE
    assert found.looks[flow].reason.startswith(said)


@pytest.mark.parametrize("path", ["docs/nginx/f", "f", "", "wx/nginx", "a/w/nginx"])
def test_a_path_outside_of_every_source_matches_nothing(path: str) -> None:
    found = ask(path)
    assert set(verdicts(found)) == {Verdict.NO_MATCH}
    assert found.looks[0].reason == "'w/' does not match from the start of the path"


@pytest.mark.parametrize(
    ("own", "target", "line"),
    [
        (b"promotionTargetBlockList:\n- nothing\n- '^lab/'\n- lab\n", "lab/nginx", 3),
        (b"x-note: 1\npromotionTargetAllowList: [dev, prod]\n", "lab/nginx", 2),
        (b"promotionTargetAllowList: [dev, prod, lab]\npromotionTargetBlockList: [lab]\n", "lab/nginx", 2),
        (b"\n\npromotionTargetBlockList: ['(']\n", "lab/nginx", 3),
    ],
)
def test_a_skipped_target_names_the_line_that_skips_it(own: bytes, target: str, line: int) -> None:
    [goal] = [goal for goal in goals(ask("w/nginx", own=own)) if goal.path == target]
    assert goal.skip
    assert str(goal.skip_spot) == f"w/nginx/telefonistka.yaml:{line}"


def test_a_target_that_is_the_component_itself_is_skipped_by_the_root_file() -> None:
    root = b"promotionPaths:\n- sourcePath: e/[^/]*/\n  promotionPrs:\n  - targetPaths:\n    - e/dev/\n    - e/lab/\n"
    first, second = goals(ask("e/lab/nginx", root=root))
    assert (first.skip, second.skip) == (None, "it is the component itself")
    assert str(second.skip_spot) == "telefonistka.yaml:6"


def test_a_flow_without_pull_requests_is_used_and_leads_nowhere() -> None:
    found = ask("w/nginx", root=b"promotionPaths:\n- sourcePath: w/\n- sourcePath: w/\n")
    assert verdicts(found) == [Verdict.USED, Verdict.LATER]
    assert list(goals(found)) == []


def test_who_writes_to_a_target_is_named() -> None:
    found = ask("prod/nginx/f")
    assert [(each.flow, each.target, each.spot.line) for each in found.written] == [
        (0, "prod/", 6),
        (1, "prod/", 13),
        (3, "prod/", 20),
    ]
    assert ask("production/nginx/f").written == ()


def test_a_source_with_wildcards_is_told_apart_from_what_lies_in_it() -> None:
    root = b"promotionPaths:\n- sourcePath: e/[^/]*/\n  promotionPrs: [{targetPaths: [t/]}]\n"
    assert verdicts(ask("e/dev/f", root=root)) == [Verdict.IN_SOURCE]
    assert verdicts(ask("e/f", root=root)) == [Verdict.NO_MATCH]
    assert verdicts(ask("e/dev/nginx", root=root)) == [Verdict.USED]
