"""How far GitHub's clock is from ours, by the `Date` of an answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

TOLERATED = timedelta(seconds=2)
"""`Date` knows whole seconds, and an answer takes a while."""


def ahead(headers: Mapping[str, str], now: datetime) -> timedelta:
    """GitHub's clock less ours; zero when the answer doesn't say, or as good as equal."""
    theirs = moment(headers.get("date", ""))
    if theirs is None:
        return timedelta(0)
    difference = theirs - now
    return difference if abs(difference) > TOLERATED else timedelta(0)


def moment(text: str) -> datetime | None:
    """An HTTP date as aware UTC; None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
