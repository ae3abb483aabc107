"""Git over HTTP: `git clone` and `git push`, through git's own `http-backend`."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from telefonistka_py.sandbox import auth, refs
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.model import User
from telefonistka_py.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo


async def serve(hub: "Hub", request: web.Request, path: str, query: str) -> web.Response:
    """One request of a git client. `path` is decoded: `/owner/name(.git)/info/refs` and so on."""
    owner, name, rest = path.lstrip("/").split("/", 2)
    repo = hub.repos.get(f"{owner}/{name.removesuffix('.git')}".lower())
    pushing = rest == "git-receive-pack" or "service=git-receive-pack" in query
    try:
        actor = auth.actor(hub, request.headers)
        refused = _refused(hub, repo, actor, pushing)
    except Refusal:
        refused = web.Response(status=401, text="Invalid credentials.\n")
    if refused is not None or repo is None:
        if refused is not None and refused.status == 401:
            refused.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
        return refused or web.Response(status=404, text="Repository not found.\n")
    body = await request.read()
    if rest != "git-receive-pack":
        return await _backend(repo, request, rest, query, body)
    async with repo.lock:
        before = dict(await refs.matching(repo, "refs/"))
        answer = await _backend(repo, request, rest, query, body)
        after = dict(await refs.matching(repo, "refs/"))
        by = actor.user or repo.owner
        await _tell(repo, by, before, after)
    return answer


def _refused(hub: "Hub", repo: "Repo | None", actor: Actor, pushing: bool) -> web.Response | None:
    unknown = web.Response(status=404, text="Repository not found.\n")
    if hub.anonymous_git and actor.login is None:
        return None if repo is not None else unknown
    if actor.login is None and (pushing or repo is None or repo.private):
        return web.Response(status=401, text="Authentication required.\n")
    if repo is None:
        return unknown
    if actor.token is not None:
        level = actor.token.permissions.get("contents", "")
        covered = actor.token.installation.covers(repo.name)
        allowed = covered and level in (("write", "admin") if pushing else ("read", "write", "admin"))
    else:
        allowed = actor.user is None or repo.allows(actor.user.login, "write" if pushing else "read")
    if allowed and pushing and repo.archived:
        return web.Response(status=403, text="This repository was archived so it is read-only.\n")
    if allowed:
        return None
    login = actor.login
    return web.Response(status=403, text=f"Permission to {repo.name} denied to {login}.\n") if pushing else unknown


async def _tell(repo: "Repo", by: User, before: dict[str, str], after: dict[str, str]) -> None:
    for ref in sorted(before.keys() | after.keys()):
        if before.get(ref) != after.get(ref) and not ref.startswith("refs/pull/"):
            await refs.moved(repo, by, ref, before.get(ref), after.get(ref))


async def _backend(repo: "Repo", request: web.Request, rest: str, query: str, body: bytes) -> web.Response:
    env = repo.git.env | {
        "GIT_PROJECT_ROOT": str(repo.git.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": "sandbox",
        "REMOTE_ADDR": "127.0.0.1",
    }
    if "git-protocol" in request.headers:
        env["GIT_PROTOCOL"] = request.headers["git-protocol"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend", stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=repo.git.path, process_group=0
    )
    try:
        out, _ = await process.communicate(body)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    head, _, content = out.partition(b"\r\n\r\n")
    fields = [line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n") if line]
    status = next((int(value.split()[0]) for key, value in fields if key.lower() == "status"), 200)
    headers = {key: value for key, value in fields if key.lower() not in ("status", "content-length")}
    return web.Response(status=status, body=content, headers=headers)
