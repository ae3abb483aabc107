"""What the inbox holds because of webhooks, told apart from what the server does on a timer.

A chore is always waiting for its next time or underway, so that among the deliveries that wait it would look like one
that is late.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from telefonistka_py import counted
from telefonistka_py.events import own
from telefonistka_py.inbox.model import Counts, Entry, Inbox, State

_ECHOES = ("check_run", "check_suite", "status")
"""What our own commit statuses, and everybody's checks, send back to us in great numbers."""


@dataclass(frozen=True)
class Backlog:
    """How many there are of each kind."""

    webhooks: Counts
    """Webhooks, and what is still to be done because of them. Chores that ended dead are here, too."""
    chores: int
    """Chores that wait for their next time, or are underway."""


async def of(it: Inbox) -> Backlog:
    """Raises `WorldUnwell` when the inbox can't be read."""
    counts = await it.counts()
    waiting = await _chores(it, State.WAITING, counts.waiting)
    underway = await _chores(it, State.UNDERWAY, counts.underway)
    left = Counts(counts.waiting - waiting, counts.underway - underway, counts.done, counts.dead)
    return Backlog(left, waiting + underway)


async def _chores(it: Inbox, state: State, count: int) -> int:
    """How many of the `count` in `state` are chores. Those that came since then are not among them."""
    found = await it.entries(state=state, most=count) if count else ()
    return sum(is_chore(entry) for entry in found)


def is_chore(entry: Entry) -> bool:
    """Whether it is one that is no trouble: it waits for its next time, is underway, or has ended for good."""
    return entry.kind == own.CHORE and entry.state is not State.DEAD


def is_echo(entry: Entry) -> bool:
    """Whether it is one of the many events of checks and statuses, and was handled."""
    return entry.kind in _ECHOES and entry.state is State.DONE


def told(chores: int) -> str:
    """`4 recurring chores`."""
    return counted.of(chores, "recurring chore")


# ---- what is listed ----

FARTHEST = 50_000
"""Deliveries that are looked at; a few more are."""


@dataclass(frozen=True)
class Seen:
    shown: Sequence[Entry]
    """Newest first."""
    chores: int = 0
    echoes: int = 0
    """How many of each were left out, as far as was looked."""


async def newest(
    it: Inbox, state: State | None, lane: str | None, most: int, *, everything: bool, farthest: int = FARTHEST
) -> Seen:
    """The newest `most`, looking as far back as that takes; without what is left out, unless `everything`."""
    asked = most
    while True:
        found = await it.entries(state=state, lane=lane, most=asked)
        if everything:
            return Seen(found)
        kept = [entry for entry in found if not is_chore(entry) and not is_echo(entry)]
        if len(kept) >= most or len(found) < asked or asked > farthest:
            return Seen(kept[:most], sum(map(is_chore, found)), sum(map(is_echo, found)))
        asked *= 8


def left_out(seen: Seen) -> str:
    """A sentence."""
    parts = [told(seen.chores)] if seen.chores else []
    parts += [f"{counted.of(seen.echoes, 'handled event')} of checks"] if seen.echoes else []
    return f"Left out: {' and '.join(parts)}; --all shows them."
