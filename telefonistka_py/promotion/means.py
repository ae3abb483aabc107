"""What the flows of promotion work with, and hand to one another."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from telefonistka_py.config.model import Config
from telefonistka_py.feedback.status import Status
from telefonistka_py.github.facts import OwnComment, Pin
from telefonistka_py.github.repository import Repository
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.promotion.outcome import Report
from telefonistka_py.templates import Templates


@dataclass(frozen=True)
class Means:
    """What a flow works with."""

    repo: Repository
    approver: Callable[[], Awaitable[Repository]] | None
    """Opens the same repository as the identity that approves; None when none is configured."""
    installation: int | None
    templates: Templates
    status: Status
    clock: Callable[[], datetime]
    wanted_by: Callable[[Config], tuple[Delivery, ...]]
    """What the repository's configuration asks us to do beside the event, for the inbox."""


@dataclass(frozen=True)
class Carried:
    """What was done so far, and our comments on the merged pull request if they were read."""

    report: Report
    config: Config | None = None
    pin: Pin | None = None
    known: tuple[OwnComment, ...] | None = None
    told: bool = False
    """Another comment says it all."""
