"""From an app's repository address and revision to a commit of the sandbox."""

import re
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.argocd import denial

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo

_SHA = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{7,39}")


def repo(hub: "Hub", url: str) -> "Repo":
    """The hub's repository that an address names by its last two parts, whatever the host. Raises `Denial`."""
    parts = re.split(r"[/:]", url.rstrip("/").removesuffix(".git"))
    found = hub.repos.get("/".join(parts[-2:]).lower())
    if found is None:
        raise denial.Denial(denial.UNKNOWN, "failed to list refs: authentication required: Repository not found.")
    return found


async def commit(repo: "Repo", revision: str) -> str:
    """The commit of a branch, a tag, a SHA (also a short one), `HEAD` or nothing. Raises `Denial`.

    Docs: user-guide/tracking_strategies.
    """
    wanted = revision or "HEAD"
    names = [f"refs/heads/{wanted}", f"refs/tags/{wanted}"]
    if wanted == "HEAD":
        names = [f"refs/heads/{repo.default_branch}"]
    elif wanted.startswith("refs/"):
        names = [wanted]
    elif _SHA.fullmatch(wanted) or _SHORT.fullmatch(wanted):
        names.append(wanted)
    for name in names:
        found = await repo.git.resolve(f"{name}^{{commit}}")
        if found is not None:
            return found
    raise denial.Denial(denial.UNKNOWN, f"unable to resolve '{wanted}' to a commit SHA")
