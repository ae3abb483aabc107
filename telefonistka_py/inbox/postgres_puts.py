"""Puts that wait at the same moment share one transaction, and so one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.inbox.model import Delivery, Receipt

_MOST_PER_COMMIT = 100
_MOST_BYTES_PER_COMMIT = 4_000_000

Store = Callable[[Sequence[Delivery]], Awaitable[list[Receipt]]]
"""Stores deliveries in one transaction, wholly or not at all. Raises `WorldUnwell`, or `Unfit` for what one of them
holds."""


class Unfit(WorldUnwell):
    """The database refuses what a delivery holds: it would do so again, but not for those beside it."""


@dataclass(frozen=True)
class _Asked:
    delivery: Delivery
    answer: asyncio.Future[Receipt]


class Puts:
    """Collects what is put while a transaction is underway, for the next one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: list[_Asked] = []
        self._storing: asyncio.Task[None] | None = None

    async def put(self, delivery: Delivery) -> Receipt:
        """Returns after the commit. Whoever is cancelled meanwhile leaves the delivery to be stored all the same."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(delivery, answer))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())
        return await answer

    async def finished(self) -> None:
        """Returns when everything that was asked for is answered."""
        if self._storing is not None:
            await asyncio.wait([self._storing])

    async def _store_all(self) -> None:
        batch: list[_Asked] = []
        try:
            while self._asked:
                size = _as_many_as_fit(self._asked)
                batch, self._asked = self._asked[:size], self._asked[size:]
                await self._store_together(batch)
        finally:
            self._storing = None
            for asked in [*batch, *self._asked]:  # only when a bug ends this task
                _refuse(asked, WorldUnwell("The inbox has stopped."))

    async def _store_together(self, batch: list[_Asked]) -> None:
        try:
            receipts = await self._store([asked.delivery for asked in batch])
        except Unfit as unfit:
            if len(batch) == 1:
                _refuse(batch[0], unfit)
            else:
                for asked in batch:
                    await self._store_together([asked])
        except WorldUnwell as error:
            for asked in batch:
                _refuse(asked, error)
        else:
            for asked, receipt in zip(batch, receipts, strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(receipt)


def _as_many_as_fit(asked: Sequence[_Asked]) -> int:
    """How many of the first go into one transaction; one does, whatever its size."""
    sizes = accumulate(len(each.delivery.body) for each in asked[:_MOST_PER_COMMIT])
    return max(1, sum(size <= _MOST_BYTES_PER_COMMIT for size in sizes))


def _refuse(asked: _Asked, error: WorldUnwell) -> None:
    if not asked.answer.done():
        asked.answer.set_exception(WorldUnwell(str(error)))
