"""What publishes the project is narrow: few rights, no kept passwords, no text of strangers in a shell."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

Workflow = dict[Any, Any]


def load(name: str) -> Workflow:
    found: Workflow = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    found["on"] = found.pop(True)  # YAML 1.1 takes the word for a boolean; GitHub does not
    return found


WORKFLOWS = {file.name: load(file.name) for file in sorted(FOLDER.glob("*.yml"))}
JOBS = [(name, job, found["jobs"][job]) for name, found in WORKFLOWS.items() for job in found["jobs"]]

PUBLISHED = [*sorted(FOLDER.glob("*.yml")), ROOT / "action.yml"]
"""Files that run actions of others."""
PIN = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)\b")

each_workflow = pytest.mark.parametrize("name", WORKFLOWS)
each_job = pytest.mark.parametrize(("name", "job", "made"), JOBS, ids=[f"{name}:{job}" for name, job, _ in JOBS])

WRITES = {
    ("release.yml", "build"): {"id-token", "attestations"},
    ("release.yml", "pypi"): {"id-token"},
    ("release.yml", "image"): {"packages", "id-token", "attestations"},
    ("release.yml", "notes"): {"contents"},
}
"""Every right to write that any job has."""


def steps(made: Workflow) -> list[Workflow]:
    return list(made.get("steps", []))


@each_workflow
def test_a_workflow_may_read_and_nothing_else_by_itself(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}


@each_job
def test_a_job_may_do_what_is_listed_here_alone(name: str, job: str, made: Workflow) -> None:
    rights = made.get("permissions", {})
    assert set(rights.values()) <= {"read", "write"}
    assert {right for right, level in rights.items() if level == "write"} == WRITES.get((name, job), set())


@each_job
def test_a_job_ends(name: str, job: str, made: Workflow) -> None:
    assert "uses" in made or 0 < made["timeout-minutes"] <= 90


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.name)
def test_actions_are_pinned_to_a_commit_with_its_version_beside_it(file: Path) -> None:
    """A tag can be moved to other code; the comment is what people and Dependabot read."""
    for used in re.findall(r"uses: *(.*)", file.read_text("utf-8")):
        assert used == "./.github/workflows/ci.yml" or PIN.match(used), used


def test_an_action_is_the_same_commit_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for file in PUBLISHED:
        for action, commit, version in PIN.findall(file.read_text("utf-8")):
            found.setdefault(action, set()).add(f"{commit} {version}")
    assert "actions/checkout" in found
    assert [action for action, pins in found.items() if len(pins) > 1] == []


@each_job
def test_no_expression_stands_in_a_shell(name: str, job: str, made: Workflow) -> None:
    """A branch or a title that holds code would be run."""
    assert [step["run"] for step in steps(made) if "${{" in step.get("run", "")] == []


@each_job
def test_checkouts_leave_no_token_behind(name: str, job: str, made: Workflow) -> None:
    for step in steps(made):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@each_workflow
def test_no_secret_is_kept_for_it(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert set(re.findall(r"secrets\.(\w+)", text)) <= {"GITHUB_TOKEN"}
    assert not re.search(r"ghp_|github_pat_|pypi-[A-Za-z0-9]{16}|PRIVATE KEY", text)
    assert "pull_request_target" not in text


def test_everything_is_run_on_every_supported_python() -> None:
    named = [word.rpartition(" ")[2] for word in PROJECT["classifiers"] if "Python :: 3." in word]
    [job] = [made for _, job, made in JOBS if job == "everything"]
    assert job["strategy"]["matrix"]["python"] == named
    assert [step["run"] for step in steps(job) if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_a_pull_request_is_checked_and_a_tag_alone_publishes() -> None:
    assert "pull_request" in WORKFLOWS["ci.yml"]["on"]
    assert WORKFLOWS["release.yml"]["on"] == {"push": {"tags": ["v*"]}}


def test_nothing_is_published_before_everything_passed() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]

    def before(job: str) -> set[str]:
        needs = jobs[job].get("needs", [])
        direct = [needs] if isinstance(needs, str) else needs
        return {*direct, *(earlier for each in direct for earlier in before(each))}

    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in WORKFLOWS["ci.yml"]["on"]
    for job in jobs:
        assert job == "checks" or "checks" in before(job)


def test_the_image_is_for_both_architectures_and_says_what_it_is_made_of() -> None:
    [push] = [step for step in steps(WORKFLOWS["release.yml"]["jobs"]["image"]) if "build-push" in step.get("uses", "")]
    assert push["with"]["platforms"] == "linux/amd64,linux/arm64"
    assert (push["with"]["provenance"], push["with"]["sbom"]) == ("mode=max", True)
