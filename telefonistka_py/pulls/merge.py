"""Merges a pull request of ours, pinned to the head that was decided on; else has GitHub do it when it may."""

import re

import structlog

from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.github.facts import LandingState
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Sha
from telefonistka_py.pulls import landing
from telefonistka_py.pulls.landing import Held, Landing, Merged, Moved, NeedsQueue, TryAgain, Underway

log = structlog.get_logger()

MESSAGE = "Auto-merge"
"""GitHub's `commit_message` of the merges that we make (contract §5)."""

THE_QUEUE = "the merge queue"
AUTO_MERGE = "auto-merge"
_MET = re.compile(r"\b(clean|unstable|has_hooks) status", re.IGNORECASE)
"""GitHub arms nothing that it takes for ready to be merged."""


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
    came: Landing | NeedsQueue = NeedsQueue() if has_queue else await _merged(repo, number, sha, method)
    if isinstance(came, Held) and may_arm:
        came = await _armed(repo, node_id, sha, method, came) or await _merged(repo, number, sha, method)
    return await _queued(repo, number, node_id, sha, method, may_arm) if isinstance(came, NeedsQueue) else came


async def take_back(repo: Repository, stands: LandingState) -> None:
    """Has GitHub not merge it by itself: out of the queue, and no auto-merge. What is refused is left as it is, since
    somebody else may have ordered it, or the one may have undone the other."""
    for ordered, undo in ((stands.queued, repo.dequeue), (stands.armed, repo.disarm)):
        try:
            if ordered:
                await undo(stands.node_id)
        except (Refused, OperatorMistake) as error:
            log.warning("GitHub may merge it by itself", reason=str(error))


async def _merged(repo: Repository, number: int, sha: Sha, method: str) -> Merged | Held | Moved | NeedsQueue:
    try:
        await repo.merge(number, sha=sha, method=method, message=MESSAGE)
    except Refused as refused:
        came = landing.judge(refused.status, refused.reason)
        if isinstance(came, TryAgain):
            raise WorldUnwell(f"#{number} can't be merged at this moment: {refused.reason}") from refused
        return came
    return Merged()


async def _queued(repo: Repository, number: int, node_id: str, sha: Sha, method: str, may_arm: bool) -> Landing:
    """The queue takes only what its checks and reviews don't hold; auto-merge adds the rest once they are met."""
    try:
        await repo.enqueue(node_id, sha=sha)
    except (Refused, OperatorMistake) as error:  # who may not use the queue may be allowed to have GitHub use it
        if (await repo.landing(number)).queued:  # an earlier attempt did it
            return Underway(THE_QUEUE)
        why = error.reason if isinstance(error, Refused) else str(error)
        held = Held(f"it could not be added to the merge queue: {why}")
        return (may_arm and await _armed(repo, node_id, sha, method, held)) or held
    return Underway(THE_QUEUE)


async def _armed(repo: Repository, node_id: str, sha: Sha, method: str, held: Held) -> Underway | Held | None:
    """None where GitHub finds nothing that holds it any more."""
    try:
        await repo.arm(node_id, sha=sha, method=method, message=MESSAGE)
    except (Refused, OperatorMistake) as error:
        return None if isinstance(error, Refused) and _MET.search(error.reason) else held
    return Underway(AUTO_MERGE)
