from pathlib import Path

import pytest

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.localgit import process
from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import Sha
from tests import builders
from tests.builders import ENVIRON, Snapshot


def test_commits_trees_and_files_are_read(tmp_path: Path) -> None:
    files: builders.Files = {"a/f": "hello\n", "b\udce9": builders.executable(""), "big": "x" * 300_000}
    first, second = builders.repository(tmp_path / "r", {"a/f": "x"}, Snapshot(files, "Subject\n\nBody\n\nMore"))
    with Clone(tmp_path / "r", ENVIRON) as clone:
        commit = clone.commit("main")
        assert (commit.sha, commit.parents, commit.author) == (second, (first,), "Alice")
        assert commit.message == "Subject\n\nBody\n\nMore"
        listing = clone.tree(commit.tree)
        assert {name: entry.mode for name, entry in listing.items()} == {
            "a": 0o40000,
            "b\udce9": 0o100755,
            "big": 0o100644,
        }
        assert clone.blob(listing["big"].sha) == b"x" * 300_000
        assert clone.blob(clone.tree(listing["a"].sha)["f"].sha) == b"hello\n"
        assert clone.merge_base(first, second) == first


def test_an_object_that_is_not_there_is_an_error_never_emptiness(tmp_path: Path) -> None:
    """N1."""
    builders.repository(tmp_path / "r", {"a": "1"})
    with Clone(tmp_path / "r", ENVIRON) as clone:
        commit = clone.commit("main")
        for read in (clone.tree, clone.blob):
            with pytest.raises(WorldUnwell, match="shallow or partial"):
                read(Sha("1" * 40))
        with pytest.raises(WorldUnwell, match="no blob"):
            clone.blob(commit.tree)


def test_a_work_tree_a_folder_in_it_and_a_bare_repository_are_all_opened(tmp_path: Path) -> None:
    builders.repository(tmp_path / "bare", {"d/f": "1"})
    builders.git(tmp_path, "clone", "--quiet", "bare", "work")
    for path in (tmp_path / "bare", tmp_path / "work", tmp_path / "work" / "d"):
        with Clone(path, ENVIRON) as clone:
            assert clone.commit("HEAD").parents == ()


def test_the_default_branch_is_origins_else_the_one_checked_out(tmp_path: Path) -> None:
    builders.repository(tmp_path / "bare", Snapshot({"f": "1"}, branch="trunk"))
    (tmp_path / "bare" / "HEAD").write_text("ref: refs/heads/trunk\n")
    builders.git(tmp_path, "clone", "--quiet", "bare", "work")
    builders.git(tmp_path / "work", "checkout", "--quiet", "-b", "feature")
    for path in ("bare", "work"):
        with Clone(tmp_path / path, ENVIRON) as clone:
            assert clone.default_branch() == "trunk"
    builders.git(tmp_path / "work", "remote", "remove", "origin")
    with Clone(tmp_path / "work", ENVIRON) as clone:
        assert clone.default_branch() == "feature"


def test_variables_that_point_git_elsewhere_are_not_passed_on(tmp_path: Path) -> None:
    builders.repository(tmp_path / "one", {"one": "1"})
    builders.repository(tmp_path / "two", {"two": "1"})
    with Clone(tmp_path / "one", {**ENVIRON, "GIT_DIR": str(tmp_path / "two")}) as clone:
        assert set(clone.tree(clone.commit("main").tree)) == {"one"}
    assert process.environment({"GIT_X": "1", "A": "b"})["GIT_TERMINAL_PROMPT"] == "0"


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorMistake, match="is not a git repository; give the path of a local clone"):
        Clone(tmp_path, ENVIRON)
    with pytest.raises(OperatorMistake, match="is no directory"):
        Clone(tmp_path / "nowhere", ENVIRON)


def test_without_git_one_is_told_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(OperatorMistake, match="git was not found on PATH; install it"):
        Clone(tmp_path, {"PATH": str(tmp_path)})


def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    builders.repository(tmp_path / "bare", {"f": "1"}, {"f": "2"})
    builders.git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/bare", "work")
    with Clone(tmp_path / "work", ENVIRON) as clone:
        [parent] = clone.commit("main").parents
        with pytest.raises(OperatorMistake, match="there is no commit"):
            clone.commit(parent)
