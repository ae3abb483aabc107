"""GitHub's own auto-merge: armed by somebody, it merges for them as soon as what holds the pull request is met.

Docs: Automatically merging a pull request. The refusals' words are those that people quote from GitHub.
"""

from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events, merges, protection, queue
from telefonistka_py.sandbox.model import AutoMerge, Pull, User
from telefonistka_py.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo


def _refused(reason: str) -> Refusal:
    return Refusal(422, f"Pull request {reason}")


async def enable(repo: "Repo", pull: Pull, order: AutoMerge, head: str | None) -> None:
    """Arms it. Raises 422: not allowed here, nothing to wait for, another head than `head`, a method not allowed."""
    if not repo.allow_auto_merge:
        raise _refused("Auto merge is not allowed for this repository")
    async with repo.lock:
        if pull.state != "open":
            raise _refused("Pull request is closed")
        if head is not None and head != pull.head_sha:
            raise _refused("Head branch was modified. Review and try the merge again.")
        queued = protection.of(repo, pull.base_ref).queue
        if not queued:
            merges.check_method(repo, order.method)
        state = await protection.merge_state(repo, pull)
        if state not in (
            ("BLOCKED", "BEHIND", "UNKNOWN", "CLEAN", "UNSTABLE") if queued else ("BLOCKED", "BEHIND", "UNKNOWN")
        ):
            raise _refused(f"Pull request is in {state.lower()} status")
        pull.auto_merge, pull.updated_at = order, repo.hub.clock()
        await events.pull_request(repo, order.by, pull, "auto_merge_enabled")
        await settle(repo)


async def disable(repo: "Repo", by: User, pull: Pull, reason: str = "Auto-merge was disabled by a user") -> None:
    """Disarms it; once is enough. The caller need not hold `repo.lock`."""
    if pull.auto_merge is None:
        return
    pull.auto_merge, pull.updated_at = None, repo.hub.clock()
    await events.pull_request(repo, by, pull, "auto_merge_disabled", reason=reason)


async def settle(repo: "Repo") -> None:
    """Merges, or adds to its queue, whatever is armed and held no more. The caller holds `repo.lock`."""
    for pull in repo.pulls(state="open"):
        order = pull.auto_merge
        if order is None or pull.state != "open" or queue.entry(repo, pull) is not None:
            continue
        ready = await merges.is_mergeable(repo, pull) and not pull.draft and not await protection.unmet(repo, pull)
        if not ready:
            continue
        if protection.of(repo, pull.base_ref).queue:
            await queue.add(repo, order.by, pull)
            continue
        try:
            await merges.land(repo, order.by, pull, merges.Wish(order.method, order.title, order.message))
        except Refusal:
            continue  # the method was forbidden meanwhile: it stays armed, as at GitHub
