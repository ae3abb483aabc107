"""What was gathered, in our own words. Nothing here holds a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.inbox.model import Counts, Entry
from telefonistka_py.names import Login, RepoName


@dataclass(frozen=True)
class Reached:
    """GitHub answered."""

    seconds: float
    ahead: timedelta
    """GitHub's clock less ours; zero when as good as equal."""


@dataclass(frozen=True)
class AppFacts:
    """The App as GitHub knows it (https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app)."""

    id: int
    slug: str
    owner: str
    html_url: str
    settings_url: str
    """Where its owner changes it."""
    permissions: Mapping[str, str]
    events: frozenset[str]


@dataclass(frozen=True)
class Person:
    """Whom a personal token belongs to."""

    login: Login
    scopes: frozenset[str] | None
    """A classic token's; None for a token that has none, which is judged by what it may do in each repository."""


@dataclass(frozen=True)
class Installed:
    id: int
    account: Login
    suspended: bool
    permissions: Mapping[str, str]
    """What the account granted: less than the App asks for, until somebody accepts more."""
    html_url: str


@dataclass(frozen=True)
class Hook:
    """The App's webhook (https://docs.github.com/en/rest/apps/webhooks#get-a-webhook-configuration-for-an-app)."""

    url: str
    content_type: str
    insecure: bool
    """Whether GitHub takes any certificate."""
    has_secret: bool


@dataclass(frozen=True)
class Handed:
    """GitHub's last attempt to hand over one delivery."""

    at: datetime
    event: str
    code: int
    """The HTTP status that it was answered; 0 when no answer came."""
    status: str
    """GitHub's words."""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.code < 300


@dataclass(frozen=True)
class Left:
    """What is left of a limit."""

    resource: str
    limit: int
    remaining: int
    reset: datetime


@dataclass(frozen=True)
class InboxFacts:
    where: str
    counts: Counts
    dead: tuple[Entry, ...]
    """A few of them, the newest first."""
    chores: int = 0
    """Work on a timer, which is not among the counts."""
    left_behind: str = ""
    """What waits elsewhere, where nobody handles it, as a sentence."""


@dataclass(frozen=True)
class Seen:
    """One repository, as far as it could be read."""

    name: RepoName
    config: Valid[Config] | Invalid | None = None
    """None: there is no `telefonistka.yaml`."""
    failure: str = ""
    """Why it could not be read, as a sentence; empty when it could."""


@dataclass(frozen=True)
class ApproverFacts:
    """The second identity."""

    login: str
    is_main: bool
    """Whether it is the one that opens the pull requests."""
    may_review: bool
    missing: tuple[str, ...] = ()
    """Repositories that want its approval and that it can't write to, or accounts where it is not installed."""


@dataclass(frozen=True)
class ArgoFacts:
    name: str
    version: str
    apps: int
    """How many the token may see."""
