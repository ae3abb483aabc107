"""The drift comment, shape by shape. The texts lie in tests/golden/drift."""

import re
from collections.abc import Mapping

import pytest

from telefonistka_py.drift import render
from telefonistka_py.drift.model import Carried, Direct, Heading, Pair, Report, SourceMoved, Unknown, Unread
from telefonistka_py.drift.render import Links
from telefonistka_py.feedback import compose, size
from telefonistka_py.names import Branch, RepoPath
from telefonistka_py.templates import Templates
from tests import builders
from tests.builders import Files
from tests.conftest import Golden
from tests.unit.drift.builders import PAIR, commit, contents, differs, in_step, not_compared, report
from tests.unit.feedback import reading

LINKS = Links("https://github.example/acme/gitops", Branch("main"))
VALUES: Files = {"values.yaml": "replicas: 2\ntag: 1\n"}
CHANGED: Files = {"values.yaml": "replicas: 3\ntag: 1\n"}
EVERY_KIND: tuple[Files, Files] = (
    {
        "bin": b"\0a",
        "latin": b"\xe9",
        "run.sh": "#!/bin/sh\n",
        "link": builders.symlink("../a"),
        "module": builders.submodule("1" * 40),
        "turned": "a file",
        "no-newline": "a\nb",
        "only/here": "1",
        "long": "a\n" * 20_001,
    },
    {
        "bin": b"\0bc",
        "latin": b"\xe8",
        "run.sh": builders.executable("#!/bin/sh\n"),
        "link": builders.symlink("../b"),
        "module": builders.submodule("2" * 40),
        "turned": builders.symlink("away"),
        "no-newline": "a\nb\n",
        "only/there": "1",
        "long": "b\n" * 20_001,
    },
)
BROKEN = {**contents(VALUES), **dict.fromkeys(contents(CHANGED), Unread("GitHub answered 502 to GET /git/blobs/1"))}


LAB = Pair(PAIR.source, RepoPath("clusters/lab/nginx"))

SHAPES: Mapping[str, Report] = {
    "changed-directly": report(differs(VALUES, CHANGED, cause=Direct(commit())), in_step()),
    "carried-by-an-open-promotion": report(
        differs(VALUES, CHANGED, cause=Carried(31)), differs(VALUES, CHANGED, cause=Heading(32), pair=LAB)
    ),
    "source-moved-on": report(
        differs(VALUES, CHANGED, cause=SourceMoved(commit(pull=None))),
        differs(VALUES, CHANGED, cause=SourceMoved(None), pair=LAB),
    ),
    "every-kind-of-file": report(differs(*EVERY_KIND, cause=Unknown("the history could not be read"))),
    "missing-from-the-target": report(differs({"a.yaml": "1", "deep/b.yaml": "2"}, {})),
    "a-content-could-not-be-read": report(differs(VALUES, CHANGED, known=BROKEN)),
    "not-compared": report(not_compared("workspace/nginx/telefonistka.yaml:1:1: must be a mapping"), in_step()),
    "mistake": report(mistake="telefonistka.yaml on main can't be used"),
    "hostile-names": report(
        differs(
            {"``` @acme/owners |.yaml": "```\n</details>\n", "<b>": "1"},
            {"``` @acme/owners |.yaml": "````\n@acme/owners\n", "*b*": "1"},
            pair=Pair(RepoPath("workspace/a|b`c"), RepoPath("clusters/<i>@acme")),
        )
    ),
}


def comment(shape: Report) -> str:
    [text] = compose.compose(render.message(shape, LINKS, Templates()))
    return text


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_of_the_comment(name: str, golden: Golden) -> None:
    text = comment(SHAPES[name])
    assert reading.complaints(text) == []
    golden(f"drift/{name}.md", text + "\n")


def test_what_is_in_step_again_is_said(golden: Golden) -> None:
    golden("drift/in-step.md", render.in_step(report(in_step(), in_step("clusters/lab/nginx")), Templates()) + "\n")


def test_nothing_that_others_chose_mentions_anybody_or_breaks_out() -> None:
    """N28"""
    text = comment(SHAPES["hostile-names"])
    assert "@acme" not in re.sub(r"<pre>.*?</pre>", "", reading.shown_outside_code(text), flags=re.DOTALL)
    assert [block.count("</details>") for block in reading.code_blocks(text)] == [1]
    table = next(line for line in text.splitlines() if line.startswith("| ``workspace"))
    assert table.replace("\\|", "").count("|") == 5


def test_drift_longer_than_any_comment_is_split_and_says_how_to_see_the_rest() -> None:
    """N19"""
    long = "\n".join(f"key-{number}: value" for number in range(4_000)) + "\n"
    pairs = [
        differs({"f": long}, {"f": long.upper()}, pair=Pair(PAIR.source, RepoPath(f"clusters/c{number}/nginx")))
        for number in range(7)
    ]
    message = render.message(report(*pairs), LINKS, Templates())
    parts = compose.compose(message, how_to_see_the_rest="telefonistka drift")
    assert all(size.fits(part, size.LIMIT) and not reading.complaints(part) for part in parts)
    assert "see the rest with `telefonistka drift`" in "".join(parts)
    assert "- `f` +4,000 −4,000" in "".join(parts)


def test_thousands_of_pairs_and_files_leave_the_summary_short() -> None:
    pairs = [
        differs({"f": "1"}, {"f": "2"}, pair=Pair(PAIR.source, RepoPath(f"clusters/c{number}/nginx")))
        for number in range(300)
    ]
    text = render.message(report(*pairs), LINKS, Templates()).head
    assert "… and 200 more pairs, below." in text
    many = differs({f"f{number}": "1" for number in range(1_000)}, {"other": "1"})
    [section] = render.message(report(many), LINKS, Templates()).sections
    assert section.body.count("- … and 800 more") == 1
    assert "- … and 801 more files" in section.brief


def test_links_work_on_enterprise_and_with_odd_names() -> None:
    """N7"""
    links = Links("https://ghe.example/acme/gitops/", Branch("release/1.0#a"))
    assert links.blame(RepoPath("a b/(c)?\udce9")) == (
        "https://ghe.example/acme/gitops/blame/release/1.0%23a/a%20b/%28c%29%3F%E9"
    )
