"""Unified diffs: what they look like, that they apply, and that they are near-minimal in little time."""

import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from telefonistka_py.textdiff import lines, matching, unified
from tests.builders import ENVIRON

HEAD = "--- a\n+++ b\n"


def diff(before: str, after: str) -> str:
    return unified.make(before, after, "a", "b").text


def changed(before: str, after: str) -> int:
    made = unified.make(before, after, "a", "b")
    return made.added + made.removed


def text(of: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in of)


@pytest.mark.parametrize(
    ("before", "after", "hunks"),
    [
        ("a\n", "a\n", ""),
        ("", "", ""),
        ("", "a\n", "@@ -0,0 +1,1 @@\n+a\n"),
        ("a\n", "", "@@ -1,1 +0,0 @@\n-a\n"),
        ("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        ("a\n", "a", "@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n"),
        ("x\na", "y\na", "@@ -1,2 +1,2 @@\n-x\n+y\n a\n\\ No newline at end of file\n"),
        ("a\r\n", "a\n", "@@ -1,1 +1,1 @@\n-a\r\n+a\n"),
        ("a\x0bb\u2028c\n", "a\x0bb\u2028d\n", "@@ -1,1 +1,1 @@\n-a\x0bb\u2028c\n+a\x0bb\u2028d\n"),
        ("\n", "\n\n", "@@ -1,1 +1,2 @@\n \n+\n"),
        (
            text("123456789"),
            text("12345x789"),
            "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+x\n 7\n 8\n 9\n",
        ),
    ],
)
def test_a_diff_is_written_as_patch_reads_it(before: str, after: str, hunks: str) -> None:
    assert diff(before, after) == (HEAD + hunks if hunks else "")


def test_changes_whose_context_touches_share_a_hunk_and_others_do_not() -> None:
    def hunks(apart: int) -> int:
        same = [str(number) for number in range(apart)]
        return diff(text(["a", *same, "b"]), text(["c", *same, "d"])).count("@@ -")

    assert [hunks(apart) for apart in (1, 6, 7)] == [1, 1, 2]


def test_lines_are_counted() -> None:
    made = unified.make("a\nb\nc\n", "a\nx\ny\nz\nc\n", "a", "b")
    assert (made.added, made.removed) == (3, 1)


def test_a_diff_turns_round() -> None:
    before, after = text("abcdxf"), text("acdyyf")
    one, other = unified.make(before, after, "a", "b"), unified.make(after, before, "a", "b")
    assert (one.added, one.removed) == (other.removed, other.added)


def test_the_last_line_without_its_line_feed_is_another_line() -> None:
    assert lines.split("a\nb") == ["a", "b\n\\ No newline at end of file"]
    assert lines.split("a\n\\ No newline at end of file") != lines.split("a")


SERVICES = 3_600


def manifests(seed: int) -> list[str]:
    """About 50,000 lines of YAML as people keep it: most lines stand in it thousands of times."""
    pick = random.Random(seed)
    made: list[str] = []
    for number in range(SERVICES):
        made += ["---", "apiVersion: apps/v1", "kind: Deployment", "metadata:", f"  name: app-{number}", "spec:"]
        made += [f"  replicas: {pick.randint(1, 3)}", "  template:", "    spec:", "      containers:"]
        made += ["      - name: main", f"        image: registry/app:{pick.randint(1, 9)}", "        env: []"]
    return made


def edited(of: list[str], share: float, seed: int, *, known: bool) -> list[str]:
    """A share of lines dropped, replaced or joined by another; `known`: by one that the text has elsewhere too."""
    pick = random.Random(seed)
    made: list[str] = []
    for line in of:
        other = pick.choice(of) if known else f"{line} # {pick.random()}"
        match pick.random() / share:
            case chance if chance < 1 / 3:
                pass
            case chance if chance < 2 / 3:
                made.append(other)
            case chance if chance < 1:
                made += [line, other]
            case _:
                made.append(line)
    return made


def least(before: list[str], after: list[str], folder: Path) -> int:
    """The fewest changed lines that git finds."""
    for name, content in (("a", before), ("b", after)):
        (folder / name).write_text(text(content), newline="")
    done = subprocess.run(
        ["git", "diff", "--no-index", "--minimal", "--numstat", "a", "b"],
        cwd=folder, capture_output=True, text=True, env=ENVIRON, check=False,
    )  # fmt: skip
    added, removed, _ = done.stdout.split("\t")
    return int(added) + int(removed)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("share", [0.0005, 0.01, 0.1])
def test_fifty_thousand_lines_of_yaml_are_compared_at_once_and_near_minimally(
    share: float, known: bool, tmp_path: Path
) -> None:
    """It takes about 0.1 s (tests/benchmarks/diffs.py); difflib takes 12 s, which the bound would catch anywhere."""
    before = manifests(1)
    after = edited(before, share, 2, known=known)
    assert len(before) > 45_000
    one, other = text(before), text(after)
    started = time.process_time()
    made = unified.make(one, other, "a", "b")
    assert time.process_time() - started < 3
    assert made.added + made.removed <= 1.02 * least(before, after, tmp_path)


def test_a_moved_block_costs_its_own_length() -> None:
    of = manifests(1)
    assert changed(text(of), text([*of[20_000:30_000], *of[:20_000], *of[30_000:]])) <= 20_000


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a"] * 50_000, ["a"] * 25_000 + ["b"] * 25_000),
        ([str(number % 10) for number in range(50_000)], [str(number % 7) for number in range(50_000)]),
        (random.Random(1).choices("ab", k=50_000), random.Random(2).choices("ab", k=50_000)),
        (random.Random(1).choices(range(200), k=50_000), random.Random(2).choices(range(200), k=50_000)),
        ([str(number) for number in range(50_000)], [str(number) for number in range(50_000)][::-1]),
    ],
    ids=["two letters", "periods", "two letters at random", "many letters at random", "reversed"],
)
def test_no_text_takes_long(before: list[object], after: list[object]) -> None:
    """N27: people choose what is compared; the bound leaves a slow machine twice what this takes."""
    one, other = text(list(map(str, before))), text(list(map(str, after)))
    started = time.process_time()
    made = unified.make(one, other, "a", "b")
    assert time.process_time() - started < 20
    assert 0 < made.added + made.removed <= 100_000


def test_without_any_budget_the_answer_is_rough_but_right() -> None:
    numbers = [number % 13 for number in range(1_000)]
    others = [number % 11 for number in range(1_000)]
    for steps in (0, 10, 1_000):
        for x, y, n in matching.runs(numbers, others, steps=steps):
            assert numbers[x : x + n] == others[y : y + n]
