"""Merges the promotions that merge themselves, if they are still what is wanted; what is held waits in the inbox."""

from datetime import UTC, datetime

import structlog

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.events.model import LandingEvent, lane
from telefonistka_py.github.failure import Refused
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import Branch, RepoPath
from telefonistka_py.promotion import held
from telefonistka_py.promotion.means import Carried, Means
from telefonistka_py.promotion.outcome import Report, Result, Stands
from telefonistka_py.pulls import landing, merge
from telefonistka_py.pulls.landing import Held, Landing, Moved, Underway

log = structlog.get_logger()


async def overtaken(means: Means, carried: Carried) -> frozenset[RepoPath]:
    """The sources of what is to be merged that are others on the default branch by now: another merge was quicker."""
    wanted = {path: sha for made in _to_merge(carried.report) for path, sha in made.sources}
    if not wanted or carried.pin is None:
        return frozenset()
    now = await means.repo.entries_now(carried.pin.branch, list(wanted))
    return frozenset(path for (path, sha), there in zip(wanted.items(), now, strict=True) if sha != there)


def _to_merge(report: Report) -> list[Stands]:
    made = [result.outcome for result in report.results if isinstance(result.outcome, Stands)]
    return [each for each in made if each.to_merge and each.state == "OPEN"]


async def merged(means: Means, carried: Carried, overtaken: frozenset[RepoPath]) -> Report:
    """Merges what is to be merged, one after the other; a failure of one does not stop the others."""
    report, config, pin = carried.report, carried.config, carried.pin
    if config is None or pin is None:
        return report
    method = landing.method(config.merge_method, pin.methods)
    results: list[Result] = []
    unwell: list[TelefonistkaError] = []
    for result in report.results:
        made = result.outcome
        if not isinstance(made, Stands) or not made.to_merge or made.state != "OPEN":
            results.append(result)
            continue
        if not made.proven:
            results.append(result.landed(Moved("it is not certain to hold what was planned, so it is left to people")))
            continue
        late = any(path in overtaken for path, _ in made.sources)
        try:
            came = await _landed(means, made, method, pin.branch, late=late)
        except (WorldUnwell, OperatorMistake, Refused) as error:
            log.warning("not merged", number=made.number, reason=str(error))
            unwell.append(error)
            continue
        log.info("merged", number=made.number, outcome=type(came).__name__)
        results.append(result.landed(came))
    if unwell:
        raise latest(unwell)
    return Report(tuple(results), report.problems, report.passed_over, report.mistake)


async def _landed(means: Means, made: Stands, method: str, branch: Branch, *, late: bool) -> Landing:
    """`late`: its source has changed since it was read."""
    came: Landing | None = Moved("its source has changed again; what carries that is another one") if late else None
    if not made.new:  # an earlier attempt, or people, may have done something about it
        came = await _left_before(means, made.number, late=late) or came
    came = came or await merge.land(means.repo, made.number, made.node_id, made.head_sha, method)
    if isinstance(came, Underway) and not await held.still_wanted(means.repo, made.number, branch, made.sources):
        return Moved(held.OUTDATED)
    return came


async def _left_before(means: Means, number: int, *, late: bool) -> Landing | None:
    now = await means.repo.landing(number)
    if not now.default:
        return Moved(f"it goes into {now.base}, which is not the default branch")
    if late:
        await merge.take_back(means.repo, now)
    elif now.underway:
        return Underway(merge.THE_QUEUE if now.queued else merge.AUTO_MERGE)
    return None


def landing_of(result: Result) -> object:
    return result.outcome.landing if isinstance(result.outcome, Stands) else None


def looked_at_again(means: Means, carried: Carried, landed: Report) -> tuple[Delivery, ...]:
    """What is held back waits in the inbox: for an event of its checks, or for a timer."""
    if carried.config is None or carried.pin is None:
        return ()
    method = landing.method(carried.config.merge_method, carried.pin.methods)
    return tuple(
        _landing_delivery(means, result.outcome, method, carried.pin.branch)
        for result in landed.results
        if isinstance(result.outcome, Stands) and isinstance(result.outcome.landing, Held)
    )


def _landing_delivery(means: Means, made: Stands, method: str, branch: Branch) -> Delivery:
    event = LandingEvent(means.repo.name, means.installation, made.number, made.head_sha, method, branch, made.sources)
    return Delivery(
        id=own.landing_id(means.repo.name, made.head_sha, made.number),
        kind=own.LANDING,
        lane=lane(event),
        headers=(("Content-Type", "application/json"),),
        body=own.body(event),
        received_at=means.clock(),
    )


def latest(errors: list[TelefonistkaError]) -> TelefonistkaError:
    """The one to raise: whoever asks to be left alone the longest is heeded (N20)."""
    return max(errors, key=lambda error: getattr(error, "retry_at", None) or datetime.min.replace(tzinfo=UTC))
