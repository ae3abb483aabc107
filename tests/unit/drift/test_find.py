"""What differs between two directories, what must be read to show it, and what is made of each file."""

import subprocess
import time
from pathlib import Path

import pytest

from telefonistka_py.drift import find
from telefonistka_py.drift.model import Content, FileDrift, LeftOut, Nature, Opaque, Pair, Unread
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion.model import Plan
from tests import builders
from tests.builders import File, Files
from tests.unit.drift.builders import PAIR, contents, gap

ONE, OTHER = builders.file("tag: 1\n"), builders.file("tag: 2\n")


def found(source: Files, target: Files) -> list[FileDrift]:
    return list(find.files(gap(source, target), contents(source, target)))


def test_equal_directories_have_no_gap_and_are_not_opened() -> None:
    reader, root = builders.reader({"workspace/nginx/a": "1", "clusters/prod/nginx/a": "1"})
    assert list(find.gaps(reader, root, [PAIR])) == []
    assert find.needed([find.gap(reader, root, PAIR)]) == ()


def test_each_pair_of_the_plan_is_compared_once_in_its_order() -> None:
    promotion = builders.promotion()
    plan = Plan((promotion, promotion, builders.promotion(sync={RepoPath("c/nginx"): RepoPath("workspace/nginx")})))
    assert find.pairs(plan) == tuple(
        Pair(RepoPath("workspace/nginx"), RepoPath(f"{target}/nginx")) for target in ("a", "b", "c")
    )


@pytest.mark.parametrize(
    ("source", "target", "nature", "note"),
    [
        ("a\n", None, Nature.ONLY_SOURCE, ""),
        (None, "a\n", Nature.ONLY_TARGET, ""),
        (b"a\0", b"b\0", Nature.BINARY, "binary, 2 bytes in the source, 2 bytes in the target"),
        (b"a\xff", b"b\n", Nature.NOT_UTF8, "not UTF-8, 2 bytes in the source, 2 bytes in the target"),
        ("x" * 1_000_001, "y", Nature.HUGE, "too long to show, 1,000,001 bytes in the source, 1 byte in the target"),
        ("a\n", builders.executable("a\n"), Nature.MODE, "not executable in the source, executable in the target"),
        (File(b"a", 0o100664), "a", Nature.MODE, "mode 100664 in the source, not executable in the target"),
        (
            builders.symlink("a"),
            builders.symlink("b"),
            Nature.SYMLINK,
            "symlink to a in the source, to b in the target",
        ),
        (
            builders.submodule("1" * 40),
            builders.submodule("2" * 40),
            Nature.SUBMODULE,
            "submodule at 1111111 in the source, at 2222222 in the target",
        ),
        ("a", builders.symlink("a"), Nature.KIND, "file in the source, symlink in the target"),
        (builders.submodule(), "a", Nature.KIND, "submodule in the source, file in the target"),
    ],
)
def test_what_is_no_text_is_named_not_dumped(
    source: str | bytes | File | None, target: str | bytes | File | None, nature: Nature, note: str
) -> None:
    sides: list[Files] = [{} if side is None else {"f": side} for side in (source, target)]
    [file] = found({**sides[0], "other": "1"}, {**sides[1], "other": "1"})
    assert (file.nature, file.note, file.diff) == (nature, note, "")


def test_a_text_is_shown_from_the_source_to_the_target() -> None:
    [file] = found({"v.yaml": "a\ntag: 1\n"}, {"v.yaml": "a\ntag: 2\nmore\n"})
    assert file.diff == (
        "--- workspace/nginx/v.yaml\t(source: what is promoted)\n"
        "+++ clusters/prod/nginx/v.yaml\t(target: what is there now)\n"
        "@@ -1,2 +1,3 @@\n a\n-tag: 1\n+tag: 2\n+more\n"
    )
    assert (file.nature, file.added, file.removed) == (Nature.TEXT, 2, 1)


def test_a_text_whose_mode_differs_too_says_so() -> None:
    [file] = found({"run": "1\n"}, {"run": builders.executable("2\n")})
    assert file.nature is Nature.TEXT
    assert file.note == "not executable in the source, executable in the target"
    assert "-1\n+2\n" in file.diff


def test_more_changed_lines_than_anybody_reads_are_counted() -> None:
    [file] = found({"f": "a\n" * 20_000}, {"f": "b\n" * 20_000})
    assert (file.nature, file.note, file.diff) == (Nature.HUGE, "too long to show, 40,000 changed lines", "")
    assert (file.added, file.removed) == (20_000, 20_000)


def test_a_name_that_would_break_the_head_of_a_diff_is_quoted() -> None:
    """N7"""
    [odd, spaced] = found({'ö"\n\udce9': "1\n", "with space": "1\n"}, {'ö"\n\udce9': "2\n", "with space": "2\n"})[::-1]
    assert odd.diff.splitlines()[0].partition("\t")[0] == r'--- "workspace/nginx/\303\266\"\012\351"'
    assert spaced.diff.splitlines()[0] == "--- workspace/nginx/with space\t(source: what is promoted)"


def test_a_directory_where_the_other_side_has_a_file_is_that_file_and_what_lies_in_the_directory() -> None:
    files = found({"a/b": "1", "a/c": "1"}, {"a": "1"})
    assert [(file.path, file.nature) for file in files] == [
        ("a", Nature.ONLY_TARGET),
        ("a/b", Nature.ONLY_SOURCE),
        ("a/c", Nature.ONLY_SOURCE),
    ]


def test_a_component_that_is_a_file_in_the_target_is_named_by_its_own_path() -> None:
    files = found({"a": "1"}, {"": "a file"})
    assert [(file.path, file.nature) for file in files] == [("", Nature.ONLY_TARGET), ("a", Nature.ONLY_SOURCE)]


def test_only_contents_that_are_compared_are_read() -> None:
    source: Files = {"a": "1", "mode": "m", "only": "x", "l": builders.symlink("p"), "m": builders.submodule("1" * 40)}
    target: Files = {
        "a": "2",
        "mode": builders.executable("m"),
        "l": builders.symlink("q"),
        "m": builders.submodule("2" * 40),
    }
    wanted = find.needed([gap(source, target), gap(source, target)])
    assert set(wanted) == {builders.file(content).sha for content in ("1", "2", "p", "q")}
    assert len(wanted) == 4


@pytest.mark.parametrize(
    ("known", "nature"),
    [
        (Unread("GitHub answered 502"), Nature.UNREAD),
        (LeftOut("too many"), Nature.LEFT_OUT),
        (Opaque(5_000_000, None), Nature.HUGE),
        (Opaque(5, True), Nature.BINARY),
    ],
)
def test_what_was_not_read_is_never_taken_for_equal(known: Content, nature: Nature) -> None:
    """N1"""
    for one, other in (({ONE.sha: known}, {OTHER.sha: b"x"}), ({ONE.sha: b"x"}, {OTHER.sha: known})):
        [file] = find.files(gap({"f": ONE}, {"f": OTHER}), one | other)
        assert file.nature is nature
        assert file.note


def test_a_hundred_differing_files_take_no_time() -> None:
    source: Files = {f"f{number}": "a: 1\n" * 200 + f"n: {number}\n" for number in range(100)}
    target: Files = {f"f{number}": "a: 1\n" * 200 + f"n: -{number}\n" for number in range(100)}
    sides, known = gap(source, target), contents(source, target)
    started = time.process_time()
    assert len(find.files(sides, known)) == 100
    assert time.process_time() - started < 5


def test_git_takes_the_names_without_what_tells_the_sides_apart(tmp_path: Path) -> None:
    [shown] = found({"v.yaml": "tag: 1\n"}, {"v.yaml": "tag: 2\n"})
    (tmp_path / "workspace" / "nginx").mkdir(parents=True)
    (tmp_path / "workspace" / "nginx" / "v.yaml").write_text("tag: 1\n")
    apply = ["git", "apply", "-p0", "--numstat", "-"]
    done = subprocess.run(apply, input=shown.diff, cwd=tmp_path, env=builders.ENVIRON, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "promoted" not in done.stdout
