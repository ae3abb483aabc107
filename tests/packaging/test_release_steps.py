"""The shell of the release workflow, run as GitHub runs it: what stops a release, and what its notes say."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BUILD = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]["build"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
CHANGELOG = f"""# Changelog

## [Unreleased]

- Not released yet.

## [{VERSION}] - 2026-01-02

### Added

- What this release brings.

## [{VERSION.replace(".", "x")}] - 2026-01-01

- Another version, though a pattern would take it for this one.
"""


def step(name: str, tag: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the step of that name in `folder` (bash -e: GitHub's own way, where a step names no shell)."""
    [script] = [each["run"] for each in BUILD["steps"] if each.get("name") == name]
    env = {**os.environ, "GITHUB_REF_NAME": tag}
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


@pytest.mark.parametrize(("tag", "released"), [(f"v{VERSION}", True), (VERSION, False), (f"v{VERSION}1", False)])
def test_only_a_tag_that_is_the_version_is_released(tag: str, released: bool, checkout: Path) -> None:
    done = step("The tag is the package's version", tag, checkout)
    assert (done.returncode == 0) is released, done.stderr
    assert released or done.stdout == f"the tag is {tag}, the package {VERSION}\n"


def test_the_notes_are_what_the_changelog_says_of_the_version(checkout: Path) -> None:
    done = step("The notes are what the changelog says of it", f"v{VERSION}", checkout)
    assert done.returncode == 0, done.stderr
    assert (checkout / "notes.md").read_text().strip() == "### Added\n\n- What this release brings."


def test_a_version_that_the_changelog_does_not_name_is_not_released(checkout: Path) -> None:
    done = step("The notes are what the changelog says of it", "v9.9.9", checkout)
    assert done.returncode == 1
    assert done.stdout == "CHANGELOG.md has no section [9.9.9]\n"


def test_both_are_looked_at_before_anything_is_built() -> None:
    names = [each.get("name", each.get("run")) for each in BUILD["steps"]]
    built = names.index("python -m build")
    assert names.index("The tag is the package's version") < built
    assert names.index("The notes are what the changelog says of it") < built
