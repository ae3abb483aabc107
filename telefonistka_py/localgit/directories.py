"""Which directories a commit has, with their git trees: all of them in one go, and no file's content."""

from collections.abc import Mapping
from pathlib import Path

from telefonistka_py.localgit import process
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.tree.model import Entry, Mode


def at(repo: Path, tree: Sha, environ: Mapping[str, str]) -> dict[RepoPath, Entry]:
    """Every directory below the git tree `tree` of the repository at `repo`, by path."""
    listed = process.run(repo, "ls-tree", "-r", "-d", "-z", "--full-tree", tree, env=process.environment(environ))
    found: dict[RepoPath, Entry] = {}
    for line in listed.stdout.decode("utf-8", "surrogateescape").split("\0"):
        meta, _, name = line.partition("\t")
        if meta.startswith("040000 "):
            found[RepoPath(name)] = Entry(Mode.DIRECTORY, Sha(meta.rpartition(" ")[2]))
    return found
