"""For any two texts and any two directories: diffs apply, and drift is what git says it is."""

import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from telefonistka_py.drift import find
from telefonistka_py.drift.model import Nature, Pair
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion import decide, route
from telefonistka_py.textdiff import lines, matching, unified
from telefonistka_py.tree.model import Entry, Mode
from telefonistka_py.tree.reading import Reader
from tests import builders
from tests.builders import ENVIRON, File
from tests.properties import hub, strategies
from tests.properties.strategies import Case

numbers = count()
slow = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
quick = settings(max_examples=300, deadline=None, database=None)


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drift")


_line = st.sampled_from(
    ["a", "b", "a", "", "a\r", "-x", "+y", " z", "@@ -1 +1 @@", "\\ No newline at end of file", "é\x0b", "--- a"]
)
_texts = st.builds(
    lambda of, end: "\n".join(of) + end if of else "",
    st.lists(_line, max_size=30),
    st.sampled_from(["\n", "\n", ""]),
)


def run(folder: Path, *command: str, given: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, cwd=folder, input=given.encode(), capture_output=True, env=ENVIRON, check=False)


@slow
@given(before=_texts, after=_texts)
@example(before="a", after="a\n")
@example(before="", after="a")
@example(before="\r\n", after="\n")
def test_every_diff_applies_with_patch_and_git_apply(before: str, after: str, somewhere: Path) -> None:
    assume(before and after)  # emptied files are a matter of names for patch: it removes them
    assume(before != after)
    folder = somewhere / f"text-{next(numbers)}"
    for each in ("patch", "git"):
        (folder / each).mkdir(parents=True)
        (folder / each / "f").write_bytes(before.encode())
    text = unified.make(before, after, "a/f", "b/f").text
    done = run(folder / "patch", "patch", "--binary", "--no-backup-if-mismatch", "-p1", "-F0", "f", given=text)
    assert done.returncode == 0, done.stdout.decode()
    assert b"offset" not in done.stdout
    done = run(folder / "git", "git", "apply", "--whitespace=nowarn", given=text)
    assert done.returncode == 0, done.stderr.decode()
    for each in ("patch", "git"):
        assert (folder / each / "f").read_bytes() == after.encode()
    shutil.rmtree(folder)


@quick
@given(before=st.lists(st.integers(0, 4), max_size=60), after=st.lists(st.integers(0, 4), max_size=60))
def test_a_short_edit_is_the_shortest(before: list[int], after: list[int]) -> None:
    found = matching.runs(before, after)
    x_end = y_end = 0
    for x, y, n in found:
        assert x >= x_end
        assert y >= y_end
        assert before[x : x + n] == after[y : y + n]
        x_end, y_end = x + n, y + n
    assert sum(n for *_, n in found) == longest_common(before, after)


@quick
@given(
    before=st.lists(st.integers(0, 9), max_size=80),
    after=st.lists(st.integers(0, 9), max_size=80),
    steps=st.integers(0, 400),
)
def test_an_edit_on_a_budget_is_still_one(before: list[int], after: list[int], steps: int) -> None:
    x_end = y_end = 0
    for x, y, n in matching.runs(before, after, steps=steps):
        assert x >= x_end
        assert y >= y_end
        assert before[x : x + n] == after[y : y + n]
        x_end, y_end = x + n, y + n


def longest_common(one: list[int], other: list[int]) -> int:
    row = [0] * (len(other) + 1)
    for value in one:
        above = row
        row = [0]
        for at, candidate in enumerate(other):
            row.append(above[at] + 1 if value == candidate else max(above[at + 1], row[-1]))
    return row[-1]


@quick
@given(text=_texts)
def test_lines_hold_the_whole_text(text: str) -> None:
    found = lines.split(text)
    if found and found[-1].endswith(lines.NO_NEWLINE):
        assert "\n".join([*found[:-1], found[-1].removesuffix(lines.NO_NEWLINE)]) == text
    else:
        assert "".join(f"{line}\n" for line in found) == text


PAIR = Pair(RepoPath("w/a"), RepoPath("dev/a"))


@slow
@given(before=strategies.trees, after=strategies.trees)
def test_drift_is_what_git_finds_between_the_two_directories(
    before: dict[str, File], after: dict[str, File], somewhere: Path
) -> None:
    both = {f"w/a/{path}": file for path, file in before.items()} | {f"dev/a/{p}": file for p, file in after.items()}
    both = {path: file for path, file in both.items() if file.mode != builders.submodule().mode}
    assume(any(path.startswith("w/a/") for path in both) and any(path.startswith("dev/a/") for path in both))
    folder = somewhere / f"tree-{next(numbers)}"
    write(folder, both)
    reader, root = builders.reader(both)
    gap = find.gap(reader, root, PAIR)
    found = {each.path: (each.before is not None, each.after is not None) for each in gap.differences}
    assert found == by_git(folder)
    contents = {file.sha: file.content for file in both.values()}
    for file in find.files(gap, contents):
        sides = found[file.path]
        assert (file.nature is Nature.ONLY_SOURCE) == (sides == (True, False))
        assert (file.nature is Nature.ONLY_TARGET) == (sides == (False, True))
    shutil.rmtree(folder)


def write(folder: Path, files: dict[str, File]) -> None:
    for path, file in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == builders.symlink("").mode:
            place.symlink_to(file.content.decode())
        else:
            place.write_bytes(file.content)
            place.chmod(file.mode & 0o777)


def by_git(folder: Path) -> dict[RepoPath, tuple[bool, bool]]:
    """Path → whether it stands on the one side, and on the other; a change of kind is a removal and an addition."""
    done = run(folder, "git", "diff", "--no-index", "--no-renames", "--name-status", "-z", "w/a", "dev/a", given="")
    words = done.stdout.decode().split("\0")[:-1]
    found: dict[RepoPath, tuple[bool, bool]] = {}
    for status, name in zip(words[::2], words[1::2], strict=True):
        path = RepoPath(name.removeprefix("w/a/" if name.startswith("w/a/") else "dev/a/"))
        was, had = found.get(path, (False, False))
        found[path] = (was or status != "A", had or status != "D")
    return found


@slow
@given(case=strategies.cases())
def test_right_after_a_promotion_there_is_no_drift(case: Case) -> None:
    trees, root = builders.trees(case.files)
    reader = Reader(trees)
    decision = decide.on(reader, root, route.find(case.config, case.changed, frozenset()), case.lists)
    for promotion, graft in zip(decision.plan.promotions, decision.grafts, strict=True):
        pairs = [Pair(source, target) for target, source in promotion.sync.items()]
        if isinstance(graft, RepoMistake) or overlapping(pairs):
            continue
        after = hub.apply(hub.flat(case.files), graft.steps, lambda sha: opened(reader, sha))
        known = {file.entry: file for file in case.files.values()}
        trees_after, root_after = builders.trees({path: known[entry] for path, entry in after.items()})
        assert list(find.gaps(Reader(trees_after), root_after, pairs)) == []
        before = list(find.gaps(reader, root, pairs))
        assert bool(before) == bool(graft.steps), "and there was drift exactly if there was something to promote"


def overlapping(pairs: list[Pair]) -> bool:
    """A target inside a source, or around it, changes what it should equal."""
    return any(
        f"{one.target}/".startswith(f"{other.source}/") or f"{other.source}/".startswith(f"{one.target}/")
        for one in pairs
        for other in pairs
    )


def opened(reader: Reader, sha: Sha) -> hub.Flat:
    found: hub.Flat = {}
    for name, entry in reader.listing(Entry(Mode.DIRECTORY, sha)).items():
        inside = opened(reader, entry.sha) if entry.is_directory else {"": entry}
        found |= {f"{name}/{path}" if path else name: leaf for path, leaf in inside.items()}
    return found
