"""Which files a repository has: as they lie in its working tree, saved or not yet committed, or at a revision."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.localgit import process
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree.model import Entry


def working_tree(path: Path, environ: Mapping[str, str]) -> Path:
    """The top folder of the working tree that `path`, a folder, lies in. Raises `OperatorMistake` when it has none."""
    asked = process.run(path, "rev-parse", "--show-toplevel", env=process.environment(environ), check=False)
    if asked.returncode:
        said = asked.stderr.decode("utf-8", "replace").strip()
        if "not a git repository" in said:
            raise OperatorMistake(f"{path} is not a git repository; give the path of a local clone")
        if "work tree" in said:
            raise OperatorMistake(f"{path} has no working tree, as in a bare repository; give a clone that has one")
        raise OperatorMistake(f"git can't read {path}: {said}")
    return Path(asked.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))


def on_disk(top: Path, environ: Mapping[str, str]) -> list[RepoPath]:
    """The files of the working tree `top` as they are now: tracked ones and new ones, without what git ignores."""
    listed = process.run(
        top, "ls-files", "-z", "--cached", "--others", "--exclude-standard", env=process.environment(environ)
    )
    names = {name for name in listed.stdout.decode("utf-8", "surrogateescape").split("\0") if name}
    return sorted(RepoPath(name.rstrip("/")) for name in names if os.path.lexists(top / name))


def content(top: Path, path: RepoPath) -> bytes | None:
    """A file's content as it is on disk; None for what is no plain file. Raises `OperatorMistake` when unreadable."""
    place = top / path
    try:
        return place.read_bytes() if stat.S_ISREG(place.lstat().st_mode) else None
    except OSError as error:
        raise OperatorMistake(f"{place} can't be read: {error.strerror}") from None


def at(repo: Path, tree: Sha, environ: Mapping[str, str]) -> dict[RepoPath, Entry]:
    """Every file, symlink and submodule below the git tree `tree` of the repository at `repo`, by path."""
    listed = process.run(repo, "ls-tree", "-r", "-z", "--full-tree", tree, env=process.environment(environ))
    found: dict[RepoPath, Entry] = {}
    for line in listed.stdout.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            meta, _, name = line.partition("\t")
            mode, _, sha = meta.split(" ")
            found[RepoPath(name)] = Entry(int(mode, 8), Sha(sha))
    return found


def removed_from(repo: Path, revision: Sha, path: RepoPath, environ: Mapping[str, str]) -> tuple[Sha, ...]:
    """The commits of the history of `revision` that last had something at `path`, before it was removed; none when
    nothing was ever there. What lies before the cut of a shallow clone is not known."""
    found = process.run(
        repo, "--literal-pathspecs", "rev-list", "--parents", "--max-count=1", "--full-history", revision, "--", path,
        env=process.environment(environ),
    )  # fmt: skip
    return tuple(Sha(sha) for sha in found.stdout.decode().split()[1:])
