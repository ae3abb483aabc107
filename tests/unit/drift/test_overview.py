"""`telefonistka drift`: the whole repository, from a clone, with real git."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.cli import main
from telefonistka_py.cli.drift import Progress
from tests import builders
from tests.builders import Files, Snapshot
from tests.conftest import Golden

CONFIG = builders.yaml(
    {
        "promotionPaths": [
            builders.flow("w/", ["prod/"], labels=["hotfix"]),
            builders.flow("w/", ["dev/", "lab"]),
            builders.flow("lab/", ["prod/"]),
        ]
    }
)
LEVEL: Files = {
    "telefonistka.yaml": CONFIG,
    **{f"{place}/{name}/v.yaml": "tag: 1\n" for place in ("w", "dev", "lab", "prod") for name in ("nginx", "redis")},
}
DRIFTED: Files = {
    **{path: content for path, content in LEVEL.items() if not path.startswith("lab/redis")},
    "dev/nginx/v.yaml": "tag: 2\n",
    "dev/nginx/more.yaml": "1\n",
    "w/redis/telefonistka.yaml": "promotionTargetBlockList: [dev]\n",
    "prod/old/v.yaml": "1\n",
}


class Bench:
    """One repository and the command on it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        self.out = self.err = ""

    def holds(self, *snapshots: Snapshot | Files) -> None:
        builders.repository(self.path, *snapshots)

    def drift(self, *arguments: str) -> int:
        code = main.run(["drift", "--repo", str(self.path), *arguments])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def json(self, *arguments: str) -> tuple[int, Any]:
        code = self.drift(*arguments, "--json")
        return code, json.loads(self.out)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    return Bench(tmp_path / "repo", capsys)


def states(said: Any) -> dict[tuple[str, str], str]:
    return {(cell["source"], cell["target"]): cell["state"] for cell in said["components"]}


def test_a_level_repository_is_level(bench: Bench) -> None:
    bench.holds(LEVEL)
    assert bench.drift() == 0
    assert bench.out.endswith("All 6 targets are in step with their source.\n")


def test_each_component_is_compared_with_each_environment_it_is_promoted_to(bench: Bench) -> None:
    """A flow that asks for labels is a shortcut; it does not say what should be equal."""
    bench.holds(DRIFTED)
    code, said = bench.json()
    assert code == 1
    assert states(said) == {
        ("w/nginx", "dev/nginx"): "differs",
        ("w/nginx", "lab/nginx"): "in step",
        ("w/redis", "dev/redis"): "blocked",
        ("w/redis", "lab/redis"): "missing",
        ("lab/nginx", "prod/nginx"): "in step",
    }
    [differs] = [cell for cell in said["components"] if cell["state"] == "differs"]
    assert differs["files"] == [
        {"path": "more.yaml", "change": "only in target"},
        {"path": "v.yaml", "change": "differs"},
    ]
    assert said["only_in_target"] == ["prod/old", "prod/redis"]


def test_a_component_that_only_a_labelled_flow_takes_is_compared_too(bench: Bench) -> None:
    config = builders.yaml({"promotionPaths": [builders.flow("w/", ["prod/"], labels=["go"])]})
    bench.holds({"telefonistka.yaml": config, "w/nginx/v": "1", "prod/nginx/v": "2"})
    assert states(bench.json()[1]) == {("w/nginx", "prod/nginx"): "differs"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("1",), "The one target is in step with its source."),
        (("2",), "The one target is not in step with its source."),
        (("1", "2"), "1 of 2 targets is not in step with its source."),
        (("1", "1"), "All 2 targets are in step with their source."),
    ],
)
def test_one_and_many_are_told_as_people_would(bench: Bench, values: tuple[str, ...], said: str) -> None:
    targets = [f"t{number}/" for number in range(len(values))]
    config = builders.yaml({"promotionPaths": [builders.flow("w/", targets)]})
    held = {f"{target}nginx/v": value for target, value in zip(targets, values, strict=True)}
    bench.holds({"telefonistka.yaml": config, "w/nginx/v": "1", **held})
    bench.drift()
    assert bench.out.endswith(f"{said}\n")


def test_of_several_sources_for_one_target_the_first_counts_as_in_a_promotion(bench: Bench) -> None:
    config = builders.yaml({"promotionPaths": [builders.flow("dev/[^/]*/", ["prod/"])]})
    bench.holds({"telefonistka.yaml": config, "dev/a/x/v": "1", "dev/b/x/v": "2", "prod/x/v": "1"})
    assert states(bench.json()[1]) == {("dev/a/x", "prod/x"): "in step"}


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_tables(bench: Bench, golden: Golden, form: str) -> None:
    bench.holds(DRIFTED)
    assert bench.drift(*([] if form == "text" else ["--markdown"])) == 1
    golden(f"drift/offline.{'txt' if form == 'text' else 'md'}", bench.out)


def test_one_component_is_shown_with_its_diffs(bench: Bench) -> None:
    bench.holds(DRIFTED)
    for name in ("nginx", "w/nginx", "dev/nginx"):
        assert bench.drift("--component", name) == 1
        assert "--- w/nginx/v.yaml\t(source: what is promoted)\n" in bench.out
        assert "+++ dev/nginx/v.yaml\t(target: what is there now)\n@@ -1,1 +1,1 @@\n-tag: 1\n+tag: 2\n" in bench.out
        assert "  more.yaml: only in the target" in bench.out
        assert "redis" not in bench.out
    assert bench.drift("--component", "prod/nginx") == 0
    _, said = bench.json("--component", "nginx")
    assert "-tag: 1" in said["components"][0]["files"][1]["diff"]
    assert bench.drift("--component", "apache") == 3
    assert "no component 'apache' is promoted" in bench.err


def test_another_revision_can_be_asked_for(bench: Bench) -> None:
    bench.holds(DRIFTED, LEVEL)
    assert bench.drift() == 0
    assert bench.drift("--ref", "main~1") == 1
    assert bench.drift("--ref", "nowhere") == 3


def test_of_a_clone_it_is_the_default_branch_whatever_is_checked_out(bench: Bench, tmp_path: Path) -> None:
    bench.holds(LEVEL, Snapshot(DRIFTED, branch="feature"))
    builders.git(tmp_path, "clone", "--quiet", "--branch", "feature", "repo", "work")
    bench.path = tmp_path / "work"
    assert bench.drift() == 0
    assert bench.drift("--ref", "HEAD") == 1


def test_a_wrong_configuration_is_named_and_has_an_exit_code_of_its_own(bench: Bench) -> None:
    bench.holds({**LEVEL, "telefonistka.yaml": "promotionPaths: 1\n"})
    assert bench.drift() == 2
    assert "error: telefonistka.yaml:1:1: promotionPaths must be a list" in bench.out
    assert bench.out.startswith("Every telefonistka.yaml is read at main (")


def test_a_component_whose_own_file_is_wrong_is_blocked_and_named(bench: Bench) -> None:
    """N3"""
    bench.holds({**LEVEL, "w/nginx/telefonistka.yaml": "promotionTargetBlockList: 1\n"})
    code, said = bench.json()
    assert code == 2
    assert {state for pair, state in states(said).items() if pair[0] == "w/nginx"} == {"blocked"}
    assert said["problems"][0]["path"] == "w/nginx/telefonistka.yaml"


def test_nothing_configured_is_said(bench: Bench) -> None:
    bench.holds({"README.md": "x"})
    assert bench.drift() == 2
    assert bench.out == "Nothing to compare: there is no telefonistka.yaml at the root of the repository.\n"


def test_where_no_flow_takes_a_component_nothing_was_compared(bench: Bench) -> None:
    """Not "all in step": a misspelt directory would look level for ever."""
    bench.holds({**LEVEL, "telefonistka.yaml": builders.yaml({"promotionPaths": [builders.flow("v/", ["dev/"])]})})
    assert bench.drift() == 2
    assert "Nothing to compare: no flow of telefonistka.yaml takes a component of this repository" in bench.out


def test_where_every_target_is_blocked_nothing_can_differ(bench: Bench) -> None:
    config = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]})
    bench.holds({"telefonistka.yaml": config, "w/a/telefonistka.yaml": "promotionTargetBlockList: [dev]\n"})
    assert bench.drift() == 0
    assert "Nothing to compare: the components' own files block every target." in bench.out


def test_a_configuration_that_is_not_committed_can_be_tried(bench: Bench, tmp_path: Path) -> None:
    bench.holds({path: content for path, content in DRIFTED.items() if path != "telefonistka.yaml"})
    assert bench.drift() == 2
    (tmp_path / "mine.yaml").write_bytes(builders.yaml({"promotionPaths": [builders.flow("w/", ["lab/"])]}))
    assert bench.drift("--config", str(tmp_path / "mine.yaml")) == 1
    assert "1 of 2 targets is not in step" in bench.out


def test_what_is_not_there_is_an_error(bench: Bench, tmp_path: Path) -> None:
    bench.path = tmp_path / "nowhere"
    assert bench.drift() == 3
    assert "is no directory" in bench.err
    assert bench.drift("--json", "--markdown") == 3


def test_a_wide_matrix_has_numbers_for_heads_and_a_long_one_only_what_is_not_in_step(bench: Bench) -> None:
    targets = [f"clusters/production/region-{number}/" for number in range(6)]
    files: dict[str, str | bytes | builders.File] = {
        "telefonistka.yaml": builders.yaml({"promotionPaths": [builders.flow("w/", targets)]})
    }
    for number in range(60):
        files |= {f"{place}app-{number}/v": "1" for place in ["w/", *targets]}
    bench.holds({**files, f"{targets[2]}app-7/v": "2"})
    assert bench.drift() == 1
    assert bench.out.startswith("w/       (1)      (2)      (3)                (4) ")
    assert "  app-7  in step  in step  differs by 1 file  in step " in bench.out
    assert "  (3) clusters/production/region-2\n" in bench.out
    assert "  … and 59 more components, in step everywhere" in bench.out


def test_progress_is_shown_on_a_terminal_once_it_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    for terminal, shown in ((True, "\rcomparing: 3 of 4 (75 %) "), (False, "")):
        times = iter([0.0, 0.5, 1.2, 1.2, 1.25])
        progress = Progress(lambda times=times: next(times), terminal)  # type: ignore[misc]
        for done in (2, 3, 4):
            progress.tick(done, 4)
        assert capsys.readouterr().err == shown
        progress.end()
        assert capsys.readouterr().err.strip() == ""


def test_names_that_are_no_utf8_are_compared_and_shown(bench: Bench) -> None:
    """N7"""
    files: Files = {"w/ng\udce9 |x/v": "1", "dev/ng\udce9 |x/v": "2", "lab/ng\udce9 |x/v": "1"}
    bench.holds({"telefonistka.yaml": CONFIG, **files})
    assert bench.drift() == 1
    assert "  ng\\xe9 |x  differs by 1 file  in step" in bench.out
    assert bench.drift("--markdown") == 1
    assert "| `ng\\xe9 \\|x` | differs by 1 file | in step |" in bench.out
    assert bench.drift("--json") == 1
