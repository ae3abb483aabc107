"""Looks again at a promotion whose merge was held back."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from telefonistka_py.errors import HeldBack
from telefonistka_py.events.model import LandingEvent
from telefonistka_py.feedback import comments
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Branch, RepoPath, Sha
from telefonistka_py.promotion import draft, neighbours
from telefonistka_py.pulls import merge
from telefonistka_py.pulls.landing import Held, Merged, Moved, Underway
from telefonistka_py.templates import Templates

TOPIC = "landing"

Sources = tuple[tuple[RepoPath, Sha | None], ...]
"""What a promotion carries: path → what stood there when that was decided."""

AGAIN = timedelta(minutes=10)
"""The timer for those whose App is not told of checks and reviews. A look costs one request while nothing changed."""

OUTDATED = "its source has changed again, so it would bring back an older state"
_BEHIND = (
    'the default branch has moved on, and its protection wants branches that are up to date; press "Update branch", '
    "and merge it once its checks have passed"
)


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
        if event.label or await still_wanted(repo, event.number, now.base, event.sources):
            return f"#{event.number} is merged by GitHub itself"
        return await left(repo, event.number, templates, OUTDATED)
    if not now.default:
        return await left(repo, event.number, templates, f"it goes into {now.base}, which is not the default branch")
    if now.conflicting:
        why = "it conflicts with the default branch, and somebody must resolve that"
        return await left(repo, event.number, templates, why)
    if now.blocked and not now.has_queue:
        raise HeldBack(f"#{event.number} is still held back by checks or reviews", retry_at=clock() + AGAIN)
    # Of the branch that it goes into: the default branch may have been renamed since.
    if not await _unchanged(repo, now.base, event.sources):
        return await left(repo, event.number, templates, OUTDATED)
    if event.label:
        if event.label not in (await repo.pull(event.number)).labels:
            raise HeldBack(f"#{event.number} no longer carries the label {event.label}", retry_at=clock() + AGAIN)
        if newer := await overtaken(repo, event.number, [path for path, _ in event.sources]):
            return f"#{event.number} is left to people: #{newer} carries a newer state"
    # What was decided on the contents of one head is not left to GitHub, which would merge later pushes too (N5).
    may_arm = not event.label
    landed = await merge.land(
        repo, event.number, now.node_id, event.sha, event.method, may_arm=may_arm, has_queue=now.has_queue
    )
    if isinstance(landed, Underway) and not await still_wanted(repo, event.number, now.base, event.sources):
        return await left(repo, event.number, templates, OUTDATED)
    if now.behind and isinstance(landed, Held):
        await left(repo, event.number, templates, _BEHIND)
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
    await left(repo, event.number, templates, why.rstrip("."))


async def still_wanted(repo: Repository, number: int, branch: Branch, sources: Sources) -> bool:
    """Whether what GitHub was told to merge by itself carries what stands on `branch` yet; else that is taken back.

    A merge that changes it at this very moment finds the order, or is found here: each is made before the other is
    looked for.
    """
    if await _unchanged(repo, branch, sources):
        return True
    await merge.take_back(repo, await repo.landing(number))
    return False


async def _unchanged(repo: Repository, branch: Branch, sources: Sources) -> bool:
    return await repo.entries_now(branch, [path for path, _ in sources]) == [sha for _, sha in sources]


async def overtaken(repo: Repository, number: int, targets: Collection[RepoPath]) -> int | None:
    """The number of an open promotion that carries a newer state to some of the components `targets`; for what is
    merged by itself although its source is not known."""
    near = neighbours.read(await repo.open_pulls(draft.LABEL))
    found = neighbours.overtaking(near, number, targets)
    return found.open.pull.number if found else None


async def left(repo: Repository, number: int, templates: Templates, why: str) -> str:
    """Tells people, on the promotion, that it is theirs to merge it."""
    await comments.try_to_keep(repo, number, TOPIC, templates.render("landing-comment", why=why))
    return f"#{number} is left to people: {why}"
