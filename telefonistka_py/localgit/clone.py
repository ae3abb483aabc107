"""A repository on disk: revisions, trees and files by object id, through one long-lived `git cat-file`."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.localgit import process
from telefonistka_py.names import Branch, Sha
from telefonistka_py.tree.model import Entry, Listing


@dataclass(frozen=True)
class Commit:
    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    author: str
    """The author's name, as git has it."""
    message: str


class Clone:
    """Opens the repository at `path`, a work tree or a bare one. Close it, or use it as a context manager.

    `objects` may name further object folders, in git's own variables. Raises `OperatorMistake` for a path that is no
    repository, or when there is no git.
    """

    def __init__(self, path: Path, environ: Mapping[str, str], *, objects: Mapping[str, str] | None = None) -> None:
        self._env = process.environment(environ, **(objects or {}))
        if not path.is_dir():
            raise OperatorMistake(f"{path} is no directory; give the path of a local clone with --repo")
        asked = process.run(path, "rev-parse", "--absolute-git-dir", env=self._env, check=False)
        if asked.returncode:
            said = asked.stderr.decode("utf-8", "replace").strip()
            if "not a git repository" in said:
                raise OperatorMistake(f"{path} is not a git repository; give the path of a local clone with --repo")
            raise OperatorMistake(f"git can't read {path}: {said}")
        self.path = Path(asked.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._reader:
            self._reader.communicate()
            self._reader = None

    def commit(self, revision: str) -> Commit:
        """The commit that `revision` (a branch, a tag, a SHA) names. Raises `OperatorMistake` when there is none."""
        asked = process.run(
            self.path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            env=self._env, check=False,
        )  # fmt: skip
        if asked.returncode:
            raise OperatorMistake(self._no_commit(revision))
        return self._parsed(Sha(asked.stdout.decode().strip()))

    def default_branch(self) -> Branch:
        """The branch that `origin` calls its default; else the one checked out here; else `main`."""
        for name in ("refs/remotes/origin/HEAD", "HEAD"):
            asked = process.run(self.path, "symbolic-ref", "--quiet", "--short", name, env=self._env, check=False)
            if asked.returncode == 0:
                return Branch(asked.stdout.decode("utf-8", "replace").strip().removeprefix("origin/"))
        return Branch("main")

    def _parsed(self, sha: Sha) -> Commit:
        head, _, message = self._object(sha, "commit").partition(b"\n\n")
        fields: dict[str, list[str]] = {}
        for line in head.decode("utf-8", "replace").splitlines():
            name, _, value = line.partition(" ")
            fields.setdefault(name, []).append(value)
        return Commit(
            sha,
            tree=Sha(fields["tree"][0]),
            parents=tuple(Sha(parent) for parent in fields.get("parent", ())),
            author=fields["author"][0].partition(" <")[0],
            message=message.decode("utf-8", "replace"),
        )

    def _no_commit(self, revision: str) -> str:
        if (self.path / "shallow").exists():
            return f"there is no commit {revision!r} here: {self.path} is a shallow clone; run git fetch --unshallow"
        if revision == "HEAD":
            return f"{self.path} has no commits yet"
        return f"there is no commit {revision!r} in {self.path}; fetch it, or name another"

    def merge_base(self, one: Sha, other: Sha) -> Sha | None:
        """The commit that two branches have in common; None when they have none."""
        asked = process.run(self.path, "merge-base", one, other, env=self._env, check=False)
        return Sha(asked.stdout.decode().split()[0]) if asked.returncode == 0 else None

    def tree(self, sha: Sha) -> Listing:
        """The listing of one directory."""
        body, at, width, listing = self._object(sha, "tree"), 0, len(sha) // 2, Listing()
        while at < len(body):
            space, end = body.index(b" ", at), body.index(b"\0", at)
            name = body[space + 1 : end].decode("utf-8", "surrogateescape")
            listing[name] = Entry(int(body[at:space], 8), Sha(body[end + 1 : end + 1 + width].hex()))
            at = end + 1 + width
        return listing

    def blob(self, sha: Sha) -> bytes:
        """A file's content."""
        return self._object(sha, "blob")

    def _object(self, sha: Sha, kind: str) -> bytes:
        reader = self._reader or self._start()
        assert reader.stdin is not None
        assert reader.stdout is not None
        try:
            reader.stdin.write(f"{sha}\n".encode())
            reader.stdin.flush()
            answer = reader.stdout.readline().split()
            if len(answer) != 3 or answer[1].decode() != kind:
                raise WorldUnwell(f"{self.path} has no {kind} {sha}: a shallow or partial clone? git fetch --unshallow")
            content = reader.stdout.read(int(answer[2]) + 1)[:-1]
        except BrokenPipeError:
            raise WorldUnwell(f"git cat-file ended early in {self.path}") from None
        return content

    def _start(self) -> subprocess.Popen[bytes]:
        self._reader = subprocess.Popen(
            ["git", "-C", str(self.path), "cat-file", "--batch"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**self._env, "GIT_NO_LAZY_FETCH": "1"},
        )  # fmt: skip
        return self._reader
