"""The durable inbox, as the rest of the house sees it. SQLite and PostgreSQL implement it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from telefonistka_py.names import Lane


@dataclass(frozen=True)
class Delivery:
    """One webhook as it came: raw body and headers are kept byte for byte, since they may be forwarded."""

    id: str
    """GitHub's `X-GitHub-Delivery`; a redelivery keeps it."""
    kind: str
    """GitHub's `X-GitHub-Event`."""
    lane: Lane
    headers: tuple[tuple[str, str], ...]
    body: bytes
    received_at: datetime
    not_before: datetime | None = None
    """Work of our own may wait for a moment (aware UTC) before its first attempt. A claim has None."""


class Receipt(StrEnum):
    """What `put` did with a delivery."""

    STORED = "stored"
    """New: it is durable now."""
    KNOWN = "known"
    """Its work is waiting, underway or done: nothing was changed."""
    REVIVED = "revived"
    """Its work had ended dead: it waits again, from its first attempt."""


class State(StrEnum):
    WAITING = "waiting"
    UNDERWAY = "underway"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True)
class Claim:
    """A delivery handed to one worker, which must settle it."""

    delivery: Delivery
    attempt: int
    """1 for the first. Counted when the claim is made, so that an attempt that killed its process counts too."""
    crashes: int
    """How many claims in a row ended without a settlement before this one: their process died, or hung."""
    first_claimed_at: datetime
    """When attempt 1 began; patience is measured from here, so that hours spent stopped don't use it up."""
    worker: str
    token: str
    """Proves that this claim is still the current one; an older claim's heartbeat or settlement is refused."""


@dataclass(frozen=True)
class Done:
    """Handled to its end. `note` says in a line what came of it."""

    note: str
    then: tuple[Delivery, ...] = ()
    """Work of our own that follows; put into the inbox together with the settlement, or not at all."""
    hasten: str = ""
    """Deliveries whose id starts with this are handled now if they wait for something to happen, whatever it is: one
    that is underway may have looked before it happened, and is due at once if it ends `anew`. Nothing if empty. What
    follows by `then` is not meant: it knows already."""


@dataclass(frozen=True)
class RetryAt:
    """To be handled again, not before `when` (aware UTC). Holds its lane until then, and no other lane."""

    when: datetime
    why: str
    counted: bool = True
    """Whether the attempt that ends here counts: one that waits for a limit or for people does not."""
    anew: bool = False
    """The attempt went well, and something is waited for: failures before it no longer count, nor does their time."""


@dataclass(frozen=True)
class Dead:
    """Given up: kept, visible, and taken up again only by a redelivery or by hand."""

    why: str


@dataclass(frozen=True)
class GivenBack:
    """Not handled to its end through no fault of its own (a shutdown): due at once, and the attempt isn't counted."""


Settlement = Done | RetryAt | Dead | GivenBack


class ClaimLost(Exception):
    """The claim is no longer this worker's: another took it over after missed heartbeats."""


@dataclass(frozen=True)
class Counts:
    waiting: int
    underway: int
    done: int
    dead: int


@dataclass(frozen=True)
class Entry:
    """What the inbox knows about a delivery, its content aside."""

    id: str
    kind: str
    lane: Lane
    received_at: datetime
    state: State
    attempt: int
    crashes: int
    due_at: datetime | None
    """Until when it waits, if it waits for a moment to come."""
    settled_at: datetime | None
    """When it ended done or dead."""
    worker: str | None
    """Who has it, or had it last."""
    note: str
    """What came of the last attempt; empty before there was one."""


@dataclass(frozen=True)
class Kept:
    """A delivery with what the inbox knows about it."""

    entry: Entry
    delivery: Delivery


SUSPECT = 2
"""A delivery that saw so many crashes in a row may be their cause; see `Inbox.claim`."""


class Inbox(Protocol):
    """Deliveries survive from `put` to `settle`, whatever dies in between.

    Within a lane, deliveries are claimed one at a time in the order they were put; a revived one is put anew.
    Every method raises `WorldUnwell` when the store can't be read or written.
    """

    async def put(self, delivery: Delivery) -> Receipt:
        """Stores `delivery` durably before returning."""
        ...

    async def claim(self, worker: str, *, suspects: bool = True) -> Claim | None:
        """The oldest due delivery whose lane is free, or None when there is none now.

        `suspects=False` passes over those that saw `SUSPECT` crashes or more. A worker that handles one of these at a
        time tells the one that kills its process from those that were merely beside it.
        """
        ...

    async def heartbeat(self, claim: Claim) -> None:
        """Says that the worker lives. Raises `ClaimLost` when the claim was taken over."""
        ...

    async def settle(self, claim: Claim, settlement: Settlement) -> None:
        """Ends the claim. Raises `ClaimLost` when it was taken over meanwhile; nothing is changed then."""
        ...

    async def counts(self) -> Counts:
        """How many deliveries are in each state."""
        ...

    async def oldest_open(self) -> datetime | None:
        """When the oldest webhook came in that is waiting or underway; None when there is none.

        Work of our own does not count: it may wait for a moment that is days away.
        """
        ...

    async def entries(self, *, state: State | None = None, lane: str | None = None, most: int = 50) -> Sequence[Entry]:
        """The newest `most` deliveries, newest first: all of them, or those in one state or one lane."""
        ...

    async def find(self, id: str) -> Kept | None:
        """One delivery with its content; None when the inbox doesn't know it, or no longer."""
        ...

    async def ids(self, start: str, *, most: int) -> Sequence[str]:
        """The first `most` ids that begin with `start`, in order."""
        ...

    async def again(self, id: str) -> State | None:
        """Has a delivery handled again: one that ended waits anew from its first attempt, one that waits is due now.

        Returns the state it was in; one that is underway is left alone. None when there is no such delivery.
        """
        ...

    async def drop(self, id: str) -> State | None:
        """Forgets a delivery; its lane goes on. Returns the state it was in; one that is underway is left alone."""
        ...

    async def forget(self, settled_before: datetime, *, most: int = 1000) -> int:
        """Forgets up to `most` deliveries that ended done before then, the oldest first. Returns how many."""
        ...

    async def note(self, key: str, text: str | None) -> None:
        """Keeps `text` under `key` until another takes its place; None forgets it."""
        ...

    async def notes(self, start: str = "") -> Mapping[str, str]:
        """What was noted, by key: all keys that begin with `start`, in order."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next waiting delivery becomes due, if any waits for a moment to come."""
        ...

    async def changed(self) -> None:
        """Returns when something may have become claimable since the last call; may return for nothing.

        Only one task may wait here at a time.
        """
        ...

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        """Waits until no other process that works on this inbox is in a turn of that name.

        A courtesy to whom the turns are for: after some seconds without it, and without a database, it is gone without.
        """
        ...

    async def check(self) -> None:
        """Writes a mark durably, as `put` would. Raises `WorldUnwell` when a delivery couldn't be stored now."""
        ...

    async def close(self) -> None:
        """Finishes what was asked for and lets the store go. What is underway stays so until it is taken over."""
        ...
