"""The Git data API: blobs, trees, commits, references."""

import base64
import binascii
import textwrap
from datetime import datetime
from typing import Any

from telefonistka_py.sandbox import commits, profiles, protection, refs, shapes, trees
from telefonistka_py.sandbox.calls import Answer, Call, route
from telefonistka_py.sandbox.commits import Person
from telefonistka_py.sandbox.git import EMPTY_TREE
from telefonistka_py.sandbox.model import node_id
from telefonistka_py.sandbox.refusal import Json, Unknown, invalid, not_found


def _git_url(call: Call) -> str:
    return f"{profiles.repo_api(call.repo)}/git"


@route("POST", "/repos/{owner}/{repo}/git/blobs", needs="contents", body=("content", "encoding"))
async def make_blob(call: Call) -> Answer:
    text, encoding = call.text("content"), call.text("encoding", "utf-8")
    try:
        data = base64.b64decode(text) if encoding == "base64" else text.encode("utf-8")
    except (binascii.Error, UnicodeEncodeError) as error:
        raise invalid(
            "content is not valid Base64" if encoding == "base64" else "content is not valid UTF-8"
        ) from error
    if encoding not in ("utf-8", "base64"):
        raise invalid(f'Invalid request.\n\n{encoding} is not a member of ["utf-8", "base64"].')
    sha = call.repo.git.write("blob", data)
    return Answer(201, {"sha": sha, "url": f"{_git_url(call)}/blobs/{sha}"})


@route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", needs="contents")
async def blob(call: Call) -> Answer:
    found = await call.repo.git.object(call.parts["file_sha"])
    if found is None or found.kind != "blob":
        raise not_found()
    if "raw" in call.headers.get("accept", ""):
        return Answer(raw=found.data, content_type="application/vnd.github.raw+json; charset=utf-8")
    content = "".join(line + "\n" for line in textwrap.wrap(base64.b64encode(found.data).decode(), 60))
    shape = {"sha": found.sha, "node_id": node_id("B", call.repo.id, found.sha), "size": found.size}
    return Answer(body=shape | {"url": f"{_git_url(call)}/blobs/{found.sha}", "content": content, "encoding": "base64"})


@route("GET", "/repos/{owner}/{repo}/git/trees/{name}", needs="contents", query=("recursive",))
async def tree(call: Call) -> Json:
    sha = await call.repo.git.tree_of(call.parts["name"])
    if sha is None:
        raise not_found()
    if "recursive" not in call.query:
        return await _tree_shape(call, sha)
    out = await call.repo.git.run("ls-tree", "-r", "-t", "-z", "-l", sha)
    lines = out.decode("utf-8", "surrogateescape").split("\0")[:-1]
    kept, room = [], call.hub.tree_bytes
    for line in lines[: call.hub.tree_limit]:
        room -= len(line)
        if room < 0:
            break
        meta, path = line.split("\t", 1)
        mode, kind, entry, size = meta.split()
        kept.append(_tree_item(call, path, mode, kind, entry, int(size) if kind == "blob" else None))
    return {"sha": sha, "url": f"{_git_url(call)}/trees/{sha}", "tree": kept, "truncated": len(kept) < len(lines)}


def _tree_item(call: Call, path: str, mode: str, kind: str, sha: str, size: int | None) -> Json:
    item: Json = {"path": path, "mode": mode, "type": kind, "sha": sha}
    if size is not None:
        item["size"] = size
    if kind != "commit":
        item["url"] = f"{_git_url(call)}/{'trees' if kind == 'tree' else 'blobs'}/{sha}"
    return item


async def _tree_shape(call: Call, sha: str) -> Json:
    entries = (await call.repo.git.tree(sha) or ())[: call.hub.tree_limit]
    infos = await call.repo.git.info([each.sha for each in entries])
    items = []
    for entry, info in zip(entries, infos, strict=True):
        size = info.size if info is not None and entry.kind == "blob" else None
        items.append(
            _tree_item(call, entry.name.decode("utf-8", "surrogateescape"), entry.mode, entry.kind, entry.sha, size)
        )
    return {"sha": sha, "url": f"{_git_url(call)}/trees/{sha}", "tree": items, "truncated": False}


@route("POST", "/repos/{owner}/{repo}/git/trees", needs="contents", body=("tree", "base_tree"))
async def make_tree(call: Call) -> Answer:
    wanted: Any = call.body.get("tree")
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise invalid("Invalid tree info")
    for key in {key for each in wanted for key in each} - trees.KEYS:
        raise Unknown(f"The sandbox doesn't know the key {key!r} of a tree's entry (POST git/trees).")
    base = call.maybe("base_tree")
    if base is not None:
        base = await call.repo.git.tree_of(base) if base != EMPTY_TREE else base
        if base is None:
            raise invalid("base_tree is not a valid tree oid")
    sha = await trees.make(call.repo.git, base, wanted)
    shape = await _tree_shape(call, sha)
    return Answer(201, shape, {"location": shape["url"]})


@route(
    "POST",
    "/repos/{owner}/{repo}/git/commits",
    needs="contents",
    body=("message", "tree", "parents", "author", "committer"),
)
async def make_commit(call: Call) -> Answer:
    git, message, wanted = call.repo.git, call.text("message"), call.text("tree")
    if wanted != EMPTY_TREE and (len(wanted) != 40 or await git.kind(wanted) != "tree"):
        raise invalid("Tree SHA does not exist")
    parents = call.words("parents") if "parents" in call.body else []
    for parent in parents:
        if len(parent) != 40 or await git.kind(parent) != "commit":
            raise invalid(f"Parent SHA does not exist or is not a commit object: {parent}")
    if not message.strip():
        raise invalid("Invalid request.\n\nmessage can't be blank")
    author = _person(call, "author", commits.person(call.by, call.hub.clock()))
    committer = _person(call, "committer", author)
    sha = commits.write(git, tree=wanted, parents=parents, author=author, committer=committer, message=message)
    made = await commits.read(git, sha)
    assert made is not None
    shape = shapes.git_commit(call.repo, made)
    return Answer(201, shape, {"location": shape["url"]})


def _person(call: Call, key: str, default: Person) -> Person:
    given = call.body.get(key)
    if given is None:
        return default
    if not isinstance(given, dict):
        raise invalid(f"Invalid request.\n\nFor 'properties/{key}', {given!r} is not an object.")
    if key == "author" and not (given.get("name") and given.get("email")):
        raise invalid(f'Invalid request.\n\n"name", "email" weren\'t supplied for {key}.')
    for unknown in given.keys() - {"name", "email", "date"}:
        raise Unknown(f"The sandbox doesn't know the key {unknown!r} of {key} (POST git/commits).")
    try:
        when = datetime.fromisoformat(given["date"]) if "date" in given else default.when
    except ValueError as error:
        raise invalid(f"{key}.date is not an ISO 8601 timestamp") from error
    return Person(given.get("name", default.name), given.get("email", default.email), when)


@route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", needs="contents")
async def commit(call: Call) -> Json:
    sha = call.parts["commit_sha"]
    found = await commits.read(call.repo.git, sha) if len(sha) == 40 else None
    if found is None:
        raise not_found()
    return shapes.git_commit(call.repo, found)


async def _ref_shape(call: Call, ref: str, sha: str) -> Json:
    kind = await call.repo.git.kind(sha) or "commit"
    return {
        "ref": ref,
        "node_id": node_id("REF", call.repo.id, ref),
        "url": f"{_git_url(call)}/{ref}",
        "object": {"sha": sha, "type": kind, "url": f"{_git_url(call)}/{kind}s/{sha}"},
    }


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", needs="contents")
async def ref(call: Call) -> Json:
    name = f"refs/{call.parts['ref']}"
    sha = await refs.read(call.repo, name)
    if sha is None:
        raise not_found()
    return await _ref_shape(call, name, sha)


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", needs="contents")
async def matching_refs(call: Call) -> list[Json]:
    found = await refs.matching(call.repo, f"refs/{call.parts['ref']}")
    return [await _ref_shape(call, name, sha) for name, sha in found]


@route("POST", "/repos/{owner}/{repo}/git/refs", needs="contents", body=("ref", "sha"))
async def make_ref(call: Call) -> Answer:
    name, sha = call.text("ref"), call.text("sha")
    async with call.repo.lock:
        await refs.create(call.repo, call.by, name, sha)
    shape = await _ref_shape(call, name, sha)
    return Answer(201, shape, {"location": shape["url"]})


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", needs="contents", body=("sha", "force"))
async def change_ref(call: Call) -> Json:
    name, sha, force = f"refs/{call.parts['ref']}", call.text("sha"), call.flag("force", False)
    async with call.repo.lock:
        protection.check_push(call.repo, name, sha)
        await refs.change(call.repo, call.by, name, sha, force=force)
    return await _ref_shape(call, name, sha)


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", needs="contents")
async def delete_ref(call: Call) -> Answer:
    name = f"refs/{call.parts['ref']}"
    async with call.repo.lock:
        protection.check_push(call.repo, name, None)
        await refs.change(call.repo, call.by, name, None, force=False)
    return Answer(204)
