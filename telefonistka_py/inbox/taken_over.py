"""What a worker that is gone had underway waits again, and that is told: in the delivery's note, and in the log."""

from collections.abc import Iterable
from dataclasses import dataclass

from telefonistka_py.observability import logs

log = logs.get()


@dataclass(frozen=True)
class TakenOver:
    """A delivery that waits again."""

    id: str
    worker: str
    """Who had it; empty when that is not known."""
    crashes: int
    """How many of its attempts in a row ended so, this one included."""


def note(worker: str | None) -> str:
    """What came of the attempt."""
    return f"taken over: {worker or 'its worker'} was not heard of any more"


def tell(taken: Iterable[TakenOver]) -> None:
    """A line of the log for each."""
    for each in taken:
        log.warning(
            "a delivery is taken over from a worker that is gone",
            delivery=each.id,
            worker=each.worker,
            crashes=each.crashes,
        )
