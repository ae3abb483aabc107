"""A decision is made on the whole, or not at all."""

import pytest

from telefonistka_py.errors import RepoMistake, WorldUnwell
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader, Trees, Wanted, attempt
from tests import builders

FILES = {"a/b/f": "1", "a/g": "2", "c/h": "3", "top": "4"}


def test_what_stands_at_a_path() -> None:
    reader, root = builders.reader(FILES)
    assert reader.find(root, RepoPath("a/g")) == builders.file("2").entry
    assert reader.find(root, RepoPath("")) == Entry(Mode.DIRECTORY, root)
    found = reader.find(root, RepoPath("a/b"))
    assert found is not None
    assert found.is_directory
    for nothing in ("x", "a/x", "top/x", "a/b/f/x", "a/b/"):
        assert reader.find(root, RepoPath(nothing)) is None
    assert not reader.wanted


def test_a_missing_listing_is_wanted_never_taken_for_an_empty_one() -> None:
    """N1."""
    _, root = builders.trees(FILES)
    assert attempt(Trees(), lambda reader: reader.find(root, RepoPath("a/g"))) == Wanted((root,))


def test_one_pass_names_everything_missing_at_its_depth_once() -> None:
    loaded, root = builders.trees(FILES)
    top = loaded.get(root)
    assert top is not None
    partly = Trees()
    partly.add(root, top)

    def question(reader: Reader) -> list[Entry | None]:
        return [reader.find(root, RepoPath(path)) for path in ("a/b/f", "a/g", "c/h", "top")]

    assert attempt(partly, question) == Wanted((top["a"].sha, top["c"].sha))
    assert attempt(loaded, question) == question(Reader(loaded))


def test_a_mistake_found_on_less_than_the_whole_is_not_believed() -> None:
    loaded, root = builders.trees(FILES)

    def question(reader: Reader) -> str:
        if reader.find(root, RepoPath("a/g")) is None:
            raise RepoMistake("a/g is missing")
        return "fine"

    assert attempt(Trees(), question) == Wanted((root,))
    assert attempt(loaded, question) == "fine"


def test_a_mistake_found_on_the_whole_stands() -> None:
    loaded, _ = builders.trees(FILES)

    def question(reader: Reader) -> str:
        raise RepoMistake("no")

    with pytest.raises(RepoMistake):
        attempt(loaded, question)


def test_a_listing_that_was_cut_short_never_gets_in() -> None:
    """N2."""
    loaded, root = builders.trees(FILES)
    whole = loaded.get(root)
    assert whole is not None
    for cut in ({}, {name: whole[name] for name in ("a", "c")}):
        trees = Trees()
        with pytest.raises(WorldUnwell, match="incomplete or wrong"):
            trees.add(root, cut)
        assert trees.get(root) is None


def test_a_listing_is_kept_once() -> None:
    trees = Trees()
    sha = Sha("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    trees.add(sha, {})
    trees.add(sha, {})
    assert trees.get(sha) == {}
