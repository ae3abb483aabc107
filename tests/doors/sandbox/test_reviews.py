"""Reviews: who may give which, which of them count, and what is told of them."""

import json

import pytest

from telefonistka_py.events import parse
from telefonistka_py.sandbox import App, Hub, Refusal, Repo
from tests.doors.sandbox.conftest import Caller, Told, installed, opened

REVIEWS = "/repos/acme/gitops/pulls/1/reviews"
APPROVE = {"event": "APPROVE"}


async def test_a_second_app_approves_what_the_first_opened(
    hub: Hub, repo: Repo, app: App, bot: Caller, nobody: Caller, told: Told
) -> None:
    approver = await installed(hub, nobody, hub.add_app("approver"))
    await repo.commit("alice", "side", {"x": "1"})
    pull = await bot("POST", "/repos/acme/gitops/pulls", {"title": "T", "head": "side", "base": "main"})
    own = await bot("POST", REVIEWS, APPROVE)
    assert (own.status, own.body["message"]) == (422, "Unprocessable Entity")
    assert own.body["errors"] == ["Can not approve your own pull request"]
    made = await approver("POST", REVIEWS, APPROVE | {"commit_id": pull.body["head"]["sha"]})
    assert (made.status, made.body["state"], made.body["user"]["login"]) == (200, "APPROVED", "approver[bot]")
    assert [each["id"] for each in (await bot("GET", REVIEWS)).body] == [made.body["id"]]
    payload = told.last("pull_request_review")
    assert (payload["action"], payload["review"]["state"]) == ("submitted", "approved")
    parse.parse("pull_request_review", json.dumps(payload).encode(), "application/json")


async def test_ones_own_pull_request_is_commented_but_not_judged(repo: Repo) -> None:
    await opened(repo)
    for event in ("APPROVE", "REQUEST_CHANGES"):
        with pytest.raises(Refusal) as refused:
            await repo.review("alice", 1, event)
        assert "your own pull request" in refused.value.errors[0]  # type: ignore[index]
    assert (await repo.review("alice", 1, "COMMENT", "Look here.")).state == "COMMENTED"


async def test_a_judgement_without_words_or_of_an_unknown_commit_is_refused(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    for wish in ({"event": "COMMENT"}, {"event": "REQUEST_CHANGES", "body": " "}, APPROVE | {"commit_id": "c" * 40}):
        assert (await bot("POST", REVIEWS, wish)).status == 422
    assert (await bot("POST", REVIEWS, {"event": "MAYBE"})).status == 422
    assert repo.pull(1).reviews == []


async def test_a_pending_review_is_not_known(bot: Caller, hub: Hub, repo: Repo) -> None:
    await opened(repo)
    assert (await bot("POST", REVIEWS, {"body": "later"})).status == 501
    assert "pending" in hub.unknown.pop()
    hub.exchanges.clear()


SHOWN = """query { repository(owner: "acme", name: "gitops") { pullRequest(number: 1) { reviewDecision
    approvals: reviews(last: 100, states: APPROVED) { totalCount nodes { viewerDidAuthor state commit { oid } } }
    bots: reviews(first: 5, author: "telefonistka") { nodes { author { login } body } }
    latestReviews(first: 5) { nodes { state author { login } authorCanPushToRepository } }
    latestOpinionatedReviews(first: 5, writersOnly: true) { nodes { state } } } } }"""


async def test_reviews_are_seen_through_graphql(bot: Caller, repo: Repo) -> None:
    pull = await opened(repo)
    repo.protect("main", reviews=1)
    await bot("POST", REVIEWS, APPROVE | {"body": "Good."})
    await repo.review("bob", 1, "REQUEST_CHANGES", "No.")
    await repo.review("carol", 1, "APPROVE")
    found = (await bot.graphql(SHOWN)).body["data"]["repository"]["pullRequest"]
    mine = [each for each in found["approvals"]["nodes"] if each["viewerDidAuthor"]]
    assert mine == [{"viewerDidAuthor": True, "state": "APPROVED", "commit": {"oid": pull.head_sha}}]
    assert found["bots"]["nodes"] == [{"author": {"login": "telefonistka"}, "body": "Good."}]
    shown = [(each["author"]["login"], each["authorCanPushToRepository"]) for each in found["latestReviews"]["nodes"]]
    assert shown == [("telefonistka", True), ("bob", True), ("carol", False)]
    assert [each["state"] for each in found["latestOpinionatedReviews"]["nodes"]] == ["APPROVED", "CHANGES_REQUESTED"]
    assert found["reviewDecision"] == "CHANGES_REQUESTED"
    await repo.review("bob", 1, "APPROVE")
    found = (await bot.graphql(SHOWN)).body["data"]["repository"]["pullRequest"]
    assert (found["reviewDecision"], found["approvals"]["totalCount"]) == ("APPROVED", 3)


async def test_a_push_dismisses_approvals_where_they_go_stale(repo: Repo, told: Told) -> None:
    pull = await opened(repo)
    repo.protect("main", reviews=1, dismiss_stale=True)
    await repo.review("bob", 1, "APPROVE")
    await repo.commit("alice", "side", {"y": "1"})
    assert [each.state for each in pull.reviews] == ["DISMISSED"]
    assert told.last("pull_request_review")["action"] == "dismissed"
    with pytest.raises(Refusal, match="approving review"):
        await repo.merge("alice", 1)
