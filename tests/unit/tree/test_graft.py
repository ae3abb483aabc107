"""A directory becomes exactly another one, by what GitHub can be asked to write."""

from collections.abc import Mapping

import pytest

from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree import graft
from telefonistka_py.tree.graft import Graft, Write
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader
from tests import builders
from tests.builders import Files
from tests.properties import hub


def grafted(files: Files, copies: Mapping[str, str]) -> tuple[Graft, hub.Flat]:
    """Makes each target the copy of its source, as GitHub would; checks all that must hold."""
    loaded, root = builders.trees(files)
    reader = Reader(loaded)
    wanted = {RepoPath(target): reader.find(root, RepoPath(source)) for target, source in copies.items()}
    made = graft.make(reader, root, wanted)
    base = hub.flat({path: builders.file(content) for path, content in files.items()})

    def opened(sha: Sha) -> hub.Flat:
        return _flat(reader, sha)

    after = hub.apply(base, made.steps, opened)

    for target, source in copies.items():
        assert hub.below(after, target) == hub.below(base, source)
    elsewhere = {path for path in base if not any(f"{path}/".startswith(f"{target}/") for target in copies)}
    in_the_way = {path for path in elsewhere if any(target.startswith(f"{path}/") for target in copies)}
    for path in elsewhere - in_the_way:
        assert after[path] == base[path]
    assert builders.trees({path: _leaf(entry) for path, entry in after.items()})[1] == made.root
    return made, after


def _flat(reader: Reader, sha: Sha) -> hub.Flat:
    found: hub.Flat = {}
    for name, entry in reader.listing(Entry(Mode.DIRECTORY, sha)).items():
        if entry.is_directory:
            found |= {f"{name}/{path}": leaf for path, leaf in _flat(reader, entry.sha).items()}
        else:
            found[name] = entry
    return found


class _Known(builders.File):
    """A leaf known only by its id."""

    known: Entry

    @property
    def entry(self) -> Entry:
        return self.known


def _leaf(entry: Entry) -> builders.File:
    leaf = _Known(b"", entry.mode)
    object.__setattr__(leaf, "known", entry)
    return leaf


def written(made: Graft) -> list[list[tuple[str, str, bool]]]:
    return [[(write.path, write.kind, write.sha is not None) for write in step] for step in made.steps]


def test_what_is_equal_already_takes_no_step() -> None:
    made, _ = grafted({"s/a": "1", "t/a": "1"}, {"t": "s"})
    assert made.steps == ()
    assert made.root == builders.trees({"s/a": "1", "t/a": "1"})[1]


def test_only_what_differs_is_written() -> None:
    made, _ = grafted(
        {"s/same": "1", "s/new": "2", "s/changed": "3", "t/same": "1", "t/changed": "old", "t/gone": "4"}, {"t": "s"}
    )
    assert written(made) == [[("t/gone", "blob", False), ("t/changed", "blob", True), ("t/new", "blob", True)]]


def test_a_missing_target_is_one_tree_entry_however_many_files_it_has() -> None:
    made, _ = grafted({f"s/{n}/{n}": str(n) for n in range(50)} | {"other": "x"}, {"t/deep/er": "s"})
    assert written(made) == [[("t/deep/er", "tree", True)]]


def test_a_missing_source_deletes_each_file_of_the_target() -> None:
    """Whether `sha: null` works on a directory is disputed, so it is never used."""
    made, after = grafted({"t/a": "1", "t/b/c": "2", "other": "x"}, {"t": "s"})
    assert written(made) == [[("t/a", "blob", False), ("t/b/c", "blob", False)]]
    assert set(after) == {"other"}


def test_an_absent_source_and_an_absent_target_are_equal() -> None:
    assert grafted({"other": "x"}, {"t": "s", "u/v": "s"})[0].steps == ()


def test_directories_that_are_emptied_vanish() -> None:
    made, after = grafted({"s/keep": "1", "t/keep": "1", "t/d/e/f": "2"}, {"t": "s"})
    assert set(after) == {"s/keep", "t/keep"}
    assert made.root == builders.trees({"s/keep": "1", "t/keep": "1"})[1]


def test_the_directories_around_a_deleted_target_vanish_too() -> None:
    made, _ = grafted({"x/y/t/a": "1", "other": "x"}, {"x/y/t": "s"})
    assert made.root == builders.trees({"other": "x"})[1]


@pytest.mark.parametrize(
    ("files", "steps"),
    [
        ({"s/p": "file", "t/p/a": "1", "t/p/b/c": "2"}, [["-t/p/a", "-t/p/b/c"], ["+t/p"]]),
        ({"s/p/a": "1", "s/p/b/c": "2", "t/p": "file"}, [["-t/p"], ["+t/p"]]),
        ({"s/p": builders.symlink("q"), "t/p/a": "1"}, [["-t/p/a"], ["+t/p"]]),
        ({"s/p": builders.submodule(), "t/p/a": "1"}, [["-t/p/a"], ["+t/p"]]),
        ({"s/p/a": "1", "t/p": builders.submodule()}, [["-t/p"], ["+t/p"]]),
        ({"s": "file", "t/a": "1"}, [["-t/a"], ["+t"]]),
        ({"s/a": "1", "t": "file"}, [["-t"], ["+t"]]),
    ],
)
def test_a_file_and_a_directory_that_meet_take_two_steps(files: Files, steps: list[list[str]]) -> None:
    made, _ = grafted(files, {"t": "s"})
    assert [[f"{'+' if write.sha else '-'}{write.path}" for write in step] for step in made.steps] == steps


def test_a_file_where_a_directory_must_be_gives_way() -> None:
    made, after = grafted({"s/a": "1", "x": "a file"}, {"x/y/t": "s", "x/z": "s"})
    assert [[f"{'+' if write.sha else '-'}{write.path}" for write in step] for step in made.steps] == [
        ["-x"],
        ["+x/y/t", "+x/z"],
    ]
    assert set(after) == {"s/a", "x/y/t/a", "x/z/a"}


def test_a_file_where_nothing_must_be_stays() -> None:
    made, after = grafted({"x": "a file"}, {"x/t": "gone"})
    assert made.steps == ()
    assert set(after) == {"x"}


@pytest.mark.parametrize(
    "leaf",
    [builders.executable("x"), builders.symlink("x"), builders.submodule(), builders.file("x"), builders.file("")],
)
@pytest.mark.parametrize("before", [None, builders.file("y"), builders.symlink("z"), builders.submodule("6" * 40)])
def test_modes_are_carried_over(leaf: builders.File, before: builders.File | None) -> None:
    """N7."""
    files: Files = {"s/p": leaf, "s/q": "1", "t/q": "1", **({"t/p": before} if before else {})}
    made, after = grafted(files, {"t": "s"})
    assert after["t/p"] == leaf.entry
    assert [len(step) for step in made.steps] == [1]


def test_a_mode_that_alone_changes_is_written() -> None:
    made, _ = grafted({"s/p": builders.executable("x"), "t/p": "x"}, {"t": "s"})
    assert made.steps == ((Write(RepoPath("t/p"), Mode.EXECUTABLE, "blob", builders.file("x").sha),),)


def test_several_targets_are_written_at_once() -> None:
    made, _ = grafted({"s/a": "1", "t/a": "2", "v/a": "1"}, {"t": "s", "u": "s", "v": "s"})
    assert written(made) == [[("t/a", "blob", True), ("u", "tree", True)]]


def test_odd_names_come_through() -> None:
    """N7."""
    names = ["with space", 'a "quote"', "+[(", "größe", "日本", "*"]
    grafted({f"s/{name}": name for name in names} | {"t/with space/x": "1", "t/+": "2"}, {"t": "s"})


def test_a_name_that_is_not_utf8_is_refused_where_it_would_have_to_be_written() -> None:
    with pytest.raises(RepoMistake, match=r"t/caf\\xe9: its name is not UTF-8"):
        grafted({"s/caf\udce9": "1", "t/x": "1"}, {"t": "s"})


def test_a_name_that_is_not_utf8_inside_a_new_directory_needs_no_writing() -> None:
    made, _ = grafted({"s/caf\udce9": "1"}, {"t": "s"})
    assert written(made) == [[("t", "tree", True)]]


OLD = builders.File(b"x", 0o100664)


def test_an_old_mode_that_github_can_not_write_is_refused_by_name() -> None:
    with pytest.raises(RepoMistake, match="t/p: its git mode 100664"):
        grafted({"s/p": OLD, "t/p": "y"}, {"t": "s"})


def test_a_file_with_an_old_mode_can_be_deleted_and_copied_with_its_directory() -> None:
    grafted({"s/q": "1", "t/q": "1", "t/p": OLD}, {"t": "s"})
    grafted({"s/d/p": OLD, "t/q": "1"}, {"t": "s"})
