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
names = ("TARGET_REPO", "TARGET_FILE", "GITHUB_HOST", "GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH")
key = os.environ.get("GITHUB_APP_PRIVATE_KEY_PATH")
seen = {{"arguments": sys.argv[1:], **{{name: os.environ.get(name, "") for name in names}}}}
if key:
    seen["key"], seen["mode"] = open(key).read(), os.stat(key).st_mode & 0o777
print(json.dumps(seen))
"""


def value(expression: str, inputs: dict[str, str]) -> str:
    """What GitHub makes of an expression in `env`."""
    found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+)( \|\| github\.server_url)? \}\}", expression)
    assert found, expression
    given = inputs.get(found[1], ACTION["inputs"][found[1]].get("default", ""))
    return given or ("https://github.com" if found[2] else "")


def run(folder: Path, **inputs: str) -> tuple[int, dict[str, Any]]:
    """The exit code of the action's script, and what it called the command with."""
    command = folder / "telefonistka" / "bin" / "telefonistka"
    command.parent.mkdir(parents=True)
    command.write_text(SHOW)
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    given = {name.replace("_", "-"): text for name, text in inputs.items()}
    env = {name: value(expression, given) for name, expression in STEPS["bump"]["env"].items()}
    done = subprocess.run(["bash", "-e", "-c", STEPS["bump"]["run"]], capture_output=True, text=True, check=False,
                          env={**ENVIRON, **env, "RUNNER_TEMP": str(folder)})  # fmt: skip
    assert list(folder.glob("key.*")) == []
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else {}


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
    _, seen = run(tmp_path / "1", command="bump-regex", regex_string="-a", replacement_string="")
    assert seen["arguments"] == ["bump-regex", "--regex-string=-a", "--replacement-string="]
    _, seen = run(tmp_path / "2", command="bump-overwrite", file="x y")
    assert seen["arguments"] == ["bump-overwrite", "--file=x y"]
    _, seen = run(tmp_path / "3", command="bump", edits="a.yaml:.b=c\n\nd.yaml:.e=f g\n")
    assert seen["arguments"] == ["bump", "--edit=a.yaml:.b=c", "--edit=d.yaml:.e=f g"]


def test_an_apps_key_is_a_file_for_nobody_else_and_gone_afterwards(tmp_path: Path) -> None:
    """N30."""
    _, seen = run(tmp_path, app_id="1", app_private_key="-----BEGIN\nx", github_host="ghe.example.com")
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


def test_the_script_starts_what_the_install_step_makes() -> None:
    path = '"$RUNNER_TEMP/telefonistka/bin/telefonistka"'
    assert path in STEPS["install"]["run"]
    assert path in STEPS["bump"]["run"]
