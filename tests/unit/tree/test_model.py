import pytest

from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree import model
from telefonistka_py.tree.model import Entry, Mode


@pytest.mark.parametrize(
    ("mode", "kind", "is_file"),
    [
        (Mode.DIRECTORY, "tree", False),
        (Mode.FILE, "blob", True),
        (Mode.EXECUTABLE, "blob", True),
        (0o100664, "blob", True),
        (Mode.SYMLINK, "blob", False),
        (Mode.SUBMODULE, "commit", False),
    ],
)
def test_kinds(mode: int, kind: str, is_file: bool) -> None:
    entry = Entry(mode, Sha("0" * 40))
    assert (entry.kind, entry.is_file, entry.is_directory) == (kind, is_file, kind == "tree")


def test_paths() -> None:
    assert model.join(RepoPath(""), "a") == "a"
    assert model.join(RepoPath("a"), "b") == "a/b"
    assert model.ancestors(RepoPath("a/b/c")) == ["", "a", "a/b"]
    assert model.ancestors(RepoPath("a")) == [""]
    assert model.ancestors(RepoPath("")) == []
