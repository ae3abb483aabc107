"""A pull request that changes nothing in any cluster: its label, and its merge (contract §11)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from telefonistka_py.argocd import components
from telefonistka_py.argocd.components import Concerned
from telefonistka_py.argocd.model import ComponentResult, nothing_changes
from telefonistka_py.config.model import Config
from telefonistka_py.events import own
from telefonistka_py.events.model import LandingEvent, PullRequest, lane
from telefonistka_py.github.facts import Pin
from telefonistka_py.github.repository import Repository
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.promotion import held
from telefonistka_py.promotion.model import Metadata
from telefonistka_py.pulls import landing, merge
from telefonistka_py.pulls.landing import Held

LABEL = "noop"

log = structlog.get_logger()


@dataclass(frozen=True)
class Merge:
    """A promotion that changes nothing, to be merged at the head that was compared (N5)."""

    number: int
    sha: Sha
    promoted: tuple[RepoPath, ...]


@dataclass(frozen=True)
class Verdict:
    """What follows from the comparison."""

    label: bool
    """Whether the pull request is to carry the label."""
    merge: Merge | None = None
    says: str = ""
    """What people are told of the merge; Markdown."""


def decide(
    results: Sequence[ComponentResult],
    concerned: Concerned,
    compared: Sha,
    now: PullRequest,
    us: Login,
    config: Config,
) -> Verdict:
    """`compared` is the head that was compared; `now` is the pull request as it stands afterwards."""
    if now.head_sha != compared or not nothing_changes(results) or concerned.beyond:
        return Verdict(label=False)
    promotion = components.promotion_of(now, us)
    if promotion is None or not config.argocd.auto_merge_no_diff_prs:
        return Verdict(label=True)
    if why := _refusal(concerned, promotion):
        return Verdict(label=True, says=f"It is left to people to merge it: {why}.")
    says = "It is merged by itself (`autoMergeNoDiffPRs`), once nothing else holds it."
    return Verdict(label=True, merge=Merge(now.number, compared, concerned.components), says=says)


def _refusal(concerned: Concerned, promotion: Metadata) -> str:
    """People can edit what a promotion says it promotes, so that it must account for all that it changes (N25)."""
    if concerned.outside:
        return "it changes files beside those that it promotes"
    if not set(concerned.components) <= {path.strip("/") for path in promotion.promoted_paths}:
        return "what it says it promotes has been edited"
    return ""


async def mark(repo: Repository, now: PullRequest, *, wanted: bool) -> None:
    """Has the label on the pull request, or off it."""
    if wanted and LABEL not in now.labels:
        await repo.add_label(now.number, LABEL)
    if not wanted and LABEL in now.labels:
        await repo.remove_label(now.number, LABEL)


async def land(
    repo: Repository, installation: int | None, wanted: Merge, pin: Pin, config: Config, clock: Callable[[], datetime]
) -> tuple[str, tuple[Delivery, ...]]:
    """Merges, if the head is still the one that was compared; what is held back waits in the inbox, for as long as the
    promoted places stay as they are on the default branch. A line that says what came of it, and what waits.

    Raises `WorldUnwell` when it is worth trying again soon.
    """
    stands = await repo.landing(wanted.number)
    if stands.state != "OPEN" or stands.head_sha != wanted.sha or stands.underway or not stands.default:
        return "not merged: it is closed, or somebody pushed to it or changed its base, or GitHub merges it", ()
    if newer := await held.overtaken(repo, wanted.number, wanted.promoted):
        return f"not merged: #{newer} carries a newer state", ()
    method = landing.method(config.merge_method, pin.methods)
    came = await merge.land(repo, wanted.number, stands.node_id, wanted.sha, method, may_arm=False)
    log.info("changes nothing", number=wanted.number, outcome=type(came).__name__)
    if not isinstance(came, Held):
        return "it changes nothing in any cluster and is merged", ()
    there = await repo.entries(pin.commit, wanted.promoted)
    event = LandingEvent(
        repo.name,
        installation,
        wanted.number,
        wanted.sha,
        method,
        pin.branch,
        tuple(zip(wanted.promoted, there, strict=True)),
        LABEL,
    )
    waits = Delivery(
        id=own.landing_id(repo.name, wanted.sha, wanted.number),
        kind=own.LANDING,
        lane=lane(event),
        headers=(("Content-Type", "application/json"),),
        body=own.body(event),
        received_at=clock(),
    )
    return f"it changes nothing in any cluster, and is held back: {came.why}", (waits,)
