"""`telefonistka plan`: what it prints, its exit codes, and that it changes nothing."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.cli import main
from telefonistka_py.promotion import metadata
from tests import builders
from tests.builders import Snapshot

CONFIG = builders.yaml(
    {
        "promotionPaths": [
            builders.flow("w/", ["fast/"], labels=["hotfix"]),
            builders.flow("w/", ["dev/", "lab/"], ["prod/"], descriptions=["early"]),
        ],
        "promotionPrLabels": ["gitops"],
    }
)
BEFORE: builders.Files = {
    "telefonistka.yaml": CONFIG,
    "w/nginx/telefonistka.yaml": "promotionTargetBlockList: [lab]\n",
    "w/nginx/values.yaml": "tag: 1\n",
    "w/nginx/old": "x",
    "dev/nginx/telefonistka.yaml": "promotionTargetBlockList: [lab]\n",
    "dev/nginx/values.yaml": "tag: 1\n",
    "dev/nginx/old": "x",
}
AFTER: builders.Files = {path: content for path, content in BEFORE.items() if path != "w/nginx/old"} | {
    "w/nginx/values.yaml": "tag: 2\n",
    "w/nginx/new": builders.executable("#!"),
}


class Bench:
    """One repository and the command on it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        self.out = self.err = ""

    def holds(self, *snapshots: Snapshot | builders.Files) -> None:
        builders.repository(self.path, *snapshots)

    def plan(self, *arguments: str) -> int:
        code = main.run(["plan", "--repo", str(self.path), *arguments])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def json(self, *arguments: str) -> tuple[int, Any]:
        code = self.plan(*arguments, "--json")
        return code, json.loads(self.out)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    return Bench(tmp_path / "repo", capsys)


def test_a_merge_is_planned_as_json(bench: Bench) -> None:
    bench.holds(BEFORE, Snapshot(AFTER, "Merge pull request #12 from acme/new/tag\n\nNew tag"))

    code, said = bench.json("--merge", "main", "--author", "alice")

    assert code == 0
    early, prod = said["promotions"]
    assert {key: early[key] for key in ("title", "labels", "assignee", "base", "sync", "skipped", "changes")} == {
        "title": "🚀 Promotion: nginx ➡️  early",
        "labels": ["promotion", "gitops"],
        "assignee": "alice",
        "base": "main",
        "sync": {"dev/nginx": "w/nginx"},
        "skipped": [
            {
                "component": "nginx",
                "target": "lab/",
                "reason": "blocked by 'lab' of promotionTargetBlockList in w/nginx/telefonistka.yaml",
            }
        ],
        "changes": {"added": ["dev/nginx/new"], "modified": ["dev/nginx/values.yaml"], "deleted": ["dev/nginx/old"]},
    }
    assert early["branch"].startswith("promotions/12-new-tag-")
    assert early["body"].startswith("Promotion path(nginx):\n\n↘️  #12  `w/` ➡️  \n")
    assert metadata.read(early["body"]) is not None
    kept = {path: content for path, content in AFTER.items() if not path.startswith("dev/")}
    promoted = {path.replace("w/", "dev/"): content for path, content in AFTER.items() if path.startswith("w/")}
    assert early["tree"] == builders.trees(kept | promoted)[1]
    assert prod["changes"]["added"] == ["prod/nginx/new", "prod/nginx/telefonistka.yaml", "prod/nginx/values.yaml"]
    assert prod["branch"] != early["branch"]
    assert said["problems"] == []


def test_the_json_has_the_keys_that_scripts_rely_on(bench: Bench) -> None:
    bench.holds(BEFORE, AFTER)
    _, said = bench.json("--merge", "main")
    assert {"promotions", "problems"} <= set(said)
    for promotion in said["promotions"]:
        assert {
            "branch", "title", "body", "labels", "assignee", "base", "tree", "sync", "skipped", "changes",
        } <= set(promotion)  # fmt: skip
        assert set(promotion["changes"]) == {"added", "modified", "deleted"}
        assert promotion["assignee"] is None


def test_a_merge_is_planned_for_a_person(bench: Bench) -> None:
    bench.holds(BEFORE, Snapshot(AFTER, "New tag (#12)"))
    assert bench.plan("--merge", "main") == 0
    for line in [
        "🚀 Promotion: nginx ➡️  early",
        "  branch    promotions/12-<branch>-",
        "  changes   3 files: +1 ~1 -1",
        "  label     gitops",
        "  w/nginx ➡️  dev/nginx (3 files: +1 ~1 -1)",
        "  w/nginx ➡️  prod/nginx (new, 3 files)",
        "  🚫 nginx to lab/: blocked by 'lab' of promotionTargetBlockList in w/nginx/telefonistka.yaml",
        "Flow 1 (w/) is not used for w/nginx: the pull request has none of the labels hotfix.",
    ]:
        assert line in bench.out
    assert bench.err == ""


def test_what_is_removed_and_what_is_equal_already_is_said(bench: Bench) -> None:
    config = builders.yaml({"promotionPaths": [builders.flow("w/", ["a/", "b/"])]})
    old: builders.Files = {"telefonistka.yaml": config, "w/old/x": "x", "w/old/y": "y", "a/old/x": "x", "a/old/y": "y"}
    new = {path: content for path, content in old.items() if not path.startswith("w/")}
    bench.holds(old, Snapshot({**new, "w/nginx/x": "x", "a/nginx/x": "x"}, "New (#12)"))
    assert bench.plan("--merge", "main") == 0
    lines = bench.out.splitlines()
    assert "  🗑  removes a/old (2 files): w/old is gone" in lines
    assert "  w/nginx ➡️  a/nginx (equal already)" in lines


def test_what_git_does_not_know_is_told(bench: Bench) -> None:
    bench.holds(BEFORE, AFTER)
    arguments = ["--pr", "7", "--ref", "my/ref", "--author", "carol", "--label", "x", "--label", "hotfix"]
    code, said = bench.json("--merge", "main", *arguments)
    [promotion] = said["promotions"]
    assert code == 0
    assert promotion["branch"].startswith("promotions/7-my-ref-")
    assert promotion["assignee"] == "carol"
    assert set(promotion["sync"]) == {"fast/nginx"}


def test_a_pull_request_is_planned(bench: Bench) -> None:
    moved = {**BEFORE, "w/nginx/meanwhile": "x"}
    bench.holds(BEFORE, moved, Snapshot(AFTER, "New tag", parents=(0,), branch="new-tag"))
    code, said = bench.json("--base", "main", "--head", "new-tag", "--pr", "3")
    assert code == 0
    early, _ = said["promotions"]
    assert early["branch"].startswith("promotions/3-new-tag-")
    assert early["base"] == "main"
    assert early["changes"]["added"] == ["dev/nginx/meanwhile", "dev/nginx/new"], "what merging now would give"


def test_the_first_commit_of_a_repository_is_planned(bench: Bench) -> None:
    bench.holds(AFTER)
    assert bench.plan("--merge", "HEAD") == 0


def everything(path: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each file of the repository: its mode, its time, its content."""
    found = {}
    for file in sorted(path.rglob("*")):
        state = file.stat()
        content = file.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        found[str(file.relative_to(path))] = (state.st_mode, state.st_mtime_ns, content)
    return found


@pytest.mark.parametrize("arguments", [("--merge", "new-tag"), ("--base", "main", "--head", "new-tag")])
def test_the_repository_is_never_written_to(bench: Bench, arguments: tuple[str, ...]) -> None:
    bench.holds(
        BEFORE, {**BEFORE, "w/nginx/meanwhile": "x"}, Snapshot(AFTER, "New tag", parents=(0,), branch="new-tag")
    )
    before = everything(bench.path)
    assert bench.plan(*arguments) == 0
    assert everything(bench.path) == before


def test_the_same_plan_is_printed_byte_for_byte(bench: Bench) -> None:
    """N6."""
    bench.holds(BEFORE, AFTER)
    bench.plan("--merge", "main", "--json")
    first = bench.out
    bench.plan("--merge", "main", "--json")
    assert bench.out == first


# 1: nothing to promote


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({**BEFORE, "w/README.md": "x"}, "the one changed file does not lie in a component"),
        ({**BEFORE, "docs/x/f": "x"}, "the one changed file does not lie in a component"),
        ({**BEFORE, "docs/f": "x", "docs/g": "x"}, "none of the 2 changed files lies in a component"),
        (BEFORE, "no file changed"),
        ({"w/nginx/f": "x"}, "there is no telefonistka.yaml at the root of the repository"),
    ],
)
def test_nothing_to_promote_is_exit_code_1_and_says_why(bench: Bench, after: builders.Files, said: str) -> None:
    bench.holds(BEFORE, after)
    assert bench.plan("--merge", "main") == 1
    assert said in bench.out
    code, data = bench.json("--merge", "main")
    assert (code, data["promotions"], data["problems"], data["notes"]) == (1, [], [], [])


def test_targets_that_are_equal_already_need_no_promotion(bench: Bench) -> None:
    before: builders.Files = {
        "telefonistka.yaml": builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]}),
        "w/a/f": "1",
    }
    after = {**before, "w/a/f": "2", "dev/a/f": "2"}
    bench.holds(before, after)
    assert bench.plan("--merge", "main") == 1
    assert "Not opened: dev/ equals its source." in bench.out


def test_targets_that_are_all_skipped_are_listed_with_their_reasons(bench: Bench) -> None:
    before: builders.Files = {"telefonistka.yaml": builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]})}
    after = {**before, "w/a/f": "2", "w/a/telefonistka.yaml": "promotionTargetAllowList: []\n"}
    bench.holds(before, after)
    code, said = bench.json("--merge", "main")
    assert code == 1
    [promotion] = said["promotions"]
    assert promotion["sync"] == {}
    assert "allows nothing" in promotion["skipped"][0]["reason"]
    assert [problem["path"] for problem in said["problems"]] == ["w/a/telefonistka.yaml"]


# Which telefonistka.yaml counts

NEW_CONFIG = builders.yaml({"promotionPaths": [builders.flow("w/", ["prod/"])]})


def test_a_plan_says_which_version_of_a_changed_configuration_it_goes_by(bench: Bench) -> None:
    after = {**AFTER, "telefonistka.yaml": NEW_CONFIG, "w/nginx/telefonistka.yaml": "promotionTargetBlockList: [dev]\n"}
    bench.holds(BEFORE, Snapshot(after, "New flows", parents=(0,), branch="flows"))
    assert bench.plan("--base", "main", "--head", "flows") == 0
    assert bench.out.startswith(
        "note: flows changes telefonistka.yaml. This plan goes by the one at main, as for every open pull request; "
        "once it is merged, its own counts. `telefonistka check --against main`"
    )
    assert "note: flows changes w/nginx/telefonistka.yaml. This plan goes by flows there.\n" in bench.out
    _, said = bench.json("--base", "main", "--head", "flows")
    assert said["configuration"] == {
        "root": "main",
        "components": "flows",
        "changed": ["telefonistka.yaml", "w/nginx/telefonistka.yaml"],
    }
    assert len(said["notes"]) == 2
    bench.plan("--merge", "flows")
    assert "note:" not in bench.out, "after the merge it is read where it was changed"


def test_a_plan_of_a_change_of_files_alone_has_no_notes(bench: Bench) -> None:
    bench.holds(BEFORE, Snapshot(AFTER, "New tag", parents=(0,), branch="new-tag"))
    assert bench.json("--base", "main", "--head", "new-tag")[1]["notes"] == []


def test_a_mistake_names_the_revision_that_has_it(bench: Bench) -> None:
    mended = {**AFTER, "w/nginx/telefonistka.yaml": "promotionTargetBlockList: ['(']\n"}
    bench.holds({**BEFORE, "telefonistka.yaml": "dryRunMode: 1\n"}, Snapshot(mended, "Mend", (0,), branch="mend"))
    assert bench.plan("--base", "main", "--head", "mend") == 2
    assert "error at main: telefonistka.yaml:1:1: dryRunMode must be" in bench.out
    assert "note: mend changes telefonistka.yaml." in bench.out
    _, said = bench.json("--base", "main", "--head", "mend")
    assert [problem["revision"] for problem in said["problems"]] == ["main"]
    bench.plan("--merge", "mend")
    assert "error at mend: w/nginx/telefonistka.yaml:1:28: promotionTargetBlockList[0] is not" in bench.out


# 2: a mistake in a telefonistka.yaml


@pytest.mark.parametrize(
    ("root", "line", "said"),
    [
        ("promotionPaths: [\n", 2, "telefonistka.yaml:2:1: is not valid YAML: "),
        ("promotionPaths:\n- sourcePath: '('\n", 2, "sourcePath is not a valid regular expression: "),
        (
            "promotionPaths:\n- sourcePath: w/\n  promotionPrs:\n  - targetPaths: [../x]\n",
            4,
            "may leave the repository",
        ),
        ("promotionPaths:\n- sourcePath: w/\n  promotionPrs:\n  - targetPath: [x/]\n", 4, "targetPaths is missing"),
        ("dryRunMode: 'no'\n", 1, "must be true or false, not the text 'no'"),
    ],
)
def test_a_mistake_in_the_root_file_is_exit_code_2(bench: Bench, root: str, line: int, said: str) -> None:
    bench.holds({**BEFORE, "telefonistka.yaml": root})
    assert bench.plan("--merge", "main") == 2
    assert said in bench.out
    code, data = bench.json("--merge", "main")
    assert (code, data["promotions"]) == (2, [])
    assert (data["problems"][0]["path"], data["problems"][0]["line"]) == ("telefonistka.yaml", line)


def test_a_mistake_in_a_components_file_is_exit_code_2_and_the_others_are_planned(bench: Bench) -> None:
    """N3."""
    bench.holds(BEFORE, {**AFTER, "w/app/f": "1", "w/app/telefonistka.yaml": "promotionTargetBlockList: ['(']\n"})
    code, said = bench.json("--merge", "main")
    assert code == 2
    early, prod = said["promotions"]
    assert early["sync"] == {"dev/nginx": "w/nginx"}
    assert prod["sync"] == {"prod/nginx": "w/nginx"}
    [problem] = said["problems"]
    assert (problem["path"], problem["line"]) == ("w/app/telefonistka.yaml", 1)
    assert "promotionTargetBlockList[0] is not a valid regular expression" in problem["message"]


def test_an_unknown_key_is_a_warning_with_the_nearest_known_one(bench: Bench) -> None:
    bench.holds(BEFORE, {**AFTER, "telefonistka.yaml": CONFIG.replace(b"promotionPrLabels", b"promotionPrLabel")})
    assert bench.plan("--merge", "main") == 0
    assert "warning at main: telefonistka.yaml:" in bench.out
    assert "did you mean promotionPrLabels?" in bench.out


# 3: everything else


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either --merge REV, or both --base REV and --head REV"),
        (("--base", "main"), "give either --merge REV, or both --base REV and --head REV"),
        (("--merge", "main", "--head", "main"), "give either --merge REV, or both --base REV and --head REV"),
        (("--merge", "nowhere"), "there is no commit 'nowhere'"),
        (("--merge", "main", "--pr", "0"), "--pr"),
        (("--merge", "main", "--pr", "x"), "--pr"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_wrong_command_line_is_exit_code_3_and_says_what_to_do(
    bench: Bench, arguments: tuple[str, ...], said: str
) -> None:
    bench.holds(BEFORE)
    assert bench.plan(*arguments) == 3
    assert said in bench.err
    assert bench.out == ""


def test_a_folder_that_is_no_repository_is_exit_code_3(bench: Bench) -> None:
    assert bench.plan("--merge", "main") == 3
    assert f"{bench.path} is no directory" in bench.err
    bench.path.mkdir()
    assert bench.plan("--merge", "main") == 3
    assert f"{bench.path} is not a git repository" in bench.err


def test_without_git_one_is_told_to_install_it(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.holds(BEFORE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.plan("--merge", "main") == 3
    assert "git was not found on PATH; install it" in bench.err


def test_a_conflict_is_exit_code_3_and_names_the_files(bench: Bench) -> None:
    ours = {**BEFORE, "w/nginx/values.yaml": "tag: 3\n"}
    bench.holds(BEFORE, ours, Snapshot(AFTER, "New tag", parents=(0,), branch="new-tag"))
    assert bench.plan("--base", "main", "--head", "new-tag") == 3
    assert "conflicts with its base in w/nginx/values.yaml" in bench.err


def test_a_pattern_that_hangs_is_exit_code_3(bench: Bench) -> None:
    """N27."""
    root = builders.yaml({"promotionPaths": [builders.flow("(?:a|aa)+$", ["t/"])]})
    bench.holds({"telefonistka.yaml": root, "a" * 60 + "!/x/f": "1"})
    assert bench.plan("--merge", "main") == 3
    assert "backtracks without end" in bench.err


def test_names_that_are_no_utf8_are_printed(bench: Bench) -> None:
    bench.holds(BEFORE, {**AFTER, "w/nginx/caf\udce9": "x", "w/app/caf\udce9": "x"})
    assert bench.plan("--merge", "main") == 3, "the dev environment's directory would have to be written by name"
    assert "dev/nginx/caf\\xe9: its name is not UTF-8" in bench.err
    bench.path = bench.path.with_name("other")
    bench.holds(BEFORE, {**BEFORE, "w/app/caf\udce9": "x"})
    code, said = bench.json("--merge", "main")
    assert code == 0
    assert said["promotions"][0]["changes"]["added"] == ["dev/app/caf\udce9", "lab/app/caf\udce9"]
    assert bench.plan("--merge", "main") == 0


DEMO = Path(__file__).parents[3] / "config-examples" / "demo"


def test_the_demo_repository_is_planned(bench: Bench) -> None:
    files = {str(file.relative_to(DEMO)): file.read_bytes() for file in DEMO.rglob("*") if file.is_file()}
    after = {**files, "workspace/nginx/values.yaml": b"changed: true\n"}
    bench.holds(
        files,
        after,
        {**after, **{f"clusters/{env}/nginx/values.yaml": b"changed: true\n" for env in ("dev", "lab", "staging")}},
    )
    code, first = bench.json("--merge", "main~1")
    assert code == 0
    assert [list(promotion["sync"]) for promotion in first["promotions"]] == [
        ["clusters/dev/nginx", "clusters/lab/nginx", "clusters/staging/nginx"]
    ]
    code, second = bench.json("--merge", "main")
    assert code == 0
    assert [promotion["changes"]["modified"] for promotion in second["promotions"]] == [
        ["clusters/production/us-east4/c1/nginx/values.yaml"],
        ["clusters/production/europe-west4/c1/nginx/values.yaml"],
    ]


def test_a_configuration_that_is_not_committed_can_be_tried(bench: Bench, tmp_path: Path) -> None:
    without = [{path: held for path, held in each.items() if path != "telefonistka.yaml"} for each in (BEFORE, AFTER)]
    bench.holds(*without)
    assert bench.plan("--merge", "main") == 1
    mine = tmp_path / "mine.yaml"
    mine.write_bytes(builders.yaml({"promotionPaths": [builders.flow("w/", ["other/"])]}))
    for revisions in (("--merge", "main"), ("--base", "main~1", "--head", "main")):
        assert bench.plan(*revisions, "--config", str(mine)) == 0
        assert "w/nginx ➡️  other/nginx" in bench.out
    mine.write_text("promotionPaths: 1\n")
    assert bench.plan("--merge", "main", "--config", str(mine)) == 2
    assert "error at --config: telefonistka.yaml:1:1: promotionPaths must be a list" in bench.out
    assert bench.plan("--merge", "main", "--config", str(tmp_path / "none.yaml")) == 3
    assert "none.yaml can't be read: No such file or directory" in bench.err
