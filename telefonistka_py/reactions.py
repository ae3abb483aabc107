"""Which event starts which flow. Everything the bot reacts to is in `to`."""

from dataclasses import dataclass

from telefonistka_py.events.model import Event, OtherEvent, PullRequest, PullRequestEvent, Repo


@dataclass(frozen=True)
class Promote:
    """A pull request was merged into the default branch: promote what it changed."""

    repo: Repo
    installation: int | None
    pull: PullRequest


@dataclass(frozen=True)
class Nothing:
    """Acknowledged and done."""

    why: str


Reaction = Promote | Nothing


def to(event: Event) -> Reaction:
    """What `event` starts (contract §4)."""
    match event:
        case PullRequestEvent(action="closed"):
            return _closed(event)
        case PullRequestEvent():
            return Nothing(f"nothing follows from a pull request that is {event.action}")
        case OtherEvent():
            return Nothing(f"nothing follows from the event {event.kind}")
        case _:
            return Nothing("nothing follows from this event")


def _closed(event: PullRequestEvent) -> Reaction:
    pull = event.pull
    if not pull.merged:
        return Nothing("the pull request was closed without being merged")
    if pull.base_ref != event.repo.default_branch:
        return Nothing(f"it was merged into {pull.base_ref}, not into the default branch {event.repo.default_branch}")
    return Promote(event.repo, event.installation, pull)
