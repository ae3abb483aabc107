"""How repositories and installations come into being."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import git, profiles
from telefonistka_py.sandbox.content import Content, Submodule, mode_and_bytes
from telefonistka_py.sandbox.git import Git, GitError
from telefonistka_py.sandbox.model import App, Installation, User, node_id
from telefonistka_py.sandbox.refusal import SandboxError
from telefonistka_py.sandbox.repository import Repo

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

OLDEST_GIT = (2, 38)
"""`git merge-tree --write-tree` came with it."""


async def check_git(hub: "Hub") -> None:
    """Raises `SandboxError` for a git that is missing or too old."""
    _, out = await git.run(hub.environment(), "version")
    found = re.search(rb"(\d+)\.(\d+)", out)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise SandboxError(f"The sandbox needs git 2.38 or later; this is {out.decode().strip()}.")


async def make(
    hub: "Hub",
    name: str,
    *,
    files: Mapping[str, Content] | None,
    from_path: Path | str | None,
    default_branch: str | None,
) -> Repo:
    if not re.fullmatch(r"(?!\.+/)[A-Za-z0-9_.-]+/(?!\.+$)[A-Za-z0-9_.-]+", name):
        raise SandboxError(f"{name!r} is no repository name; write owner/name.")
    if name.lower() in hub.repos:
        raise SandboxError(f"The sandbox already has a repository {name}.")
    path = _place(hub, name)
    if from_path is None:
        branch = default_branch or "main"
        await git.run(hub.environment(), "init", "--quiet", "--bare", f"--initial-branch={branch}", str(path))
        bare = Git(path, hub.environment())
        if files:
            await _import(hub, bare, branch, files)
    else:
        bare = await _cloned(hub, Path(from_path), path)
        branch = default_branch or await _default_branch(bare)
        await bare.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    repo = _registered(hub, name, bare, branch)
    for app in hub.apps.values():
        own = [each for each in hub.installations.values() if each.app is app]
        everywhere = all(each.repositories is None for each in own)
        if everywhere and repo.owner not in [each.account for each in own]:
            install(hub, app, repo.owner, None)
    return repo


async def fork(hub: "Hub", repo: Repo, login: str) -> Repo:
    """A copy of `repo` below `login`'s account."""
    owner = hub.user(login)
    name = f"{owner.login}/{repo.short_name}"
    if name.lower() in hub.repos:
        return hub.repos[name.lower()]
    bare = await _cloned(hub, repo.git.path, _place(hub, name))
    made = _registered(hub, name, bare, repo.default_branch)
    made.fork_of, made.private = repo.name, repo.private
    return made


def _place(hub: "Hub", name: str) -> Path:
    path = hub.folder / "repositories" / f"{name}.git"
    if path.exists():
        raise SandboxError(f"{path} is there already, from an earlier run; remove it or choose another folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _registered(hub: "Hub", name: str, bare: Git, branch: str) -> Repo:
    login = name.split("/")[0]
    owner = hub.users.get(login.lower()) or hub.add_user(login, kind="Organization")
    repo = Repo(hub, hub.next_id(), name, owner, bare, branch)
    hub.repos[name.lower()] = repo
    return repo


async def _cloned(hub: "Hub", source: Path, path: Path) -> Git:
    if not os.path.isdir(source):  # noqa: ASYNC240 - one stat
        raise SandboxError(f"There is no folder {source}.")
    env = hub.environment()
    try:
        _, asked = await git.run(env, "-C", str(source), "rev-parse", "--path-format=absolute", "--git-common-dir")
    except GitError as error:
        raise SandboxError(f"{source} is no git repository.") from error
    origin = asked.decode("utf-8", "surrogateescape").rstrip("\n")  # of the whole repository, given a folder in it
    try:
        # No hard links: the copy shares nothing with the original, so nothing done here can reach it.
        await git.run(env, "clone", "--quiet", "--bare", "--no-hardlinks", origin, str(path))
    except GitError as error:
        raise SandboxError(f"{source} can't be cloned: {error}") from error
    bare = Git(path, env)
    if (await bare.run("rev-parse", "--show-object-format")).strip() != b"sha1":
        raise SandboxError(f"{source} uses SHA-256 object ids, which GitHub doesn't take.")
    await bare.run("remote", "remove", "origin", ok=(0, 2))
    return bare


async def _default_branch(bare: Git) -> str:
    """The branch that HEAD names; when it names none, the likeliest that is there."""
    _, out = await bare.code("symbolic-ref", "--quiet", "--short", "HEAD")
    named = out.decode().strip()
    branches = (await bare.run("for-each-ref", "--format=%(refname:short)", "refs/heads/")).decode().split()
    for candidate in (named, "main", "master", *branches):
        if candidate in branches:
            return candidate
    if await bare.resolve("HEAD^{commit}"):
        await bare.run("update-ref", "refs/heads/main", "HEAD")
        return "main"
    return named or "main"


async def _import(hub: "Hub", bare: Git, branch: str, files: Mapping[str, Content]) -> None:
    """One commit through `git fast-import`, which takes tens of thousands of files in a breath."""
    now = int(hub.clock().timestamp())
    out = [f"commit refs/heads/{branch}\ncommitter Sandbox <noreply@github.com> {now} +0000\n".encode()]
    out.append(b"data 15\nInitial commit.\n")
    for path, content in files.items():
        mode, body = mode_and_bytes(content)
        quoted = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode("utf-8", "surrogateescape")
        if isinstance(content, Submodule) or body is None:
            sha = content.sha if isinstance(content, Submodule) else ""
            out.append(b'M 160000 %s "%s"\n' % (sha.encode(), quoted))
        else:
            out.append(b'M %s inline "%s"\ndata %d\n%s\n' % (mode.encode(), quoted, len(body), body))
    await bare.run("fast-import", "--quiet", stdin=b"".join(out))


def accounts(hub: "Hub", only: set[str] | None) -> list[User]:
    """The accounts that own repositories (or those of `only`), each once; those that only forked are left out."""
    wanted = [repo.owner for repo in hub.repos.values() if repo.fork_of is None and (only is None or repo.name in only)]
    return list(dict.fromkeys(wanted))


def install(hub: "Hub", app: App, account: User, only: set[str] | None) -> Installation:
    """Installs `app` on `account` and tells it."""
    made = Installation(hub.next_id(), app, account, only, hub.clock())
    hub.installations[made.id] = made
    app.installation_id = app.installation_id or made.id
    if app.webhook_url is not None:
        repositories = [
            {"id": repo.id, "node_id": node_id("R", repo.id), "name": repo.short_name, "full_name": repo.name}
            | {"private": repo.private}
            for repo in hub.repos.values()
            if made.covers(repo.name)
        ]
        payload = {
            "action": "created",
            "installation": profiles.installation(hub, made)
            | dict.fromkeys(("created_at", "updated_at"), int(made.created_at.timestamp())),
            "repositories": repositories,
            "requester": None,
            "sender": profiles.user(hub, account),
        }
        hub.webhooks.send(app, "installation", payload, made.id)
    return made
