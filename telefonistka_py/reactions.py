"""Which event starts what. Everything the bot reacts to is in `to`."""

from dataclasses import dataclass

from telefonistka_py.argocd import branch_sync
from telefonistka_py.events import own
from telefonistka_py.events.model import (
    BranchEvent,
    ChecksEvent,
    ChoreEvent,
    CommentEvent,
    Event,
    ForwardEvent,
    LandingEvent,
    MissedEvent,
    OtherEvent,
    PullRequest,
    PullRequestEvent,
    PushEvent,
    RecheckEvent,
    Repo,
    Wish,
)

SHOW_PLAN = "show-plan"
"""The label that asks for the plan of an open pull request (contract §4)."""


@dataclass(frozen=True)
class Promote:
    """A pull request was merged into the default branch: promote what it changed."""

    repo: Repo
    installation: int | None
    pull: PullRequest


@dataclass(frozen=True)
class ShowPlan:
    """Comment what merging the pull request would promote."""

    repo: Repo
    installation: int | None
    pull: PullRequest


@dataclass(frozen=True)
class Check:
    """A pull request into the default branch was opened or pushed to: check what it brings."""

    repo: Repo
    installation: int | None
    pull: PullRequest


@dataclass(frozen=True)
class Obey:
    """A comment may hold commands."""

    event: CommentEvent


@dataclass(frozen=True)
class AskBranch:
    """The box in one of our comments was ticked or unticked: apps are to follow the pull request's branch, or not."""

    event: CommentEvent
    wish: Wish


@dataclass(frozen=True)
class LeaveBranch:
    """A pull request was closed without being merged: no app is to follow its branch any more."""

    repo: Repo
    installation: int | None
    pull: PullRequest


@dataclass(frozen=True)
class SetBranch:
    """Apps are set to a branch, or back."""

    event: BranchEvent


@dataclass(frozen=True)
class LandAgain:
    """A promotion whose merge was held back is looked at again."""

    event: LandingEvent


@dataclass(frozen=True)
class CheckAgain:
    """A check that could not be made is made again, or waits for its moment."""

    event: RecheckEvent


@dataclass(frozen=True)
class PromoteMissed:
    """A pull request was merged while we could not be told: it is read, and promoted if it should be."""

    event: MissedEvent


@dataclass(frozen=True)
class FanOut:
    """The default branch was pushed to: the push is forwarded to the endpoints that its files ask for."""

    event: PushEvent


@dataclass(frozen=True)
class Forward:
    """A push is sent to endpoints."""

    event: ForwardEvent


@dataclass(frozen=True)
class DoChore:
    """What we do on a timer is due."""

    event: ChoreEvent


@dataclass(frozen=True)
class Hasten:
    """Deliveries of our own whose id starts with `start` need wait no longer."""

    start: str


@dataclass(frozen=True)
class Nothing:
    """Acknowledged and done."""

    why: str


Reaction = (
    Promote
    | ShowPlan
    | Check
    | Obey
    | AskBranch
    | LeaveBranch
    | SetBranch
    | LandAgain
    | CheckAgain
    | PromoteMissed
    | FanOut
    | Forward
    | DoChore
    | Hasten
    | Nothing
)


def to(event: Event) -> Reaction:
    """What `event` starts (contract §§4, 7)."""
    match event:
        case PullRequestEvent(action="closed"):
            return _closed(event)
        case PullRequestEvent(action="labeled") if SHOW_PLAN in event.pull.labels and not event.pull.merged:
            return ShowPlan(event.repo, event.installation, event.pull)
        case PullRequestEvent(action="opened" | "reopened" | "synchronize"):
            return _opened(event)
        case PullRequestEvent():
            return Nothing(f"nothing follows from a pull request that is {event.action}")
        case CommentEvent(action="created", on_pull=True):
            return Obey(event)
        case CommentEvent(action="edited", on_pull=True) if wish := branch_sync.wish(event.body_before, event.body):
            return AskBranch(event, wish)
        case BranchEvent():
            return SetBranch(event)
        case LandingEvent():
            return LandAgain(event)
        case RecheckEvent():
            return CheckAgain(event)
        case MissedEvent():
            return PromoteMissed(event)
        case PushEvent():
            return _pushed(event)
        case ForwardEvent():
            return Forward(event)
        case ChoreEvent():
            return DoChore(event)
        case ChecksEvent():
            return Hasten(own.landing_id(event.repo, event.sha))
        case OtherEvent():
            return Nothing(f"nothing follows from the event {event.kind}")
        case CommentEvent():
            return Nothing("nothing follows from this event")


def _opened(event: PullRequestEvent) -> Reaction:
    if event.pull.base_ref != event.repo.default_branch:
        return Nothing(f"it goes into {event.pull.base_ref}, not into the default branch {event.repo.default_branch}")
    return Check(event.repo, event.installation, event.pull)


def _pushed(event: PushEvent) -> Reaction:
    if event.ref != f"refs/heads/{event.repo.default_branch}":
        return Nothing(f"{event.ref} is not the default branch {event.repo.default_branch}")
    if not event.after.strip("0"):
        return Nothing("the branch was deleted")
    return FanOut(event)


def _closed(event: PullRequestEvent) -> Reaction:
    pull = event.pull
    if not pull.merged:
        return LeaveBranch(event.repo, event.installation, pull)
    if pull.base_ref != event.repo.default_branch:
        return LeaveBranch(event.repo, event.installation, pull)
    return Promote(event.repo, event.installation, pull)
