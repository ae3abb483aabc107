"""`telefonistka check`: the working tree's files as they are, before they are committed (N31)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.cli import main
from tests import builders

CONFIG = """\
promotionPaths:
- sourcePath: w/
  promotionPrs:
  - targetPaths: [dev/]
"""
FILES = {"telefonistka.yaml": CONFIG, "w/nginx/f": "1", "w/app/f": "1"}


class Bench:
    """A clone with a working tree, and the command on it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        self.out = self.err = ""
        builders.repository(path / ".git", FILES)
        builders.git(path / ".git", "config", "core.bare", "false")
        builders.git(path, "reset", "--quiet", "--hard")

    def write(self, **files: str) -> None:
        """`root="…"` is the root's file; another name is a component's in `w`."""
        for name, content in files.items():
            place = self.path / ("." if name == "root" else f"w/{name}") / "telefonistka.yaml"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)

    def check(self, *arguments: str, path: Path | None = None) -> int:
        code = main.run(["check", str(path or self.path), *arguments])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def json(self, *arguments: str) -> Any:
        self.check(*arguments, "--json")
        return json.loads(self.out)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    found = Bench(tmp_path / "repo", capsys)
    monkeypatch.chdir(found.path)
    return found


def test_a_clone_that_is_fine_is_exit_code_0(bench: Bench) -> None:
    assert bench.check() == 0
    assert bench.out == "No problems.\n"


def test_the_files_are_read_as_they_are_on_disk(bench: Bench) -> None:
    bench.write(root=CONFIG.replace("targetPaths", "targetPath"))
    assert bench.check() == 1
    assert bench.out == (
        "telefonistka.yaml:4:5: promotionPaths[0].promotionPrs[0].targetPath is not a key that Telefonistka knows; "
        "did you mean targetPaths?\n"
        "telefonistka.yaml:4:5: promotionPaths[0].promotionPrs[0].targetPaths is missing\n"
        "2 problems.\n"
    )


def test_a_components_file_that_git_does_not_know_yet_is_checked(bench: Bench) -> None:
    bench.write(nginx="promotionTargetBlockLists: [prod]\n")
    assert bench.check() == 1
    assert bench.out.startswith("w/nginx/telefonistka.yaml:1:1: promotionTargetBlockLists is not a key")


def test_paths_are_shown_as_seen_from_here(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(nginx="nonsense: 1\n")
    monkeypatch.chdir(bench.path / "w")
    assert main.run(["check"]) == 1
    assert bench.check(path=Path()) == 1
    assert bench.out.startswith("../w/nginx/telefonistka.yaml:1:1: ")


def test_what_git_ignores_and_what_is_no_component_is_left_alone(bench: Bench) -> None:
    (bench.path / ".gitignore").write_text("w/build/\n")
    bench.write(build="nonsense: 1\n")
    (bench.path / "docs").mkdir()
    (bench.path / "docs/telefonistka.yaml").write_text("nonsense: 1\n")
    assert bench.check() == 0


def test_a_warning_says_that_it_is_one_and_does_not_fail(bench: Bench) -> None:
    bench.write(nginx="promotionTargetAllowList: []\n")
    assert bench.check() == 0
    assert "w/nginx/telefonistka.yaml:1:1: warning: promotionTargetAllowList is an empty list" in bench.out
    assert bench.out.endswith("No problems, 1 warning.\n")


def test_without_a_file_at_the_root_nothing_is_configured(bench: Bench) -> None:
    (bench.path / "telefonistka.yaml").unlink()
    assert bench.check() == 0
    assert "nothing is configured" in bench.out


def test_a_symlink_is_no_configuration(bench: Bench) -> None:
    (bench.path / "telefonistka.yaml").rename(bench.path / "other.yaml")
    (bench.path / "telefonistka.yaml").symlink_to("other.yaml")
    assert bench.check() == 1
    assert "telefonistka.yaml: must be a plain file" in bench.out


def test_routes_that_change_since_a_revision_are_shown(bench: Bench) -> None:
    bench.write(root=CONFIG.replace("dev/", "dev/, lab/"), app="promotionTargetBlockList: [lab]\n")
    assert bench.check("--against", "HEAD") == 0
    assert bench.out == (
        "w/app\n"
        "  + always: not lab/app: blocked by 'lab' of promotionTargetBlockList in w/app/telefonistka.yaml\n"
        "w/nginx\n"
        "  + always: lab/nginx\n"
        "No problems. Compared with HEAD: the routes of 2 components change.\n"
    )


def test_a_mistake_that_is_in_the_revision_already_is_told_too(bench: Bench) -> None:
    bench.write(nginx="nonsense: 1\n")
    builders.git(bench.path, "add", "--all")
    builders.git(bench.path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=x")
    assert bench.check("--against", "HEAD") == 1


def test_the_json_has_problems_and_changes(bench: Bench) -> None:
    bench.write(root=f"{CONFIG}dryRunMod: true\n", app="promotionTargetBlockList: [dev]\n")
    said = bench.json("--against", "main")
    assert said["problems"] == [
        {
            "path": "telefonistka.yaml",
            "line": 5,
            "column": 1,
            "key": "dryRunMod",
            "message": "is not a key that Telefonistka knows; did you mean dryRunMode?",
            "severity": "error",
        }
    ]
    assert said["against"] == "main"
    [change] = said["changes"]
    assert change["component"] == "w/app"
    assert change["before"] == [
        {
            "flow": 0,
            "sourcePath": "w/",
            "labels": None,
            "autoMerge": False,
            "pullRequests": [[{"target": "dev/app", "skipped": None}]],
        }
    ]
    assert "blocked by" in change["after"][0]["pullRequests"][0][0]["skipped"]
    assert bench.json()["changes"] is None


def test_on_a_terminal_the_line_is_shown_with_a_caret(bench: Bench) -> None:
    bench.write(root=CONFIG + "argocd:\n\tcommentDiffonPR: true\n", nginx="disableArgoCDDiff: 'no'\n")
    code = "import sys; sys.stdout.isatty = lambda: True; from telefonistka_py.cli import main; main.main(['check'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=bench.path, capture_output=True, text=True, check=False, env=builders.ENVIRON
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("telefonistka.yaml:6:1: is not valid YAML")
    assert lines[1:3] == ["  \tcommentDiffonPR: true", "  ^"]
    assert lines[4:6] == ["  disableArgoCDDiff: 'no'", "  ^"]


@pytest.mark.parametrize(
    ("content", "arguments", "code"),
    [
        (CONFIG, (), 0),
        ("promotionTargetBlockList: [prod]\n", (), 0),
        ("promotionTargetBlockList: ['(']\n", (), 1),
        ("dryRunMode: 1\n", (), 1),
        (CONFIG, ("--component",), 1),
    ],
)
def test_a_single_file_is_checked_as_what_it_is(
    bench: Bench, content: str, arguments: tuple[str, ...], code: int
) -> None:
    (bench.path / "some.yaml").write_text(content)
    assert bench.check(*arguments, path=Path("some.yaml")) == code
    assert bench.out.startswith("some.yaml:1:" if code else "No problems")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "telefonistka.yaml",
            "promotionTargetBlokList: [x]\n",
            "did you mean promotionTargetBlockList? It is a key of a",
        ),
        (
            "telefonistka.yaml",
            "promotionTargetBlockList: [x]\n",
            "here: it is one of a component's own telefonistka.yaml",
        ),
        ("telefonistka.yaml", "promotionPath: []\n", "did you mean promotionPaths?\n"),
        ("w/nginx/telefonistka.yaml", "promotionTargetBlokList: [x]\n", "did you mean promotionTargetBlockList?\n"),
        ("w/nginx/telefonistka.yaml", "promotionPaths: []\n", "here: it is one of the repository's telefonistka.yaml"),
        ("some.yaml", "promotionTargetBlokList: [x]\n", "did you mean promotionTargetBlockList?\n"),
        ("w/some.yaml", "promotionPath: []\n", "did you mean promotionPaths?\n"),
    ],
)
def test_a_single_file_is_known_by_its_place_or_else_by_its_keys(
    bench: Bench, file: str, content: str, said: str
) -> None:
    (bench.path / file).write_text(content)
    assert bench.check(path=Path(file)) == 1
    assert said in bench.out


def test_outside_of_a_clone_the_keys_tell_what_a_file_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "telefonistka.yaml"
    file.write_text("promotionTargetBlokList: [x]\n")
    assert main.run(["check", str(file)]) == 1
    assert "did you mean promotionTargetBlockList?\n" in capsys.readouterr().out


def test_which_kind_a_single_file_is_can_be_said(bench: Bench) -> None:
    (bench.path / "w/nginx/telefonistka.yaml").write_text(CONFIG)
    assert bench.check(path=Path("w/nginx/telefonistka.yaml")) == 1
    assert bench.check("--root", path=Path("w/nginx/telefonistka.yaml")) == 0
    assert bench.check("--root", "--component", path=Path("w/nginx/telefonistka.yaml")) == 3


def test_a_components_mistake_is_told_in_the_words_of_components(bench: Bench) -> None:
    bench.write(nginx="autoApprovePromotionPrs: true\n", app="promotionTargetAllowlist: [x]\n")
    assert bench.check() == 1
    assert "did you mean promotionTargetAllowList?\n" in bench.out
    assert (
        "autoApprovePromotionPrs is not a key that Telefonistka knows here: it is one of the repository's" in bench.out
    )


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[3] / "config-examples").glob("*.yaml")), ids=str)
def test_each_example_can_be_checked_by_itself(bench: Bench, file: Path) -> None:
    assert bench.check(path=file) == 0


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        ("nowhere", (), "nowhere can't be read: No such file or directory"),
        (".git", (), ".git has no working tree"),
        ("..", (), ".. is not a git repository"),
        (".", ("--against", "nowhere"), "there is no commit 'nowhere'"),
        (".", ("--component",), "--component is for a single file"),
        (".", ("--root",), "--root is for a single file"),
        ("telefonistka.yaml", ("--against", "HEAD"), "--against compares routes"),
        (".", ("--nonsense",), "--nonsense"),
    ],
)
def test_any_other_mistake_is_exit_code_3_and_a_sentence(
    bench: Bench, path: str, arguments: tuple[str, ...], said: str
) -> None:
    assert bench.check(*arguments, path=Path(path)) == 3
    assert said in bench.err
    assert bench.out == ""


def test_names_that_are_no_utf8_are_printed(bench: Bench) -> None:
    """N7."""
    folder = os.fsencode(bench.path / "w") + b"/caf\xe9"
    os.mkdir(folder)
    with open(folder + b"/telefonistka.yaml", "wb") as file:
        file.write(b"nonsense: 1\n")
    assert bench.check("--against", "HEAD") == 1
    assert "w/caf\\xe9/telefonistka.yaml:1:1: nonsense is not a key" in bench.out
    assert bench.json()["problems"][0]["path"] == "w/caf\udce9/telefonistka.yaml"


def test_a_routes_table_in_json_has_what_comes_later(bench: Bench) -> None:
    bench.write(root=CONFIG + "- sourcePath: dev/\n  promotionPrs:\n  - targetPaths: [prod/]\n")
    builders.git(bench.path, "add", "--all")
    builders.git(bench.path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=x")
    bench.write(nginx="promotionTargetBlockList: [prod]\n")
    said = bench.json("--against", "HEAD")
    assert said["changes"] == []
    [later] = said["oncePromoted"]
    assert later["component"] == "dev/nginx"
    assert bench.check("--against", "HEAD") == 0
    assert "\nOnce promoted, dev/nginx no longer goes to prod/nginx.\n" in bench.out
    assert bench.out.endswith("Compared with HEAD: no route changes before it is promoted.\n")


@pytest.mark.parametrize("name", ["telefonistka.yml", "Telefonistka.yaml"])
def test_a_root_file_of_nearly_the_right_name_is_a_problem(bench: Bench, name: str) -> None:
    (bench.path / "telefonistka.yaml").rename(bench.path / name)
    assert bench.check() == 1
    assert bench.out == f"{name}: is read by nobody; did you mean telefonistka.yaml?\n1 problem.\n"


def test_beside_the_right_one_it_is_a_warning(bench: Bench) -> None:
    (bench.path / "telefonistka.yml").write_text(CONFIG)
    assert bench.check() == 0
    assert "telefonistka.yml: warning: is read by nobody" in bench.out


def test_what_is_no_yaml_file_is_not_called_fine(bench: Bench) -> None:
    (bench.path / "README.md").write_text("# About\n")
    assert bench.check(path=Path("README.md")) == 3
    assert "README.md is no .yaml file; give a telefonistka.yaml" in bench.err
