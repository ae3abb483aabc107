"""`telefonistka explain`: nobody has to guess why something was, or wasn't, promoted (N32)."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.cli import main
from tests import builders
from tests.builders import Snapshot

CONFIG = """\
promotionPaths:
- sourcePath: w/
  conditions: {prHasLabels: [hotfix]}
  promotionPrs:
  - targetPaths: [prod/]
- sourcePath: w/
  promotionPrs:
  - targetPaths: [dev/, prod/]
- sourcePath: deep/
  componentPathExtraDepth: 1
  promotionPrs:
  - targetPaths: [prod/]
"""
FILES = {
    "telefonistka.yaml": CONFIG,
    "w/nginx/f": "1",
    "w/nginx/telefonistka.yaml": "promotionTargetBlockList:\n- ^prod\n",
    "w/README": "1",
    "deep/team/app/f": "1",
    "deep/team/OWNERS": "1",
}


class Bench:
    """One repository and the command on it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        self.out = self.err = ""

    def holds(self, *snapshots: Snapshot | builders.Files) -> None:
        builders.repository(self.path, *snapshots)

    def explain(self, path: str, *arguments: str) -> int:
        code = main.run(["explain", path, "--repo", str(self.path), *arguments])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def json(self, path: str, *arguments: str) -> Any:
        self.explain(path, *arguments, "--json")
        return json.loads(self.out)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    found = Bench(tmp_path / "repo", capsys)
    found.holds(FILES)
    return found


def test_a_file_is_explained_with_every_flow_and_target(bench: Bench) -> None:
    assert bench.explain("w/nginx/f") == 0
    first, *lines = bench.out.splitlines()
    assert first.startswith("w/nginx/f is a file at ")
    assert lines == [
        "It lies in the component w/nginx, which flow 2 takes to 1 target; 1 skipped.",
        "",
        "Flow 1, sourcePath w/  (telefonistka.yaml:2)",
        "  not used: the pull request has none of the labels hotfix  (telefonistka.yaml:3)",
        "",
        "Flow 2, sourcePath w/  (telefonistka.yaml:6)",
        "  used",
        "  ➡️  dev/nginx   pull request 1  (telefonistka.yaml:8)",
        "  🚫 prod/nginx  pull request 1  (telefonistka.yaml:8)",
        "       blocked by '^prod' of promotionTargetBlockList in w/nginx/telefonistka.yaml"
        "  (w/nginx/telefonistka.yaml:2)",
        "",
        "Flow 3, sourcePath deep/  (telefonistka.yaml:9)",
        "  not used: 'deep/' does not match from the start of the path",
    ]


def test_a_label_changes_the_answer(bench: Bench) -> None:
    assert bench.explain("w/nginx", "--label", "hotfix") == 1, "the only target is blocked"
    assert "which flow 1 takes to 0 targets; 1 skipped." in bench.out


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("w/README", "it lies directly in w/"),
        ("w", "it is the source directory itself"),
        ("deep/team/OWNERS", "too shallow: below deep/ a component's name has 2 parts, and this has 1"),
        ("deep/team", "too shallow"),
        ("docs", "does not match"),
        (".", "The root of the repository is a directory"),
    ],
)
def test_what_lies_in_no_component_is_exit_code_1_and_says_why(bench: Bench, path: str, said: str) -> None:
    assert bench.explain(path) == 1
    assert "It lies in no component of any flow" in bench.out
    assert said in bench.out


def test_a_target_names_the_flows_that_write_to_it(bench: Bench) -> None:
    bench.explain("prod/nginx/f")
    assert "Promotions of flow 1 write here: prod/  (telefonistka.yaml:5)" in bench.out


@pytest.mark.parametrize(
    ("path", "kind", "component"),
    [
        ("deep/team/app", "directory", "deep/team/app"),
        ("deep/team/OWNERS", "file", None),
        ("w/gone/f", "file", "w/gone"),
    ],
)
def test_what_was_deleted_is_explained_as_what_it_was(
    bench: Bench, path: str, kind: str, component: str | None
) -> None:
    bench.path = bench.path.with_name("other")
    bench.holds({**FILES, "w/gone/f": "1"}, {"telefonistka.yaml": CONFIG}, {"telefonistka.yaml": CONFIG, "later": "x"})
    bench.explain(path)
    assert f"{path} is not there at " in bench.out
    assert f"it was a {kind}, there last in " in bench.out
    assert bench.json(path)["component"] == component


def test_what_never_was_is_taken_for_a_directory(bench: Bench) -> None:
    assert bench.explain("w/new") == 0
    assert "it is taken for a directory" in bench.out


def test_another_revision_can_be_asked(bench: Bench) -> None:
    bench.path = bench.path.with_name("other")
    bench.holds(FILES, {"w/nginx/f": "1"})
    assert bench.explain("w/nginx", "--ref", "main~1") == 0
    assert bench.explain("w/nginx") == 1
    assert "There is no telefonistka.yaml at the root of the repository: nothing is promoted." in bench.out


def test_the_json_has_the_same_answer(bench: Bench) -> None:
    said = bench.json("./w/nginx/", "--label", "other")
    assert (said["path"], said["directory"], said["component"]) == ("w/nginx", True, "w/nginx")
    assert said["labels"] == ["other"]
    assert [flow["verdict"] for flow in said["flows"]] == ["condition", "used", "no match"]
    assert said["flows"][0]["reasonAt"] == {"path": "telefonistka.yaml", "line": 3}
    first, second = said["flows"][1]["targets"]
    assert (first["target"], first["skipped"], first["skippedAt"]) == ("dev/nginx", None, None)
    assert second["skippedAt"] == {"path": "w/nginx/telefonistka.yaml", "line": 2}


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("promotionPaths: [\n", "telefonistka.yaml:2:1: is not valid YAML"),
        ("promotionPaths:\n- sourcePath: '('\n", "telefonistka.yaml:2:3: promotionPaths[0].sourcePath is not"),
        (builders.symlink("w"), "telefonistka.yaml: must be a plain file"),
    ],
)
def test_a_mistake_in_the_root_file_is_exit_code_2(bench: Bench, root: str | builders.File, said: str) -> None:
    bench.path = bench.path.with_name("other")
    bench.holds({**FILES, "telefonistka.yaml": root})
    assert bench.explain("w/nginx") == 2
    assert f"error at HEAD: {said}" in bench.out
    assert bench.json("w/nginx")["problems"][0]["path"] == "telefonistka.yaml"


def test_a_mistake_in_the_components_file_is_the_reason_of_its_skips(bench: Bench) -> None:
    """N3."""
    bench.path = bench.path.with_name("other")
    bench.holds({**FILES, "w/nginx/telefonistka.yaml": "\npromotionTargetBlockList: ['(']\n"})
    assert bench.explain("w/nginx") == 2
    assert "the component's own file can't be used" in bench.out
    assert "(w/nginx/telefonistka.yaml:2)" in bench.out
    assert "error at HEAD: w/nginx/telefonistka.yaml:2:" in bench.out


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        ("../x", (), "../x leaves the repository"),
        ("w", ("--ref", "nowhere"), "there is no commit 'nowhere'"),
        ("w", ("--nonsense",), "--nonsense"),
    ],
)
def test_any_other_mistake_is_exit_code_3_and_a_sentence(
    bench: Bench, path: str, arguments: tuple[str, ...], said: str
) -> None:
    assert bench.explain(path, *arguments) == 3
    assert said in bench.err
    assert bench.out == ""


def test_an_absolute_path_is_taken_from_the_working_tree(bench: Bench, tmp_path: Path) -> None:
    bench.path = tmp_path / "clone"
    builders.repository(bench.path / ".git", FILES)
    builders.git(bench.path / ".git", "config", "core.bare", "false")
    builders.git(bench.path, "reset", "--quiet", "--hard")
    assert bench.explain(str(bench.path / "w" / "nginx")) == 0
    assert bench.explain(str(tmp_path)) == 3
    assert "does not lie in" in bench.err


def test_a_folder_that_is_no_repository_is_exit_code_3(bench: Bench) -> None:
    bench.path = bench.path.parent
    assert bench.explain("w") == 3
    assert "is not a git repository" in bench.err


def test_a_configuration_that_is_not_committed_can_be_tried(bench: Bench, tmp_path: Path) -> None:
    bench.path = tmp_path / "bare"
    bench.holds({"w/nginx/f": "1"})
    assert bench.explain("w/nginx") == 1
    (tmp_path / "mine.yaml").write_text(CONFIG)
    assert bench.explain("w/nginx", "--config", str(tmp_path / "mine.yaml")) == 0
    assert "which flow 2 takes to 2 targets" in bench.out
