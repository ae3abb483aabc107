"""What the sandbox remembers beside git: people, Apps, issues, pull requests, statuses."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(eq=False)
class User:
    """A person, an organisation or a bot. `token` is a personal access token (`ghp_…`)."""

    login: str
    id: int
    token: str
    kind: str = "User"
    """`User`, `Bot` or `Organization`."""

    @property
    def email(self) -> str:
        """The address that links a commit to its account, as GitHub's own `noreply` addresses do."""
        return f"{self.id}+{self.login}@users.noreply.github.com"

    @property
    def node_id(self) -> str:
        return node_id({"Bot": "BOT", "Organization": "O"}.get(self.kind, "U"), self.id)


@dataclass(eq=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(eq=False)
class Comment:
    id: int
    number: int
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    minimized: str | None = None
    """GraphQL's reason in lower case (`outdated`, …), or None while the comment is shown."""
    app: "App | None" = None
    reactions: "list[Reaction]" = field(default_factory=list)


@dataclass(eq=False)
class Reaction:
    id: int
    author: User
    content: str
    """`+1`, `-1`, `laugh`, `confused`, `heart`, `hooray`, `rocket` or `eyes`."""
    created_at: datetime


@dataclass(eq=False)
class Status:
    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: datetime


@dataclass(eq=False)
class Review:
    """A submitted review."""

    id: int
    number: int
    author: User
    state: str
    """`APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`."""
    body: str
    sha: str
    """The head that was reviewed."""
    submitted_at: datetime


@dataclass(frozen=True)
class AutoMerge:
    """An order to merge as soon as everything that holds the pull request is met."""

    by: User
    method: str
    """`merge`, `squash` or `rebase`."""
    title: str | None
    message: str | None
    enabled_at: datetime


@dataclass(eq=False)
class Issue:
    """An issue, and what an issue and a pull request share."""

    id: int
    number: int
    title: str
    body: str | None
    author: User
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    closed_by: User | None = None
    labels: list[str] = field(default_factory=list)
    """Names, in the order they were added; the repository's labels carry the rest."""
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass(eq=False)
class Pull(Issue):
    """A pull request. While it is open, `head_sha` follows its branch."""

    head_ref: str = ""
    head_sha: str = ""
    head_repo: str | None = None
    """`owner/name`; None when the fork is gone."""
    base_ref: str = ""
    base_sha: str = ""
    """The base's tip when the pull request was opened, last pushed to, or merged."""
    draft: bool = False
    merged: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    fork_point: str | None = None
    """The merge base that was true at the merge; None while the pull request is not merged."""
    reviews: list[Review] = field(default_factory=list)
    """Oldest first."""
    auto_merge: AutoMerge | None = None


PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "statuses": "write",
    "checks": "read",
    "administration": "read",
}
"""What a new App may do, unless told otherwise: what our bot's documentation asks for."""

LEVELS = ("", "read", "write", "admin")
"""An App's permission levels, the weakest first."""

EVENTS = ("push", "pull_request", "issue_comment", "status", "pull_request_review", "check_run", "check_suite")


@dataclass(eq=False)
class App:
    """A GitHub App with its key pair, its bot account and its one webhook."""

    id: int
    slug: str
    secret: str
    webhook_url: str | None
    permissions: dict[str, str]
    events: tuple[str, ...]
    private_key_pem: str
    public_key_pem: str
    owner: User
    bot: User
    created_at: datetime
    hook_id: int
    installation_id: int = 0
    """The first installation's id."""
    content_type: str = "json"
    """`json` or `form`, as in the webhook's settings."""
    insecure_ssl: str = "0"
    """`1` takes any certificate; the sandbox looks at none."""


@dataclass(eq=False)
class Installation:
    id: int
    app: App
    account: User
    repositories: set[str] | None
    """`owner/name` of each; None: all repositories of the account."""
    created_at: datetime
    suspended_at: datetime | None = None

    def covers(self, repo: str) -> bool:
        own = repo.split("/")[0].lower() == self.account.login.lower()
        return own and (self.repositories is None or repo in self.repositories)


@dataclass(eq=False)
class Token:
    """An installation token (`ghs_…`)."""

    value: str
    installation: Installation
    expires_at: datetime
    permissions: dict[str, str]
    repositories: set[str] | None

    def may(self, permission: str, level: str) -> bool:
        """Whether the token has it, and the App still has it too: what is taken from the App is gone at once."""
        app = self.installation.app.permissions
        have = (LEVELS.index(each.get(permission, "")) for each in (self.permissions, app))
        return min(have) >= LEVELS.index(level)


@dataclass
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    """As it was sent, with the query."""
    request_headers: dict[str, str]
    request_body: Any
    """Parsed JSON; None when there was none."""
    actor: str | None = None
    """The login that the request was made as; an App's slug for its JWT; None when nobody was recognised."""
    status: int | None = None
    """None: the connection was dropped."""
    answer: Any = None
    """Parsed JSON, or text for what was asked for raw."""
    content_type: str = ""
    """The answer's."""
    started: float = 0.0
    """Monotonic seconds, like `ended`."""
    ended: float = 0.0


@dataclass
class Delivery:
    """One attempt to hand over one webhook."""

    id: int
    guid: str
    hook_id: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    request_headers: dict[str, str]
    body: bytes
    """Raw, as it was or would have been sent."""
    payload: dict[str, Any]
    url: str
    redelivery: bool
    delivered_at: datetime
    duration: float = 0.0
    """Seconds."""
    status: str = "pending"
    status_code: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


def node_id(kind: str, *key: object) -> str:
    """A global id for REST's `node_id` and GraphQL's `id`: opaque to clients, readable for `read_node_id`."""
    text = ":".join(str(part) for part in key)
    return f"{kind}_{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def read_node_id(value: str) -> tuple[str, list[str]] | None:
    """The kind and the key of a `node_id`, or None when the sandbox never gave it out."""
    kind, _, rest = value.partition("_")
    try:
        text = base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        return None
    return (kind, text.split(":", 1)) if rest else None
