"""References: their rules, and what follows when one moves (a push event, pull requests that follow)."""

from typing import TYPE_CHECKING

from telefonistka_py.sandbox import automerge, diffs, events, pulls
from telefonistka_py.sandbox.git import ZERO, GitError
from telefonistka_py.sandbox.model import User
from telefonistka_py.sandbox.refusal import Refusal, invalid

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

LONGEST_COMPONENT = 250
"""Bytes of one component of a name: git stores a ref in a file and locks it with `NAME.lock`."""


async def read(repo: "Repo", ref: str) -> str | None:
    """The commit (or tag object) that the full name `refs/…` points at."""
    return await repo.git.resolve(ref) if ref.startswith("refs/") and " " not in ref else None


async def matching(repo: "Repo", prefix: str) -> list[tuple[str, str]]:
    """Full name and object id of every ref whose name starts with `prefix`, sorted by name."""
    out = await repo.git.run("for-each-ref", "--format=%(refname)%00%(objectname)")
    pairs = [line.split("\0") for line in out.decode("utf-8", "surrogateescape").splitlines()]
    return [(name, sha) for name, sha in pairs if name.startswith(prefix)]


async def is_valid(repo: "Repo", ref: str) -> bool:
    if "\0" in ref or any(len(part.encode("utf-8", "replace")) > LONGEST_COMPONENT for part in ref.split("/")):
        return False
    return (await repo.git.code("check-ref-format", ref))[0] == 0


async def create(repo: "Repo", by: User, ref: str, sha: str) -> None:
    """`POST git/refs`. The caller holds `repo.lock`."""
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise invalid("Reference name must start with 'refs/' and have at least two slashes")
    if not await is_valid(repo, ref):
        raise invalid(f"{ref} is not a valid ref name.")
    if await _kind(repo, sha) is None:
        raise invalid("Object does not exist")
    if await read(repo, ref) is not None:
        raise invalid("Reference already exists")
    await move(repo, by, ref, None, sha)


async def change(repo: "Repo", by: User, ref: str, sha: str | None, *, force: bool) -> None:
    """`PATCH` or, with None, `DELETE git/refs/…`. The caller holds `repo.lock`."""
    before = await read(repo, ref)
    if before is None:
        raise invalid("Reference does not exist")
    if sha is not None:
        if await _kind(repo, sha) is None:
            raise invalid("Object does not exist")
        if not force and not await diffs.is_ancestor(repo.git, before, sha):
            raise invalid("Update is not a fast forward")
    elif ref == f"refs/heads/{repo.default_branch}":
        raise invalid("Cannot delete the default branch")
    await move(repo, by, ref, before, sha)


async def _kind(repo: "Repo", sha: str) -> str | None:
    return await repo.git.kind(sha) if len(sha) == 40 else None


async def move(repo: "Repo", by: User, ref: str, before: str | None, after: str | None) -> None:
    """Writes the ref, then tells the world. The caller holds `repo.lock`."""
    if before == after:
        return
    if ref.startswith("refs/heads/") and after is not None and await repo.git.kind(after) != "commit":
        raise invalid("Reference update failed: a branch points at a commit")
    how = ["-d", ref, before or ZERO] if after is None else [ref, after, before or ZERO]
    try:
        await repo.git.run("update-ref", *how)
    except GitError as error:
        if "cannot lock ref" not in error.stderr:
            raise
        # `a` beside `a/b`: a name can't be a file and a directory; or somebody was faster.
        raise Refusal(422, "Reference update failed") from error
    await moved(repo, by, ref, before, after)


async def moved(repo: "Repo", by: User, ref: str, before: str | None, after: str | None) -> None:
    """What GitHub does after a push: the event, and pull requests that follow their branches."""
    repo.pushed_at = repo.hub.clock()
    forced = bool(before and after and not await diffs.is_ancestor(repo.git, before, after))
    await events.push(repo, by, ref, before, after, forced=forced)
    if ref.startswith("refs/heads/"):
        await pulls.follow(repo, by, ref.removeprefix("refs/heads/"), before, after)
        await automerge.settle(repo)
