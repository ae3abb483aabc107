"""What GitHub and Docker read is as their schemas say, and a linter of workflows finds no hole in what publishes."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.deploy

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
READ_AS = {
    "vendor.github-workflows": [
        *sorted((GITHUB / "workflows").glob("*.yml")),
        ROOT / "config-examples/bump/release.yaml",
    ],
    "vendor.github-actions": [ROOT / "action.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.compose-spec": [ROOT / "deploy" / "compose.yaml"],
}
"""The schemas that come with check-jsonschema, so that nothing is fetched."""
A_HOLE = """
on: pull_request_target
jobs:
  hole:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
"""


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def linted(*places: Path) -> "subprocess.CompletedProcess[str]":
    """What zizmor finds of some weight, without asking GitHub anything."""
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    return run(zizmor, "--offline", "--no-config", "--no-progress", "--min-severity=medium", *places)


@pytest.mark.parametrize("schema", READ_AS)
def test_it_is_as_its_reader_wants_it(schema: str) -> None:
    done = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *READ_AS[schema])
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_publishes_has_no_hole() -> None:
    done = linted(GITHUB, ROOT / "action.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_hole_would_be_found(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "hole.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(A_HOLE)
    found = linted(workflow).stdout
    assert "template-injection" in found
    assert "dangerous-triggers" in found
