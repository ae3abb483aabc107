"""Real git underneath: one bare repository, commands run with a clean environment, objects read and written.

Reads go through one long-lived `git cat-file --batch-command` (git 2.36 or later), so that they cost no
process each. Objects are written as git's own loose files. Nothing of the user's git configuration counts.
"""

import asyncio
import hashlib
import os
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telefonistka_py.sandbox.refusal import SandboxError

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
ZERO = "0" * 40
_CONFIG = """[safe]
\tdirectory = *
[gc]
\tauto = 0
[receive]
\tautogc = false
\tadvertisePushOptions = false
[core]
\tquotePath = false
[http]
\treceivepack = true
[protocol "file"]
\tallow = always
"""


class GitError(Exception):
    """A git command failed; carries its exit code and what it wrote to stderr."""

    def __init__(self, args: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"git {' '.join(args[:3])} ended with {code}: {stderr.strip()[:500]}")
        self.code, self.stderr = code, stderr


@dataclass(frozen=True)
class Object:
    sha: str
    kind: str
    """`commit`, `tree`, `blob` or `tag`."""
    size: int
    data: bytes
    """Empty when only the header was asked for."""


@dataclass(frozen=True)
class Entry:
    """One line of a tree. `mode` has six digits; `name` may be any bytes but a slash and a zero."""

    mode: str
    name: bytes
    sha: str

    @property
    def kind(self) -> str:
        return {"040000": "tree", "160000": "commit"}.get(self.mode, "blob")


def environment(home: Path) -> dict[str, str]:
    """The environment git runs in. Writes the one configuration file that counts into `home`."""
    config = home / "gitconfig"
    if not config.exists():
        config.write_text(_CONFIG)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


async def run(
    env: Mapping[str, str], *args: str, stdin: bytes = b"", cwd: Path | None = None, ok: Sequence[int] = (0,)
) -> tuple[int, bytes]:
    """Runs `git ARGS`; answers its exit code and stdout. Raises `GitError` for a code that is not in `ok`."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            process_group=0,  # Ctrl-C at a terminal goes to all of a group; git is ended by us, and not before us
        )
    except FileNotFoundError as error:
        raise SandboxError("There is no `git` on PATH; install git 2.38 or later.") from error
    try:
        out, err = await process.communicate(stdin)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    code = process.returncode or 0
    if code not in ok:
        raise GitError(args, code, err.decode(errors="replace"))
    return code, out


class Git:
    """One bare repository at `path`."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self.path, self.env = path, dict(env)
        self._reader: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._trees: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()
        self._known: set[str] = {EMPTY_TREE}
        self.memory: dict[tuple[str, ...], Any] = {}
        """Answers about commits that can't change, kept by question."""

    async def run(self, *args: str, stdin: bytes = b"", ok: Sequence[int] = (0,)) -> bytes:
        return (await run(self.env, *args, stdin=stdin, cwd=self.path, ok=ok))[1]

    async def code(self, *args: str, stdin: bytes = b"", ok: Sequence[int] = (0, 1)) -> tuple[int, bytes]:
        return await run(self.env, *args, stdin=stdin, cwd=self.path, ok=ok)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._reader is None or self._reader.returncode is not None:
            self._reader = await asyncio.create_subprocess_exec(
                "git",
                "cat-file",
                "--batch-command",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self.env,
                cwd=self.path,
                limit=2**20,
                process_group=0,
            )
        return self._reader

    async def ask(self, command: str, names: Sequence[str]) -> list[Object | None]:
        """`contents` or `info` of each name, in one round trip; None for what doesn't exist."""
        if not names:
            return []
        # Shielded: an answer half read by a request that went away would be taken for the next one's.
        return await asyncio.shield(asyncio.ensure_future(self._asked(command, names)))

    async def _asked(self, command: str, names: Sequence[str]) -> list[Object | None]:
        async with self._lock:
            reader = await self._started()
            stdin, stdout = reader.stdin, reader.stdout
            assert stdin is not None
            assert stdout is not None
            lines = [f"{command} {name}\n".encode("utf-8", "surrogateescape") for name in names]
            # Questions and answers flow at once: either pipe alone would fill up and stop both sides.
            _, answers = await asyncio.gather(_written(stdin, lines), _answers(stdout, command, len(lines)))
            return answers

    async def objects(self, names: Sequence[str]) -> list[Object | None]:
        return await self.ask("contents", names)

    async def info(self, names: Sequence[str]) -> list[Object | None]:
        return await self.ask("info", names)

    async def object(self, name: str) -> Object | None:
        return (await self.objects([name]))[0] if _askable(name) else None

    async def kind(self, name: str) -> str | None:
        found = (await self.info([name]))[0] if _askable(name) else None
        return found.kind if found else None

    async def resolve(self, name: str) -> str | None:
        """The object id that a revision means (`main`, `refs/heads/x`, `v1^{commit}`), or None."""
        found = (await self.info([name]))[0] if _askable(name) else None
        return found.sha if found else None

    async def trees(self, shas: Sequence[str]) -> list[tuple[Entry, ...] | None]:
        """The entries of each tree, read in one round trip."""
        missing = [sha for sha in dict.fromkeys(shas) if sha not in self._trees and sha != EMPTY_TREE]
        for sha, found in zip(missing, await self.objects(missing), strict=True):
            if found is not None and found.kind == "tree":
                self._trees[sha] = parse_tree(found.data)
        answer = [() if sha == EMPTY_TREE else self._trees.get(sha) for sha in shas]
        while len(self._trees) > 20_000:
            self._trees.popitem(last=False)
        return answer

    async def tree(self, sha: str) -> tuple[Entry, ...] | None:
        return (await self.trees([sha]))[0]

    async def entry(self, tree: str, path: str) -> Entry | None:
        """What stands at `path` below `tree`; the root itself for an empty path."""
        found: Entry | None = Entry("040000", b"", tree)
        for part in path.encode("utf-8", "surrogateescape").split(b"/") if path else ():
            if found is None or found.kind != "tree":
                return None
            found = next((entry for entry in await self.tree(found.sha) or () if entry.name == part), None)
        return found

    async def tree_of(self, commit: str) -> str | None:
        return await self.resolve(f"{commit}^{{tree}}")

    def write(self, kind: str, data: bytes) -> str:
        """Stores an object and answers its id."""
        raw = b"%s %d\0" % (kind.encode(), len(data)) + data
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        if sha in self._known:
            return sha
        folder = self.path / "objects" / sha[:2]
        target = folder / sha[2:]
        if not target.exists():
            folder.mkdir(exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, prefix="tmp_obj_")
            with os.fdopen(handle, "wb") as file:
                file.write(zlib.compress(raw, 1))
            Path(temporary).chmod(0o444)
            Path(temporary).rename(target)
        if len(self._known) < 200_000:
            self._known.add(sha)
        return sha

    def write_tree(self, entries: Sequence[Entry]) -> str:
        ordered = sorted(entries, key=lambda entry: entry.name + (b"/" if entry.kind == "tree" else b""))
        data = b"".join(
            b"%s %s\0" % (entry.mode.lstrip("0").encode(), entry.name) + bytes.fromhex(entry.sha) for entry in ordered
        )
        sha = self.write("tree", data)
        self._trees[sha] = tuple(ordered)
        return sha

    async def close(self) -> None:
        """Ends the reader."""
        async with self._lock:
            reader, self._reader = self._reader, None
            if reader is None or reader.stdin is None or reader.stdout is None:
                return
            reader.stdin.close()
            await reader.stdout.read()
            await reader.wait()


def _askable(name: str) -> bool:
    return bool(name) and "\n" not in name and "\0" not in name


async def _written(stdin: asyncio.StreamWriter, lines: list[bytes]) -> None:
    for at in range(0, len(lines), 500):
        stdin.write(b"".join(lines[at : at + 500]))
        await stdin.drain()


async def _answers(stdout: asyncio.StreamReader, command: str, count: int) -> list[Object | None]:
    found: list[Object | None] = []
    for _ in range(count):
        head = (await stdout.readline()).decode("utf-8", "surrogateescape").rstrip("\n")
        if not head:
            raise GitError(["cat-file"], 1, "the reading process ended")
        if head.endswith((" missing", " ambiguous")):
            found.append(None)
            continue
        sha, kind, size = head.split(" ")
        data = b""
        if command == "contents":
            data = (await stdout.readexactly(int(size) + 1))[:-1]
        found.append(Object(sha, kind, int(size), data))
    return found


def parse_tree(data: bytes) -> tuple[Entry, ...]:
    entries, at = [], 0
    while at < len(data):
        space = data.index(b" ", at)
        zero = data.index(b"\0", space)
        mode = data[at:space].decode().zfill(6)
        entries.append(Entry(mode, data[space + 1 : zero], data[zero + 1 : zero + 21].hex()))
        at = zero + 21
    return tuple(entries)
