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
    root = b"b: 1\na: 2\npromotionPaths: [{sourcePath: w/, promotionPrs: [{targetPaths: [dev/]}]}]\n"
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
    assert message.head.startswith("### Configuration check\n\n✅ This configuration can be used. The routes of 2")
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


CHAIN = builders.yaml(
    {"promotionPaths": [builders.flow("w/", ["dev/"]), builders.flow("dev/", ["prod/us", "prod/eu/"])]}
)


def warned(root: bytes, **components: Any) -> list[str]:
    """What is warned of, each with its key."""
    checked = make(None, reading(root, **components))
    assert checked.state == "success"
    return [f"{problem.key} {problem.message}" for problem in checked.problems]


def test_a_list_entry_that_matches_no_target_of_the_component_is_warned_of() -> None:
    [said] = warned(CHAIN, nginx=b"promotionTargetBlockList: [dev, lab]\n")
    assert said == (
        "promotionTargetBlockList[1] 'lab' matches no target of w/nginx, which goes to dev/, prod/us, prod/eu/"
    )
    [said] = warned(CHAIN, nginx=b"promotionTargetAllowList: [dev, lab]\n")
    assert said.startswith("promotionTargetAllowList[1] 'lab' matches no target of w/nginx")


def test_a_list_entry_for_a_later_stage_is_fine() -> None:
    """The file travels along, and counts there."""
    assert warned(CHAIN, nginx=b"promotionTargetBlockList: [prod/us]\n") == []


def test_a_list_entry_is_judged_as_a_promotion_takes_it() -> None:
    """A block list matches either form of the path, an allow list the one that is written."""
    assert warned(CHAIN, nginx=b"promotionTargetBlockList: ['dev$', '^dev/$']\n") == []
    assert warned(CHAIN, nginx=b"promotionTargetAllowList: ['dev/$']\n") == []
    assert len(warned(CHAIN, nginx=b"promotionTargetAllowList: ['dev$']\n")) == 1


def test_a_components_file_where_no_component_lies_is_warned_of() -> None:
    stray = RepoPath("w/nginx/charts/telefonistka.yaml")
    travelled = RepoPath("prod/us/nginx/telefonistka.yaml")
    lists = b"promotionTargetBlockList: [dev]\n"
    now = Reading({**reading(CHAIN).files, stray: lists, travelled: lists}, PATHS)
    assert [(problem.path, problem.severity) for problem in make(None, now).problems] == [(stray, Severity.WARNING)]
    assert make(now, now).problems == ()


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ([("w/", "w")], "names 'w', which is the source itself"),
        ([("w/", "dev/"), ("dev/", "lab/"), ("lab/", "w/")], "closes a loop: dev → lab → w → dev"),
        ([("w/", "dev/"), ("[a-z]*/", "w/")], "closes a loop: dev → w → dev"),
    ],
)
def test_what_comes_back_to_its_source_is_warned_of(flows: list[tuple[str, str]], said: str) -> None:
    root = builders.yaml({"promotionPaths": [builders.flow(source, [target]) for source, target in flows]})
    checked = make(None, reading(root, paths=(*PATHS, RepoPath("lab/x/f"))))
    [problem] = checked.problems
    assert said in problem.message
    assert problem.key == f"promotionPaths[{len(flows) - 1}].promotionPrs[0].targetPaths[0]"
    assert problem.line


@pytest.mark.parametrize(
    "flows",
    [
        [builders.flow("w/", ["dev/"]), builders.flow("dev/", ["w/"], labels=["back"])],
        [builders.flow("w/", ["dev/"]), builders.flow("dev/", ["prod/"]), builders.flow("dev/", ["w/"], labels=["x"])],
        [
            builders.flow("v/", ["w/"]),
            builders.flow("w/", ["dev/"]),
            builders.flow("dev/", ["w/"], labels=["back"]),
            builders.flow("dev/", ["prod/"]),
        ],
        [builders.flow("(w|dev)/", ["dev/"])],
    ],
    ids=["on request", "another flow first", "on request, among others", "one of several sources"],
)
def test_what_goes_one_way_only_is_no_loop(flows: list[dict[str, Any]]) -> None:
    checked = make(None, reading(builders.yaml({"promotionPaths": flows})))
    assert [problem.message for problem in checked.problems if "loop" in problem.message] == []


def test_an_empty_list_of_pull_requests_is_warned_of_by_the_check_alone() -> None:
    root = b"promotionPaths: [{sourcePath: w/, promotionPrs: []}]\n"
    assert warned(root) == ["promotionPaths[0].promotionPrs is an empty list: what this flow takes is promoted nowhere"]


def test_an_endpoint_that_no_push_reaches_fails_the_check() -> None:
    root = b"webhookEndpointRegexs:\n- expression: '(.*)'\n  replacements:\n  - https://$2.example.com/\n"
    [mistake] = make(None, reading(root)).mistakes
    assert (mistake.key, mistake.line) == ("webhookEndpointRegexs[0].replacements[0]", 4)
    assert "uses $2" in mistake.message


@pytest.mark.parametrize(("root", "state"), [(None, "error"), (PLAIN, "success")])
def test_a_root_file_of_another_name_is_told(root: bytes | None, state: str) -> None:
    before = reading(root)
    checked = make(before, reading(root, paths=(*PATHS, RepoPath("telefonistka.yml"))))
    assert checked.state == state
    assert [problem.message for problem in checked.problems] == ["is read by nobody; did you mean telefonistka.yaml?"]


def heir(file: bytes | None, standing: bytes | None = None, root: bytes = CHAIN) -> Checked:
    """`w/nginx` gets `file` of its own; `standing` is what `dev/nginx` has."""
    own = {} if standing is None else {RepoPath("dev/nginx/telefonistka.yaml"): standing}
    more: dict[str, Any] = {} if file is None else {"nginx": file}
    before, after = reading(root), reading(root, **more)
    return make(Reading({**before.files, **own}, PATHS), Reading({**after.files, **own}, PATHS))


def test_a_block_list_that_will_travel_says_what_it_blocks_then() -> None:
    checked = heir(b"promotionTargetBlockList: [prod/us]\n")
    assert checked.changes == ()
    said = "Once promoted, dev/nginx no longer goes to prod/us/nginx."
    assert check_words.later_lines(checked) == [said]
    assert "Once promoted, `dev/nginx` no longer goes to `prod/us/nginx`.\n" in comment(checked).head
    assert check_words.description(checked) == "telefonistka.yaml is fine; no route changes before it is promoted"


def test_a_block_list_that_goes_away_says_what_is_reached_then() -> None:
    blocked = b"promotionTargetBlockList: [prod/us]\n"
    assert check_words.later_lines(heir(b"x-note: 1\n", blocked)) == [
        "Once promoted, dev/nginx goes to prod/us/nginx as well."
    ]


@pytest.mark.parametrize(
    ("file", "standing"),
    [
        (b"promotionTargetBlockList: [prod/us]\n", b"promotionTargetBlockList: ['us$']\n"),
        (b"promotionTargetBlockList: [dev]\n", None),
        (b"disableArgoCDDiff: true\n", None),
        (b"promotionTargetBlockList: ['(']\n", None),
    ],
    ids=["blocked there already", "not promoted itself", "nothing of routes", "unusable"],
)
def test_nothing_is_said_of_later_where_nothing_changes_then(file: bytes, standing: bytes | None) -> None:
    assert heir(file, standing).later == ()


def test_a_block_list_travels_on_as_far_as_it_lets_itself() -> None:
    stages = [builders.flow(one, [other]) for one, other in (("w/", "dev/"), ("dev/", "lab/"), ("lab/", "prod/"))]
    checked = heir(b"promotionTargetBlockList: [prod]\n", root=builders.yaml({"promotionPaths": stages}))
    assert check_words.later_lines(checked) == ["Once promoted, lab/nginx no longer goes to prod/nginx."]


def test_a_component_that_goes_away_with_its_file_leaves_none_behind() -> None:
    before = reading(CHAIN, nginx=b"promotionTargetBlockList: [prod/us]\n")
    gone = reading(CHAIN, paths=tuple(path for path in PATHS if not path.startswith("w/nginx/")))
    own = {RepoPath("dev/nginx/telefonistka.yaml"): b"promotionTargetBlockList: [prod/us]\n"}
    checked = make(Reading({**before.files, **own}, PATHS), Reading({**gone.files, **own}, gone.paths))
    assert checked.later == ()


def test_a_condition_that_leads_nowhere_says_so() -> None:
    root = b"promotionPaths: [{sourcePath: w/, promotionPrs: []}]\n"
    [section] = comment(make(reading(), reading(root))).sections
    assert "| `w/app` | *always:*<br>`dev/app` | *always:* nowhere |" in section.body
