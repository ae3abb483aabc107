"""A mistake in a `telefonistka.yaml` is found before it is merged, and so is what it would change (N31)."""

from typing import Any

import pytest

from telefonistka_py.config.problem import Severity
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import check, check_words
from telefonistka_py.promotion.check import Checked, Reading
from telefonistka_py.templates import Templates
from tests import builders

PATHS = tuple(map(RepoPath, ("w/nginx/f", "w/app/f", "dev/nginx/f")))
PLAIN = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]})
WIDER = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/", "lab/"])]})
BROKEN = b"promotionPaths:\n- sourcePath: '('\n"


def still() -> float:
    return 0.0


def reading(root: bytes | None = PLAIN, *, paths: tuple[RepoPath, ...] = PATHS, **components: bytes | None) -> Reading:
    """A repository; `nginx=b"…"` is what `w/nginx/telefonistka.yaml` holds."""
    files: dict[RepoPath, bytes | None] = {} if root is None else {RepoPath("telefonistka.yaml"): root}
    own = {RepoPath(f"w/{name}/telefonistka.yaml"): content for name, content in components.items()}
    return Reading(files | own, paths)


def make(before: Reading | None, after: Reading, **more: Any) -> Checked:
    return check.make(before, after, still, **more)


def shown(checked: Checked) -> list[tuple[str, int | None, str]]:
    return [(problem.path, problem.line, problem.key) for problem in checked.problems]


def test_a_change_of_nothing_is_fine() -> None:
    checked = make(reading(), reading())
    assert (checked.state, checked.problems, checked.changes) == ("success", (), ())
    assert check_words.description(checked) == "telefonistka.yaml is fine; no route changes"


def test_no_file_at_all_is_no_mistake() -> None:
    checked = make(reading(None), reading(None))
    assert (checked.state, checked.changes) == ("success", ())


def test_routes_that_change_are_listed() -> None:
    checked = make(reading(), reading(WIDER))
    assert checked.changes is not None
    assert [change.component for change in checked.changes] == ["w/app", "w/nginx"]
    assert check_words.description(checked) == "telefonistka.yaml is fine; the routes of 2 components change"


def test_the_first_configuration_shows_what_will_be_promoted() -> None:
    checked = make(reading(None), reading())
    said = check_words.description(checked)
    assert said == "telefonistka.yaml is fine; the routes of 2 components change (2 newly promoted)"


@pytest.mark.parametrize(
    ("root", "key"),
    [
        (BROKEN, "promotionPaths[0].sourcePath"),
        (b"promotionPath: []\n", "promotionPath"),
        (b"promotionPaths:\n- sourcePath: w/\n  promotionPrs: [{targetPaths: [../x]}]\n", "promotionPaths[0]"),
        (b"a: [", ""),
    ],
)
def test_a_mistake_in_the_root_file_fails_with_its_line(root: bytes, key: str) -> None:
    checked = make(reading(), reading(root))
    assert checked.state == "error"
    [mistake] = checked.mistakes
    assert mistake.path == "telefonistka.yaml"
    assert mistake.line
    assert mistake.key.startswith(key)
    assert f"telefonistka.yaml:{mistake.line}: " in check_words.description(checked)


def test_an_unknown_key_fails_the_check_and_routes_are_compared_all_the_same() -> None:
    """Contract §2: a promotion only warns of it."""
    checked = make(reading(), reading(WIDER.replace(b'"promotionPaths"', b'"promotionPrLabel": [], "promotionPaths"')))
    assert checked.state == "error"
    assert [problem.severity for problem in checked.problems] == [Severity.WARNING]
    assert "did you mean promotionPrLabels?" in check_words.description(checked)
    assert len(checked.changes or ()) == 2


def test_a_key_of_the_users_own_is_fine() -> None:
    assert make(reading(), reading(b"x-note: 1\n")).state == "success"


def test_a_mistake_in_a_components_file_fails_with_its_line() -> None:
    checked = make(reading(), reading(nginx=b"# mine\npromotionTargetBlockList: ['(']\n"))
    assert shown(checked) == [("w/nginx/telefonistka.yaml", 2, "promotionTargetBlockList[0]")]
    assert checked.state == "error"


def test_a_components_new_block_list_shows_as_a_route_that_changes() -> None:
    checked = make(reading(WIDER), reading(WIDER, nginx=b"promotionTargetBlockList: [lab]\n"))
    assert checked.state == "success"
    [change] = checked.changes or ()
    assert check_words.as_lines(change) == [
        "w/nginx",
        "  - always: lab/nginx",
        "  + always: not lab/nginx: blocked by 'lab' of promotionTargetBlockList in w/nginx/telefonistka.yaml",
    ]


def test_a_component_that_is_deleted_with_its_block_list_is_shown_where_its_deletion_goes() -> None:
    before = reading(WIDER, nginx=b"promotionTargetBlockList: [lab]\n")
    [change] = make(before, reading(WIDER, paths=PATHS[1:])).changes or ()
    assert "  + always: lab/nginx" in check_words.as_lines(change)


def test_an_allow_list_that_allows_nothing_is_warned_of_and_does_not_fail() -> None:
    checked = make(reading(), reading(nginx=b"promotionTargetAllowList: []\n"))
    assert checked.state == "success"
    assert shown(checked) == [("w/nginx/telefonistka.yaml", 1, "promotionTargetAllowList")]


def test_files_that_the_change_does_not_touch_are_not_its_authors() -> None:
    old = reading(nginx=b"promotionTargetBlockList: ['(']\n")
    assert make(old, reading(WIDER, nginx=b"promotionTargetBlockList: ['(']\n")).problems == ()
    assert make(reading(BROKEN), reading(BROKEN, nginx=b"disableArgoCDDiff: true\n")).problems == ()


def test_all_files_are_judged_when_that_is_asked_for_or_everything_is_new() -> None:
    now = reading(nginx=b"promotionTargetBlockList: ['(']\n")
    assert len(make(now, now, all_files=True).mistakes) == 1
    assert len(make(None, now).mistakes) == 1


def test_a_file_of_that_name_that_nobody_reads_is_not_judged() -> None:
    stray = {RepoPath("docs/telefonistka.yaml"): PLAIN, RepoPath("dev/nginx/telefonistka.yaml"): b"nonsense: 1\n"}
    assert make(None, Reading({**reading().files, **stray}, PATHS)).problems == ()


def test_where_no_configuration_can_be_used_every_components_file_is_judged() -> None:
    checked = make(reading(BROKEN), reading(b"[", nginx=b"promotionTargetBlockLst: []\n"))
    assert [problem.path for problem in checked.mistakes] == ["telefonistka.yaml", "w/nginx/telefonistka.yaml"]


@pytest.mark.parametrize(("root", "nginx"), [(None, b""), (PLAIN, None)], ids=["root", "component"])
def test_what_is_no_plain_file_fails(root: bytes | None, nginx: bytes | None) -> None:
    files = {RepoPath("telefonistka.yaml"): root, RepoPath("w/nginx/telefonistka.yaml"): nginx}
    [mistake] = make(reading(), Reading(files, PATHS)).mistakes
    assert "must be a plain file" in mistake.message


def test_a_configuration_that_was_broken_before_is_not_compared() -> None:
    checked = make(reading(BROKEN), reading())
    assert (checked.state, checked.changes) == ("success", None)
    assert "routes not compared: the telefonistka.yaml that was there before can't be used" in check_words.description(
        checked
    )


def test_a_pattern_that_hangs_fails_the_check_and_not_the_server() -> None:
    """N27."""
    root = builders.yaml({"promotionPaths": [builders.flow("(?:a|aa)+$", ["t/"])]})
    paths = (RepoPath("a" * 60 + "!/x/f"),)
    checked = make(reading(paths=paths), reading(root, paths=paths))
    assert checked.state == "error"
    assert "backtracks without end" in checked.mistakes[0].message
    assert checked.changes is None


def test_a_flow_that_takes_nothing_is_warned_of_with_its_line() -> None:
    root = b"promotionPaths:\n- sourcePath: worksapce/\n  promotionPrs: [{targetPaths: [dev/]}]\n"
    checked = make(reading(), reading(root))
    assert checked.state == "success"
    assert shown(checked) == [("telefonistka.yaml", 2, "promotionPaths[0].sourcePath")]
    assert "'worksapce/' matches no directory" in checked.problems[0].message


def test_all_problems_are_told_in_order() -> None:
    root = b"b: 1\na: 2\npromotionPaths: [{sourcePath: w/}]\n"
    checked = make(None, reading(root, nginx=b"c: 1\n", app=b"d: 1\n"))
    assert shown(checked) == [
        ("telefonistka.yaml", 1, "b"),
        ("telefonistka.yaml", 2, "a"),
        ("w/app/telefonistka.yaml", 1, "d"),
        ("w/nginx/telefonistka.yaml", 1, "c"),
    ]


def test_the_description_always_fits_a_commit_status() -> None:
    """GitHub takes 140 characters (N19)."""
    checked = make(None, reading(f"{'k' * 300}: 1\nother: 1\n".encode()))
    said = check_words.description(checked)
    assert len(said) == 140
    assert said.startswith("2 mistakes. telefonistka.yaml:1: kkk")


def comment(checked: Checked) -> Any:
    return check_words.comment(checked, Templates())


def test_the_comment_names_each_problem_with_line_and_suggestion() -> None:
    head = comment(make(reading(), reading(b"\npromotionPath: []\n", nginx=b"promotionTargetAllowList: []\n"))).head
    assert "⛔ This configuration needs a correction" in head
    assert (
        "- ⛔ `telefonistka.yaml`, line 2: `promotionPath` is not a key that Telefonistka knows; "
        "did you mean promotionPaths?\n"
    ) in head


def test_the_comment_shows_routes_before_and_after_in_a_table() -> None:
    after = builders.yaml(
        {
            "promotionPaths": [
                builders.flow("w/", ["prod/"], labels=["a|b"], auto_merge=True),
                builders.flow("w/", ["dev/", "lab/"]),
            ]
        }
    )
    message = comment(make(reading(), reading(after, app=b"promotionTargetBlockList: [lab]\n")))
    assert message.head.startswith("### Configuration check\n\n✅ This configuration can be used: the routes of 2")
    [section] = message.sections
    assert section.title == "The routes of 2 components change"
    assert section.body.splitlines() == [
        "| component | before | after |",
        "|---|---|---|",
        "| `w/app` | *always:*<br>`dev/app` | *labelled a&#124;b, merged by itself:*<br>`prod/app`<br>*otherwise:*<br>"
        "`dev/app`, 🚫 `lab/app` (blocked by 'lab' of promotionTargetBlockList in w/app/telefonistka.yaml) |",
        "| `w/nginx` | *always:*<br>`dev/nginx` | *labelled a&#124;b, merged by itself:*<br>`prod/nginx`<br>"
        "*otherwise:*<br>`dev/nginx`, `lab/nginx` |",
    ]


def test_names_do_not_break_out_of_the_table() -> None:
    """N28."""
    paths = (RepoPath("w/a|b`c\n@team/f"),)
    message = comment(make(reading(None, paths=paths), reading(paths=paths)))
    row = message.sections[0].body.splitlines()[2:]
    assert row == ["| ``w/a\\|b`c @team`` | not promoted | *always:*<br>``dev/a\\|b`c @team`` |"]


def test_many_problems_are_folded_away_and_counted() -> None:
    message = comment(make(None, reading("".join(f"k{number}: 1\n" for number in range(50)).encode())))
    assert message.head.count("- ⛔") == 20
    assert "- … and 30 more, below" in message.head
    [section] = message.sections
    assert section.title == "30 more problems"
    assert section.body.count("- ⛔") == 30


def test_many_targets_of_one_component_are_counted() -> None:
    root = builders.yaml({"promotionPaths": [builders.flow("w/", [f"t{number}/" for number in range(100)])]})
    [section] = comment(make(reading(), reading(root))).sections
    assert section.body.count("and 80 more") == 2


def test_a_regrouping_shows_which_pull_request_carries_what() -> None:
    split = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"], ["lab/"])]})
    changes = make(reading(WIDER), reading(split)).changes or ()
    assert check_words.as_lines(changes[0]) == [
        "w/app",
        "  - always, pull request 1: dev/app",
        "  - always, pull request 1: lab/app",
        "  + always, pull request 1: dev/app",
        "  + always, pull request 2: lab/app",
    ]
