"""What happened at GitHub, in our own words. Payload keys stop at `events.parse`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from telefonistka_py.names import Branch, Lane, Login, RepoName, RepoPath, Sha


@dataclass(frozen=True)
class Repo:
    """The repository that an event speaks of, as its payload spells it."""

    name: RepoName
    default_branch: Branch
    html_url: str
    """Where people see it, for links: `https://github.com/owner/name`, or the Enterprise host's address."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request as it was when the event was sent."""

    number: int
    title: str
    body: str
    author: Login
    labels: tuple[str, ...]
    head_ref: Branch
    head_sha: Sha
    head_repo: RepoName | None
    """None when the fork was deleted. Differs from the event's repository for a pull request from a fork."""
    base_ref: Branch
    base_sha: Sha
    merged: bool
    merge_commit: Sha | None
    changed_files: int | None
    """How many files the pull request changes; None where the payload does not say."""
    html_url: str


@dataclass(frozen=True)
class PullRequestEvent:
    """One action on a pull request. `action` is GitHub's word: `closed`, `opened`, `labeled`, …"""

    repo: Repo
    installation: int | None
    sender: Login
    action: str
    pull: PullRequest
    label: str | None = None
    """The label that was added, for `labeled`."""


@dataclass(frozen=True)
class CommentEvent:
    """A comment on an issue or pull request was written or edited."""

    repo: Repo
    installation: int | None
    sender: Login
    action: str
    number: int
    on_pull: bool
    comment_id: int
    author: Login
    body: str
    html_url: str
    body_before: str | None
    """The text before an edit; None unless `action` is `edited`."""


@dataclass(frozen=True)
class PushCommit:
    """One commit of a push, with the paths its payload names."""

    sha: Sha
    paths: tuple[RepoPath, ...]


@dataclass(frozen=True)
class PushEvent:
    """A branch moved. `before` or `after` is forty zeros when the branch was made or deleted."""

    repo: Repo
    installation: int | None
    sender: Login
    ref: str
    before: Sha
    after: Sha
    forced: bool
    commits: tuple[PushCommit, ...]


@dataclass(frozen=True)
class ChecksEvent:
    """A commit's checks or reviews moved: `status`, `check_run`, `check_suite` or `pull_request_review`."""

    kind: str
    repo: RepoName
    installation: int | None
    sha: Sha


@dataclass(frozen=True)
class LandingEvent:
    """Our own: a pull request of ours that was held back is to be looked at again. GitHub sends no such thing."""

    repo: RepoName
    installation: int | None
    number: int
    sha: Sha
    """The head that the decision to merge was made on; another one is not merged (N5)."""
    method: str
    """`merge`, `squash` or `rebase`."""
    branch: Branch
    """The default branch."""
    sources: tuple[tuple[RepoPath, Sha | None], ...]
    """What the promotion carries: source path → what stood there. Other sources by now: it is overtaken."""
    label: str = ""
    """It is merged only while it carries this label, and never by GitHub itself; empty for no such condition."""


@dataclass(frozen=True)
class MissedEvent:
    """Our own: a pull request was merged, and GitHub never told us."""

    repo: RepoName
    installation: int | None
    number: int


@dataclass(frozen=True)
class ForwardEvent:
    """Our own: a push is to be forwarded to endpoints, as its webhook came."""

    repo: RepoName
    source: str
    """The id of the push's delivery, which holds the headers and the body."""
    key: str
    """`all` for a push's first round; else which endpoint is tried again (`fanout.model.key`)."""
    endpoints: tuple[str, ...]
    skip_tls: bool
    """Whether certificates of endpoints go unchecked."""
    spread: float
    """Over how many seconds the requests are spread."""
    began: datetime
    """When forwarding began (aware UTC); patience is counted from here."""


Wish = Literal["set", "back"]
"""What people ask of a pull request's Argo CD apps: to follow its branch, or what they followed before."""


@dataclass(frozen=True)
class BranchEvent:
    """Our own: the Argo CD apps of a pull request are to be set to its branch, or back."""

    repo: RepoName
    installation: int | None
    number: int
    wish: Wish | None
    """None: the pull request was closed, and nothing is to follow its branch any more."""
    comment_id: int = 0
    """Ours, in which somebody ticked the box."""
    sender: Login | None = None
    """Who did, and may."""


@dataclass(frozen=True)
class RecheckEvent:
    """Our own: what an open pull request would do to the clusters could not be found out, and is asked again.

    It waits in a lane of its own, so that an Argo CD that is down holds up nothing of the pull request; once `due`, it
    takes its turn among the pull request's other events.
    """

    repo: RepoName
    installation: int | None
    number: int
    sha: Sha
    """The head; another one has checks of its own."""
    tries: int
    """How many were made."""
    due: bool


class Chore(StrEnum):
    """What we do on a timer."""

    DRIFT_REPORT = "drift-report"
    RECOVERY = "recovery"
    TIDYING = "tidying"
    CENSUS = "census"
    SWEEPING = "sweeping"


@dataclass(frozen=True)
class ChoreEvent:
    """Our own: a chore is due."""

    chore: Chore
    repo: RepoName | None = None
    installation: int | None = None
    memory: str = ""
    """What the chore wrote down for itself the last time, as JSON."""


@dataclass(frozen=True)
class OtherEvent:
    """An event that starts nothing today: acknowledged, kept in the inbox, and done."""

    kind: str
    action: str | None
    repo: RepoName | None
    installation: int | None


Event = (
    PullRequestEvent
    | CommentEvent
    | PushEvent
    | ChecksEvent
    | LandingEvent
    | MissedEvent
    | ForwardEvent
    | BranchEvent
    | RecheckEvent
    | ChoreEvent
    | OtherEvent
)


def lane(event: Event) -> Lane:
    """The queue `event` waits in: one per pull request or issue, one per push, else one per repository."""
    match event:
        case PullRequestEvent():
            return Lane(f"{event.repo.name}#{event.pull.number}")
        case CommentEvent():
            return Lane(f"{event.repo.name}#{event.number}")
        case PushEvent():
            # Nothing depends on the order of pushes, and one that can't be handled must not hold up the next.
            return Lane(f"{event.repo.name}@{event.ref.removeprefix('refs/heads/')}:{event.after}")
        case ChecksEvent():
            return Lane(f"{event.repo}!{event.sha}")
        case LandingEvent():
            # A lane of its own: what waits for checks must not hold back the command that sets one.
            return Lane(f"{event.repo}#{event.number}!landing")
        case RecheckEvent():
            return Lane(f"{event.repo}#{event.number}{'' if event.due else '!recheck'}")
        case MissedEvent():
            return Lane(f"{event.repo}#{event.number}")
        case ForwardEvent():
            # A lane of its own: what waits for an endpoint holds up nothing.
            return Lane(f"forward:{event.key}:{event.source}")
        case BranchEvent():
            # A lane of its own: what waits for an Argo CD holds up no promotion.
            return Lane(f"{event.repo}#{event.number}!branch")
        case ChoreEvent():
            return Lane(f"chore:{event.chore}:{event.repo or ''}")
        case OtherEvent():
            return Lane(event.repo or "-")
