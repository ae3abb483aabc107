"""How an endpoint is doing, what follows for the next push to it, and how that is kept as text."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telefonistka_py.fanout.model import Limits

NOTES = "fanout:"
"""What endpoints' notes in the inbox begin with: `fanout:<key>` is kept by the server."""
HELD = "fanout-held:"
"""`fanout-held:<key>` is put there by hand, and says since when."""

REFRESH = timedelta(minutes=10)
"""How old the kept moment of a success may be."""
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True)
class Health:
    """Moments are aware UTC."""

    url: str
    """Without its query."""
    ok_at: datetime | None = None
    """When it last took a push, give or take `REFRESH`."""
    failing_since: datetime | None = None
    """None: it is well, as far as we know."""
    failed_at: datetime | None = None
    why: str = ""
    next_at: datetime | None = None
    """No push that waits for it is tried sooner."""
    paused: bool = False
    """It failed for days."""


@dataclass(frozen=True)
class Try:
    pass


@dataclass(frozen=True)
class Wait:
    until: datetime
    why: str


def turn(health: Health | None, now: datetime, *, held: bool, fresh: bool, tried: bool, limits: Limits) -> Try | Wait:
    """Whether a push is tried at the endpoint now.

    `fresh`: it is the push's first time; `tried`: another push is trying the endpoint at this moment.
    """
    if held:
        return Wait(now + limits.longest_wait, "the endpoint is paused by hand")
    if health is None or health.failing_since is None:
        return Try()
    due = health.next_at or now
    if tried:  # one at a time, so that an endpoint that hangs ties up one request and not hundreds
        return Wait(max(due, now + limits.first_wait), f"the endpoint has been failing since {_short(health)}")
    if due > now and (health.paused or not fresh):
        what = "is paused, having failed" if health.paused else "has been failing"
        return Wait(due, f"the endpoint {what} since {_short(health)}")
    return Try()


def worked(health: Health | None, url: str, now: datetime) -> Health:
    """After a success. Equal to `health` when there is nothing new to keep."""
    if health and health.failing_since is None and health.ok_at and now - health.ok_at < REFRESH:
        return health
    return Health(url, ok_at=now)


def failed(
    health: Health | None, url: str, why: str, now: datetime, jitter: float, told: timedelta | None, limits: Limits
) -> Health:
    """After a failure. `jitter` is from 0 to 1; `told` is how long the endpoint asks to be left alone."""
    before = health or Health(url)
    since = before.failing_since or now
    # As long again as it has been failing, which doubles the wait each time.
    wait = min(max(now - since, limits.first_wait), limits.longest_wait) * (0.5 + jitter / 2)
    wait = max(wait, limits.first_wait * (0.5 + jitter / 2), min(told or timedelta(0), limits.longest_wait))
    return replace(
        before,
        failing_since=since,
        failed_at=now,
        why=why,
        next_at=now + wait,
        paused=before.paused or now - since >= limits.pause_after,
    )


def is_forgotten(health: Health, now: datetime) -> bool:
    """Whether nothing was heard of the endpoint for so long that it is no longer one."""
    last = max((moment for moment in (health.ok_at, health.failed_at) if moment), default=None)
    return last is None or now - last > FORGOTTEN


def write(health: Health) -> str:
    moments = {name: getattr(health, name) for name in _MOMENTS}
    texts = {name: moment.isoformat() for name, moment in moments.items() if moment}
    return json.dumps({"url": health.url, "why": health.why, "paused": health.paused, **texts})


def read(text: str) -> Health:
    """What `write` wrote."""
    kept = json.loads(text)
    moments = {name: datetime.fromisoformat(kept[name]) for name in _MOMENTS if name in kept}
    return Health(kept["url"], why=kept["why"], paused=kept["paused"], **moments)


_MOMENTS = ("ok_at", "failing_since", "failed_at", "next_at")


def _short(health: Health) -> str:
    return f"{health.failing_since:%Y-%m-%d %H:%M} UTC: {health.why}"
