"""The endpoints that the server's inbox knows of, for `telefonistka fanout`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import click

from telefonistka_py import counted
from telefonistka_py.config import address
from telefonistka_py.config.replacement import Piece
from telefonistka_py.events import own
from telefonistka_py.fanout import health, model
from telefonistka_py.fanout.health import Health
from telefonistka_py.inbox.model import Entry, Inbox, State

MOST = 10_000
"""Deliveries that wait, looked at."""
MOST_NAMED = 5
"""Endpoints that a sentence names."""


@dataclass
class Endpoint:
    """What is known of one."""

    key: str
    health: Health | None = None
    held: str = ""
    """Since when it is paused by hand."""
    waiting: list[Entry] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.health.url if self.health else ""


async def endpoints(it: Inbox) -> Sequence[Endpoint]:
    """By URL."""
    found: dict[str, Endpoint] = {}
    for note, text in (await it.notes(health.NOTES)).items():
        key = note.removeprefix(health.NOTES)
        found[key] = Endpoint(key, health.read(text))
    for note, text in (await it.notes(health.HELD)).items():
        key = note.removeprefix(health.HELD)
        found.setdefault(key, Endpoint(key)).held = text
    for entry in await it.entries(state=State.WAITING, most=MOST):
        if entry.kind == own.FORWARD and not entry.id.startswith(own.forward_id(model.FIRST).rstrip(":")):
            key = entry.id.split(":")[1]
            found.setdefault(key, Endpoint(key)).waiting.append(entry)
    return sorted(found.values(), key=lambda each: (each.url, each.key))


async def named(it: Inbox, which: str) -> Endpoint | None:
    """By its URL, with its query or, if that names only one, without; or by its short name."""
    found = await endpoints(it)
    spelt = _spelt(which)
    for each in found:
        if each.key in (which, model.key(spelt)):
            return each
    alike = [each for each in found if each.url and each.url == spelt]
    if len(alike) > 1:
        raise click.UsageError(f"{which} has several queries: use one of {', '.join(each.key for each in alike)}")
    return alike[0] if alike else None


def _spelt(which: str) -> str:
    """A URL as pushes are forwarded to it: in one spelling; anything else as it is."""
    try:
        return address.made([Piece(which, given=True)])
    except address.Refused:
        return which


def unknown(which: str, known: Sequence[str]) -> str:
    """A sentence for an endpoint that is none; the likeliest of those that are known, or a few of them."""
    if not known:
        return f"Nothing is known of {which}: nothing was forwarded yet."
    if near := get_close_matches(_spelt(which), known, n=1, cutoff=0.8):
        return f"Nothing was ever forwarded to {which}; did you mean {near[0]}?"
    more = f" and {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
    return f"Nothing is known of {which}; known are {', '.join(known[:MOST_NAMED])}{more} (telefonistka fanout list)."


async def hold(it: Inbox, key: str, now: datetime) -> None:
    """Pauses an endpoint by hand."""
    await it.note(health.HELD + key, now.isoformat())


async def hold_ahead(it: Inbox, url: str, now: datetime) -> str:
    """Pauses one that nothing was forwarded to; how it is shown. Raises `UsageError` for what is no endpoint's URL."""
    try:
        spelt = address.made([Piece(url, given=True)])
    except address.Refused as error:
        raise click.UsageError(f"{url} can't be an endpoint: {error}") from None
    # Without any moment it would be forgotten at once; that of a success would be said to be one.
    await it.note(health.NOTES + model.key(spelt), health.write(Health(model.shown(spelt), failed_at=now)))
    await hold(it, model.key(spelt), now)
    return model.shown(spelt)


async def due_now(it: Inbox, endpoint: Endpoint) -> None:
    if endpoint.health and endpoint.health.failing_since:
        after = replace(endpoint.health, next_at=None, paused=False)
        await it.note(health.NOTES + endpoint.key, health.write(after))
    for entry in endpoint.waiting:
        await it.again(entry.id)


def line(each: Endpoint) -> str:
    waiting = f", {many(len(each.waiting))} waiting" if each.waiting else ""
    return f"{each.key}  {_state(each):<8}  {each.url or '(unknown)'}  {_about(each)}{waiting}"


def _state(each: Endpoint) -> str:
    if each.held or (each.health and each.health.paused):
        return "paused"
    return "failing" if each.health and each.health.failing_since else "well"


def _about(each: Endpoint) -> str:
    known = each.health
    said = [f"paused by hand on {each.held[:16].replace('T', ' ')}"] if each.held else []
    if known and known.failing_since:
        said += [f"failing since {known.failing_since:%Y-%m-%d %H:%M}: {known.why}"]
        said += [f"next at {known.next_at:%Y-%m-%d %H:%M:%S}"] if known.next_at and not each.held else []
    elif known and known.ok_at and not each.held:
        said += [f"answered at {known.ok_at:%Y-%m-%d %H:%M}"]
    return "; ".join(said)


def as_data(each: Endpoint) -> dict[str, Any]:
    known = each.health

    def moment(name: str) -> str | None:
        value = getattr(known, name) if known else None
        return value.isoformat() if value else None

    moments = {name: moment(name) for name in ("ok_at", "failing_since", "failed_at", "next_at")}
    return {
        "key": each.key,
        "url": each.url,
        "state": _state(each),
        "paused_by_hand_at": each.held or None,
        **moments,
        "why": known.why if known else "",
        "waiting": [entry.id for entry in each.waiting],
    }


def many(count: int) -> str:
    return counted.of(count, "push", "pushes")
