"""What becomes of a delivery whose handling failed. Pure: the worker acts on the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from telefonistka_py.errors import HeldBack, Limited, OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.inbox.model import Claim, Dead, Done, RetryAt, Settlement


@dataclass(frozen=True)
class Patience:
    """How long and how often a delivery is tried."""

    first: timedelta = timedelta(seconds=1)
    """The wait after the first attempt; it doubles with each further one."""
    longest: timedelta = timedelta(minutes=5)
    operator: timedelta = timedelta(minutes=5)
    """The wait when whoever runs the server must act first."""
    give_up_after: timedelta = timedelta(hours=24)
    """Counted from the first attempt."""
    fewest_attempts: int = 10
    """Time alone ends nothing: a server that was stopped for days still tries this often."""
    most_attempts: int = 300
    """Further ones are `longest` apart at least, whatever GitHub says; they end nothing."""
    refusals: int = 6
    """Attempts at what GitHub refuses for a reason that the flow does not know."""
    people: timedelta = timedelta(days=30)
    """How long something waits for people or checks; it is no failure, so attempts don't count."""


def on(error: BaseException, claim: Claim, now: datetime, patience: Patience, jitter: float) -> Settlement:
    """How `claim` is settled after `error`. `jitter` is from 0 to 1 and spreads retries over half of their wait."""
    match error:
        case RepoMistake():
            return Done(str(error))
        case Limited():
            # It ends by itself, and trying sooner or more often would prolong it: it uses up nobody's patience.
            return RetryAt(max(error.retry_at, now + patience.first * jitter), str(error), counted=False)
        case WorldUnwell(retry_at=told):
            wait = _backoff(claim.attempt, patience) * (0.5 + jitter / 2)
            # What was told is kept even if it is shorter than our own wait, but a moment that has passed is no advice.
            when = max(told, now + patience.first * jitter) if told else now + wait
            if claim.attempt >= patience.most_attempts:
                when = max(when, now + patience.longest)
            return _unless_given_up(RetryAt(when, str(error)), claim, now, patience)
        case HeldBack():
            return _held_back(error, claim, now, patience)
        case OperatorMistake():
            return _unless_given_up(RetryAt(now + patience.operator, str(error)), claim, now, patience)
        case TelefonistkaError():
            # Refused by GitHub for a reason that may pass (its replicas lag behind one another); not worth a day.
            if claim.attempt >= patience.refusals:
                return Dead(f"Given up after {claim.attempt} attempts, the last one failed: {error}")
            return RetryAt(now + _backoff(claim.attempt, patience) * (0.5 + jitter / 2), str(error))
        case _:
            return Dead(f"This is a bug: {type(error).__name__}: {error}")


def _backoff(attempt: int, patience: Patience) -> timedelta:
    doublings = min(attempt - 1, 30)
    return min(patience.first * (1 << doublings), patience.longest)


def _held_back(error: HeldBack, claim: Claim, now: datetime, patience: Patience) -> Settlement:
    if now - claim.delivery.received_at >= patience.people:
        return Done(f"{error}, and nobody looks again: {patience.people.days} days are over")
    return RetryAt(error.retry_at, str(error), counted=False, anew=True)


def _unless_given_up(retry: RetryAt, claim: Claim, now: datetime, patience: Patience) -> Settlement:
    tired = claim.attempt >= patience.fewest_attempts and now - claim.first_claimed_at >= patience.give_up_after
    if tired:
        return Dead(f"Given up after {claim.attempt} attempts, the last one failed: {retry.why}")
    return retry
