"""Files, directories, comparisons."""

import base64

from telefonistka_py.sandbox import Repo
from tests.doors.sandbox.conftest import Caller

REPO = "/repos/acme/gitops"


async def test_a_file_comes_with_its_content(bot: Caller, repo: Repo) -> None:
    found = (await bot("GET", f"{REPO}/contents/dev/app/a.yaml?ref=main")).body
    assert base64.b64decode(found["content"]) == b"x: 1\n"
    assert found["sha"] == (await repo.tree("main"))["dev/app/a.yaml"][2]
    raw = await bot("GET", f"{REPO}/contents/dev/app/a.yaml", Accept="application/vnd.github.raw+json")
    assert raw.body == "x: 1\n"
    assert (await bot("GET", f"{REPO}/contents/nope")).status == 404
    assert (await bot("GET", f"{REPO}/contents/README.md?ref=nope")).status == 404


async def test_a_large_file_comes_without_its_content(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "main", {"large": "x" * (1024 * 1024 + 1)})
    found = (await bot("GET", f"{REPO}/contents/large")).body
    assert (found["content"], found["encoding"], found["size"]) == ("", "none", 1024 * 1024 + 1)


async def test_a_directory_lists_a_thousand_entries_at_most(bot: Caller, repo: Repo) -> None:
    """N2."""
    await repo.commit("alice", "main", {f"many/{number:05}": "" for number in range(1001)})
    assert len((await bot("GET", f"{REPO}/contents/many")).body) == 1000
    kinds = {each["name"]: each["type"] for each in (await bot("GET", f"{REPO}/contents/dev/app")).body}
    assert kinds == {"a.yaml": "file", "run.sh": "file", "link": "symlink", "module": "file", "deep": "dir"}


async def test_a_comparison_starts_at_the_merge_base_and_stops_at_300_files(bot: Caller, repo: Repo) -> None:
    await repo.commit("alice", "side", {f"many/{number:05}": "" for number in range(301)})
    await repo.commit("bob", "main", {"meanwhile": "1"})
    found = (await bot("GET", f"{REPO}/compare/main...side")).body
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 1, 1)
    assert len(found["files"]) == 300
    assert "meanwhile" not in [each["filename"] for each in found["files"]]


async def test_a_commit_names_its_files_and_its_account(bot: Caller, repo: Repo) -> None:
    sha = await repo.commit("alice", "main", {"dev/app/a.yaml": None, "x": "1\n"})
    found = (await bot("GET", f"{REPO}/commits/main")).body
    assert (found["sha"], found["author"]["login"]) == (sha, "alice")
    assert [(each["filename"], each["status"]) for each in found["files"]] == [
        ("dev/app/a.yaml", "removed"),
        ("x", "added"),
    ]


async def test_fifty_thousand_files_are_no_trouble(bot: Caller, repo: Repo) -> None:
    big = await repo.hub.add_repo("acme/big", files={f"d{n % 50}/c{n % 500}/f{n}": "" for n in range(50_000)})
    tree = (await bot("GET", "/repos/acme/big/git/trees/main?recursive=1")).body
    assert (len(tree["tree"]), tree["truncated"]) == (50_550, False)
    assert len(await big.tree("main")) == 50_000
