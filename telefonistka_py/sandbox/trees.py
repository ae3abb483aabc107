"""`POST git/trees`: a new tree from an old one and a list of entries, with GitHub's rules and refusals.

Where GitHub's documentation is silent on what comes out, the sandbox refuses, so that nobody relies on luck.
Source: docs.github.com/en/rest/git/trees#create-a-tree.
"""

from typing import Any

from telefonistka_py.sandbox.git import EMPTY_TREE, Entry, Git
from telefonistka_py.sandbox.refusal import invalid

KINDS = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
KEYS = {"path", "mode", "type", "sha", "content"}


class _Dir:
    """A directory being changed; its children are entries of git, or directories being changed themselves."""

    def __init__(self, children: dict[bytes, "Entry | _Dir"]) -> None:
        self.children = children


async def make(git: Git, base: str | None, wanted: list[dict[str, Any]]) -> str:
    """The id of the tree that `base` (a tree; None for nothing) becomes. Raises `Refusal` as GitHub would."""
    if not wanted:
        raise invalid("Invalid tree info")
    root = await _opened(git, base) if base else _Dir({})
    entries = [await _checked(git, item) for item in wanted]
    await _no_contradiction(git, entries)
    # Whole directories first, then what is said about single files inside them.
    for path, entry in sorted(entries, key=lambda each: each[1] is None or each[1].kind != "tree"):
        if entry is None:
            await _delete(git, root, path)
        else:
            await _put(git, root, path, entry)
    return _written(git, root)


async def overlay(git: Git, base: str | None, files: dict[str, Entry | None]) -> str:
    """Like `make` for a person's commit: an entry replaces what is there, None removes a file or a directory."""
    root = await _opened(git, base) if base else _Dir({})
    for path, entry in files.items():
        parts = path.encode("utf-8", "surrogateescape").split(b"/")
        folder = await _descend(git, root, parts[:-1], make=entry is not None)
        if folder is None:
            continue
        if entry is None:
            folder.children.pop(parts[-1], None)
        else:
            folder.children[parts[-1]] = entry
    return _written(git, root)


async def _checked(git: Git, item: dict[str, Any]) -> tuple[list[bytes], Entry | None]:
    path, mode = item.get("path"), item.get("mode")
    if not isinstance(path, str) or not path:
        raise invalid("Must supply a valid tree.path")
    parts = _parts(path)
    if not isinstance(mode, str) or mode not in KINDS:
        raise invalid("Must supply a valid tree.mode")
    if item.get("type", KINDS[mode]) != KINDS[mode]:
        raise invalid(f"tree.type {item['type']} does not agree with tree.mode {mode}")
    if ("sha" in item) == ("content" in item):
        both = "Must supply either tree.sha or tree.content. Request will be rejected if both are present."
        raise invalid(both)
    if "sha" in item and item["sha"] is None:
        return parts, None
    if "content" in item:
        if KINDS[mode] != "blob" or not isinstance(item["content"], str):
            raise invalid("tree.content is only for blobs, and is a string")
        return parts, Entry(mode, parts[-1], git.write("blob", item["content"].encode("utf-8", "surrogatepass")))
    return parts, Entry(mode, parts[-1], await _existing(git, str(item["sha"]), KINDS[mode]))


def _parts(path: str) -> list[bytes]:
    if path.startswith("/"):
        raise invalid("tree.path cannot start with a slash")
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise invalid("tree.path contains a malformed path component")
    return [part.encode("utf-8", "surrogateescape") for part in parts]


async def _existing(git: Git, sha: str, kind: str) -> str:
    hexadecimal = len(sha) == 40 and all(digit in "0123456789abcdef" for digit in sha)
    if not hexadecimal:
        raise invalid(f"tree.sha {sha} is not a valid {kind}")
    # A submodule's commit lives elsewhere; the empty tree needs no object.
    if kind != "commit" and (kind, sha) != ("tree", EMPTY_TREE) and await git.kind(sha) != kind:
        raise invalid(f"tree.sha {sha} is not a valid {kind}")
    return sha


async def _no_contradiction(git: Git, entries: list[tuple[list[bytes], Entry | None]]) -> None:
    seen: dict[bytes, Entry | None] = {}
    for path, entry in entries:
        joined = b"/".join(path)
        if joined in seen:
            raise invalid(f"tree.path {joined.decode(errors='replace')} is given twice")
        seen[joined] = entry
    for path, _ in entries:
        for depth in range(1, len(path)):
            above = b"/".join(path[:depth])
            if above not in seen:
                continue
            entry = seen[above]
            if entry is None or entry.kind != "tree" or await _claims(git, entry.sha, path[depth:]):
                message = f"tree.path {b'/'.join(path).decode(errors='replace')} contradicts another entry's path"
                raise invalid(message)


async def _claims(git: Git, tree: str, rest: list[bytes]) -> bool:
    """Whether `tree` says itself what stands at `rest`: as that very path, or by a file on the way to it."""
    for at, part in enumerate(rest):
        found = next((entry for entry in await git.tree(tree) or () if entry.name == part), None)
        if found is None:
            return False
        if found.kind != "tree" or at == len(rest) - 1:
            return True
        tree = found.sha
    return False


async def _opened(git: Git, tree: str) -> _Dir:
    return _Dir({entry.name: entry for entry in await git.tree(tree) or ()})


async def _descend(git: Git, root: _Dir, parts: list[bytes], *, make: bool) -> _Dir | None:
    folder = root
    for part in parts:
        child = folder.children.get(part)
        if isinstance(child, Entry) and child.kind == "tree":
            child = await _opened(git, child.sha)
        elif not isinstance(child, _Dir):
            if not make:
                return None
            child = _Dir({})  # also in place of a file: the deeper path wins
        folder.children[part] = child
        folder = child
    return folder


async def _put(git: Git, root: _Dir, path: list[bytes], entry: Entry) -> None:
    folder = await _descend(git, root, path[:-1], make=True)
    assert folder is not None
    there = folder.children.get(path[-1])
    if entry.kind != "tree":
        folder.children[path[-1]] = entry
    elif isinstance(there, _Dir) or (there is not None and there.kind == "tree"):
        opened = there if isinstance(there, _Dir) else await _opened(git, there.sha)
        folder.children[path[-1]] = opened
        await _merge(git, opened, entry.sha)
    else:
        folder.children[path[-1]] = entry


async def _merge(git: Git, folder: _Dir, tree: str) -> None:
    """Adds the files of `tree` to `folder`. What only `folder` has stays: GitHub merges directories."""
    for entry in await git.tree(tree) or ():
        there = folder.children.get(entry.name)
        if there == entry:
            continue
        if entry.kind == "tree" and (isinstance(there, _Dir) or (there is not None and there.kind == "tree")):
            opened = there if isinstance(there, _Dir) else await _opened(git, there.sha)
            folder.children[entry.name] = opened
            await _merge(git, opened, entry.sha)
        else:
            folder.children[entry.name] = entry


async def _delete(git: Git, root: _Dir, path: list[bytes]) -> None:
    """Whether GitHub accepts this for a directory or a missing path is disputed: here it is refused."""
    folder = await _descend(git, root, path[:-1], make=False)
    there = folder.children.get(path[-1]) if folder is not None else None
    if folder is None or there is None or isinstance(there, _Dir) or there.kind == "tree":
        raise invalid("GitRPC::BadObjectState")
    del folder.children[path[-1]]


def _written(git: Git, folder: _Dir) -> str:
    """Stores the directory. One that became empty vanishes from the one above, as git knows no empty directories."""
    entries = []
    for name, child in folder.children.items():
        if isinstance(child, _Dir):
            child = Entry("040000", name, _written(git, child))
        if (child.mode, child.sha) != ("040000", EMPTY_TREE):
            entries.append(child)
    return git.write_tree(entries)
