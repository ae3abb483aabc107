"""Which deliveries `telefonistka inbox list` shows, and which it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass

from telefonistka_py import counted
from telefonistka_py.app import backlog
from telefonistka_py.inbox.model import Entry, Inbox, State

FARTHEST = 50_000
"""Deliveries that are looked at; a few more are."""


@dataclass(frozen=True)
class Seen:
    shown: Sequence[Entry]
    """Newest first."""
    chores: int = 0
    echoes: int = 0
    """How many of each were left out, as far as was looked."""


async def newest(it: Inbox, state: State | None, lane: str | None, most: int, *, everything: bool) -> Seen:
    """The newest `most`, looking as far back as that takes; without what is left out, unless `everything`."""
    asked = most
    while True:
        found = await it.entries(state=state, lane=lane, most=asked)
        if everything:
            return Seen(found)
        kept = [entry for entry in found if not backlog.is_chore(entry) and not backlog.is_echo(entry)]
        if len(kept) >= most or len(found) < asked or asked > FARTHEST:
            return Seen(kept[:most], sum(map(backlog.is_chore, found)), sum(map(backlog.is_echo, found)))
        asked *= 8


def left_out(seen: Seen) -> str:
    """A sentence."""
    parts = [backlog.told(seen.chores)] if seen.chores else []
    parts += [f"{counted.of(seen.echoes, 'handled event')} of checks"] if seen.echoes else []
    return f"Left out: {' and '.join(parts)}; --all shows them."
