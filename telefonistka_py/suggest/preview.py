"""What a proposal would have done with the last change that it concerns. Nothing is written into the repository."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from telefonistka_py.config.read import ROOT
from telefonistka_py.localgit import process
from telefonistka_py.localgit.clone import Clone, Commit
from telefonistka_py.names import Sha
from telefonistka_py.promotion import offline
from telefonistka_py.promotion.offline import Preview, Told
from telefonistka_py.templates import Templates

MOST_COMMITS = 15
"""How far back a change is looked for."""

_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "telefonistka init"), ("EMAIL", "init@telefonistka.invalid"))
}


def of_the_last_change(repo: Path, text: str, environ: Mapping[str, str]) -> tuple[str, Preview] | None:
    """The newest commit that would have been promoted, by its first line, and the plan of it; None when none would."""
    with Clone(repo, environ) as clone, tempfile.TemporaryDirectory(prefix="telefonistka-init-") as folder:
        place = Path(folder)
        shared = process.run(repo, "rev-parse", "--git-path", "objects", env=process.environment(environ))
        objects = (repo / shared.stdout.decode("utf-8", "surrogateescape").rstrip("\n")).resolve()
        new = {"GIT_OBJECT_DIRECTORY": str(place / "objects"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{objects}"'}
        (place / "objects").mkdir()
        (place / "text").write_text(text, encoding="utf-8")
        env = process.environment(environ, **new, **_NOBODY, GIT_INDEX_FILE=str(place / "index"))
        blob = process.run(repo, "hash-object", "-w", str(place / "text"), env=env).stdout.decode().strip()
        base = clone.default_branch()
        with Clone(repo, environ, objects=new) as other:
            for sha in _newest(repo, environ):
                commit = clone.commit(sha)
                made = _with_text(repo, commit, blob, env)
                preview = offline.of_merge(other, made, base, Told(), Templates())
                if any(planned.graft.steps for planned in preview.planned):
                    return commit.message.partition("\n")[0], preview
    return None


def _newest(repo: Path, environ: Mapping[str, str]) -> list[Sha]:
    asked = process.run(
        repo, "rev-list", "--first-parent", f"--max-count={MOST_COMMITS}", "HEAD", env=process.environment(environ)
    )
    return [Sha(line) for line in asked.stdout.decode().split()]


def _with_text(repo: Path, commit: Commit, blob: str, env: Mapping[str, str]) -> Sha:
    """A commit like `commit`, with the proposal at its root."""
    process.run(repo, "read-tree", commit.tree, env=env)
    process.run(repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},{ROOT}", env=env)
    tree = process.run(repo, "write-tree", env=env).stdout.decode().strip()
    parents = [word for parent in commit.parents[:1] for word in ("-p", parent)]
    made = process.run(repo, "commit-tree", tree, *parents, "-m", commit.message or "none", env=env)
    return Sha(made.stdout.decode().strip())
