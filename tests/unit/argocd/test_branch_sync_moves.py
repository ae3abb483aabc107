"""What is changed in an app so that it follows a branch, and no longer."""

from typing import Any

import pytest

from telefonistka_py.argocd import branch_sync_moves as moves
from telefonistka_py.argocd.branch_sync_moves import Move, Stay
from telefonistka_py.names import Branch

REPO = "https://github.com/acme/gitops"
BRANCH = Branch("feature")


def source(revision: str | None = "HEAD", repo: str = f"{REPO}.git") -> dict[str, Any]:
    return {"repoURL": repo, "path": "a", **({} if revision is None else {"targetRevision": revision})}


def app(*sources: dict[str, Any], several: bool | None = None, **metadata: Any) -> dict[str, Any]:
    many = len(sources) > 1 if several is None else several
    spec: dict[str, Any] = {"sources": list(sources)} if many else {"source": sources[0]}
    return {"metadata": {"name": "a", **metadata}, "spec": spec}


def test_an_app_with_one_source_takes_a_merge_patch() -> None:
    made = moves.to_branch(app(source("main")), REPO, BRANCH)
    assert made == Move({"spec": {"source": {"targetRevision": "feature"}}}, "feature", {1: "main"})


def test_of_several_sources_those_of_the_repository_are_set_if_they_are_still_where_they_were() -> None:
    other = source("v1", "https://charts.example.com")
    made = moves.to_branch(app(other, source(None), source("feature"), source("main")), REPO, BRANCH)
    assert isinstance(made, Move)
    assert made.before == {2: "", 4: "main"}
    assert made.patch == (
        {"op": "test", "path": "/spec/sources/1/repoURL", "value": f"{REPO}.git"},
        {"op": "add", "path": "/spec/sources/1/targetRevision", "value": "feature"},
        {"op": "test", "path": "/spec/sources/3/repoURL", "value": f"{REPO}.git"},
        {"op": "test", "path": "/spec/sources/3/targetRevision", "value": "main"},
        {"op": "add", "path": "/spec/sources/3/targetRevision", "value": "feature"},
    )


def test_a_list_of_one_source_is_a_list() -> None:
    made = moves.to_branch(app(source("main"), several=True), REPO, BRANCH)
    assert isinstance(made, Move)
    assert isinstance(made.patch, tuple)


@pytest.mark.parametrize(
    ("given", "on_branch"),
    [
        (app(source("feature")), True),
        (app(source("refs/heads/feature")), True),
        (app(source("main", "https://github.com/acme/other")), False),
        (app(source("main"), labels={"telefonistka.io/temporary": "true"}), False),
    ],
)
def test_what_is_there_already_or_no_matter_stays(given: dict[str, Any], on_branch: bool) -> None:
    made = moves.to_branch(given, REPO, BRANCH)
    assert isinstance(made, Stay)
    assert made.on_branch is on_branch


@pytest.mark.parametrize(
    ("remembered", "to", "last"),
    [
        ({1: "v1.2"}, "v1.2", {"op": "add", "path": "/spec/source/targetRevision", "value": "v1.2"}),
        ({}, "HEAD", {"op": "add", "path": "/spec/source/targetRevision", "value": "HEAD"}),
        ({1: ""}, "", {"op": "remove", "path": "/spec/source/targetRevision"}),
    ],
)
def test_an_app_goes_back_only_from_the_branch(remembered: dict[int, str], to: str, last: dict[str, Any]) -> None:
    made = moves.back(app(source("feature")), REPO, BRANCH, remembered)
    assert isinstance(made, Move)
    assert made.to == to
    assert made.patch == (
        {"op": "test", "path": "/spec/source/repoURL", "value": f"{REPO}.git"},
        {"op": "test", "path": "/spec/source/targetRevision", "value": "feature"},
        last,
    )


@pytest.mark.parametrize("elsewhere", ["HEAD", "main", "feature-2", "", None])
def test_what_follows_something_else_is_left_alone(elsewhere: str | None) -> None:
    assert isinstance(moves.back(app(source(elsewhere)), REPO, BRANCH, {1: "v1"}), Stay)


def test_of_several_sources_each_goes_back_to_its_own() -> None:
    made = moves.back(app(source("feature"), source("v2"), source("feature")), REPO, BRANCH, {1: "a", 3: "b"})
    assert isinstance(made, Move)
    adds = {each["path"]: each["value"] for each in made.patch if each["op"] == "add"}  # type: ignore[index]
    assert adds == {"/spec/sources/0/targetRevision": "a", "/spec/sources/2/targetRevision": "b"}
