"""Values with defaults, so that a test changes one thing; and repositories made from dicts."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from telefonistka_py.config import read
from telefonistka_py.config.model import Component, Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.promotion.model import Metadata, Promotion, Trigger
from telefonistka_py.tree import proof
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.model import Entry, Listing, Mode
from telefonistka_py.tree.reading import Reader, Trees

SHA1 = Sha("0" * 40)
"""Any object id, where only its length counts."""


@dataclass(frozen=True)
class File:
    """A leaf of a tree: a file, an executable, a symlink (`content` is where it points) or a submodule (its commit)."""

    content: bytes
    mode: int = Mode.FILE

    @property
    def sha(self) -> Sha:
        if self.mode == Mode.SUBMODULE:
            return Sha(self.content.decode())
        return proof.blob_sha(self.content, like=SHA1)

    @property
    def entry(self) -> Entry:
        return Entry(self.mode, self.sha)


Files = Mapping[str, str | bytes | File]
"""Path → content. Bytes of a path that are not UTF-8 are surrogate escapes."""


def file(content: str | bytes | File) -> File:
    if isinstance(content, File):
        return content
    return File(content.encode() if isinstance(content, str) else content)


def executable(content: str) -> File:
    return File(content.encode(), Mode.EXECUTABLE)


def symlink(to: str) -> File:
    return File(to.encode(), Mode.SYMLINK)


def submodule(commit: str = "5" * 40) -> File:
    return File(commit.encode(), Mode.SUBMODULE)


def trees(files: Files) -> tuple[Trees, Sha]:
    """The trees that hold `files`, all loaded, and the root's id."""
    loaded = Trees()
    root = _tree(loaded, {path: file(content).entry for path, content in files.items()})
    return loaded, root


def _tree(loaded: Trees, entries: Mapping[str, Entry]) -> Sha:
    listing: Listing = {}
    below: dict[str, dict[str, Entry]] = {}
    for path, entry in entries.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = entry
        else:
            listing[name] = entry
    for name, inside in below.items():
        listing[name] = Entry(Mode.DIRECTORY, _tree(loaded, inside))
    sha = proof.sha_of(listing, like=SHA1)
    loaded.add(sha, listing)
    return sha


def listings(loaded: Trees, root: Sha) -> Iterator[tuple[Sha, Listing]]:
    """Every directory below `root`, itself included."""
    listing = loaded.get(root)
    assert listing is not None
    yield root, listing
    for entry in listing.values():
        if entry.is_directory:
            yield from listings(loaded, entry.sha)


def reader(files: Files) -> tuple[Reader, Sha]:
    """A pass over `files` with nothing missing, and the root's id."""
    loaded, root = trees(files)
    return Reader(loaded), root


def flow(
    source: str,
    *targets: Sequence[str],
    depth: int | None = None,
    labels: Sequence[str] | None = None,
    auto_merge: bool | None = None,
    descriptions: Sequence[str] = (),
) -> dict[str, Any]:
    """One flow in the words of the file; each of `targets` is the list of one pull request."""
    written: dict[str, Any] = {
        "sourcePath": source,
        "promotionPrs": [{"targetPaths": list(paths)} for paths in targets],
    }
    for promotion, description in zip(written["promotionPrs"], descriptions, strict=False):
        promotion["targetDescription"] = description
    if depth is not None:
        written["componentPathExtraDepth"] = depth
    conditions = {"prHasLabels": labels if labels is None else list(labels), "autoMerge": auto_merge}
    if given := {key: value for key, value in conditions.items() if value is not None}:
        written["conditions"] = given
    return written


def yaml(value: Any) -> bytes:
    """`value` as YAML (of which JSON is a part)."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def config(*flows: Mapping[str, Any], **keys: Any) -> Config:
    """A configuration with these flows and keys."""
    found = read.root(yaml({"promotionPaths": list(flows), **keys}))
    assert isinstance(found, Valid), found
    return found.value


def component(**keys: Any) -> Valid[Component] | Invalid:
    """A component's own file."""
    return read.component(yaml(keys), RepoPath("a/telefonistka.yaml"))


def promotion(**changes: Any) -> Promotion:
    """nginx, from the workspace to a and b."""
    default = Promotion(
        flow=0,
        source="workspace/",
        components=("nginx",),
        targets=("a/", "b/"),
        kept_targets=("a/", "b/"),
        description="a/ b/",
        auto_merge=False,
        sync={RepoPath("a/nginx"): RepoPath("workspace/nginx"), RepoPath("b/nginx"): RepoPath("workspace/nginx")},
        skips=(),
    )
    return replace(default, **changes)


def trigger(**changes: Any) -> Trigger:
    """Pull request 1 of alice."""
    return replace(Trigger(1, "new-tag", Login("alice"), None), **changes)


def metadata(**changes: Any) -> Metadata:
    """What pull request 1 of alice left behind."""
    return replace(Metadata(Login("alice"), 1, (), {}), **changes)


@dataclass(frozen=True)
class Snapshot:
    """One commit: the whole of its files. `parents` are places in the list of snapshots; None: the one before."""

    files: Files
    message: str = "A change"
    parents: tuple[int, ...] | None = None
    branch: str = "main"


ENVIRON = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def repository(path: Path, *snapshots: Snapshot | Files) -> list[Sha]:
    """A bare repository at `path` with these commits, made by git in one go; their ids, in order."""
    _skeleton(path)
    stream = bytearray()
    for number, given in enumerate(snapshots):
        snapshot = given if isinstance(given, Snapshot) else Snapshot(given)
        parents = snapshot.parents
        if parents is None:
            parents = (number - 1,) if number else ()
        stream += _commit(snapshot, number, parents)
    stream += b"".join(b"get-mark :%d\n" % (number + 1) for number in range(len(snapshots)))
    done = git(path, "fast-import", "--quiet", "--done", given=bytes(stream) + b"done\n")
    return [Sha(line) for line in done.decode().split()]


def _skeleton(path: Path) -> None:
    """What makes a folder a repository, without starting `git init`."""
    for folder in ("objects", "refs/heads"):
        (path / folder).mkdir(parents=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")


def _commit(snapshot: Snapshot, number: int, parents: Sequence[int]) -> bytes:
    """One commit in the language of `git fast-import`."""
    message = snapshot.message.encode()
    branch = b"refs/heads/%s" % snapshot.branch.encode()
    lines = [] if parents else [b"reset %s" % branch]
    lines += [b"commit %s" % branch, b"mark :%d" % (number + 1)]
    lines += [b"committer Alice <alice@example.com> 1700000000 +0000", b"data %d" % len(message), message]
    lines += [b"%s :%d" % (b"merge" if at else b"from", parent + 1) for at, parent in enumerate(parents)]
    lines.append(b"deleteall")
    for path, content in snapshot.files.items():
        leaf, name = file(content), _quoted(path)
        if leaf.mode == Mode.SUBMODULE:
            lines.append(b"M 160000 %s %s" % (leaf.content, name))
        else:
            lines += [b"M %o inline %s" % (leaf.mode, name), b"data %d" % len(leaf.content), leaf.content]
    return b"\n".join(lines) + b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + b"".join(b"\\%03o" % letter for letter in raw) + b'"'


def git(path: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git says; a failure of git fails the test."""
    done = subprocess.run(
        ["git", "-C", str(path), *arguments], input=given, capture_output=True, env=ENVIRON, check=False
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def made(graft: Graft | RepoMistake) -> Graft:
    """A graft that could be made."""
    assert isinstance(graft, Graft), graft
    return graft
