"""Merges a pull request of ours, pinned to the head that was decided on; else has GitHub do it when it may."""

import re

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Sha
from telefonistka_py.pulls import landing
from telefonistka_py.pulls.landing import Held, Landing, Merged, Moved, NeedsQueue, TryAgain, Underway

MESSAGE = "Auto-merge"
"""GitHub's `commit_message` of the merges that we make (contract §5)."""

_THE_QUEUE = "the merge queue"
_CLEAN = re.compile(r"clean status", re.IGNORECASE)


async def land(
    repo: Repository,
    number: int,
    node_id: str,
    sha: Sha,
    method: str,
    *,
    may_arm: bool = True,
    has_queue: bool = False,
) -> Landing:
    """Merges `number` if its head is `sha`, or arms GitHub's own auto-merge or its queue.

    Auto-merge stays armed when people who may write push: `may_arm=False` is for what was decided on the contents of
    one head. The queue drops what is pushed to. `has_queue`: it is known already that only the queue merges.

    Raises `WorldUnwell` when it is worth trying again soon; the next attempt reads the pull request first (N16).
    """
    if has_queue:
        return await _queued(repo, number, node_id, sha, method, may_arm)
    try:
        await repo.merge(number, sha=sha, method=method, message=MESSAGE)
    except Refused as refused:
        match landing.judge(refused.status, refused.reason):
            case TryAgain():
                raise WorldUnwell(f"#{number} can't be merged at this moment: {refused.reason}") from refused
            case NeedsQueue():
                return await _queued(repo, number, node_id, sha, method, may_arm)
            case Held() as held:
                met = f"#{number} can be merged now"
                return await _armed(repo, node_id, sha, method, held, met=met) if may_arm else held
            case Moved() as moved:
                return moved
    return Merged()


async def _queued(repo: Repository, number: int, node_id: str, sha: Sha, method: str, may_arm: bool) -> Landing:
    """The queue takes only what its checks and reviews don't hold; auto-merge adds the rest once they are met."""
    try:
        await repo.enqueue(node_id, sha=sha)
    except Refused as refused:
        if (await repo.landing(number)).queued:  # an earlier attempt did it
            return Underway(_THE_QUEUE)
        held = Held(f"it could not be added to the merge queue: {refused.reason}")
        return await _armed(repo, node_id, sha, method, held) if may_arm else held
    return Underway(_THE_QUEUE)


async def _armed(repo: Repository, node_id: str, sha: Sha, method: str, held: Held, *, met: str = "") -> Landing:
    """Raises `WorldUnwell` with `met`, if given, when what held it was met meanwhile."""
    try:
        await repo.arm(node_id, sha=sha, method=method, message=MESSAGE)
    except Refused as refused:
        if met and _CLEAN.search(refused.reason):
            raise WorldUnwell(met) from refused
        return held
    return Underway("auto-merge")
