"""GitHub's own auto-merge and the merge queue, ordered over GraphQL."""

from typing import Any

import pytest

from telefonistka_py.sandbox import App, Hub, Pull, Repo
from tests.doors.sandbox.conftest import Answer, Caller, Told, opened

ARM = """mutation Arm($pull: ID!, $sha: GitObjectID, $method: PullRequestMergeMethod = MERGE, $body: String) {
    enablePullRequestAutoMerge(input: {pullRequestId: $pull, expectedHeadOid: $sha, mergeMethod: $method,
        commitHeadline: "Headline", commitBody: $body}) { actor { login } pullRequest { number } } }"""
DISARM = """mutation($pull: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $pull}) {
    pullRequest { autoMergeRequest { enabledAt } } } }"""
ENQUEUE = """mutation($pull: ID!, $sha: GitObjectID, $jump: Boolean) { enqueuePullRequest(input: {pullRequestId: $pull,
    expectedHeadOid: $sha, jump: $jump}) { mergeQueueEntry { position state enqueuer { login } } } }"""
DEQUEUE = "mutation($pull: ID!) { dequeuePullRequest(input: {id: $pull}) { mergeQueueEntry { position } } }"
SHOWN = """query($number: Int!) { repository(owner: "acme", name: "gitops") { viewerDefaultMergeMethod
    mergeQueue(branch: "main") { entries(first: 5) { nodes { position pullRequest { number } } } }
    pullRequest(number: $number) { id state headRefOid mergeStateStatus isInMergeQueue isMergeQueueEnabled
        viewerCanEnableAutoMerge viewerCanDisableAutoMerge mergedBy { login }
        autoMergeRequest { enabledAt mergeMethod commitHeadline commitBody enabledBy { login } }
        mergeQueueEntry { position state } } } }"""


async def shown(bot: Caller, number: int = 1) -> Any:
    return (await bot.graphql(SHOWN, number=number)).body["data"]["repository"]["pullRequest"]


async def order(bot: Caller, mutation: str, number: int = 1, **variables: Any) -> Answer:
    return await bot.graphql(mutation, pull=(await shown(bot, number))["id"], **variables)


def refusal(answer: Answer) -> str:
    assert answer.status == 200
    (error,) = answer.body["errors"]
    assert error["type"] == "UNPROCESSABLE"
    return str(error["message"])


@pytest.fixture
async def held(repo: Repo) -> Pull:
    """A pull request that waits for a check, in a repository that allows auto-merge."""
    pull = await opened(repo)
    repo.allow_auto_merge = True
    repo.protect("main", checks=("ci/test",))
    return pull


async def test_it_merges_by_itself_as_whoever_armed_it(bot: Caller, repo: Repo, held: Pull, told: Told) -> None:
    assert (await shown(bot))["viewerCanEnableAutoMerge"]
    armed = await order(bot, ARM, sha=held.head_sha, method="SQUASH", body="Auto-merge")
    assert armed.body["data"]["enablePullRequestAutoMerge"]["actor"]["login"] == "telefonistka"
    seen = await shown(bot)
    assert (seen["state"], seen["mergeStateStatus"]) == ("OPEN", "BLOCKED")
    waiting = seen["autoMergeRequest"]
    assert (waiting["mergeMethod"], waiting["commitBody"]) == ("SQUASH", "Auto-merge")
    assert waiting["enabledBy"] == {"login": "telefonistka"}
    assert (await bot("GET", "/repos/acme/gitops/pulls/1")).body["auto_merge"]["merge_method"] == "squash"
    await repo.set_status("ci", held.head_sha, "ci/test", "pending")
    assert not held.merged
    await repo.set_status("ci", held.head_sha, "ci/test", "success")
    assert (held.merged, (await shown(bot))["mergedBy"]) == (True, {"login": "telefonistka"})
    closed = told.last("pull_request")
    assert (closed["action"], closed["sender"]["login"]) == ("closed", "telefonistka[bot]")
    assert "pull_request.auto_merge_enabled" in told.events
    commit = (await bot("GET", f"/repos/acme/gitops/git/commits/{held.merge_commit_sha}")).body
    assert commit["message"] == "Headline\n\nAuto-merge"


async def test_a_review_or_a_check_run_may_be_the_last_thing_missing(bot: Caller, repo: Repo) -> None:
    repo.allow_auto_merge = True
    pulls = [await opened(repo, name) for name in ("one", "two")]
    await repo.commit("alice", "two", {"dev/app/a.yaml": None, "dev/app/two": "2"})
    repo.protect("main", reviews=1)
    await order(bot, ARM)
    await repo.review("bob", 1, "APPROVE")
    assert pulls[0].merged
    repo.protect("main", checks=("build",))
    await repo.close("alice", 2)
    await repo.commit("alice", "three", {"three": "3"})
    third = await repo.open_pull("alice", head="three", title="Three")
    await order(bot, ARM, 3)
    await repo.run_check("actions", third.head_sha, "build", "success")
    assert third.merged


async def test_a_push_may_bring_what_is_missing_too(bot: Caller, repo: Repo) -> None:
    repo.allow_auto_merge = True
    await repo.commit("alice", "side", {"side": "1"})
    pull = await repo.open_pull("alice", head="side", title="Side")
    await repo.commit("bob", "main", {"other": "1"})
    repo.protect("main", strict=True)
    await order(bot, ARM)
    assert not pull.merged
    await bot("POST", "/repos/acme/gitops/git/refs", {"ref": "refs/heads/x", "sha": pull.head_sha})
    assert not pull.merged
    updated = await repo.commit("alice", "fresh", {"side": "1"})
    await repo.push("alice", "side", updated, force=True)
    assert pull.merged


async def test_it_is_refused_in_githubs_words(bot: Caller, repo: Repo, held: Pull) -> None:
    repo.allow_auto_merge = False
    assert refusal(await order(bot, ARM)) == "Pull request Auto merge is not allowed for this repository"
    repo.allow_auto_merge = True
    assert "Head branch was modified" in refusal(await order(bot, ARM, sha="c" * 40))
    repo.allow_rebase_merge = False
    assert "Rebase merges are not allowed" in refusal(await order(bot, ARM, method="REBASE"))
    repo.unprotect("main")
    assert refusal(await order(bot, ARM)) == "Pull request Pull request is in clean status"
    await repo.set_status("ci", held.head_sha, "ci/other", "failure")
    assert refusal(await order(bot, ARM)) == "Pull request Pull request is in unstable status"
    assert held.auto_merge is None


async def test_it_is_disarmed_by_order_and_by_closing(bot: Caller, repo: Repo, held: Pull) -> None:
    assert "Can't disable" in refusal(await order(bot, DISARM))
    await order(bot, ARM)
    assert (await shown(bot))["viewerCanDisableAutoMerge"]
    gone = await order(bot, DISARM)
    assert gone.body["data"]["disablePullRequestAutoMerge"]["pullRequest"] == {"autoMergeRequest": None}
    await repo.set_status("ci", held.head_sha, "ci/test", "success")
    assert not held.merged
    await repo.set_status("ci", held.head_sha, "ci/test", "pending")
    await order(bot, ARM)
    await repo.close("alice", 1)
    await repo.reopen("alice", 1)
    assert held.auto_merge is None


async def test_who_may_not_write_cannot_order_a_merge(bot: Caller, hub: Hub, repo: Repo, held: Pull) -> None:
    carol = bot.as_token(hub.user("carol").token)
    for mutation in (ARM, DISARM, ENQUEUE):
        answer = await order(carol, mutation)
        assert answer.body["errors"][0]["type"] == "FORBIDDEN"


async def test_a_merge_over_graphql_obeys_the_same_rules(bot: Caller, repo: Repo, held: Pull) -> None:
    merge = """mutation($pull: ID!, $sha: GitObjectID) { mergePullRequest(input: {pullRequestId: $pull,
        expectedHeadOid: $sha}) { pullRequest { state mergeCommit { oid } } } }"""
    assert refusal(await order(bot, merge)) == 'Required status check "ci/test" is expected.'
    await repo.set_status("ci", held.head_sha, "ci/test", "success")
    assert "Head branch was modified" in refusal(await order(bot, merge, sha="c" * 40))
    merged = (await order(bot, merge, sha=held.head_sha)).body["data"]["mergePullRequest"]["pullRequest"]
    assert merged == {"state": "MERGED", "mergeCommit": {"oid": (await repo.branches())["main"]}}


async def test_a_queue_merges_what_waits_in_it_in_order(bot: Caller, repo: Repo, told: Told) -> None:
    for name in ("one", "two", "three"):
        await repo.commit("alice", name, {name: "1"})
        await repo.open_pull("alice", head=name, title=name)
    repo.protect("main", queue=True)
    answer = await bot("PUT", "/repos/acme/gitops/pulls/1/merge", {})
    assert (answer.status, answer.body["message"]) == (405, "Changes must be made through the merge queue")
    first = (await order(bot, ENQUEUE, 1, sha=repo.pull(1).head_sha)).body["data"]["enqueuePullRequest"]
    assert first["mergeQueueEntry"]["position"] == 1
    await order(bot, ENQUEUE, 2)
    await order(bot, ENQUEUE, 3, jump=True)
    seen = await shown(bot, 2)
    assert (seen["isInMergeQueue"], seen["mergeQueueEntry"]["position"], seen["state"]) == (True, 3, "OPEN")
    listed = (await bot.graphql(SHOWN, number=1)).body["data"]["repository"]["mergeQueue"]["entries"]["nodes"]
    assert [each["pullRequest"]["number"] for each in listed] == [3, 1, 2]
    assert await repo.run_queue(fails=[1]) == [3, 2]
    assert (repo.pull(1).merged, repo.pull(2).merged) == (False, True)
    assert repo.pull(2).merged_by is repo.hub.user("github-merge-queue[bot]")
    assert not (await shown(bot, 1))["isInMergeQueue"]
    assert {"pull_request.enqueued", "pull_request.dequeued", "pull_request.closed"} <= set(told.events)


async def test_what_may_not_wait_in_a_queue_is_refused(bot: Caller, repo: Repo, app: App) -> None:
    pull = await opened(repo)
    assert "Merge queue is not enabled" in refusal(await order(bot, ENQUEUE))
    repo.protect("main", queue=True, checks=("ci",))
    assert 'check "ci" is expected' in refusal(await order(bot, ENQUEUE))
    await repo.set_status("ci", pull.head_sha, "ci", "success")
    assert "Head branch was modified" in refusal(await order(bot, ENQUEUE, sha="c" * 40))
    await order(bot, ENQUEUE)
    assert "already in the queue" in refusal(await order(bot, ENQUEUE))
    await order(bot, DEQUEUE)
    assert "not in the merge queue" in refusal(await order(bot, DEQUEUE))
    assert await repo.run_queue() == []


async def test_a_push_throws_out_of_the_queue(bot: Caller, repo: Repo) -> None:
    """N5."""
    pull = await opened(repo)
    repo.protect("main", queue=True)
    await order(bot, ENQUEUE)
    await repo.commit("alice", "side", {"more": "1"})
    assert not (await shown(bot))["isInMergeQueue"]
    assert await repo.run_queue() == []
    assert not pull.merged


async def test_auto_merge_leads_into_the_queue(bot: Caller, repo: Repo, held: Pull) -> None:
    repo.protect("main", queue=True, checks=("ci/test",))
    await order(bot, ARM)
    assert not (await shown(bot))["isInMergeQueue"]
    await repo.set_status("ci", held.head_sha, "ci/test", "success")
    await repo.set_status("ci", held.head_sha, "ci/other", "success")
    assert [each.pull.number for each in repo.queues["main"]] == [1]
    assert await repo.run_queue() == [1]


async def test_a_push_from_a_fork_disarms(bot: Caller, hub: Hub, repo: Repo) -> None:
    """N26: what a stranger pushes after the order is not what was ordered."""
    hub.add_user("mallory")
    repo.allow_auto_merge = True
    repo.protect("main", checks=("ci/test",))
    fork = await repo.fork("mallory")
    await fork.commit("mallory", "side", {"x": "1"})
    pull = await repo.open_pull("mallory", head="mallory:side", title="Hello")
    await order(bot, ARM)
    pushed = await fork.commit("mallory", "side", {"x": "evil"})
    await repo.set_status("ci", pushed, "ci/test", "success")
    assert (pull.auto_merge, pull.merged) == (None, False)
