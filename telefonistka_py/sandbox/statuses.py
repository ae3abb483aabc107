"""Commit statuses: their rules, and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events
from telefonistka_py.sandbox.model import Status, User
from telefonistka_py.sandbox.refusal import custom, failed, invalid

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

STATES = ("error", "failure", "pending", "success")
MOST = 1000
"""Statuses per commit and context (docs: Create a commit status)."""
LONGEST_DESCRIPTION = 140


@dataclass(frozen=True)
class Wish:
    state: str
    context: str
    description: str | None
    target_url: str | None


async def set(repo: "Repo", by: User, name: str, wish: Wish) -> Status:
    """Raises 422 for a state, URL or description that GitHub refuses, an unknown commit, or one status too many."""
    sha = await repo.git.resolve(f"{name}^{{commit}}") if len(name) == 40 else None
    if sha is None:
        raise invalid(f"No commit found for SHA: {name}")
    if wish.state not in STATES:
        raise failed(custom("Status", "state is not included in the list", "state"))
    if wish.description is not None and len(wish.description) > LONGEST_DESCRIPTION:
        raise failed(
            custom("Status", f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)", "description")
        )
    if wish.target_url and not wish.target_url.startswith(("http://", "https://")):
        raise failed(custom("Status", "target_url must use http(s) scheme", "target_url"))
    log = repo.status_log.setdefault(sha, [])
    if sum(each.context.lower() == wish.context.lower() for each in log) >= MOST:
        raise failed(custom("Status", "This SHA and context has reached the maximum number of statuses."))
    made = Status(
        repo.hub.next_id(),
        sha,
        wish.context,
        wish.state,
        wish.description,
        wish.target_url or None,
        by,
        repo.hub.clock(),
    )
    log.append(made)
    await events.status(repo, by, made)
    await repo.settle()
    return made


def latest(log: Sequence[Status]) -> list[Status]:
    """The newest status of each context, in the order the contexts first came."""
    newest: dict[str, Status] = {}
    for each in log:
        newest[each.context.lower()] = each
    return list(newest.values())


def combined(states: Sequence[str]) -> str:
    """GitHub's sum: failure if any failed, pending while any is or none exists, else success."""
    if any(state in ("error", "failure") for state in states):
        return "failure"
    return "pending" if not states or "pending" in states else "success"
