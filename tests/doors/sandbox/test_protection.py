"""Branch protection: what holds a merge, in which words, and what the merge state says of it."""

from typing import Any

import pytest

from telefonistka_py.sandbox import Hub, Pull, Refusal, Repo
from tests.doors.sandbox.conftest import Caller, opened

PULL = "/repos/acme/gitops/pulls/1"
STATE = 'query { repository(owner: "acme", name: "gitops") { pullRequest(number: 1) { mergeable mergeStateStatus } } }'


async def state(bot: Caller) -> str:
    """As GraphQL and REST say it, which must agree."""
    shown = (await bot.graphql(STATE)).body["data"]["repository"]["pullRequest"]["mergeStateStatus"]
    assert (await bot("GET", PULL)).body["mergeable_state"] == shown.lower()
    return str(shown)


async def refused(bot: Caller, **wish: Any) -> str:
    answer = await bot("PUT", f"{PULL}/merge", wish)
    assert answer.status == 405, answer.body
    return str(answer.body["message"])


async def test_a_required_check_holds_until_it_succeeds(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    repo.protect("main", checks=("ci/test",))
    assert await state(bot) == "BLOCKED"
    assert await refused(bot) == 'Required status check "ci/test" is expected.'
    for said, word in (("pending", "pending"), ("failure", "failing"), ("error", "failing")):
        await repo.set_status("ci", pull.head_sha, "ci/test", said)
        assert await refused(bot) == f'Required status check "ci/test" is {word}.'
    await repo.set_status("ci", pull.head_sha, "ci/test", "success")
    assert await state(bot) == "CLEAN"
    assert (await bot("PUT", f"{PULL}/merge", {"sha": pull.head_sha})).status == 200


async def test_check_runs_count_like_statuses(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    repo.protect("main", checks=("build", "lint", "ci/test"))
    assert await refused(bot) == "3 of 3 required status checks are expected."
    await repo.run_check("actions", pull.head_sha, "build")
    await repo.run_check("actions", pull.head_sha, "lint", "failure")
    said = await refused(bot)
    assert said == "3 of 3 required status checks have not succeeded: 1 in progress, 1 failing, 1 expected."
    await repo.run_check("actions", pull.head_sha, "build", "success")
    await repo.run_check("actions", pull.head_sha, "lint", "skipped")
    assert await refused(bot) == 'Required status check "ci/test" is expected.'
    await repo.set_status("ci", pull.head_sha, "ci/test", "success")
    await repo.merge("bob", 1)


async def test_an_approval_by_somebody_who_may_write_is_needed(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    repo.protect("main", checks=("ci",), reviews=1)
    await repo.review("carol", 1, "APPROVE")
    both = 'Required status check "ci" is expected. At least 1 approving review is required by reviewers with '
    assert await refused(bot) == both + "write access."
    repo.protect("main", reviews=1)
    assert await state(bot) == "BLOCKED"
    await repo.review("bob", 1, "APPROVE")
    await repo.review("bob", 1, "COMMENT", "Nice.")
    assert await state(bot) == "CLEAN"
    await repo.review("bob", 1, "REQUEST_CHANGES", "Wait.")
    assert "Changes have been requested" in await refused(bot)


async def test_a_strict_branch_takes_only_what_is_up_to_date(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    repo.protect("main", strict=True)
    assert await state(bot) == "CLEAN"
    await repo.commit("bob", "main", {"other": "1"})
    assert await state(bot) == "BEHIND"
    assert "out of date" in await refused(bot)


async def test_what_is_not_required_only_makes_it_unstable(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    await repo.set_status("ci", pull.head_sha, "ci/optional", "failure")
    assert await state(bot) == "UNSTABLE"
    await repo.merge("bob", 1)


async def test_a_conflict_is_dirty_whatever_else_is_missing(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    await repo.commit("bob", "main", {"dev/app/a.yaml": "x: other\n"})
    repo.protect("main", checks=("ci",))
    assert await state(bot) == "DIRTY"
    assert await refused(bot) == "Pull Request is not mergeable"


async def test_for_a_while_github_does_not_know_yet(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    repo.undecided = 2
    shown = (await bot.graphql(STATE)).body["data"]["repository"]["pullRequest"]
    assert shown == {"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}
    answer = (await bot("GET", PULL)).body
    assert (answer["mergeable"], answer["mergeable_state"]) == (None, "unknown")
    assert await state(bot) == "CLEAN"


@pytest.mark.parametrize(
    ("method", "what"), [("merge", "Merge commits"), ("squash", "Squash merges"), ("rebase", "Rebase merges")]
)
async def test_a_method_that_is_not_allowed_is_refused(bot: Caller, repo: Repo, method: str, what: str) -> None:
    await opened(repo)
    setattr(repo, f"allow_{method}_merge" if method != "merge" else "allow_merge_commit", False)
    assert await refused(bot, merge_method=method) == f"{what} are not allowed on this repository."


async def test_a_merge_takes_title_message_and_head(bot: Caller, repo: Repo) -> None:
    """N5."""
    pull = await opened(repo)
    wish = {"sha": pull.head_sha, "merge_method": "squash", "commit_title": "Title", "commit_message": "Auto-merge"}
    assert (await bot("PUT", f"{PULL}/merge", wish | {"sha": "c" * 40})).status == 409
    merged = await bot("PUT", f"{PULL}/merge", wish)
    commit = (await bot("GET", f"/repos/acme/gitops/git/commits/{merged.body['sha']}")).body
    assert (commit["message"], len(commit["parents"])) == ("Title\n\nAuto-merge", 1)


async def test_a_merge_that_was_done_may_still_answer_500(bot: Caller, hub: Hub, repo: Repo) -> None:
    """N16."""
    await opened(repo)
    hub.will_answer(500, method="PUT", path="/merge$", after_effect=True)
    assert (await bot("PUT", f"{PULL}/merge", {})).status == 500
    assert repo.pull(1).merged
    assert (await bot("PUT", f"{PULL}/merge", {})).status == 405


RULES: list[tuple[dict[str, Any], str]] = [
    ({"reviews": 1}, "Changes must be made through a pull request."),
    ({"queue": True}, "Changes must be made through the merge queue"),
    ({"checks": ["ci"]}, 'Required status check "ci" is expected.'),
]


@pytest.mark.parametrize(("rules", "says"), RULES)
async def test_a_protected_branch_is_not_moved_or_deleted_by_hand(
    bot: Caller, repo: Repo, rules: dict[str, Any], says: str
) -> None:
    sha = await repo.commit("alice", "side", {"x": "1"})
    repo.protect("main", **rules)
    url = "/repos/acme/gitops/git/refs/heads/main"
    moved, deleted = await bot("PATCH", url, {"sha": sha}), await bot("DELETE", url)
    assert (moved.status, moved.body["message"]) == (422, says)
    assert (deleted.status, deleted.body["message"]) == (422, "Cannot delete this protected branch")
    assert (await repo.branches())["main"] != sha


async def test_a_protected_head_outlives_its_merge(repo: Repo) -> None:
    await opened(repo)
    repo.delete_branch_on_merge = True
    repo.protect("side")
    await repo.merge("bob", 1)
    assert "side" in await repo.branches()


async def test_a_repository_no_longer_protected_merges_at_once(repo: Repo) -> None:
    pull: Pull = await opened(repo)
    repo.protect("main", reviews=2)
    with pytest.raises(Refusal, match="At least 2 approving reviews are required"):
        await repo.merge("alice", pull.number)
    repo.unprotect("main")
    await repo.merge("alice", pull.number)
