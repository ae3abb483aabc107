"""References over REST."""

import pytest

from telefonistka_py.sandbox import Repo
from tests.doors.sandbox.conftest import Caller

GIT = "/repos/acme/gitops/git"


async def test_a_branch_is_made_once(bot: Caller, repo: Repo) -> None:
    sha = (await repo.branches())["main"]
    first = await bot("POST", f"{GIT}/refs", {"ref": "refs/heads/promotions/7", "sha": sha})
    again = await bot("POST", f"{GIT}/refs", {"ref": "refs/heads/promotions/7", "sha": sha})
    assert (first.status, again.status, again.body["message"]) == (201, 422, "Reference already exists")
    assert (await bot("GET", f"{GIT}/ref/heads/promotions%2F7")).body["object"]["sha"] == sha
    assert [each["ref"] for each in (await bot("GET", f"{GIT}/matching-refs/heads/promo")).body] == [
        "refs/heads/promotions/7"
    ]


async def test_an_unknown_object_is_refused(bot: Caller, repo: Repo) -> None:
    answer = await bot("POST", f"{GIT}/refs", {"ref": "refs/heads/x", "sha": "c" * 40})
    assert (answer.status, answer.body["message"]) == (422, "Object does not exist")


@pytest.mark.parametrize("name", ["a..b", "a b", "a~1", "a.lock", "/a", "a//b", "a\\b", "a[b", "@{", "x" * 251, ""])
async def test_a_bad_name_is_refused(bot: Caller, repo: Repo, name: str) -> None:
    sha = (await repo.branches())["main"]
    assert (await bot("POST", f"{GIT}/refs", {"ref": f"refs/heads/{name}", "sha": sha})).status == 422


async def test_a_name_can_be_as_long_as_the_file_system_lets_it(bot: Caller, repo: Repo) -> None:
    sha = (await repo.branches())["main"]
    assert (await bot("POST", f"{GIT}/refs", {"ref": "refs/heads/" + "x" * 250, "sha": sha})).status == 201


async def test_a_name_below_another_branch_is_refused(bot: Caller, repo: Repo) -> None:
    sha = (await repo.branches())["main"]
    assert (await bot("POST", f"{GIT}/refs", {"ref": "refs/heads/main/x", "sha": sha})).status == 422


async def test_only_force_moves_a_branch_backwards(bot: Caller, repo: Repo) -> None:
    old = (await repo.branches())["main"]
    new = await repo.commit("alice", "side", {"x": "1"})
    assert (await bot("PATCH", f"{GIT}/refs/heads/main", {"sha": new})).status == 200
    refused = await bot("PATCH", f"{GIT}/refs/heads/main", {"sha": old})
    assert (refused.status, refused.body["message"]) == (422, "Update is not a fast forward")
    assert (await bot("PATCH", f"{GIT}/refs/heads/main", {"sha": old, "force": True})).status == 200
    assert (await repo.branches())["main"] == old


async def test_a_deleted_branch_is_gone_and_its_pull_request_closed(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    pull = await repo.open_pull("alice", head="side", title="Side")
    assert (await bot("DELETE", f"{GIT}/refs/heads/side")).status == 204
    assert (await bot("DELETE", f"{GIT}/refs/heads/side")).status == 422
    assert "side" not in await repo.branches()
    assert (pull.state, pull.merged) == ("closed", False)


async def test_a_commit_has_the_given_parents_and_the_hubs_time(bot: Caller, repo: Repo) -> None:
    tree, head = await repo.tree_sha("main"), (await repo.branches())["main"]
    made = await bot("POST", f"{GIT}/commits", {"message": "Syncing from dev/\n", "tree": tree, "parents": [head]})
    assert made.status == 201
    assert made.body["parents"][0]["sha"] == head
    assert made.body["author"]["date"] == "2026-03-01T12:00:00Z"
    assert made.body["author"]["name"] == "telefonistka[bot]"
    read = await bot("GET", f"{GIT}/commits/{made.body['sha']}")
    assert read.body == made.body
    for wrong in ({"tree": "c" * 40}, {"parents": ["c" * 40]}, {"tree": head}):
        body = {"message": "m", "tree": tree, "parents": [head]} | wrong
        assert (await bot("POST", f"{GIT}/commits", body)).status == 422


async def test_a_blob_comes_back_as_it_was_given(bot: Caller, repo: Repo) -> None:
    made = await bot("POST", f"{GIT}/blobs", {"content": "AAEC/w==", "encoding": "base64"})
    read = await bot("GET", f"{GIT}/blobs/{made.body['sha']}")
    assert (read.body["content"].strip(), read.body["size"]) == ("AAEC/w==", 4)
