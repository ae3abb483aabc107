"""How many requests a census may make, and when it comes again. Plain."""

from collections.abc import Iterable
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
MOST_PER_HOUR = 54
"""Requests for one installation in any hour; a few more are left for its tokens, so that it stays below 60."""
AIM_PER_HOUR = 45
"""What the pauses between rounds aim at: a round that needs more requests comes less often."""
EVERY = timedelta(minutes=5)
"""The pause after a cheap round; nobody needs these figures more often."""
RELIST = timedelta(minutes=10)
"""For so long a list of repositories holds, per request that it took: a long one must not eat up everything."""


def left(spent: Iterable[datetime], now: datetime) -> int:
    """How many requests may be made now, after those made at `spent`."""
    return MOST_PER_HOUR - sum(now - each < HOUR for each in spent)


def when_left(spent: Iterable[datetime], now: datetime) -> datetime:
    """When there is room for a request."""
    recent = sorted(each for each in spent if now - each < HOUR)
    return now if len(recent) < MOST_PER_HOUR else recent[len(recent) - MOST_PER_HOUR] + HOUR


def pause(requests: int) -> timedelta:
    """How long after a round of so many requests the next one starts."""
    return max(EVERY, requests * HOUR / AIM_PER_HOUR)
