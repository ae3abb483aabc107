"""What git's own words tell of a pull request, and the plan of a merge or an open one on a real repository."""

from pathlib import Path

import pytest

from telefonistka_py.errors import OperatorMistake, RepoMistake
from telefonistka_py.localgit.clone import Clone
from telefonistka_py.names import Login
from telefonistka_py.promotion import metadata, offline
from telefonistka_py.promotion.model import Step
from telefonistka_py.promotion.offline import Preview, Told
from telefonistka_py.templates import Templates
from tests import builders
from tests.builders import ENVIRON, Snapshot

CONFIG = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]})
BEFORE: builders.Files = {"telefonistka.yaml": CONFIG, "w/nginx/f": "1", "dev/nginx/f": "1"}
AFTER: builders.Files = {**BEFORE, "w/nginx/f": "2"}


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "repo"


def of_merge(path: Path, told: Told | None = None, revision: str = "main") -> Preview:
    with Clone(path, ENVIRON) as clone:
        return offline.of_merge(clone, revision, "main", told or Told(), Templates())


@pytest.mark.parametrize(
    ("message", "number", "ref", "carried"),
    [
        ("Merge pull request #12 from acme/feature/x\n\nA title", 12, "feature-x", "#12 “A title”"),
        ("A title (#34)", 34, "<branch>", "#34 “A title”"),
        ("A title (#34)\n\n* one\n* two (#5)", 34, "<branch>", "#34 “A title”"),
        ('Revert "A title (#34)" (#35)', 35, "<branch>", "#35 “Revert"),
        ("A title", "<number>", "<branch>", ""),
        ("Mentions #12 only", "<number>", "<branch>", ""),
    ],
)
def test_number_and_branch_are_guessed_from_what_github_writes(
    where: Path, message: str, number: int | str, ref: str, carried: str
) -> None:
    builders.repository(where, BEFORE, Snapshot(AFTER, message))
    [planned] = of_merge(where).planned
    assert planned.draft.branch.startswith(f"promotions/{number}-{ref}-")
    assert f"↘️  #{number}  `w/`" in planned.draft.body
    assert (f"\nCarries {carried}" if carried else "\n") in planned.draft.body
    assert ("Carries" in planned.draft.body) is bool(carried)


def test_what_is_told_wins_over_what_is_guessed(where: Path) -> None:
    builders.repository(where, BEFORE, Snapshot(AFTER, "Merge pull request #12 from acme/x"))
    [planned] = of_merge(where, Told(7, "mine", Login("alice"))).planned
    assert planned.draft.branch.startswith("promotions/7-mine-")
    assert planned.draft.assignee == "alice"


def test_the_history_in_a_squash_commits_message_is_carried_on(where: Path) -> None:
    block = metadata.block(builders.metadata(history={3: Step("x/", ("w/",))}))
    builders.repository(where, BEFORE, Snapshot(AFTER, f"Promote (#4)\n\n{block}"))
    [planned] = of_merge(where).planned
    read = metadata.read(planned.draft.body)
    assert read is not None
    assert read.history == {3: Step("x/", ("w/",)), 4: Step("w/", ("dev/",))}
    assert planned.draft.assignee == "alice"


def test_a_broken_history_is_ignored(where: Path) -> None:
    builders.repository(where, BEFORE, Snapshot(AFTER, "P (#4)\n\n<!--|Telefonistka data, do not delete|e30|-->"))
    assert len(of_merge(where).planned) == 1


def test_a_merge_is_judged_by_its_first_parent(where: Path) -> None:
    """What came from the default branch into the pull request is not the pull request's change."""
    side = {**BEFORE, "w/app/f": "1"}
    both = {**AFTER, "w/app/f": "1"}
    builders.repository(
        where,
        BEFORE,
        Snapshot(side, "On main"),
        Snapshot(AFTER, "On the branch", parents=(0,), branch="feature"),
        Snapshot(both, "Merge pull request #1 from a/feature", parents=(1, 2)),
    )
    [planned] = of_merge(where).planned
    assert planned.promotion.components == ("nginx",)


def test_the_first_commit_of_a_repository_changes_everything(where: Path) -> None:
    builders.repository(where, BEFORE)
    preview = of_merge(where)
    assert preview.changed_files == 3
    assert preview.planned[0].graft.steps == ()


def test_a_rename_counts_under_both_names(where: Path) -> None:
    """N8: the vacated place is vacated in the target too."""
    before = {**BEFORE, "w/old/f": "same", "dev/old/f": "same"}
    after = {**BEFORE, "w/new/f": "same", "dev/old/f": "same"}
    builders.repository(where, before, after)
    [planned] = of_merge(where).planned
    assert planned.promotion.components == ("new", "old")
    assert planned.changes.added == ("dev/new/f",)
    assert planned.changes.deleted == ("dev/old/f",)


def test_the_tree_named_is_the_one_git_would_write(where: Path) -> None:
    builders.repository(where, BEFORE, AFTER)
    [planned] = of_merge(where).planned
    assert planned.graft.root == builders.trees({**AFTER, "dev/nginx/f": "2"})[1]


def of_pull(path: Path, head: str = "feature") -> Preview:
    with Clone(path, ENVIRON) as clone:
        return offline.of_pull(clone, "main", head, Told(), Templates(), ENVIRON)


@pytest.mark.parametrize(
    ("head", "ref"),
    [("feature", "feature"), ("refs/heads/feature", "feature"), ("HEAD", "<branch>"), ("feature^0", "<branch>")],
)
def test_a_head_that_names_no_branch_is_not_taken_for_one(where: Path, head: str, ref: str) -> None:
    builders.repository(where, BEFORE, Snapshot(AFTER, "Change", parents=(0,), branch="feature"))
    builders.git(where, "symbolic-ref", "HEAD", "refs/heads/feature")
    [planned] = of_pull(where, head).planned
    assert planned.draft.branch.startswith(f"promotions/<number>-{ref}-")


def test_an_open_pull_request_is_planned_as_if_merged_now(where: Path) -> None:
    moved = {**BEFORE, "w/nginx/g": "from main", "dev/other/f": "x"}
    builders.repository(where, BEFORE, moved, Snapshot(AFTER, "Change", parents=(0,), branch="feature"))
    [planned] = of_pull(where).planned
    merged = {**moved, "w/nginx/f": "2"}
    assert planned.graft.root == builders.trees({**merged, "dev/nginx/f": "2", "dev/nginx/g": "from main"})[1]
    assert planned.draft.branch.startswith("promotions/<number>-feature-")


def test_the_root_file_is_the_bases_and_component_files_are_the_heads(where: Path) -> None:
    theirs = {
        **AFTER,
        "telefonistka.yaml": builders.yaml({"promotionPaths": [builders.flow("w/", ["prod/"])]}),
        "w/nginx/telefonistka.yaml": "promotionTargetBlockList: [dev]\n",
    }
    builders.repository(where, BEFORE, Snapshot(theirs, "Change", parents=(0,), branch="feature"))
    [planned] = of_pull(where).planned
    assert planned.promotion.targets == ("dev/",)
    assert planned.promotion.sync == {}
    assert [skip.target for skip in planned.promotion.skips] == ["dev/"]


def test_a_conflict_is_named_with_its_files(where: Path) -> None:
    ours = {**BEFORE, "w/nginx/f": "3"}
    builders.repository(where, BEFORE, ours, Snapshot(AFTER, "Change", parents=(0,), branch="feature"))
    with pytest.raises(RepoMistake, match="conflicts with its base in w/nginx/f"):
        of_pull(where)


def test_branches_without_a_common_commit_are_refused(where: Path) -> None:
    builders.repository(where, BEFORE, Snapshot(AFTER, "Elsewhere", parents=(), branch="feature"))
    with pytest.raises(RepoMistake, match="no commit in common"):
        of_pull(where)


def test_a_path_with_a_colon_in_it_works(tmp_path: Path) -> None:
    where = tmp_path / 'odd: "name"'
    builders.repository(where, BEFORE, Snapshot(AFTER, "Change", parents=(0,), branch="feature"))
    assert len(of_pull(where).planned) == 1


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~99", "--all", "main:w"])
def test_a_revision_that_is_no_commit_is_named(where: Path, revision: str) -> None:
    builders.repository(where, BEFORE)
    with pytest.raises(OperatorMistake, match=f"there is no commit '{revision}'"):
        of_merge(where, revision=revision)
