"""The hub as a whole: nothing leaks, nothing happens twice, mistakes get a sentence."""

import ast
import asyncio
import os
from pathlib import Path

import pytest

from telefonistka_py import sandbox
from telefonistka_py.sandbox import File, Hub, Repo, SandboxError
from tests.doors.sandbox.conftest import Caller, app_jwt

PULLS = "/repos/acme/gitops/pulls"


def test_it_imports_nothing_of_ours_outside_itself() -> None:
    for path in Path(sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            ours = [name for name in names if name.split(".")[0] == "telefonistka_py"]
            assert all(name.startswith("telefonistka_py.sandbox") for name in ours), path


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's list of child processes")
async def test_closing_ends_every_process(tmp_path: Path) -> None:
    def children() -> set[str]:
        return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())

    before = children()
    async with Hub.running(tmp_path / "hub") as hub:
        for name in ("acme/one", "acme/two"):
            repo = await hub.add_repo(name, files={"a": "1"})
            assert await repo.read("main", "a") == b"1"
        assert len(children() - before) == 2
    assert children() <= before


async def test_two_that_open_the_same_pull_request_at_once_make_one(bot: Caller, alice: Caller, repo: Repo) -> None:
    """N12."""
    await repo.commit("alice", "side", {"x": "1"})
    body = {"title": "T", "head": "side", "base": "main"}
    answers = await asyncio.gather(*(caller("POST", PULLS, body) for caller in (bot, alice, bot)))
    assert sorted(each.status for each in answers) == [201, 422, 422]
    assert len(repo.pulls()) == 1


async def test_two_that_make_the_same_branch_at_once_make_one(bot: Caller, repo: Repo) -> None:
    """N12."""
    body = {"ref": "refs/heads/x", "sha": (await repo.branches())["main"]}
    answers = await asyncio.gather(*(bot("POST", "/repos/acme/gitops/git/refs", body) for _ in range(3)))
    assert sorted(each.status for each in answers) == [201, 422, 422]


async def test_an_app_that_was_there_first_is_installed_on_new_repositories(hub: Hub, nobody: Caller) -> None:
    app = hub.add_app()
    await hub.add_repo("acme/late", files={"a": "1"})
    url = f"/app/installations/{app.installation_id}/access_tokens"
    made = await nobody.as_token(app_jwt(app, hub.clock()))("POST", url)
    assert (await nobody.as_token(made.body["token"])("GET", "/repos/acme/late")).status == 200


async def test_an_app_sees_only_the_repositories_it_is_installed_on(hub: Hub, repo: Repo, nobody: Caller) -> None:
    await hub.add_repo("acme/other", files={"a": "1"})
    app = hub.add_app("narrow", repositories=["acme/gitops"])
    url = f"/app/installations/{app.installation_id}/access_tokens"
    made = await nobody.as_token(app_jwt(app, hub.clock()))("POST", url)
    narrow = nobody.as_token(made.body["token"])
    assert (await narrow("GET", "/repos/acme/gitops")).status == 200
    assert (await narrow("GET", "/repos/acme/other")).status == 404


async def test_mistakes_get_a_sentence(hub: Hub, repo: Repo) -> None:
    for name in ("acme", "../..", "acme/..", "a b/c", "acme/gitops"):
        with pytest.raises(SandboxError):
            await hub.add_repo(name)
    with pytest.raises(SandboxError, match="knows nobody called 'zoe'"):
        await repo.commit("zoe", "main", {"a": "1"})
    with pytest.raises(SandboxError, match="no permission level"):
        hub.add_user("zoe", access={"acme/gitops": "sometimes"})
    with pytest.raises(SandboxError, match="start from"):
        await repo.commit("alice", "side", {"a": "1"}, start="nope")


async def test_what_an_earlier_run_left_is_not_overwritten(tmp_path: Path) -> None:
    async with Hub.running(tmp_path) as hub:
        await hub.add_repo("acme/gitops", files={"a": "1"})
    async with Hub.running(tmp_path) as hub:
        with pytest.raises(SandboxError, match="from an earlier run"):
            await hub.add_repo("acme/gitops", files={"a": "2"})


async def test_modes_are_kept_by_commits_and_imports(repo: Repo) -> None:
    """N7."""
    await repo.commit("alice", "main", {"script": File(b"\0\xff", mode="100755"), "empty": ""})
    tree = await repo.tree("main")
    assert (tree["script"][0], tree["empty"][0], tree["dev/app/link"][0]) == ("100755", "100644", "120000")
    assert await repo.read("main", "script") == b"\0\xff"
