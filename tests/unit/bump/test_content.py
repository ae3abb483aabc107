"""What becomes of the files when a bump is run for the first time, again, and after it was merged."""

import pytest

from telefonistka_py.bump import content, edit, render
from telefonistka_py.bump.content import File
from telefonistka_py.bump.model import Change, Edited, How, Overwrite, Refused, Replace, Set
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath
from tests.conftest import Golden

A, B = RepoPath("a.yaml"), RepoPath("b.yaml")
TAG = Set(".tag", "v2")
GROWS = Replace("v1", "v1-b")
"""It matches what it leaves."""


def test_several_edits_of_a_file_build_upon_each_other() -> None:
    changes = (Change(A, Set(".tag", "v2")), Change(B, Set(".x", "w")), Change(A, Set(".other", "v3")))
    made = content.make(changes, {A: b"tag: v1\n", B: b"x: z\n"})
    assert made == (
        File(
            A,
            b"tag: v1\n",
            b"tag: v2\nother: v3\n",
            2,
            ("the key `other` was not there: it is added to the mapping in line 1",),
        ),
        File(B, b"x: z\n", b"x: w\n", 1),
    )


def test_one_edit_that_cannot_be_done_stops_all() -> None:
    with pytest.raises(RepoMistake, match=r"^b.yaml: nothing in it matches `.x.y`"):
        content.make((Change(A, TAG), Change(B, Set(".x.y", "z"))), {A: b"tag: v1\n", B: b"a: b\n"})


@pytest.mark.parametrize("how", [TAG, Replace("v1", "v2")])
def test_only_overwriting_makes_a_file(how: How) -> None:
    assert edit.edit(None, how) == Refused("there is no such file; only bump-overwrite makes one")
    assert edit.edit(None, Overwrite(b"x")) == Edited(b"x", 1)


@pytest.mark.parametrize(
    ("how", "before", "now", "after"),
    [
        (TAG, "tag: v1\n", "tag: v1\n", "tag: v2\n"),
        (TAG, "tag: v1\n", "tag: v2\n", "tag: v2\n"),
        (TAG, "tag: v1\nx: 1\n", "tag: v1\nx: 2\n", "tag: v2\nx: 2\n"),
        (GROWS, "tag: v1\n", "tag: v1\n", "tag: v1-b\n"),
        (GROWS, "tag: v1\n", "tag: v1-b\n", "tag: v1-b\n"),
        (Replace("v[0-9]", "v2"), "tag: v1\nx: 1\n", "tag: v2\nx: 2\n", "tag: v2\nx: 2\n"),
        (Overwrite(b"new\n"), "old\n", "other\n", "new\n"),
    ],
)
def test_run_again_nothing_is_done_twice(how: How, before: str, now: str, after: str) -> None:
    """N12."""
    [file] = content.again((Change(A, how),), {A: before.encode()}, {A: now.encode()})
    assert file.after.decode() == after
    assert file.before == now.encode()


def test_what_cannot_be_told_to_be_done_is_not_done_twice() -> None:
    """N12: it may stand there already."""
    with pytest.raises(RepoMistake) as caught:
        content.again((Change(A, GROWS),), {A: b"tag: v1\nx: 1\n"}, {A: b"tag: v1-b\nx: 2\n"})
    assert "the branch holds another change of the file already" in str(caught.value)
    assert "would change its own result once more" in str(caught.value)


def test_after_the_merge_an_edit_that_repeats_is_done_and_one_that_grows_is_not() -> None:
    assert not content.after_merge((Change(A, TAG),), {A: b"tag: v2\n"}, 7)[0].changed
    assert content.after_merge((Change(A, TAG),), {A: b"tag: v1\n"}, 7)[0].changed
    with pytest.raises(RepoMistake, match="#7 of the same commit was merged already"):
        content.after_merge((Change(A, GROWS),), {A: b"tag: v1-b\n"}, 7)


def test_the_diff_is_one_that_git_shows(golden: Golden) -> None:
    files = (
        File(A, b"image:\n  tag: v1 # c\n", b"image:\n  tag: v2 # c\n", 1),
        File(RepoPath("same.yaml"), b"x\n", b"x\n", 1),
        File(RepoPath("new.txt"), None, b"one\ntwo", 1),
        File(RepoPath("logo.png"), b"\0old", b"\0new", 1),
        File(RepoPath("empty"), None, b"", 1),
    )
    golden("bump/diff.txt", render.diff(files))


def test_where_nothing_changes_there_is_no_diff() -> None:
    assert render.diff((File(A, b"x\n", b"x\n", 1),)) == ""
