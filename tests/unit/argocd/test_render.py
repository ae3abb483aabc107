"""The comment on what changes in the clusters, shape by shape. The texts lie in tests/golden/argocd."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from telefonistka_py.argocd import compare, render, shown
from telefonistka_py.argocd.model import (
    App,
    AppDiff,
    Change,
    Compared,
    ComponentResult,
    Facts,
    Failed,
    Outcome,
    Prune,
    Skipped,
    Special,
    nothing_changes,
)
from telefonistka_py.argocd.render import BranchSync
from telefonistka_py.feedback import compose, size
from telefonistka_py.names import Branch, RepoPath
from telefonistka_py.templates import Templates
from tests.conftest import Golden
from tests.unit.argocd import builders, objects_of
from tests.unit.argocd.builders import config_map, holding, managed
from tests.unit.feedback import reading

URL = "https://argocd.example/applications/argocd/nginx-prod"
WELL = App("nginx-prod", URL)
COMPONENT = RepoPath("clusters/prod/nginx")
CONF = "\n".join(f"setting-{number} {number};" for number in range(1, 41)) + "\n"
HOSTILE = "``` </details> <!-- @acme/owners ![x](http://evil.example/x) <script>"


def result(*outcomes: Outcome, component: str = COMPONENT, **more: Any) -> ComponentResult:
    return ComponentResult(RepoPath(component), outcomes, **more)


def tables(*titles: str) -> AppDiff:
    """What the cases of the tables change, in one app."""
    cases = {case.title.partition(": ")[2]: case for case in objects_of.cases() if case.changes}
    picked = [cases[title] for title in titles]
    return builders.diff([managed(case.live, case.last) for case in picked], [case.new for case in picked])


def texts(before: Mapping[str, str], after: Mapping[str, str]) -> AppDiff:
    live = holding(before)
    return builders.diff([managed(live, live)], [holding(after)])


NONE = builders.diff([managed(config_map(), config_map())], [config_map()])
EVERYTHING = builders.diff(
    [
        managed(config_map(a="1", conf=CONF), config_map(a="1", conf=CONF)),
        managed(config_map("gone"), config_map("gone")),
        managed(
            config_map("kept", {"argocd.argoproj.io/sync-options": "Prune=false"}),
            config_map("kept", {"argocd.argoproj.io/sync-options": "Prune=false"}),
        ),
    ],
    [
        config_map(a="2", conf=CONF.replace("setting-3 3", "setting-3 4").replace("40 40", "40 41")),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new", "labels": {"a": "b"}}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": "hush"}},
    ],
)
MASKED = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": {"password": "++++++++"}}
ILL = App("nginx-prod", URL, health="Degraded", sync="OutOfSync", auto_sync=False)

HOSTILE_DIFFS = (
    Compared(App(f"app](http://evil.example) {HOSTILE}", "javascript:alert(1)"), texts({"a": "x"}, {"a": HOSTILE})),
    Compared(
        App("x", f"https://a.example/){HOSTILE}"),
        texts({"f": f"a\n{HOSTILE}\n"}, {"f": f"b\n~~~\n{HOSTILE}\n"}),
    ),
)
TEMPORARY = App("temp-redis", "", auto_sync=False, temporary=True)
UNSEEN = builders.diff([managed(MASKED, MASKED)], [MASKED, MASKED])
ON_BRANCH = Skipped(App("db", URL), "it is on this branch already and syncs by itself")
ONE = texts({"a": "1"}, {"a": "2"})

SHAPES: Mapping[str, Sequence[ComponentResult]] = {
    "every-fate": [result(Compared(WELL, EVERYTHING))],
    "values": [
        result(
            Compared(
                WELL,
                tables(
                    "a new image is named by its container, whatever its place",
                    "a larger claim is one quantity",
                    "a named port in quotes is not the number",
                    "a further verb",
                    "a value that changes is hidden",
                    "a share in place of a number",
                ),
            )
        )
    ],
    "no-diff": [result(Compared(WELL, NONE))],
    "warnings": [
        result(Compared(ILL, ONE)),
        result(Compared(TEMPORARY, EVERYTHING), component="clusters/prod/redis"),
        result(Compared(WELL, UNSEEN), component="clusters/prod/login"),
    ],
    "several-apps-and-components": [
        result(Compared(WELL, NONE), Compared(App("nginx-canary", URL), ONE)),
        result(ON_BRANCH, component="clusters/prod/db"),
        result(component="clusters/prod/brand-new"),
    ],
    "errors": [
        result(Failed("nginx-prod", "Argo CD answered 502 to GET /api/v1/applications/nginx-prod/manifests")),
        result(component="clusters/prod/redis", failed="Argo CD at https://argocd.example can't be reached"),
        result(Compared(WELL, ONE), component="clusters/prod/web"),
    ],
    "contents-are-not-shown": [result(Compared(WELL, EVERYTHING), list_only=True)],
    "hostile": [
        result(HOSTILE_DIFFS[0], component=HOSTILE),
        result(Failed(HOSTILE, f"{HOSTILE}\n\n# Heading\n> quote\n{HOSTILE}")),
        result(HOSTILE_DIFFS[1]),
    ],
}


def comment(results: Sequence[ComponentResult], sync: BranchSync | None = None) -> str:
    [text] = compose.compose(render.comment(results, Templates(), sync))
    return text


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_of_the_comment(name: str, golden: Golden) -> None:
    text = comment(SHAPES[name])
    assert reading.complaints(text) == []
    golden(f"argocd/{name}.md", text + "\n")


@pytest.mark.parametrize("ticked", [False, True])
def test_the_box_that_sets_the_apps_to_the_branch(ticked: bool) -> None:
    text = comment(SHAPES["no-diff"], BranchSync(Branch("feature/`@acme`"), ticked))
    box = "- [x]" if ticked else "- [ ]"
    assert text.splitlines()[-1].startswith(f"{box} <!-- telefonistka-argocd-branch-sync --> Set the Argo CD apps")
    assert "@acme" not in reading.shown_outside_code(text)
    assert render.SYNC_MARKER not in comment(SHAPES["no-diff"])


def test_nothing_that_others_chose_mentions_anybody_or_breaks_out() -> None:
    """N28"""
    text = comment(SHAPES["hostile"])
    outside = re.sub(r"<pre>.*?</pre>", "", reading.shown_outside_code(text), flags=re.DOTALL)
    for breach in ("@acme", "<script>", 'href="http://evil', 'href="javascript', "<img", "<h1>"):
        assert breach not in outside
    assert any(HOSTILE in block for block in reading.code_blocks(text))
    assert text.count("> [!CAUTION]") == 1


def test_secrets_are_in_no_comment() -> None:
    """N30"""
    assert "hush" not in comment(SHAPES["every-fate"])
    assert "b2xk" not in comment(SHAPES["values"])


def many(number: int) -> list[ComponentResult]:
    long = "\n".join(f"key-{line}: value" for line in range(120)) + "\n"
    diff = texts({f"f{at}": long for at in range(4)}, {f"f{at}": long.upper() for at in range(4)})
    return [
        result(Compared(App(f"app-{at}", URL), diff), component=f"clusters/prod/c{at}", list_only=False)
        for at in range(number)
    ]


def test_what_is_too_long_is_split_between_apps() -> None:
    """N19: each part holds its own apps."""
    parts = compose.compose(render.comment(many(12), Templates()))
    assert 1 < len(parts) <= compose.MOST_PARTS
    assert all(size.fits(part, size.LIMIT) and not reading.complaints(part) for part in parts)
    for at in range(12):
        assert sum(f"<summary><b>app-{at}</b>" in part for part in parts) == 1


def test_an_app_that_fits_into_no_comment_is_the_list_of_its_objects() -> None:
    """N19"""
    data = {f"k{at}": "x" * 200 for at in range(300)}
    items = [managed(holding(data, f"c{at}"), holding(data, f"c{at}")) for at in range(3)]
    new = [holding(dict.fromkeys(data, "y" * 200), f"c{at}") for at in range(3)]
    [text] = compose.compose(render.comment([result(Compared(WELL, builders.diff(items, new)))], Templates()))
    assert "- `prod/ConfigMap/c1` changes" in text
    assert "yyy" not in text
    assert "3 objects: 3 changed" in text


def test_thousands_of_apps_objects_and_errors_stay_within_a_few_comments() -> None:
    """N19"""
    new = [config_map(f"c{at}") for at in range(3_000)]
    results = [result(Compared(App(f"app-{at}", URL), NONE), component=f"c/{at}") for at in range(2_000)]
    results += [result(Failed(f"app-{at}", f"{at} {'x' * 50_000}"), component=f"e/{at}") for at in range(2_000)]
    results += [result(Compared(WELL, builders.diff([], new)))]
    parts = compose.compose(render.comment(results, Templates()))
    assert len(parts) <= compose.MOST_PARTS
    assert "… and 1951 more; those that change are below" in parts[0]
    assert "`e/49`" in parts[0]
    assert "… and 1950 more" in parts[0]


def test_an_argo_cd_that_is_down_is_told_of_once_with_all_that_it_hides() -> None:
    told = [ComponentResult(RepoPath(f"c/{at}"), failed="Argo CD can't be reached") for at in range(20)]
    text = comment([*told, result(Failed("app", "it can't be rendered"), component="d")])
    assert text.count("> [!CAUTION]") == 2
    assert all(f"`c/{at}`" in text for at in range(20))
    assert text.count("can't be reached") == 1


def test_an_error_is_told_beside_what_could_be_compared() -> None:
    text = comment(SHAPES["errors"])
    assert text.count("> [!CAUTION]") == 2
    assert '-"1"\n+"2"' in text


def changed(old: Any, new: Any, path: str = "x") -> list[str]:
    return shown.changes([Change(path, old, new)]).split("\n")


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (80, "80", ["@@ x @@", "-80", '+"80"']),
        (True, "true", ["@@ x @@", "-true", '+"true"']),
        ("", " a", ["@@ x @@", '-""', '+" a"']),
        ("null", "~", ["@@ x @@", '-"null"', '+"~"']),
        ("a\tb", "1e3", ["@@ x @@", '-"a\\tb"', "+1e3"]),
        (Special.ABSENT, {}, ["@@ x @@", "+{}"]),
        ([], Special.ABSENT, ["@@ x @@", "-[]"]),
        ("a\n", "a", ["@@ x @@", '-"a\\n"', "+a"]),
        (["a", "b"], ["a", "c"], ["@@ x @@", " - a", "-- b", "+- c"]),
        ({"a": 1}, "a: 1\n", ["@@ x @@", "-a: 1", '+"a: 1\\n"']),
        (Special.HIDDEN, Special.HIDDEN, ["@@ x @@", "-(hidden)", "+(hidden) changed"]),
        (Special.ABSENT, Special.HIDDEN, ["@@ x @@", "+(hidden)"]),
        ("a\nb", "a\nc", ["@@ x @@", " a", "-b", "+c"]),
    ],
)
def test_a_value_and_another(old: Any, new: Any, lines: list[str]) -> None:
    assert changed(old, new) == lines


def test_a_file_is_shown_as_the_lines_that_differ_and_where_they_stand() -> None:
    found = changed(CONF, CONF.replace("20 20", "20 21"), 'data["nginx.conf"]')
    assert found[0] == '@@ data["nginx.conf"], line 17 @@'
    assert [line for line in found if line[0] in "+-"] == ["-setting-20 20;", "+setting-20 21;"]
    assert len(found) == 9


def test_of_a_long_line_what_is_around_the_change_is_shown() -> None:
    old = "a" * 5_000 + "X" + "b" * 5_000
    _, before, after = changed(old, old.replace("X", "YY"))
    assert before == f"-…{'a' * 80}X{'b' * 80}…"
    assert after == f"+…{'a' * 80}YY{'b' * 80}…"


def test_a_huge_object_is_cut_and_says_so() -> None:
    whole = holding({f"k{at}": "v" for at in range(1_000)})
    lines = shown.new_object(whole).split("\n")
    assert len(lines) == shown.MOST_LINES + 1
    assert lines[-1] == f"@@ {1_005 - shown.MOST_LINES} more lines @@"


# ---- the label `noop` ----


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result(Compared(WELL, NONE))], True),
        ([result(Compared(WELL, NONE), Compared(WELL, NONE)), result(Compared(WELL, NONE))], True),
        ([], False),
        ([result()], False),
        ([result(Compared(WELL, NONE)), result()], False),
        ([result(Compared(WELL, NONE)), result(Failed("x", "y"))], False),
        ([result(Compared(WELL, NONE), failed="y")], False),
        ([result(Compared(WELL, NONE), Skipped(WELL, "y"))], False),
        ([result(Compared(WELL, NONE), Compared(WELL, EVERYTHING))], False),
        ([result(Compared(WELL, builders.diff([managed(MASKED, MASKED)], [MASKED])))], False),
    ],
)  # fmt: skip
def test_that_nothing_changes_is_said_only_where_it_is_sure(results: list[ComponentResult], expected: bool) -> None:
    assert nothing_changes(results) is expected
    assert ("No diff." in comment(results)) is expected


def test_who_syncs_by_hand_is_told_that_pruning_is_theirs_to_choose() -> None:
    live = config_map()
    facts = Facts([managed(live, live)], [], "prod", Prune.BY_HAND)
    text = comment([result(Compared(WELL, compare.app(facts, builders.no_jq)))])
    assert "`prod/ConfigMap/conf` **will be deleted**, only if whoever syncs the app prunes" in text
