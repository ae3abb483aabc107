"""`POST git/trees` and `GET git/trees`: what a promotion is built with."""

from typing import Any

import pytest

from telefonistka_py.sandbox import Hub, Repo
from tests.doors.sandbox.conftest import SUBMODULE, Caller

TREES = "/repos/acme/gitops/git/trees"


async def made(bot: Caller, repo: Repo, *entries: dict[str, Any], base: str | None = "main") -> dict[str, Any]:
    body: dict[str, Any] = {"tree": list(entries)}
    if base:
        body["base_tree"] = await repo.tree_sha(base)
    answer = await bot("POST", TREES, body)
    assert answer.status == 201, answer.body
    return await repo.tree(answer.body["sha"])


def entry(path: str, mode: str, kind: str, sha: str | None) -> dict[str, Any]:
    return {"path": path, "mode": mode, "type": kind, "sha": sha}


async def test_a_directory_entry_merges_into_the_directory_that_is_there(bot: Caller, repo: Repo) -> None:
    source = await repo.tree_sha("main", "dev/app")
    tree = await made(bot, repo, entry("prod/app", "040000", "tree", source))
    before = await repo.tree("main")
    assert tree["prod/app/only-here.yaml"] == before["prod/app/only-here.yaml"]
    assert tree["prod/app/a.yaml"] == before["dev/app/a.yaml"]
    assert tree["prod/app/deep/er/b.yaml"] == before["dev/app/deep/er/b.yaml"]
    assert tree["prod/app/run.sh"][0] == "100755"
    assert tree["prod/app/link"][0] == "120000"
    assert tree["prod/app/module"] == ("160000", "commit", SUBMODULE)


async def test_directory_and_deletions_together_make_the_target_exactly_the_source(bot: Caller, repo: Repo) -> None:
    source = await repo.tree_sha("main", "dev/app")
    gone = entry("prod/app/only-here.yaml", "100644", "blob", None)
    body = {"base_tree": await repo.tree_sha("main"), "tree": [entry("prod/app", "040000", "tree", source), gone]}
    answer = await bot("POST", TREES, body)
    prod = next(each for each in answer.body["tree"] if each["path"] == "prod")
    assert await repo.tree_sha(answer.body["sha"], "prod/app") == source
    assert prod["type"] == "tree"
    assert next(each for each in answer.body["tree"] if each["path"] == "README.md")["size"] == 9


async def test_without_a_base_only_the_entries_are_there(bot: Caller, repo: Repo) -> None:
    file = {"path": "a/b.yaml", "mode": "100644", "type": "blob", "content": "new\n"}
    assert list(await made(bot, repo, file, base=None)) == ["a/b.yaml"]


async def test_a_directory_that_became_empty_vanishes(bot: Caller, repo: Repo) -> None:
    names = [path for path in await repo.tree("main") if path.startswith("prod/")]
    tree = await made(bot, repo, *(entry(path, "100644", "blob", None) for path in names))
    assert not [path for path in tree if path.startswith("prod")]


async def test_a_file_takes_the_place_of_a_directory_and_the_other_way_round(bot: Caller, repo: Repo) -> None:
    blob = (await repo.tree("main"))["README.md"][2]
    tree = await made(
        bot, repo, entry("prod/app", "100644", "blob", blob), entry("README.md/x", "100644", "blob", blob)
    )
    assert [path for path in tree if path.startswith(("prod", "README"))] == ["README.md/x", "prod/app"]


async def test_an_unknown_submodule_commit_is_accepted(bot: Caller, repo: Repo) -> None:
    tree = await made(bot, repo, entry("module", "160000", "commit", "a" * 40))
    assert tree["module"] == ("160000", "commit", "a" * 40)


BLOB = "d" * 40
REFUSED: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "an unknown blob": [entry("x", "100644", "blob", BLOB)],
    "an unknown tree": [entry("x", "040000", "tree", BLOB)],
    "no object id": [entry("x", "100644", "blob", "zz")],
    "an unknown mode": [entry("x", "100600", "blob", None)],
    "a mode of another type": [entry("README.md", "040000", "blob", None)],
    "a missing file deleted": [entry("prod/app/nope.yaml", "100644", "blob", None)],
    "a directory deleted": [entry("prod/app", "040000", "tree", None)],
    "a file below a file deleted": [entry("README.md/x", "100644", "blob", None)],
    "dots": [{"path": "../x", "mode": "100644", "content": ""}],
    "a dot": [{"path": "a/./x", "mode": "100644", "content": ""}],
    "git's own folder": [{"path": "a/.GIT/x", "mode": "100644", "content": ""}],
    "a leading slash": [{"path": "/x", "mode": "100644", "content": ""}],
    "a trailing slash": [{"path": "x/", "mode": "100644", "content": ""}],
    "a double slash": [{"path": "x//y", "mode": "100644", "content": ""}],
    "an empty path": [{"path": "", "mode": "100644", "content": ""}],
    "neither id nor content": [{"path": "x", "mode": "100644"}],
    "both id and content": [{"path": "x", "mode": "100644", "sha": None, "content": ""}],
    "the same path twice": [{"path": "x", "mode": "100644", "content": text} for text in "ab"],
    "a file and a file below it": [{"path": path, "mode": "100644", "content": ""} for path in ("x", "x/y")],
    "a deletion and a file below it": [
        entry("README.md", "100644", "blob", None),
        {"path": "README.md/x", "mode": "100644", "content": ""},
    ],
}


@pytest.mark.parametrize("entries", REFUSED.values(), ids=REFUSED.keys())
async def test_what_github_refuses_is_refused(bot: Caller, repo: Repo, entries: list[dict[str, Any]]) -> None:
    answer = await bot("POST", TREES, {"base_tree": await repo.tree_sha("main"), "tree": entries})
    assert answer.status == 422, answer.body


async def test_a_file_that_a_directory_entry_brings_too_is_a_contradiction(bot: Caller, repo: Repo) -> None:
    source = await repo.tree_sha("main", "dev/app")
    twice = [entry("prod/app", "040000", "tree", source), entry("prod/app/a.yaml", "100644", "blob", None)]
    answer = await bot("POST", TREES, {"base_tree": await repo.tree_sha("main"), "tree": twice})
    assert answer.status == 422


async def test_an_unknown_base_is_refused(bot: Caller, repo: Repo) -> None:
    file = {"path": "x", "mode": "100644", "content": ""}
    assert (await bot("POST", TREES, {"base_tree": "e" * 40, "tree": [file]})).status == 422


async def test_an_entrys_unknown_key_is_not_overlooked(bot: Caller, repo: Repo, hub: Hub) -> None:
    answer = await bot("POST", TREES, {"tree": [{"path": "x", "mode": "100644", "content": "", "encoding": "utf-8"}]})
    assert answer.status == 501
    assert "encoding" in hub.unknown.pop()
    hub.exchanges.clear()


async def test_a_recursive_tree_is_truncated_at_the_limit(bot: Caller, repo: Repo, hub: Hub) -> None:
    whole = await bot("GET", f"{TREES}/main?recursive=1")
    assert whole.body["truncated"] is False
    assert {each["path"] for each in whole.body["tree"]} >= {"dev", "dev/app/deep/er/b.yaml"}
    hub.tree_limit = 3
    cut = await bot("GET", f"{TREES}/main?recursive=1")
    assert cut.body["truncated"] is True
    assert cut.body["tree"] == whole.body["tree"][:3]


async def test_names_with_spaces_quotes_and_unicode_survive(bot: Caller, repo: Repo) -> None:
    names = ['a b/"c".yaml', "ünï/日本.yaml", "tab\there/new\nline", "+[(", "-dash"]
    tree = await made(bot, repo, *({"path": name, "mode": "100644", "content": name} for name in names))
    assert set(names) <= set(tree)
    await repo.commit("alice", "odd", {name: name for name in names})
    assert set(names) <= set(await repo.tree("odd"))
