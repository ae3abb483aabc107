"""What recovery speaks of, and what it remembers from one time to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Memory:
    """What one sweep leaves to the next."""

    awake_at: datetime
    """When the last one was; a long time without one was an outage of ours."""
    swept_until: datetime
    """Attempts older than this were looked at."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """GUID → the failed attempt after which it was asked for again."""
    owed: Mapping[str, int] = field(default_factory=dict)
    """GUID → the failed attempt, of those that no sweep got round to asking for."""
    cursor: str = ""
    """Where a log too long for one sweep is read on; empty: at its newest end."""
    sweeping_to: datetime | None = None
    """What `swept_until` becomes when such a log has been read."""
    caught_up: bool = True
    """Whether merges since `awake_since` were looked for, after an outage."""
    awake_since: datetime | None = None


def read(text: str, now: datetime) -> Memory:
    """What `write` wrote. Nothing, or nothing readable: there is no past to look into, and all begins `now`.

    An App's log may hold what another program answered; what failed before our time is not ours to repeat.
    """
    try:
        found = json.loads(text)
        return Memory(
            awake_at=datetime.fromisoformat(found["awake_at"]),
            swept_until=datetime.fromisoformat(found["swept_until"]),
            asked={str(guid): int(id) for guid, id in found["asked"].items()},
            owed={str(guid): int(id) for guid, id in found.get("owed", {}).items()},
            cursor=str(found["cursor"]),
            sweeping_to=_moment(found["sweeping_to"]),
            caught_up=bool(found["caught_up"]),
            awake_since=_moment(found["awake_since"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Memory(awake_at=now, swept_until=now)


def write(memory: Memory) -> str:
    """As JSON."""
    return json.dumps(
        {
            "awake_at": memory.awake_at.isoformat(),
            "swept_until": memory.swept_until.isoformat(),
            "asked": dict(memory.asked),
            "owed": dict(memory.owed),
            "cursor": memory.cursor,
            "sweeping_to": memory.sweeping_to.isoformat() if memory.sweeping_to else None,
            "caught_up": memory.caught_up,
            "awake_since": memory.awake_since.isoformat() if memory.awake_since else None,
        }
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
