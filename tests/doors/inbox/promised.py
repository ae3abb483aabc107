"""What `Inbox` promises, told a second time and in memory: the stores are compared with it.

Written from the Protocol's words alone. A step is a call of a store's method; the model makes the same call, and says
whether the answer that the store gave may be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from telefonistka_py.inbox.model import (
    SUSPECT,
    Claim,
    Counts,
    Dead,
    Delivery,
    Done,
    Entry,
    GivenBack,
    Receipt,
    RetryAt,
    Settlement,
    State,
)
from telefonistka_py.names import Lane

STALE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Record:
    """What is known of one delivery."""

    delivery: Delivery
    due_at: datetime | None
    state: State = State.WAITING
    attempt: int = 0
    crashes: int = 0
    first_claimed_at: datetime | None = None
    settled_at: datetime | None = None
    worker: str | None = None
    note: str = ""
    heard_at: datetime | None = None
    token: str = ""
    hastened: bool = False
    """Something happened while it was underway."""

    @property
    def open(self) -> bool:
        return self.state in (State.WAITING, State.UNDERWAY)

    def stale(self, now: datetime) -> bool:
        """Whether its worker was not heard of for too long."""
        return self.state is State.UNDERWAY and self.heard_at is not None and self.heard_at < now - STALE_AFTER

    def due(self, now: datetime) -> bool:
        return self.state is State.WAITING and (self.due_at is None or self.due_at <= now)


@dataclass
class Promised:
    """The inbox that the Protocol speaks of. `records` are in the order in which they were put."""

    now: datetime
    records: dict[str, Record] = field(default_factory=dict)
    forgotten: dict[str, Delivery] = field(default_factory=dict)
    """What `forget` took away, until nobody can have seen it any more."""

    def copy(self) -> "Promised":
        return Promised(self.now, dict(self.records), dict(self.forgotten))

    @property
    def state(self) -> tuple[object, ...]:
        """All that matters of it, to be compared."""
        return (*self.records.values(), *self.forgotten)

    # What changes it

    def put(self, delivery: Delivery) -> Receipt:
        known = self.records.get(delivery.id)
        if known is not None and known.state is not State.DEAD:
            return Receipt.KNOWN
        self._append(delivery)
        return Receipt.STORED if known is None else Receipt.REVIVED

    def _append(self, delivery: Delivery) -> None:
        self.records.pop(delivery.id, None)
        kept = replace(delivery, not_before=None)
        self.records[delivery.id] = Record(kept, delivery.not_before)

    def claimed(self, claim: Claim) -> None:
        """Marks what a store handed out, which must be claimable. See `claimable`."""
        record = self.records[claim.delivery.id]
        self.records[claim.delivery.id] = replace(
            record,
            state=State.UNDERWAY,
            due_at=None,
            attempt=record.attempt + 1,
            first_claimed_at=record.first_claimed_at or self.now,
            worker=claim.worker,
            heard_at=self.now,
            token=claim.token,
            hastened=False,
        )

    def as_claimed(self, id: str, worker: str, token: str) -> Claim:
        """The claim on `id` that whoever asks now should get."""
        record = self.records[id]
        began = record.first_claimed_at or self.now
        return Claim(record.delivery, record.attempt + 1, record.crashes, began, worker, token)

    def heartbeat(self, claim: Claim) -> bool:
        """Whether the claim is the current one."""
        if not self._current(claim):
            return False
        self._change(claim.delivery.id, heard_at=self.now)
        return True

    def settle(self, claim: Claim, settlement: Settlement) -> bool:
        """Whether the claim is the current one; otherwise nothing is changed."""
        if not self._current(claim):
            return False
        id, record = claim.delivery.id, self.records[claim.delivery.id]
        match settlement:
            case Done(note, then, hasten):
                self._change(id, state=State.DONE, note=note, settled_at=self.now, crashes=0, hastened=False)
                if hasten:
                    self._hasten(hasten)
                for delivery in then:
                    self._follow(delivery)
            case Dead(why):
                self._change(id, state=State.DEAD, note=why, settled_at=self.now, crashes=0, hastened=False)
            case RetryAt(when, why, counted, anew):
                due_at = self.now if anew and record.hastened else when
                attempt = 0 if anew else record.attempt if counted else record.attempt - 1
                began = None if anew else record.first_claimed_at
                self._wait(id, due_at=due_at, note=why, attempt=attempt, first_claimed_at=began, crashes=0)
            case GivenBack():
                self._wait(id, due_at=None, note="", attempt=record.attempt - 1, crashes=0)
        return True

    def _current(self, claim: Claim) -> bool:
        record = self.records.get(claim.delivery.id)
        return record is not None and record.state is State.UNDERWAY and record.token == claim.token

    def _change(self, id: str, **what: object) -> None:
        self.records[id] = replace(self.records[id], **what)  # type: ignore[arg-type]

    def _wait(self, id: str, **what: object) -> None:
        self._change(id, state=State.WAITING, hastened=False, **what)

    def _follow(self, delivery: Delivery) -> None:
        """Work of our own that ended may be needed again."""
        known = self.records.get(delivery.id)
        if known is None or not known.open:
            self._append(delivery)

    def _hasten(self, start: str) -> None:
        for id, record in self.records.items():
            if not id.startswith(start):
                continue
            if record.state is State.UNDERWAY:
                self._change(id, hastened=True)
            elif record.state is State.WAITING and not record.due(self.now):
                self._change(id, due_at=self.now)

    def again(self, id: str) -> State | None:
        record = self.records.get(id)
        if record is None:
            return None
        if record.state is State.WAITING:
            self._change(id, due_at=None)
        elif record.state is not State.UNDERWAY:
            self._append(record.delivery)
        return record.state

    def drop(self, id: str) -> State | None:
        record = self.records.get(id)
        if record is not None and record.state is not State.UNDERWAY:
            del self.records[id]
        return None if record is None else record.state

    def forget(self, settled_before: datetime) -> int:
        old = [
            id
            for id, record in self.records.items()
            if record.state is State.DONE and record.settled_at is not None and record.settled_at < settled_before
        ]
        for id in old:
            self.forgotten[id] = self.records.pop(id).delivery
        return len(old)

    def again_though_forgotten(self, id: str) -> State | None:
        """Who asks for it again may have seen it just before it was forgotten: then it is put anew all the same."""
        if self.drop_though_forgotten(id):
            self._append(self.forgotten[id])
            return State.DONE
        return None

    def drop_though_forgotten(self, id: str) -> State | None:
        """Likewise."""
        return State.DONE if id in self.forgotten and id not in self.records else None

    def taken_over(self, id: str) -> None:
        """Its worker is gone."""
        record = self.records[id]
        note = f"taken over: {record.worker} was not heard of any more"
        self._wait(id, due_at=None, crashes=record.crashes + 1, note=note)

    # What is seen of it

    def underway(self) -> list[str]:
        return [id for id, record in self.records.items() if record.state is State.UNDERWAY]

    def stale(self) -> list[str]:
        """What a claim takes over first."""
        return [id for id, record in self.records.items() if record.stale(self.now)]

    def claimable(self, *, suspects: bool = True) -> list[str]:
        """Which deliveries may be claimed, the oldest first."""
        return [
            record.delivery.id
            for record in self._heads()
            if record.due(self.now) and (suspects or record.crashes < SUSPECT)
        ]

    def _heads(self) -> Iterator[Record]:
        """The oldest open delivery of each lane."""
        seen: set[Lane] = set()
        for record in self.records.values():
            if record.open and record.delivery.lane not in seen:
                seen.add(record.delivery.lane)
                yield record

    def next_due(self) -> datetime | None:
        """The next moment to come at which something becomes claimable."""
        waits = (record.due_at for record in self._heads() if record.state is State.WAITING)
        return min((due_at for due_at in waits if due_at is not None and due_at > self.now), default=None)

    def oldest_open(self) -> datetime | None:
        webhooks = (each for each in self.records.values() if each.open and "/" not in each.delivery.kind)
        return min((each.delivery.received_at for each in webhooks), default=None)

    def counts(self) -> Counts:
        states = [record.state for record in self.records.values()]
        return Counts(**{state.value: states.count(state) for state in State})

    def entries(self) -> list[Entry]:
        """The newest first, without moments that have come: see `without_the_past`."""
        return [without_the_past(_entry(each), self.now) for each in reversed(self.records.values())]


def _entry(record: Record) -> Entry:
    it = record.delivery
    return Entry(
        it.id,
        it.kind,
        it.lane,
        it.received_at,
        record.state,
        record.attempt,
        record.crashes,
        record.due_at,
        record.settled_at,
        record.worker,
        record.note,
    )


def without_the_past(entry: Entry, now: datetime) -> Entry:
    """A moment that has come is waited for no longer, whether or not a store still tells it."""
    return entry if entry.due_at is None or entry.due_at > now else replace(entry, due_at=None)
