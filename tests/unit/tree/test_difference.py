import pytest

from telefonistka_py.names import RepoPath
from telefonistka_py.tree import difference
from telefonistka_py.tree.difference import Changes
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader, Trees
from tests import builders
from tests.builders import Files


def changes(before: Files | None, after: Files | None) -> Changes:
    loaded = Trees()
    reader = Reader(loaded)
    one, other = (None if files is None else _loaded(loaded, files) for files in (before, after))
    return difference.changes(list(difference.differences(reader, one, other, RepoPath("dir"))))


def _loaded(into: Trees, files: Files) -> Entry:
    trees, root = builders.trees(files)
    for sha, listing in builders.listings(trees, root):
        into.add(sha, listing)
    return Entry(Mode.DIRECTORY, root)


@pytest.mark.parametrize(
    ("before", "after", "added", "modified", "deleted"),
    [
        ({"a": "1"}, {"a": "1"}, (), (), ()),
        ({"a": "1"}, {"a": "2"}, (), ("dir/a",), ()),
        ({"a": "1"}, {"b": "1"}, ("dir/b",), (), ("dir/a",)),
        ({"a": "1"}, {"a": builders.executable("1")}, (), ("dir/a",), ()),
        ({"a": "1"}, {"a": builders.symlink("1")}, (), ("dir/a",), ()),
        ({"m": builders.submodule("1" * 40)}, {"m": builders.submodule("2" * 40)}, (), ("dir/m",), ()),
        ({"a": "1"}, {"a/b": "1", "a/c": "1"}, ("dir/a/b", "dir/a/c"), (), ("dir/a",)),
        ({"a/b": "1", "a/c": "1"}, {"a": "1"}, ("dir/a",), (), ("dir/a/b", "dir/a/c")),
        ({"a/b/c": "1", "z": "1"}, {"z": "1"}, (), (), ("dir/a/b/c",)),
        (None, {"a": "1", "b/c": "1"}, ("dir/a", "dir/b/c"), (), ()),
        ({"a": "1", "b/c": "1"}, None, (), (), ("dir/a", "dir/b/c")),
        (None, None, (), (), ()),
    ],
)
def test_changes_are_what_git_would_call_them(
    before: Files | None, after: Files | None, added: object, modified: object, deleted: object
) -> None:
    found = changes(before, after)
    assert (found.added, found.modified, found.deleted) == (added, modified, deleted)


def test_equal_subtrees_are_never_opened() -> None:
    loaded, root = builders.trees({"same/a": "1", "other/b": "1"})
    _, after = builders.trees({"same/a": "1", "other/b": "2"})
    top = loaded.get(root)
    assert top is not None
    reader = Reader(loaded)
    list(difference.differences(reader, Entry(Mode.DIRECTORY, root), Entry(Mode.DIRECTORY, after), RepoPath("")))
    assert set(reader.wanted) == {after}
