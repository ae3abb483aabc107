"""Looks, in the sandbox's own git, whether what was promised came true."""

from dataclasses import dataclass

from telefonistka_py.feedback import status
from telefonistka_py.promotion import metadata
from telefonistka_py.sandbox.model import Pull
from telefonistka_py.sandbox.repository import Repo


@dataclass(frozen=True)
class Check:
    """One promise, and whether it was kept."""

    what: str
    held: bool


async def equal_directories(repo: Repo, pull: Pull) -> list[Check]:
    """One check per target of a merged promotion: its directory's git tree is its source's."""
    remembered = metadata.read(pull.body or "")
    if remembered is None or not remembered.history:
        return [Check(f"#{pull.number} carries its metadata", False)]
    step = remembered.history[max(remembered.history)]
    checks = []
    for path in remembered.promoted_paths:
        target = next((t.rstrip("/") for t in step.targets if path.startswith(f"{t.rstrip('/')}/")), "")
        source = f"{step.source.rstrip('/')}/{path.removeprefix(f'{target}/')}"
        there, meant = await repo.tree_sha(repo.default_branch, path), await repo.tree_sha(repo.default_branch, source)
        checks.append(Check(f"{path} = {source} (git tree {(there or 'absent')[:12]})", there == meant))
    return checks


def told(repo: Repo, pull: Pull) -> Check:
    """The merged pull request's head carries our status, and it says success."""
    states = [each.state for each in repo.statuses(pull.head_sha) if each.context == status.CONTEXT]
    return Check(
        f"#{pull.number} has the commit status {status.CONTEXT}: {' → '.join(states)}", states[-1:] == ["success"]
    )
