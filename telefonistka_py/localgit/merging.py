"""The tree that merging a branch would give, computed by git itself, without writing into the repository."""

import tempfile
from collections.abc import Mapping

from telefonistka_py.errors import OperatorMistake, RepoMistake
from telefonistka_py.localgit import process
from telefonistka_py.localgit.clone import Clone, Commit
from telefonistka_py.names import Sha
from telefonistka_py.tree.model import Listing


class Merged:
    """The merge of `head` into `base`. Its new objects live in a temporary folder until `close`."""

    def __init__(self, clone: Clone, base: Commit, head: Commit, environ: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="telefonistka-merge-")
        try:
            shared = process.run(clone.path, "rev-parse", "--git-path", "objects", env=process.environment(environ))
            objects = (clone.path / shared.stdout.decode("utf-8", "surrogateescape").rstrip("\n")).resolve()
            new = {"GIT_OBJECT_DIRECTORY": self._folder.name, "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects))}
            env = process.environment(environ, **new)
            done = process.run(
                clone.path, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", base.sha, head.sha,
                env=env, check=False,
            )  # fmt: skip
            self.tree = _tree(done.returncode, done.stdout, done.stderr)
            self._reader = Clone(clone.path, environ, objects=new)
        except BaseException:
            self._folder.cleanup()
            raise

    def listing(self, sha: Sha) -> Listing:
        return self._reader.tree(sha)

    def blob(self, sha: Sha) -> bytes:
        return self._reader.blob(sha)

    def close(self) -> None:
        self._reader.close()
        self._folder.cleanup()


def _quoted(path: str) -> str:
    """One entry of git's colon-separated list, where a path in double quotes may hold colons itself."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _tree(code: int, out: bytes, err: bytes) -> Sha:
    parts = out.decode("utf-8", "surrogateescape").split("\0")
    if code == 0:
        return Sha(parts[0].strip())
    if code == 1:
        files = sorted({part for part in parts[1:] if part})
        raise RepoMistake(f"the pull request conflicts with its base in {', '.join(files[:5])}; resolve that first")
    said = err.decode("utf-8", "replace").strip().splitlines()
    if any("usage:" in line or "unknown option" in line for line in said):
        raise OperatorMistake(
            "planning an open pull request needs git 2.38 or newer, for `git merge-tree --write-tree`"
        )
    raise RepoMistake(f"git can't merge the two revisions: {said[-1] if said else f'exit {code}'}")
