"""The bump commands where no GitHub is asked: dry runs, wrong options, help, and waiting."""

import gc
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telefonistka_py.bump.flow import Outcome
from telefonistka_py.cli import bump_run, main
from telefonistka_py.errors import WorldUnwell
from tests.conftest import Golden

NAMES = ("GITHUB_OAUTH_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH", "GITHUB_HOST",
         "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_ACTOR", "GITHUB_OUTPUT", "TARGET_REPO", "TARGET_FILE")  # fmt: skip
TAG = ("bump-yaml", "-f", "dev/values.yaml", "--address", ".tag", "-n", "v2")


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, and none of the variables that a job of GitHub Actions sets."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "checkout"
    (folder / "dev").mkdir(parents=True)
    (folder / "dev" / "values.yaml").write_bytes(b"tag: v1\r\nother: x\r\n")
    (folder / "dev" / "alias").symlink_to("values.yaml")
    (folder / "outside").symlink_to(tmp_path)
    (tmp_path / "secret.yaml").write_text("tag: v1\n")
    return folder


DRY = ("--dry-run", "--checkout")


def test_a_dry_run_shows_the_diff_and_writes_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*TAG, *DRY, str(checkout)]) == 0
    assert capsys.readouterr().out == (
        "--- a/dev/values.yaml\n+++ b/dev/values.yaml\n@@ -1,2 +1,2 @@\n-tag: v1\r\n+tag: v2\r\n other: x\r\n"
    )
    assert (checkout / "dev" / "values.yaml").read_bytes() == b"tag: v1\r\nother: x\r\n"


def test_a_dry_run_of_several_edits(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edits = ("-e", "dev/values.yaml:.tag=v2", "-e", 'dev/values.yaml:.. | select(. == "x")=y=z')
    assert main.run(["bump", *edits, *DRY, str(checkout)]) == 0
    assert "+tag: v2\r\n+other: y=z\r\n" in capsys.readouterr().out


def test_a_dry_run_of_a_file_that_is_to_be_made(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local = checkout / "local"
    local.write_text("one\n")
    assert main.run(["bump-overwrite", "-f", "new/file", "-c", str(local), *DRY, str(checkout)]) == 0
    assert capsys.readouterr().out == "--- /dev/null\n+++ b/new/file\n@@ -0,0 +1,1 @@\n+one\n"


def test_a_dry_run_with_nothing_to_change_says_so(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*TAG[:-1], "v1", *DRY, str(checkout)]) == 0
    assert capsys.readouterr().out == "nothing to change\n"


@pytest.mark.parametrize("path", ["outside/secret.yaml", "dev/alias"])
def test_a_dry_run_reads_no_file_behind_a_symlink(
    checkout: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """N10."""
    assert main.run(["bump-yaml", "-f", path, "--address", ".tag", "-n", "v2", *DRY, str(checkout)]) == 1
    assert capsys.readouterr().err == f"Error: {path} is, or lies behind, a symlink; name a plain file\n"


def test_a_value_in_many_places_and_an_anchor_are_told(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "a.yaml").write_text("- &x 1\n- 1\n- *x\n")
    assert (
        main.run(["bump-yaml", "-f", "a.yaml", "--address", "..|select(. == 1)", "-n", "2.0", *DRY, str(checkout)]) == 0
    )
    said = capsys.readouterr()
    assert said.err == (
        "Note: a.yaml: the value in line 1 has an anchor: it changes wherever an alias stands for it\n"
        "a.yaml: 2 places\n"
    )


@pytest.mark.parametrize(
    ("command", "after"),
    [
        (("bump-yaml", "-f", "a.yaml", "--address", ".tag", "-n", ""), '+tag: ""\n'),
        (("bump", "-e", "a.yaml:.tag="), '+tag: ""\n'),
        (("bump-regex", "-f", "a.yaml", "-r", "tag", "-n", ""), "+: v1\n"),
        (("bump-overwrite", "-f", "a.yaml", "-c", "/dev/null"), "+++ b/a.yaml\n@@ -1,1 +0,0 @@\n-tag: v1\n"),
    ],
)
def test_an_empty_text_that_is_meant_is_written(
    checkout: Path, command: tuple[str, ...], after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "a.yaml").write_text("tag: v1\n")
    assert main.run([*command, "--allow-empty", *DRY, str(checkout)]) == 0
    assert after in capsys.readouterr().out


def test_a_key_that_was_not_there_is_told(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "a.yaml").write_text("image:\n  tag: v1\n")
    command = ("bump-yaml", "-f", "a.yaml", "--address", ".image.tga", "-n", "v2")
    assert main.run([*command, *DRY, str(checkout)]) == 0
    said = capsys.readouterr()
    assert said.err == "Note: a.yaml: the key `tga` was not there: it is added to the mapping in line 2\n"


def test_an_expression_that_matches_nothing_changes_nothing_and_says_so(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("bump-regex", "-f", "dev/values.yaml", "-r", "v9", "-n", "v2")
    assert main.run([*command, *DRY, str(checkout)]) == 0
    said = capsys.readouterr()
    assert said.out == "nothing to change\n"
    assert said.err == "Note: dev/values.yaml: nothing in it matches the pattern 'v9'\n"


def test_two_edits_of_one_value_are_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edits = ("-e", "dev/values.yaml:.tag=v2", "-e", 'dev/values.yaml:."tag"=v3')
    assert main.run(["bump", *edits, *DRY, str(checkout)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ("Error: dev/values.yaml: another edit undoes `.tag` = 'v2': a value can have one text only\n")
    same = ("-e", "dev/values.yaml:.tag=v2", "-e", 'dev/values.yaml:."tag"=v2')
    assert main.run(["bump", *same, *DRY, str(checkout)]) == 0


def test_the_collection_of_garbage_is_as_it_was(checkout: Path) -> None:
    assert main.run([*TAG, *DRY, str(checkout)]) == 0
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*TAG[:4], ".tag[", "-n", "x"), "the selector '.tag[' can't be read at character 6"),
        (("bump-regex", "-f", "a", "-r", "(", "-n", "x"), "the pattern '(' is not a valid regular expression"),
        (("bump-regex", "-f", "a", "-r", "(a)", "-n", "$1b"), "names a group '1b' that the pattern does not have"),
        (("bump-yaml", "-f", "../a", "--address", ".", "-n", "x"), "--target-file: '../a' is no path inside"),
        (("bump-yaml", "-f", "a", "--address", ".b", "-n", ""), "a: the new value for `.b` is empty; give"),
        (("bump-yaml", "-f", "a", "--address", ".b", "-n", " "), "a: the new value for `.b` is empty; give"),
        (("bump", "-e", "a:.b="), "a: the new value for `.b` is empty; give --allow-empty if that is meant"),
        (("bump-regex", "-f", "a", "-r", "b", "-n", ""), "a: what matches 'b' would become nothing"),
        (("bump-regex", "-f", "a", "-r", "", "-n", "b"), "the pattern is empty"),
        (("bump-overwrite", "-f", "a", "-c", "/dev/null"), "a: the new content is empty; give"),
        (("bump-overwrite", "-f", "a", "-c", "/nonexistent"), "--file names /nonexistent, which can't be read"),
        (("bump", "-e", "a.yaml"), "write it as FILE:SELECTOR=VALUE"),
        (("bump", "-e", "a.yaml:.tag"), "write it as FILE:SELECTOR=VALUE"),
        (("bump", "-e", "a.yaml:.tag |= 3"), "it ends too early"),
        (("bump",), "Missing option '--edit' / '-e'"),
        (("bump-yaml", "--address", ".", "-n", "x"), "Missing option '--target-file' / '-f'"),
        (TAG, "missing: --target-repo (TARGET_REPO), --triggering-repo (GITHUB_REPOSITORY), --triggering-repo-sha"),
        ((*TAG, "-t", "gitops", "-p", "a/b", "-s", "0a"), "--target-repo is 'gitops'; give it as owner/name"),
        ((*TAG, "-t", "acme/gitops", "-p", "a b", "-s", "0a"), "can't be part of a branch's name"),
        ((*TAG, "-t", "acme/gitops", "-p", "a/b", "-s", "xyz"), "the triggering commit 'xyz' is no SHA"),
        ((*TAG, "-t", "acme/gitops", "-p", "a/b", "-s", "0a"), "No GitHub credentials: set GITHUB_OAUTH_TOKEN"),
    ],
)
def test_a_wrong_option_is_told_and_exit_code_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(list(arguments)) == 2
    shown = capsys.readouterr()
    assert said in " ".join(shown.err.split())
    assert shown.out == ""


@pytest.mark.parametrize("command", ["bump", "bump-overwrite", "bump-regex", "bump-yaml"])
def test_the_help_reads_well(
    command: str, golden: Golden, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    assert main.run([command, "--help"]) == 0
    golden(f"bump/{command}.help.txt", capsys.readouterr().out)


def test_the_command_starts_without_what_a_dry_run_does_not_need() -> None:
    """What makes it quick: the libraries that speak to GitHub are loaded when it is asked."""
    code = (
        "import sys; from telefonistka_py.cli import main; "
        "main.run(['bump-yaml', '-f', 'a', '--address', '.a', '-n', 'x', '--dry-run']); "
        "print(*{'aiohttp', 'pydantic', 'jinja2', 'jwt'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Waiting for GitHub

START = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = Outcome("https://github.com/acme/gitops/pull/1", (), "opened #1")


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = START, list[float]()

    def __call__(self) -> datetime:
        return self.now

    async def pause(self, wait: timedelta) -> None:
        self.waits.append(wait.total_seconds())
        self.now += wait


async def tried(failures: list[WorldUnwell], patience: float) -> tuple[Outcome | None, list[float]]:
    clock = Clock()

    async def attempt() -> Outcome:
        if failures:
            raise failures.pop(0)
        return OPENED

    try:
        outcome = await bump_run.patiently(attempt, timedelta(seconds=patience), clock, clock.pause)
    except WorldUnwell:
        return None, clock.waits
    return outcome, clock.waits


async def test_github_is_waited_for_as_it_says_and_longer_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    """N20."""
    failures = [WorldUnwell("502"), WorldUnwell("502"), WorldUnwell("limit", retry_at=START + timedelta(seconds=60))]
    assert await tried(failures, 300) == (OPENED, [1, 2, 57])
    until = (START + timedelta(seconds=300)).astimezone()
    assert capsys.readouterr().err.startswith(f"tried again in 1 s, and until {until:%H:%M:%S %Z}: 502\n")


async def test_what_takes_longer_than_the_patience_is_given_up() -> None:
    assert await tried([WorldUnwell("502")] * 20, 10) == (None, [1, 2, 4])
    assert await tried([WorldUnwell("limit", retry_at=START + timedelta(hours=1))], 300) == (None, [])
