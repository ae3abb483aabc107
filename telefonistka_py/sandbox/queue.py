"""The merge queue of a branch: pull requests wait in it until `run` says how their checks went.

Docs: Managing a merge queue. GitHub builds groups of entries; the sandbox takes one after another.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events, merges, protection
from telefonistka_py.sandbox.model import Pull, User
from telefonistka_py.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

BOT = "github-merge-queue[bot]"
"""Who merges what comes out of a queue."""


@dataclass(eq=False)
class Entry:
    id: int
    pull: Pull
    by: User
    enqueued_at: datetime
    jump: bool


def entries(repo: "Repo", branch: str) -> list[Entry]:
    """The branch's queue, the next one first."""
    return repo.queues.setdefault(branch, [])


def entry(repo: "Repo", pull: Pull) -> Entry | None:
    return next((each for each in entries(repo, pull.base_ref) if each.pull is pull), None)


async def enqueue(repo: "Repo", by: User, pull: Pull, *, head: str | None, jump: bool) -> Entry:
    """`enqueuePullRequest`. Raises 422 for a branch without a queue, another head than `head`, or what is unmet."""
    async with repo.lock:
        if pull.state != "open":
            raise _refused("Pull request is closed")
        if head is not None and head != pull.head_sha:
            raise _refused("Head branch was modified. Review and try the merge again.")
        if not protection.of(repo, pull.base_ref).queue:
            raise _refused("Merge queue is not enabled for the base branch")
        if entry(repo, pull) is not None:
            raise _refused("Pull request is already in the queue")
        if pull.draft or not await merges.is_mergeable(repo, pull):
            raise _refused("Pull request is not mergeable")
        if lacking := await protection.unmet(repo, pull):
            raise _refused(" ".join(lacking))
        return await add(repo, by, pull, jump=jump)


def _refused(reason: str) -> Refusal:
    return Refusal(422, f"Pull request {reason}")


async def add(repo: "Repo", by: User, pull: Pull, *, jump: bool = False) -> Entry:
    """The caller holds `repo.lock` and has checked."""
    made = Entry(repo.hub.next_id(), pull, by, repo.hub.clock(), jump)
    waiting = entries(repo, pull.base_ref)
    waiting.insert(0 if jump else len(waiting), made)
    await events.pull_request(repo, by, pull, "enqueued")
    return made


async def remove(repo: "Repo", by: User, pull: Pull, reason: str) -> Entry | None:
    """Takes it out, if it is in; `reason` as webhooks say it."""
    found = entry(repo, pull)
    if found is not None:
        entries(repo, pull.base_ref).remove(found)
        await events.pull_request(repo, by, pull, "dequeued", reason=reason)
    return found


async def run(repo: "Repo", fails: Collection[int], waits: Collection[int] = ()) -> list[int]:
    """The queues' checks are done, but for `waits`: merges every other entry that is not in `fails`. Answers the
    numbers that were merged."""
    merged = []
    bot = repo.hub.users.get(BOT) or repo.hub.add_user(BOT, kind="Bot")
    async with repo.lock:
        for found in [each for waiting in repo.queues.values() for each in waiting]:
            if found.pull.number in waits:
                continue
            if found.pull.number in fails:
                await _drop(repo, bot, found.pull, "CI_FAILURE")
                continue
            try:
                method = merges.allowed_methods(repo)[0]
                await merges.land(repo, bot, found.pull, merges.Wish(method), queued=True)
            except Refusal:
                await _drop(repo, bot, found.pull, "MERGE_CONFLICT")
            else:
                merged.append(found.pull.number)
    return merged


async def _drop(repo: "Repo", bot: User, pull: Pull, reason: str) -> None:
    pull.auto_merge = None
    await remove(repo, bot, pull, reason)
