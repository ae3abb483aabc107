"""Pull requests: opening, listing, files, limits, merging."""

from typing import Any

import pytest

from telefonistka_py.sandbox import File, Hub, Refusal, Repo
from tests.doors.sandbox.conftest import Caller

PULLS = "/repos/acme/gitops/pulls"


async def opened(repo: Repo, branch: str = "side", **files: Any) -> int:
    await repo.commit("alice", branch, files or {"dev/app/a.yaml": f"x: {branch}\n"})
    return (await repo.open_pull("alice", head=branch, title=f"About {branch}")).number


async def test_a_pull_request_is_opened_once_per_branch(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    body = {"title": "T", "head": "side", "base": "main", "body": "B"}
    first, again = await bot("POST", PULLS, body), await bot("POST", PULLS, body)
    assert (first.status, first.body["user"]["login"]) == (201, "telefonistka[bot]")
    assert again.status == 422
    assert again.body["errors"][0]["message"] == "A pull request already exists for acme:side."


async def test_nothing_to_merge_is_refused(bot: Caller, repo: Repo) -> None:
    await repo.push("alice", "same", None) if "same" in await repo.branches() else None
    await bot("POST", "/repos/acme/gitops/git/refs", {"ref": "refs/heads/same", "sha": (await repo.branches())["main"]})
    answer = await bot("POST", PULLS, {"title": "T", "head": "same", "base": "main"})
    assert answer.body["errors"][0]["message"] == "No commits between main and same"


@pytest.mark.parametrize(("key", "field"), [("head", "head"), ("base", "base")])
async def test_an_unknown_branch_is_named(bot: Caller, repo: Repo, key: str, field: str) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    answer = await bot("POST", PULLS, {"title": "T", "head": "side", "base": "main"} | {key: "nope"})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(("key", "most"), [("title", 256), ("body", 65536)])
async def test_texts_that_are_too_long_are_refused(bot: Caller, repo: Repo, key: str, most: int) -> None:
    await repo.commit("alice", "side", {"x": "1"})
    body = {"title": "T", "head": "side", "base": "main"}
    refused = await bot("POST", PULLS, body | {key: "ü" * (most + 1)})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, key)
    assert (await bot("POST", PULLS, body | {key: "ü" * most})).status == 201


async def test_lists_are_filtered_and_paged_with_links(bot: Caller, repo: Repo) -> None:
    for name in ("one", "two", "three"):
        await opened(repo, name)
    await repo.close("alice", 2)
    assert [each["number"] for each in (await bot("GET", PULLS)).body] == [3, 1]
    assert [each["number"] for each in (await bot("GET", f"{PULLS}?state=closed")).body] == [2]
    assert [each["number"] for each in (await bot("GET", f"{PULLS}?head=acme:one&state=all")).body] == [1]
    assert (await bot("GET", f"{PULLS}?base=other")).body == []
    page = await bot("GET", f"{PULLS}?state=all&per_page=1&page=2")
    assert [each["number"] for each in page.body] == [2]
    rels = [part.split("rel=")[1] for part in page.headers["link"].split(", ")]
    assert rels == ['"first"', '"prev"', '"next"', '"last"']
    assert "/api/v3/repos/acme/gitops/pulls?state=all&per_page=1&page=3" in page.headers["link"]


async def test_files_name_renames_under_both_names(bot: Caller, repo: Repo) -> None:
    body = "".join(f"line {number}\n" for number in range(40))
    await repo.commit("bob", "main", {"dev/old.yaml": body, "dev/gone.yaml": "bye\n"})
    changes = {"dev/old.yaml": None, "dev/new.yaml": body + "more\n", "dev/gone.yaml": None, "dev/fresh": "1\n"}
    await repo.commit("alice", "side", {**changes, "dev/app/a.yaml": File("x: 1\n", mode="100755")})
    pull = await repo.open_pull("alice", head="side", title="Move")
    files = {each["filename"]: each for each in (await bot("GET", f"{PULLS}/{pull.number}/files")).body}
    assert {name: each["status"] for name, each in files.items()} == {
        "dev/new.yaml": "renamed",
        "dev/gone.yaml": "removed",
        "dev/fresh": "added",
        "dev/app/a.yaml": "modified",
    }
    assert files["dev/new.yaml"]["previous_filename"] == "dev/old.yaml"
    assert files["dev/new.yaml"]["additions"] == 1


async def test_at_most_three_thousand_files_are_named(bot: Caller, repo: Repo) -> None:
    number = await opened(repo, **{f"many/{count:05}": "" for count in range(3050)})
    last = await bot("GET", f"{PULLS}/{number}/files?per_page=100&page=30")
    beyond = await bot("GET", f"{PULLS}/{number}/files?per_page=100&page=31")
    assert (len(last.body), beyond.body) == (100, [])
    assert (await bot("GET", f"{PULLS}/{number}")).body["changed_files"] == 3050


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_a_merge_brings_the_change_to_the_base(bot: Caller, repo: Repo, method: str) -> None:
    number = await opened(repo, x="1")
    await repo.commit("bob", "main", {"meanwhile": "2"})
    before = await bot("GET", f"{PULLS}/{number}")
    assert (before.body["mergeable"], before.body["mergeable_state"]) == (True, "clean")
    head = (await repo.branches())["side"]
    done = await bot("PUT", f"{PULLS}/{number}/merge", {"merge_method": method, "sha": head})
    assert (done.status, done.body["merged"]) == (200, True)
    assert {"x", "meanwhile"} <= set(await repo.tree("main"))
    assert (await repo.branches())["main"] == done.body["sha"] == repo.pull(number).merge_commit_sha
    parents = (await bot("GET", f"/repos/acme/gitops/git/commits/{done.body['sha']}")).body["parents"]
    assert len(parents) == (2 if method == "merge" else 1)
    after = await bot("GET", f"{PULLS}/{number}")
    assert (after.body["state"], after.body["merged"], after.body["changed_files"]) == ("closed", True, 1)
    assert [each["filename"] for each in (await bot("GET", f"{PULLS}/{number}/files")).body] == ["x"]
    assert [each["number"] for each in (await bot("GET", f"/repos/acme/gitops/commits/{head}/pulls")).body] == [number]


async def test_a_merge_of_another_head_than_the_one_decided_on_is_refused(bot: Caller, repo: Repo) -> None:
    """N5."""
    number = await opened(repo)
    seen = repo.pull(number).head_sha
    await repo.commit("alice", "side", {"late": "1"})
    answer = await bot("PUT", f"{PULLS}/{number}/merge", {"sha": seen})
    assert answer.status == 409
    assert answer.body["message"] == "Head branch was modified. Review and try the merge again."
    assert not repo.pull(number).merged


async def test_a_conflict_cannot_be_merged(bot: Caller, repo: Repo) -> None:
    number = await opened(repo)
    await repo.commit("bob", "main", {"dev/app/a.yaml": "x: other\n"})
    assert (await bot("GET", f"{PULLS}/{number}")).body["mergeable_state"] == "dirty"
    for method in ("merge", "squash", "rebase"):
        answer = await bot("PUT", f"{PULLS}/{number}/merge", {"merge_method": method})
        assert (answer.status, answer.body["message"]) == (405, "Pull Request is not mergeable")


async def test_merged_closed_and_draft_ones_cannot_be_merged(bot: Caller, repo: Repo) -> None:
    merged, closed = await opened(repo, "one"), await opened(repo, "two", y="2")
    await repo.merge("bob", merged)
    await repo.close("bob", closed)
    await repo.commit("alice", "three", {"z": "3"})
    draft = (await repo.open_pull("alice", head="three", title="T", draft=True)).number
    for number in (merged, closed, draft):
        assert (await bot("PUT", f"{PULLS}/{number}/merge")).status == 405


async def test_a_head_branch_is_deleted_on_merge_when_the_repository_says_so(repo: Repo) -> None:
    repo.delete_branch_on_merge = True
    await repo.merge("bob", await opened(repo))
    assert "side" not in await repo.branches()


async def test_one_that_reached_its_base_by_a_push_counts_as_merged(repo: Repo) -> None:
    number = await opened(repo)
    await repo.push("bob", "main", repo.pull(number).head_sha)
    assert (repo.pull(number).merged, repo.pull(number).merged_by) == (True, repo.hub.user("bob"))


async def test_a_fork_keeps_its_own_branch_names(bot: Caller, hub: Hub, repo: Repo) -> None:
    """N26."""
    hub.add_user("mallory")
    fork = await repo.fork("mallory")
    await fork.commit("mallory", "main", {"dev/app/a.yaml": "evil\n"})
    pull = await repo.open_pull("mallory", head="mallory:main", title="Hello")
    shape = (await bot("GET", f"{PULLS}/{pull.number}")).body
    assert (shape["head"]["repo"]["full_name"], shape["base"]["repo"]["full_name"]) == ("mallory/gitops", "acme/gitops")
    assert await repo.read("main", "dev/app/a.yaml") == b"x: 1\n"
    assert [each.path for each in await repo.files(pull.number)] == ["dev/app/a.yaml"]


async def test_labels_are_made_and_unknown_assignees_dropped(bot: Caller, repo: Repo) -> None:
    number = await opened(repo)
    wish = {"labels": ["promotion"], "assignees": ["alice", "stranger"]}
    answer = await bot("PATCH", f"/repos/acme/gitops/issues/{number}", wish)
    assert [each["name"] for each in answer.body["labels"]] == ["promotion"]
    assert [each["login"] for each in answer.body["assignees"]] == ["alice"]
    added = await bot("POST", f"/repos/acme/gitops/issues/{number}/labels", {"labels": ["noop", "Promotion"]})
    assert [each["name"] for each in added.body] == ["promotion", "noop"]
    left = await bot("DELETE", f"/repos/acme/gitops/issues/{number}/labels/noop")
    assert [each["name"] for each in left.body] == ["promotion"]
    assert (await bot("DELETE", f"/repos/acme/gitops/issues/{number}/labels/noop")).status == 404


async def test_comments_have_a_longest_length(bot: Caller, repo: Repo) -> None:
    number = await opened(repo)
    url = f"/repos/acme/gitops/issues/{number}/comments"
    assert (await bot("POST", url, {"body": "x" * 65537})).status == 422
    made = await bot("POST", url, {"body": "x" * 65536})
    assert made.status == 201
    edited = await bot("PATCH", f"/repos/acme/gitops/issues/comments/{made.body['id']}", {"body": "short"})
    assert edited.body["body"] == "short"
    assert [each["body"] for each in (await bot("GET", url)).body] == ["short"]
    assert (await bot("DELETE", f"/repos/acme/gitops/issues/comments/{made.body['id']}")).status == 204


async def test_the_thousand_and_first_status_is_refused(bot: Caller, repo: Repo) -> None:
    sha = (await repo.branches())["main"]
    url, body = f"/repos/acme/gitops/statuses/{sha}", {"state": "pending", "context": "telefonistka"}
    assert (await bot("POST", url, body)).status == 201
    repo.status_log[sha] *= 1000
    assert (await bot("POST", url, body)).status == 422
    assert (await bot("POST", url, body | {"context": "other", "state": "success"})).status == 201
    combined = await bot("GET", f"/repos/acme/gitops/commits/{sha}/status")
    assert (combined.body["state"], combined.body["total_count"]) == ("pending", 2)


async def test_a_merged_one_cannot_be_reopened(repo: Repo) -> None:
    number = await opened(repo)
    await repo.merge("bob", number)
    with pytest.raises(Refusal, match="Validation Failed"):
        await repo.reopen("alice", number)


async def test_nobody_but_a_collaborator_is_assigned_in_a_public_repository(bot: Caller, hub: Hub, repo: Repo) -> None:
    repo.private = False
    hub.add_user("mallory")
    number = await opened(repo)
    answer = await bot("POST", f"/repos/acme/gitops/issues/{number}/assignees", {"assignees": ["mallory", "bob"]})
    assert [each["login"] for each in answer.body["assignees"]] == ["bob"]
