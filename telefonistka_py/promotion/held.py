"""Looks again at a promotion whose merge was held back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from telefonistka_py.errors import HeldBack
from telefonistka_py.events.model import LandingEvent
from telefonistka_py.feedback import comments
from telefonistka_py.github.repository import Repository
from telefonistka_py.pulls import merge
from telefonistka_py.pulls.landing import Held, Merged, Moved, Underway
from telefonistka_py.templates import Templates

TOPIC = "landing"

AGAIN = timedelta(minutes=10)
"""The timer for those whose App is not told of checks and reviews. A look costs one request while nothing changed."""


async def on_due(repo: Repository, event: LandingEvent, clock: Callable[[], datetime], templates: Templates) -> str:
    """Merges if nothing holds it any more; raises `HeldBack` while something does.

    What people must decide is said on the pull request, once: that it conflicts, or that its source changed since.
    """
    now = await repo.landing(event.number)
    if now.state != "OPEN":
        return f"#{event.number} is {now.state.lower()}"
    if now.head_sha != event.sha:
        return f"#{event.number} is left to people: somebody pushed to it"
    if now.underway:
        return f"#{event.number} is merged by GitHub itself"
    if now.conflicting:
        return await _left(
            repo, event, templates, "it conflicts with the default branch, and somebody must resolve that"
        )
    if now.blocked and not now.has_queue:
        raise HeldBack(f"#{event.number} is still held back by checks or reviews", retry_at=clock() + AGAIN)
    there = await repo.entries_now(event.branch, [path for path, _ in event.sources])
    if there != [sha for _, sha in event.sources]:
        return await _left(
            repo, event, templates, "its source has changed again, so it would bring back an older state"
        )
    if event.label and event.label not in (await repo.pull(event.number)).labels:
        raise HeldBack(f"#{event.number} no longer carries the label {event.label}", retry_at=clock() + AGAIN)
    # What was decided on the contents of one head is not left to GitHub, which would merge later pushes too (N5).
    may_arm = not event.label
    landed = await merge.land(
        repo, event.number, now.node_id, event.sha, event.method, may_arm=may_arm, has_queue=now.has_queue
    )
    match landed:
        case Merged():
            return f"merged #{event.number}"
        case Underway(how):
            return f"GitHub merges #{event.number} by {how}"
        case Moved(why):
            return f"#{event.number}: {why}"
        case Held(why):
            raise HeldBack(f"#{event.number}: {why}", retry_at=clock() + AGAIN)


async def on_given_up(repo: Repository, event: LandingEvent, templates: Templates, why: str) -> None:
    """Tells on the promotion that nobody looks any more whether it can be merged (N15)."""
    await _left(repo, event, templates, why.rstrip("."))


async def _left(repo: Repository, event: LandingEvent, templates: Templates, why: str) -> str:
    await comments.try_to_keep(repo, event.number, TOPIC, templates.render("landing-comment", why=why))
    return f"#{event.number} is left to people: {why}"
