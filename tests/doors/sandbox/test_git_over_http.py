"""Plain git against the sandbox, and clones of local repositories."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from telefonistka_py.sandbox import Hub, Repo, SandboxError


async def git(where: Path, *args: str, ok: bool = True) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(where), "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}
    env |= {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "Alice"), ("EMAIL", "alice@example.com"))
    }
    made = await asyncio.create_subprocess_exec(
        "git", *args, cwd=where, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    out, _ = await made.communicate()
    assert (made.returncode == 0) is ok, out.decode()
    return out.decode()


def address(repo: Repo, login: str | None) -> str:
    token = repo.hub.user(login).token if login else ""
    return repo.clone_url.replace("://", f"://{login}:{token}@") if login else repo.clone_url


async def test_a_clone_a_push_and_what_follows(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    app = hub.add_app(secret="s")
    hub.set_webhook(app, "http://127.0.0.1:9/")
    await git(tmp_path, "clone", "-q", address(repo, "alice"), "work")
    work = tmp_path / "work"
    await git(work, "checkout", "-qb", "side")
    (work / "dev/app/a.yaml").write_text("x: 2\n")
    await git(work, "commit", "-qam", "Two")
    await git(work, "push", "-q", "origin", "side")
    pull = await repo.open_pull("alice", head="side", title="Two")
    (work / "dev/app/a.yaml").write_text("x: 3\n")
    await git(work, "commit", "-qam", "Three")
    await git(work, "push", "-q", "origin", "side")
    await hub.delivered()
    assert pull.head_sha == (await git(work, "rev-parse", "HEAD")).strip()
    assert (await git(work, "ls-remote", "origin", "refs/pull/1/head")).split()[0] == pull.head_sha
    told = [(each.event, each.action, each.payload["sender"]["login"]) for each in hub.deliveries]
    assert told[-3:] == [
        ("pull_request", "opened", "alice"),
        ("push", None, "alice"),
        ("pull_request", "synchronize", "alice"),
    ]
    await git(work, "push", "-q", "origin", ":side")
    assert pull.state == "closed"


async def test_who_may_not_read_or_write_cannot_clone_or_push(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    hub.add_user("mallory")
    for login in (None, "mallory"):
        await git(tmp_path, "clone", "-q", address(repo, login), "stolen", ok=False)
    await git(tmp_path, "clone", "-q", address(repo, "carol"), "work")
    await git(tmp_path / "work", "push", "-q", "origin", "HEAD:refs/heads/x", ok=False)
    hub.anonymous_git = True
    await git(tmp_path, "clone", "-q", address(repo, None), "open")
    assert "x" not in await repo.branches()


async def test_an_archived_repository_is_cloned_but_not_pushed_to(repo: Repo, tmp_path: Path) -> None:
    repo.archived = True
    await git(tmp_path, "clone", "-q", address(repo, "alice"), "work")
    await git(tmp_path / "work", "push", "-q", "origin", "HEAD:refs/heads/x", ok=False)
    assert list(await repo.branches()) == ["main"]


async def test_a_clone_of_a_local_repository_leaves_it_alone(hub: Hub, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    await git(mine, "init", "-q", "-b", "trunk")
    (mine / "a.yaml").write_text("x: 1\n")
    await git(mine, "add", ".")
    await git(mine, "commit", "-qm", "One")
    before = await git(mine, "for-each-ref")
    repo = await hub.add_repo("acme/mine", from_path=mine, collaborators={"alice": "write"})
    assert repo.default_branch == "trunk"
    await repo.commit("alice", "trunk", {"a.yaml": None, "b.yaml": "y: 1\n"})
    assert list(await repo.tree("trunk")) == ["b.yaml"]
    assert await git(mine, "for-each-ref") == before
    assert (await git(mine, "status", "--porcelain")) == ""
    assert sorted(each.name for each in mine.iterdir()) == [".git", "a.yaml"]


async def test_what_is_no_repository_gets_a_sentence(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SandboxError, match="is no git repository"):
        await hub.add_repo("acme/a", from_path=tmp_path / "empty")
    with pytest.raises(SandboxError, match="There is no folder"):
        await hub.add_repo("acme/a", from_path=tmp_path / "nope")
    with pytest.raises(SandboxError, match="owner/name"):
        await hub.add_repo("no-owner")


async def test_the_users_git_configuration_does_not_count(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        "[init]\n\tdefaultBranch = odd\n[core]\n\tautocrlf = true\n[commit]\n\tgpgsign = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    repo = await hub.add_repo("acme/plain", files={"a": "1\r\n"}, collaborators={"alice": "write"})
    assert await repo.read("main", "a") == b"1\r\n"


async def test_the_same_actions_at_the_same_time_make_the_same_commits(hub: Hub, tmp_path: Path, clock: object) -> None:
    """N6."""
    tips = []
    for name in ("one", "two"):
        repo = await hub.add_repo(f"acme/{name}", files={"a": "1"}, collaborators={"alice": "write"})
        await repo.commit("alice", "side", {"b": "2"})
        await repo.merge("alice", (await repo.open_pull("alice", head="side", title="T")).number)
        tips.append((await repo.branches())["main"])
    assert tips[0] == tips[1]
