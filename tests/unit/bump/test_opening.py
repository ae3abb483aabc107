"""Upon what a bump is built, and how its pull request reads."""

from dataclasses import replace

import pytest

from telefonistka_py.bump import draft, opening, paths
from telefonistka_py.bump.draft import Trigger
from telefonistka_py.bump.model import BadOption, Change, Set
from telefonistka_py.bump.opening import Fresh, InTheWay, OnTop
from telefonistka_py.github.facts import Existing, FoundBranch, FoundPull
from telefonistka_py.names import Login, RepoPath, Sha

TIP = Sha("a" * 40)
BRANCH = FoundBranch(TIP, Sha("b" * 40), "Bumping version @ a.yaml", (Sha("c" * 40),))
PULL = FoundPull(
    "PR_1", 7, "OPEN", "https://github.com/acme/gitops/pull/7", "title", TIP, frozenset(), frozenset(), True
)
MERGED, CLOSED = replace(PULL, state="MERGED"), replace(PULL, state="CLOSED")
THEIRS = replace(PULL, ours=False)


@pytest.mark.parametrize(
    ("existing", "decision"),
    [
        (Existing(None, ()), Fresh()),
        (Existing(BRANCH, (PULL,)), OnTop(BRANCH, PULL)),
        (Existing(BRANCH, (PULL, MERGED)), OnTop(BRANCH, PULL)),
        (Existing(BRANCH, ()), OnTop(BRANCH, None)),
        (Existing(None, (MERGED,)), Fresh(None, 7)),
        (Existing(BRANCH, (MERGED,)), Fresh(BRANCH, 7)),
        (
            Existing(replace(BRANCH, commit=Sha("d" * 40)), (MERGED,)),
            OnTop(replace(BRANCH, commit=Sha("d" * 40)), None),
        ),
        (Existing(None, (replace(THEIRS, state="CLOSED"),)), Fresh()),
    ],
    ids=[
        "nothing",
        "open",
        "opened again",
        "no pull request yet",
        "merged",
        "merged, branch kept",
        "merged, branch moved on",
        "theirs, closed",
    ],
)
def test_what_an_earlier_run_left_is_taken_up(existing: Existing, decision: object) -> None:
    """N12, N13."""
    assert opening.decide(existing) == decision


@pytest.mark.parametrize(
    ("existing", "said"),
    [
        (Existing(BRANCH, (THEIRS,)), "pull/7, which somebody else opened, uses the branch"),
        (Existing(None, (PULL,)), "the branch of https://github.com/acme/gitops/pull/7 is gone"),
        (Existing(BRANCH, (CLOSED,)), "was closed without being merged; reopen it"),
        (Existing(None, (CLOSED, MERGED)), "was closed without being merged"),
        (Existing(replace(BRANCH, commit=Sha("d" * 40), message="wip"), (MERGED,)), "commits that are not of a bump"),
        (Existing(replace(BRANCH, message="wip"), ()), "commits that are not of a bump, and no open pull request"),
        (Existing(replace(BRANCH, parents=(TIP, TIP)), ()), "commits that are not of a bump"),
    ],
)
def test_what_people_must_decide_is_left_to_them(existing: Existing, said: str) -> None:
    decision = opening.decide(existing)
    assert isinstance(decision, InTheWay)
    assert said in decision.why


def change(path: str) -> Change:
    return Change(RepoPath(path), Set(".tag", "v2"))


def test_the_pull_request_reads_as_the_go_server_writes_it() -> None:
    wanted = draft.wanted(Trigger("acme/app", "0a1b2c", Login("alice")), (change("dev/values.yaml"),))
    assert wanted.branch == "artifact_version_bump/acme/app/0a1b2c"
    assert wanted.title == "acme/app🚠 Bumping version @ dev/values.yaml"
    assert wanted.body == "Bumping version triggered by acme/app@0a1b2c"
    assert wanted.commit_message == "Bumping version @ dev/values.yaml"
    assert wanted.labels == ("promotion",)
    assert wanted.assignee == "alice"


def test_several_files_are_all_named_each_once() -> None:
    wanted = draft.wanted(Trigger("acme/app", "0a1b2c", None), (change("a"), change("b"), change("a")))
    assert wanted.title == "acme/app🚠 Bumping version @ a, b"


def test_a_title_that_github_would_refuse_is_cut() -> None:
    """N19."""
    wanted = draft.wanted(Trigger("acme/app", "0a1b2c", None), tuple(change(f"file-{n}.yaml") for n in range(60)))
    assert len(wanted.title) == 253
    assert wanted.title.endswith("...")


@pytest.mark.parametrize(
    ("repo", "sha"),
    [("acme/ap p", "0a"), ("acme/../x", "0a"), ("", "0a"), ("acme/.x", "0a"), ("acme/x.lock", "0a"), ("a/b", "0a b"),
     ("a/b", ""), ("a/b", "x~1"), ("a/b", "x" * 250), ("a//b", "0a")],
)  # fmt: skip
def test_what_can_be_no_branch_is_told_before_anything_is_asked(repo: str, sha: str) -> None:
    with pytest.raises(BadOption):
        draft.wanted(Trigger(repo, sha, None), (change("a"),))


@pytest.mark.parametrize(("given", "path"), [("a.yaml", "a.yaml"), ("./dev/a b.yaml", "dev/a b.yaml")])
def test_a_path_inside_the_repository_is_taken(given: str, path: str) -> None:
    assert paths.check(given) == path


@pytest.mark.parametrize(
    "given", ["", "./", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".git/config", "a/.GIT/x", "a\nb"]
)
def test_a_path_that_leaves_the_repository_is_refused(given: str) -> None:
    """N10."""
    with pytest.raises(BadOption):
        paths.check(given)
