"""Files and directories at a revision. Limits: docs, Get repository content."""

import base64
import posixpath
import textwrap
from urllib.parse import quote

from telefonistka_py.sandbox import profiles
from telefonistka_py.sandbox.calls import Answer, Call, route
from telefonistka_py.sandbox.git import Entry
from telefonistka_py.sandbox.refusal import Json, Refusal, not_found

MOST_ENTRIES = 1000
"""Entries of a directory; the rest is left out without a word."""
LARGEST_INLINE = 1024 * 1024
"""Bytes; a larger file comes without its content, unless asked for raw."""


@route("GET", "/repos/{owner}/{repo}/contents/{path}", needs="contents", query=("ref",))
@route("GET", "/repos/{owner}/{repo}/contents", needs="contents", query=("ref",))
@route("GET", "/repos/{owner}/{repo}/contents/", needs="contents", query=("ref",))
async def contents(call: Call) -> Answer:
    ref = call.query.get("ref") or call.repo.default_branch
    root = await call.repo.git.tree_of(ref)
    if root is None:
        raise Refusal(404, f"No commit found for the ref {ref}" if "ref" in call.query else "This repository is empty.")
    path = call.parts.get("path", "").strip("/")
    found = await call.repo.git.entry(root, path)
    if found is None:
        raise not_found()
    media = call.headers.get("accept", "")
    if found.kind == "tree":
        return await _directory(call, path, found.sha, ref, as_object="object" in media)
    return await _file(call, path, found, ref, root, raw="raw" in media)


async def _directory(call: Call, path: str, sha: str, ref: str, *, as_object: bool) -> Answer:
    entries = (await call.repo.git.tree(sha) or ())[:MOST_ENTRIES]
    infos = await call.repo.git.info([each.sha for each in entries])
    listing = []
    for entry, info in zip(entries, infos, strict=True):
        below = posixpath.join(path, entry.name.decode("utf-8", "surrogateescape"))
        size = info.size if info is not None and info.kind == "blob" else 0
        listing.append(_item(call, below, entry, ref, size))
    if as_object:
        here = Entry("040000", path.rsplit("/", 1)[-1].encode(), sha)
        return Answer(body=_item(call, path, here, ref, 0) | {"entries": listing})
    return Answer(body=listing)


def _item(call: Call, path: str, entry: Entry, ref: str, size: int) -> Json:
    url, quoted = profiles.repo_api(call.repo), quote(path)
    is_dir, is_module = entry.kind == "tree", entry.kind == "commit"
    kind = "dir" if is_dir else "symlink" if entry.mode == "120000" else "file"
    own = f"{url}/contents/{quoted}?ref={quote(ref)}"
    git_url = None if is_module else f"{url}/git/{'trees' if is_dir else 'blobs'}/{entry.sha}"
    html = None if is_module else f"{call.repo.html_url}/{'tree' if is_dir else 'blob'}/{ref}/{quoted}"
    raw = None if is_dir or is_module else f"{call.repo.html_url}/raw/{ref}/{quoted}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "size": size,
        "url": own,
        "html_url": html,
        "git_url": git_url,
        "download_url": raw,
        "type": kind,
        "_links": {"self": own, "git": git_url, "html": html},
    }


async def _file(call: Call, path: str, entry: Entry, ref: str, root: str, *, raw: bool) -> Answer:
    if entry.kind == "commit":
        item = _item(call, path, entry, ref, 0) | {"type": "submodule", "submodule_git_url": "https://example.invalid/"}
        return Answer(body=item)
    blob = await call.repo.git.object(entry.sha)
    assert blob is not None
    if entry.mode == "120000":
        target = blob.data.decode("utf-8", "surrogateescape")
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        there = await call.repo.git.entry(root, aim) if not aim.startswith(("..", "/")) else None
        if there is None or there.kind != "blob" or there.mode == "120000":
            return Answer(body=_item(call, path, entry, ref, blob.size) | {"target": target})
        # GitHub follows a link to a file of the same repository.
        entry, blob = there, await call.repo.git.object(there.sha)
        assert blob is not None
    if raw:
        return Answer(raw=blob.data, content_type="application/vnd.github.raw+json; charset=utf-8")
    inline = blob.size <= LARGEST_INLINE
    content = "".join(line + "\n" for line in textwrap.wrap(base64.b64encode(blob.data).decode(), 60)) if inline else ""
    item = _item(call, path, entry, ref, blob.size)
    return Answer(body=item | {"type": "file", "content": content, "encoding": "base64" if inline else "none"})
