"""The box in our comment, and the words below it."""

import pytest

from telefonistka_py.argocd import branch_sync, branch_sync_told
from telefonistka_py.argocd.branch_sync import OUTCOME_MARKER, Line
from telefonistka_py.argocd.render import SYNC_MARKER, BranchSync
from telefonistka_py.events import model, own, parse
from telefonistka_py.events.model import BranchEvent, Wish
from telefonistka_py.feedback import size
from telefonistka_py.names import Branch, Login, RepoName
from telefonistka_py.templates import Templates

EMPTY, TICKED = f"- [ ] {SYNC_MARKER} Set", f"- [x] {SYNC_MARKER} Set"


@pytest.mark.parametrize(
    ("before", "after", "wished"),
    [
        (EMPTY, TICKED, "set"),
        (EMPTY, TICKED.replace("x", "X", 1), "set"),
        (f"a\r\n{EMPTY}\r\n", f"a\r\n{TICKED}\r\n", "set"),
        (TICKED, EMPTY, "back"),
        (TICKED, TICKED + " more", None),
        (EMPTY, "nothing", None),
        ("nothing", TICKED, None),
        (None, TICKED, None),
        (EMPTY, TICKED.replace(SYNC_MARKER, ""), None),
    ],
)
def test_an_edit_that_changes_the_box_is_a_wish(before: str | None, after: str, wished: Wish | None) -> None:
    assert branch_sync.wish(before, after) == wished


@pytest.mark.parametrize("line", [f"+{TICKED}", f" {TICKED}", f"> {TICKED}", TICKED])
def test_what_looks_like_a_box_in_a_manifest_is_none(line: str) -> None:
    """N25: the box is below all manifests."""
    body = f"```diff\n{line}\n```\n{EMPTY}"
    assert branch_sync.ticked(body) is False
    assert branch_sync.rewritten(body, box=True, outcome=[]) == f"```diff\n{line}\n```\n{TICKED}"


def test_the_box_is_the_one_that_is_rendered() -> None:
    templates = Templates()
    for ticked in (True, False):
        box = templates.render("argoCD-branch-sync", marker=SYNC_MARKER, sync=BranchSync(Branch("f"), ticked))
        assert branch_sync.ticked(box) is ticked


def test_an_outcome_takes_the_place_of_an_earlier_one() -> None:
    once = branch_sync.rewritten(f"head\n\n{EMPTY}\n\nfoot", box=True, outcome=["one", "two"])
    assert once == f"head\n\n{TICKED}\n  - {OUTCOME_MARKER} one\n  - {OUTCOME_MARKER} two\n\nfoot"
    assert branch_sync.rewritten(once, box=False, outcome=["three"]) == (
        f"head\n\n{EMPTY}\n  - {OUTCOME_MARKER} three\n\nfoot"
    )
    assert branch_sync.rewritten(once, box=False, outcome=[]) == f"head\n\n{EMPTY}\n\nfoot"


@pytest.mark.parametrize(
    ("standing", "wished", "box"),
    [
        ([True, False], "set", True),
        ([False], "set", False),
        ([None], "set", False),
        ([False, None], "back", True),
        ([False], "back", False),
        ([], "set", False),
    ],
)
def test_the_box_is_ticked_while_any_app_follows_the_branch(
    standing: list[bool | None], wished: Wish, box: bool
) -> None:
    assert branch_sync.fulfilled([Line("a", each) for each in standing], wished) is box


def told(*lines: Line, again: bool = False) -> list[str]:
    return branch_sync_told.outcome(lines, Templates(), asked_by=Login("alice"), again=again)


def test_the_outcome_is_told_a_line_each() -> None:
    moved = [Line("a", True, moved_to="feature"), Line("b", True, moved_to="feature")]
    failed = Line("d", None, why="it broke.\n\nbadly", failed=True)
    assert told(*moved, Line("c", True, why="it is there"), failed, again=True) == [
        "`a`, `b` now follow `feature`, as `alice` asked.",
        "`c` is left as it is: it is there.",
        "⚠️ `d` could not be set: it broke. badly.",
        "What failed is tried again.",
    ]


def test_many_apps_are_counted_and_text_of_others_is_shown_as_text() -> None:
    """N19, N28."""
    [line] = told(*(Line(f"a{number}", True, moved_to="f") for number in range(25)))
    assert line.endswith("`a19` and 5 more now follow `f`, as `alice` asked.")
    [*_, last] = told(*(Line("b", False, why="x", failed=True) for _ in range(25)))
    assert last == "… and 5 more."
    [said] = told(Line("c", False, why="<!-- @everyone " + "x" * 1000, failed=True))
    assert "<!--" not in said
    assert "@everyone" not in said
    assert len(said) < 500


def test_an_outcome_that_does_not_fit_is_left_out() -> None:
    """N19."""
    now = "x" * (size.GITHUB - len(EMPTY) - 1) + "\n" + EMPTY
    assert branch_sync_told.body(now, ["said"], box=True) == now.replace(EMPTY, TICKED)


@pytest.mark.parametrize("wish", ["set", "back", None])
def test_what_waits_in_the_inbox_is_read_back(wish: Wish | None) -> None:
    event = BranchEvent(RepoName("acme/gitops"), 7, 3, wish, 11, Login("alice") if wish else None)
    assert parse.parse(own.BRANCH, own.body(event), parse.JSON) == event
    assert model.lane(event) == "acme/gitops#3!branch"
