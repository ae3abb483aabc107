"""Check runs: made by Apps, read by all, told by webhooks, summed up by GraphQL."""

import json
from typing import Any

import pytest

from telefonistka_py.events import parse
from telefonistka_py.sandbox import App, Hub, Repo
from tests.doors.sandbox.conftest import Caller, Told, installed, opened

RUNS = "/repos/acme/gitops/check-runs"


@pytest.fixture
async def ci(hub: Hub, repo: Repo, nobody: Caller) -> Caller:
    return await installed(hub, nobody, hub.add_app("ci", permissions={"checks": "write"}))


async def test_a_run_is_made_and_completed_by_its_app(
    ci: Caller, bot: Caller, alice: Caller, repo: Repo, told: Told
) -> None:
    pull = await opened(repo)
    output = {"title": "Tests", "summary": "Running"}
    wish = {"name": "build", "head_sha": pull.head_sha, "status": "in_progress", "output": output}
    made = await ci("POST", RUNS, wish)
    assert (made.status, made.body["app"]["slug"], made.body["conclusion"]) == (201, "ci", None)
    assert [each["number"] for each in made.body["pull_requests"]] == [1]
    done = await ci("PATCH", f"{RUNS}/{made.body['id']}", {"conclusion": "success", "output": {"summary": "Ran"}})
    assert (done.body["status"], done.body["output"]["summary"]) == ("completed", "Ran")
    listed = (await bot("GET", "/repos/acme/gitops/commits/side/check-runs?check_name=build")).body
    assert (listed["total_count"], listed["check_runs"][0]["id"]) == (1, made.body["id"])
    assert (await bot("POST", RUNS, wish)).status == 403
    assert (await alice("POST", RUNS, wish)).body["message"] == "You must authenticate via a GitHub App."
    assert [each for each in told.events if each.startswith("check")] == [
        "check_run.created",
        "check_run.completed",
        "check_suite.completed",
    ]
    for event in ("check_run", "check_suite"):
        parse.parse(event, json.dumps(told.last(event)).encode(), "application/json")


async def test_a_newer_run_replaces_the_older_one(ci: Caller, bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    for conclusion in ("failure", "success"):
        await repo.run_check("ci", pull.head_sha, "build", conclusion)
    url = f"/repos/acme/gitops/commits/{pull.head_sha}/check-runs"
    assert [each["conclusion"] for each in (await bot("GET", url)).body["check_runs"]] == ["success"]
    assert (await bot("GET", f"{url}?filter=all")).body["total_count"] == 2


async def test_another_apps_run_and_odd_words_are_refused(ci: Caller, hub: Hub, nobody: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    made = await ci("POST", RUNS, {"name": "build", "head_sha": pull.head_sha})
    url = f"{RUNS}/{made.body['id']}"
    other = await installed(hub, nobody, hub.add_app("other", permissions={"checks": "write"}))
    assert (await other("PATCH", url, {"conclusion": "success"})).status == 403
    for wish in ({"status": "completed"}, {"status": "done"}, {"conclusion": "perfect"}, {"completed_at": "noon"}):
        assert (await ci("PATCH", url, wish)).status == 422, wish
    assert (await ci("POST", RUNS, {"name": "build", "head_sha": "c" * 40})).status == 422
    assert (await ci("PATCH", f"{RUNS}/7", {})).status == 404


ROLLUP = """query { repository(owner: "acme", name: "gitops") { pullRequest(number: 1) {
    statusCheckRollup { state contexts(first: 9) { totalCount checkRunCount nodes { __typename
        ... on StatusContext { context status: state isRequired(pullRequestNumber: 1) }
        ... on CheckRun { name conclusion run: status isRequired(pullRequestNumber: 1) } } } }
    commits(last: 1) { nodes { commit { statusCheckRollup { state } committer { user { login } } message } } } } } }"""


async def rollup(bot: Caller) -> Any:
    found = (await bot.graphql(ROLLUP)).body["data"]["repository"]["pullRequest"]
    inner = found["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
    assert (inner and inner["state"]) == (found["statusCheckRollup"] and found["statusCheckRollup"]["state"])
    return found["statusCheckRollup"]


async def test_statuses_and_runs_add_up(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    assert await rollup(bot) is None
    repo.protect("main", checks=("ci/test",))
    await repo.set_status("jenkins", pull.head_sha, "ci/test", "success")
    await repo.run_check("actions", pull.head_sha, "build")
    found = await rollup(bot)
    assert (found["state"], found["contexts"]["totalCount"], found["contexts"]["checkRunCount"]) == ("PENDING", 2, 1)
    assert found["contexts"]["nodes"] == [
        {"__typename": "CheckRun", "name": "build", "conclusion": None, "run": "IN_PROGRESS", "isRequired": False},
        {"__typename": "StatusContext", "context": "ci/test", "status": "SUCCESS", "isRequired": True},
    ]
    await repo.run_check("actions", pull.head_sha, "build", "timed_out")
    assert (await rollup(bot))["state"] == "FAILURE"
    await repo.run_check("actions", pull.head_sha, "build", "neutral")
    assert (await rollup(bot))["state"] == "SUCCESS"


async def test_a_status_of_one_name_is_found(bot: Caller, repo: Repo, app: App) -> None:
    pull = await opened(repo)
    await repo.set_status("jenkins", pull.head_sha, "ci/test", "failure", "Broken")
    query = """query($sha: GitObjectID!) { repository(owner: "acme", name: "gitops") { object(oid: $sha) {
        ... on Commit { status { known: context(name: "CI/TEST") { state description }
            unknown: context(name: "x") { state } } } } } }"""
    found = (await bot.graphql(query, sha=pull.head_sha)).body["data"]["repository"]["object"]["status"]
    assert found == {"known": {"state": "FAILURE", "description": "Broken"}, "unknown": None}
