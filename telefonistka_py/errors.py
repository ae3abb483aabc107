"""The kinds of failure, named after who must act.

The worker switches on these and on nothing else. A door (GitHub, git, the inbox) wraps what it catches
into one of them; a failed read is never turned into an empty answer.
"""

from datetime import datetime


class TelefonistkaError(Exception):
    """Root of the family. `str(error)` is one sentence fit for a person: what, where, and what to do."""


class RepoMistake(TelefonistkaError):
    """The repository's author must act: a comment and a failed status tell them. Never retried."""


class WorldUnwell(TelefonistkaError):
    """Time may heal it: a 5xx, a rate limit, a timeout. Retried, no sooner than `retry_at` when that is known."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at  # aware UTC; None lets the worker choose by its own backoff


class Limited(WorldUnwell):
    """GitHub's limit is reached, and nothing is sent before `retry_at`. No failure: waiting for it gives nothing up."""

    retry_at: datetime

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message, retry_at=retry_at)


class HeldBack(TelefonistkaError):
    """Not a failure: something waits for people or checks, and is looked at again at `retry_at` (aware UTC)."""

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class OperatorMistake(TelefonistkaError):
    """Whoever runs the server must act: a missing variable, a bad key, a missing permission."""
