"""Merging a pull request of ours: how, and what GitHub means when it won't."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Merged:
    """It is merged."""


@dataclass(frozen=True)
class Underway:
    """GitHub merges it by itself once what holds it is met."""

    how: str
    """`auto-merge` or `the merge queue`."""


@dataclass(frozen=True)
class Held:
    """It can't be merged now; it is looked at again."""

    why: str


@dataclass(frozen=True)
class Moved:
    """It is not what was decided on any more: somebody pushed to it, or closed it. It is theirs now (N5)."""

    why: str


Landing = Merged | Underway | Held | Moved


@dataclass(frozen=True)
class TryAgain:
    """Nothing holds it; the moment was wrong."""


@dataclass(frozen=True)
class NeedsQueue:
    """The branch takes changes through a merge queue alone."""


_MOMENT = re.compile(r"try the merge again|base branch was modified|mergeability|already in progress", re.IGNORECASE)
_BEHIND = re.compile(r"head branch is out of date", re.IGNORECASE)
_QUEUE = re.compile(r"merge queue", re.IGNORECASE)


def method(wanted: str | None, allowed: tuple[str, ...]) -> str:
    """How to merge: the setting wins; else the first that the repository allows of merge, squash and rebase."""
    return wanted or (allowed[0] if allowed else "merge")


def judge(status: int, reason: str) -> TryAgain | NeedsQueue | Moved | Held:
    """What a refusal to merge means (https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request)."""
    if status == 409:
        return Moved("somebody pushed to it after it was opened; it is left to people")
    if _MOMENT.search(reason) and not _BEHIND.search(reason):  # no moment brings a branch up to date
        return TryAgain()
    if _QUEUE.search(reason):
        return NeedsQueue()
    return Held(reason)
