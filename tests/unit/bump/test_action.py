"""`action.yml`: what its script calls, and that no input can become a part of it."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import ENVIRON

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"]}

SHOW = f"""#!{sys.executable}
import json, os, sys
names = ("TARGET_REPO", "TARGET_FILE", "GITHUB_HOST", "GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH",
         "GITHUB_OAUTH_TOKEN")
key = os.environ.get("GITHUB_APP_PRIVATE_KEY_PATH")
seen = {{"arguments": sys.argv[1:], **{{name: os.environ.get(name, "") for name in names}}}}
if key:
    seen["key"], seen["mode"] = open(key).read(), os.stat(key).st_mode & 0o777
print(json.dumps(seen))
"""


def value(expression: str, inputs: dict[str, str], venv: Path) -> str:
    """What GitHub makes of an expression in `env`."""
    if expression == "${{ steps.install.outputs.venv }}":
        return str(venv)
    found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+)( \|\| github\.server_url)? \}\}", expression)
    assert found, expression
    given = inputs.get(found[1], ACTION["inputs"][found[1]].get("default", ""))
    return given or ("https://github.com" if found[2] else "")


def run(folder: Path, jobs: dict[str, str] | None = None, /, **inputs: str) -> tuple[int, dict[str, Any]]:
    """The exit code of the action's script, and what it called the command with; or what it said where it did not.
    `jobs` are the variables of the job."""
    venv = folder / "venv"
    command = venv / "bin" / "telefonistka"
    command.parent.mkdir(parents=True)
    command.write_text(SHOW)
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    given = {name.replace("_", "-"): text for name, text in inputs.items()}
    env = {name: value(expression, given, venv) for name, expression in STEPS["bump"]["env"].items()}
    done = subprocess.run(["bash", "-e", "-c", STEPS["bump"]["run"]], capture_output=True, text=True, check=False,
                          env={**ENVIRON, **(jobs or {}), **env, "RUNNER_TEMP": str(folder)})  # fmt: skip
    assert list(folder.glob("key.*")) == []
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else {"said": done.stdout}


def test_a_yaml_bump(tmp_path: Path) -> None:
    nasty = "$(touch pwned) `x` ' \" ${{ x }}"
    code, seen = run(tmp_path, target_repo="acme/gitops", target_file="a.yaml", address='.a[] | select(.b == "c")',
                     replacement_string=nasty, token="t", auto_merge="true")  # fmt: skip
    assert code == 0
    assert seen["arguments"] == [
        "bump-yaml", '--address=.a[] | select(.b == "c")', f"--replacement-string={nasty}", "--auto-merge",
    ]  # fmt: skip
    assert (seen["TARGET_REPO"], seen["TARGET_FILE"], seen["GITHUB_TOKEN"]) == ("acme/gitops", "a.yaml", "t")
    assert seen["GITHUB_HOST"] == "github.com"


def test_the_other_commands(tmp_path: Path) -> None:
    _, seen = run(tmp_path / "1", command="bump-regex", regex_string="-a", replacement_string="-b")
    assert seen["arguments"] == ["bump-regex", "--regex-string=-a", "--replacement-string=-b"]
    _, seen = run(tmp_path / "2", command="bump-overwrite", file="x y")
    assert seen["arguments"] == ["bump-overwrite", "--file=x y"]
    _, seen = run(tmp_path / "3", command="bump", edits="a.yaml:.b=c\n\nd.yaml:.e=f g\n")
    assert seen["arguments"] == ["bump", "--edit=a.yaml:.b=c", "--edit=d.yaml:.e=f g"]


def test_an_apps_key_is_a_file_for_nobody_else_and_gone_afterwards(tmp_path: Path) -> None:
    """N30."""
    key = {"app_id": "1", "app_private_key": "-----BEGIN\nx", "github_host": "ghe.example.com"}
    _, seen = run(tmp_path, address=".a", replacement_string="b", **key)
    assert (seen["key"], seen["mode"]) == ("-----BEGIN\nx\n", 0o600)
    assert seen["GITHUB_HOST"] == "ghe.example.com"


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, command="server")[0] == 2


def test_no_input_is_written_into_a_script() -> None:
    """N23: what is put between ${{ and }} in a script becomes a part of it."""
    assert [step["id"] for step in STEPS.values() if "${{" in step.get("run", "")] == []


def test_every_input_is_used_and_every_output_is_set() -> None:
    text = (ROOT / "action.yml").read_text("utf-8").partition("runs:")[2]
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(ACTION["inputs"])
    assert set(ACTION["outputs"]) == {"pr-url", "changed"}


@pytest.mark.parametrize("example", sorted((ROOT / "config-examples" / "bump").iterdir()), ids=lambda path: path.name)
def test_the_examples_use_inputs_that_there_are(example: Path) -> None:
    jobs = yaml.safe_load(example.read_text("utf-8"))["jobs"].values()
    used = [step["with"] for job in jobs for step in job["steps"] if "telefonistka" in step.get("uses", "")]
    assert used
    assert {name for each in used for name in each} <= set(ACTION["inputs"])


@pytest.mark.parametrize("empty", [{}, {"replacement_string": ""}, {"replacement_string": " \n"}])
@pytest.mark.parametrize("command", ["bump-yaml", "bump-regex"])
def test_an_output_that_nobody_set_is_no_version(tmp_path: Path, command: str, empty: dict[str, str]) -> None:
    """An empty one would be merged as a version."""
    code, seen = run(tmp_path, command=command, address=".a", regex_string="a", **empty)
    assert (code, seen) == (2, {"said": "::error::replacement-string is empty; set allow-empty to true if that is "
                                        "meant\n"})  # fmt: skip


def test_an_empty_value_that_is_meant(tmp_path: Path) -> None:
    code, seen = run(tmp_path, address=".a", allow_empty="true")
    assert code == 0
    assert seen["arguments"] == ["bump-yaml", "--address=.a", "--replacement-string=", "--allow-empty"]


def test_no_edits_at_all_are_told(tmp_path: Path) -> None:
    assert run(tmp_path, command="bump", edits="\n")[1] == {
        "said": "::error::edits is empty; write FILE:SELECTOR=VALUE, one a line\n"
    }


def test_the_token_that_the_step_is_given_wins_over_those_of_the_job(tmp_path: Path) -> None:
    jobs = {"GITHUB_OAUTH_TOKEN": "of the job", "GITHUB_APP_PRIVATE_KEY_PATH": "/of/the/job"}
    _, seen = run(tmp_path / "1", jobs, address=".a", replacement_string="b", token="of the step")
    assert (seen["GITHUB_TOKEN"], seen["GITHUB_OAUTH_TOKEN"]) == ("of the step", "")
    assert seen["GITHUB_APP_PRIVATE_KEY_PATH"] == ""
    _, seen = run(tmp_path / "2", {"GITHUB_OAUTH_TOKEN": "of the job"}, address=".a", replacement_string="b")
    assert seen["GITHUB_OAUTH_TOKEN"] == "of the job"


@pytest.mark.parametrize(
    ("given", "merges"),
    [("true", True), ("True", True), ("1", True), ("yes", True), ("false", False), ("False", False), ("", False)],
)
def test_auto_merge_as_people_write_it(tmp_path: Path, given: str, merges: bool) -> None:
    code, seen = run(tmp_path, address=".a", replacement_string="b", auto_merge=given)
    assert (code, "--auto-merge" in seen["arguments"]) == (0, merges)


def test_anything_else_is_neither_true_nor_false(tmp_path: Path) -> None:
    code, seen = run(tmp_path, address=".a", replacement_string="b", auto_merge="squash")
    assert (code, seen["said"]) == (2, "::error::auto-merge is 'squash'; set it to true or false\n")


PYTHON = """#!/bin/sh
# Stands for `python -m venv --clear FOLDER`.
rm -rf "$4" && mkdir -p "$4/bin"
printf '#!/bin/sh\nfor last; do :; done\n[ -e "$last" ] && echo "$last" >> "%s/installed"\n' "$4" > "$4/bin/pip"
chmod +x "$4/bin/pip"
"""


def test_a_job_that_uses_several_versions_gets_an_installation_for_each(tmp_path: Path) -> None:
    def installed(action: str, python: str, *, there: bool = True) -> Path:
        path, ref = tmp_path / python, tmp_path / action
        path.write_text(PYTHON)
        path.chmod(0o755)
        if there:
            ref.mkdir(exist_ok=True)
        output = tmp_path / "output"
        subprocess.run(["bash", "-e", "-c", STEPS["install"]["run"]], capture_output=True, check=there,
                       env={**ENVIRON, "PYTHON": str(path), "GITHUB_ACTION_PATH": str(ref),
                            "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)})  # fmt: skip
        return Path(output.read_text().splitlines()[-1].removeprefix("venv=")) if there else Path()

    installed("v1", "python3.11", there=False)  # was stopped: it is no installation
    venvs = [installed(*each) for each in (("v1", "python3.11"), ("v2", "python3.11"), ("v2", "python3.12"))]
    assert len(set(venvs)) == 3
    assert installed("v2", "python3.11") == venvs[1]
    assert [(venv / "installed").read_text() for venv in venvs] == [f"{tmp_path}/{ref}\n" for ref in ("v1", "v2", "v2")]


def test_the_script_starts_what_the_install_step_makes() -> None:
    assert STEPS["bump"]["env"]["BUMP_VENV"] == "${{ steps.install.outputs.venv }}"
    assert '"$BUMP_VENV/bin/telefonistka"' in STEPS["bump"]["run"]
