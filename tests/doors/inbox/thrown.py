"""Steps to take on an inbox, thrown by dice: calls of its methods, each with what the model says to its answer."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from telefonistka_py.inbox.model import (
    Claim,
    ClaimLost,
    Dead,
    Delivery,
    Done,
    GivenBack,
    Inbox,
    RetryAt,
    Settlement,
    State,
)
from tests.doors.inbox.conftest import HandClock, delivery
from tests.doors.inbox.promised import Promised

IDS = [f"{start}:{number}" for start in "abc" for number in range(7)]
STARTS = ["a:", "b:", "a:", "b:", "a:1", "b:2", "nobody"]
LANES = 8
PASSING = [31, 70, 3600]
"""Seconds. No sum of them is near the 60 after which a claim is stale: the database's clock runs meanwhile."""


@dataclass(frozen=True)
class Step:
    """One call of a method of `Inbox`: `fits` makes the same call of the model and says whether the answer may be."""

    name: str
    ask: Callable[[Inbox], Awaitable[Any]]
    fits: Callable[[Promised, Any], bool]
    none_tells: bool = True
    """Whether the answer None says something: whoever claims beside others may find nothing at any moment."""


def put(what: Delivery) -> Step:
    return Step(f"put {told(what)}", lambda inbox: inbox.put(what), lambda model, got: model.put(what) is got)


def heartbeat(claim: Claim) -> Step:
    return Step(
        f"heartbeat {claim.delivery.id} {claim.token}",
        lambda inbox: _not_lost(inbox.heartbeat(claim)),
        lambda model, got: model.heartbeat(claim) is got,
    )


def settle(claim: Claim, how: Settlement) -> Step:
    return Step(
        f"settle {claim.delivery.id} {claim.token} {told(how)}",
        lambda inbox: _not_lost(inbox.settle(claim, how)),
        lambda model, got: model.settle(claim, how) is got,
    )


def again(id: str) -> Step:
    def fits(model: Promised, got: State | None) -> bool:
        return model.again(id) is got or (got is not None and model.again_though_forgotten(id) is got)

    return Step(f"again {id}", lambda inbox: inbox.again(id), fits)


def drop(id: str) -> Step:
    def fits(model: Promised, got: State | None) -> bool:
        return model.drop(id) is got or (got is not None and model.drop_though_forgotten(id) is got)

    return Step(f"drop {id}", lambda inbox: inbox.drop(id), fits)


def forget(before: datetime) -> Step:
    return Step(
        f"forget {before:%T.%f}", lambda inbox: inbox.forget(before), lambda model, got: model.forget(before) == got
    )


def claim(worker: str, *, suspects: bool, alone: bool) -> Step:
    """Whoever is `alone` gets the oldest; beside others one passes over what they hold at that moment."""

    def fits(model: Promised, got: Claim | None) -> bool:
        if alone:
            for id in model.stale():
                model.taken_over(id)
        wanted = model.claimable(suspects=suspects)
        if got is None:
            return not (alone and wanted)
        if got.delivery.id not in (wanted[:1] if alone else wanted):
            return False
        if got != model.as_claimed(got.delivery.id, worker, got.token):
            return False
        model.claimed(got)
        return True

    what = "claim" if suspects else "claim no suspects"
    return Step(what, lambda inbox: inbox.claim(worker, suspects=suspects), fits, none_tells=alone)


async def _not_lost(asked: Awaitable[None]) -> bool:
    try:
        await asked
    except ClaimLost:
        return False
    return True


def told(what: Delivery | Settlement) -> str:
    match what:
        case Delivery(id, not_before=moment):
            return id if moment is None else f"{id} at {moment:%T}"
        case Done(_, then, hasten):
            return f"Done then=({', '.join(map(told, then))}) hasten={hasten!r}"
        case RetryAt(when, _, counted, anew):
            return f"RetryAt {when:%T} counted={counted} anew={anew}"
        case _:
            return type(what).__name__


@dataclass
class Thrower:
    """Throws steps: few deliveries in few lanes, so that steps get in one another's way."""

    dice: random.Random
    clock: HandClock
    alone: bool
    held: list[Claim] = field(default_factory=list)
    """Claims that nothing was thrown to settle yet."""
    over: list[Claim] = field(default_factory=list)

    def burst(self) -> list[Step]:
        """Some steps for the same moment. At times all that can be is taken up in it, or all that is underway ends."""
        match self.dice.randrange(5):
            case 0:
                return [self._claim() for _ in range(LANES)] + [self._by_hand() for _ in range(2)]
            case 1 | 2 if self.held:
                return [settle(self._no_longer_held(), self._told_or_waits()) for _ in range(len(self.held))]
            case _:
                return [self.step() for _ in range(self.dice.randint(2, 6))]

    def step(self) -> Step:
        claims = 1 if self.held or self.over else 0
        ways = {
            self._put: 5,
            self._claim: 8,
            self._settle: 6 * claims,
            self._heartbeat: claims,
            self._by_hand: 4,
            self._forget: 1,
        }
        [way] = self.dice.choices(list(ways), list(ways.values()))
        return way()

    def passes(self) -> None:
        self.clock.advance(seconds=self.dice.choice(PASSING))

    def _put(self) -> Step:
        return put(self._delivery())

    def _delivery(self) -> Delivery:
        """The same id has the same lane, and of each start there are some in every lane.

        Something may happen while what waits for it is put: nobody knows which was first. So then only those wait for a
        moment from the beginning that nobody hastens.
        """
        number = self.dice.randrange(len(IDS))
        received_at = self.clock.now.replace(hour=1, minute=number)
        given = replace(delivery(IDS[number], f"r#{number % LANES}", b"%d" % number), received_at=received_at)
        if number % 4 == 0:
            given = replace(given, kind="telefonistka/own")
        waits = self.dice.random() < 0.4 and (self.alone or given.id.startswith("c"))
        return replace(given, not_before=self._moment()) if waits else given

    def _moment(self) -> datetime:
        return self.clock.now + timedelta(seconds=self.dice.choice([0, 20, 1800, 86_400, 86_400]))

    def _claim(self) -> Step:
        worker = self.dice.choice(["pod-1", "pod-2"])
        return claim(worker, suspects=self.dice.random() < 0.7, alone=self.alone)

    def _settle(self) -> Step:
        again = not self.held or (self.over and self.dice.random() < 0.15)
        return settle(self.dice.choice(self.over[-5:]) if again else self._no_longer_held(), self._settlement())

    def _no_longer_held(self) -> Claim:
        self.over.append(self.held.pop(self.dice.randrange(len(self.held))))
        return self.over[-1]

    def _heartbeat(self) -> Step:
        return heartbeat(self.dice.choice(self.held + self.over[-2:]))

    def _settlement(self) -> Settlement:
        flip = self.dice.random() < 0.5
        match self.dice.randrange(10):
            case 0 | 1 | 2:
                then = tuple(self._delivery() for _ in range(self.dice.choice([0, 1, 2])))
                return Done("done", then=then, hasten=self.dice.choice(STARTS) if flip else "")
            case 3:
                return RetryAt(self._moment(), "502", counted=flip)
            case 4:
                return GivenBack()
            case 5:
                return Dead("no luck")
            case _:
                return self._told_or_waits()

    def _told_or_waits(self) -> Settlement:
        """Something happened, or is waited for."""
        if self.dice.random() < 0.5:
            return Done("told", hasten=self.dice.choice(STARTS))
        return RetryAt(self._moment(), "checks", counted=False, anew=True)

    def _by_hand(self) -> Step:
        return self.dice.choice([again, drop])(self.dice.choice(IDS))

    def _forget(self) -> Step:
        return forget(self.clock.now - timedelta(seconds=self.dice.choice([0, 0, 40])))
