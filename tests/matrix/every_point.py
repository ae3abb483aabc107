"""Runs a flow once for each point at which its server can be killed, some at the same time."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from tests.matrix.flows import Flow
from tests.matrix.points import Point
from tests.matrix.run import Result, run
from tests.matrix.stores import Store
from tests.matrix.zygote import Zygote

_SECONDS = 60.0
"""A run that has not settled by then has lost something."""


async def killed_at(
    points: Iterable[Point], flow: Flow, store: Store, zygote: Zygote, folder: Path, wanted: Result
) -> list[str]:
    """A sentence for each point after which the end is another one than `wanted`."""
    slots = asyncio.Semaphore(store.at_once)

    async def one(number: int, point: Point) -> str | None:
        async with slots:
            return await _killed(point, flow, store, zygote, folder / str(number), wanted)

    found = await asyncio.gather(*(one(number, point) for number, point in enumerate(points)))
    return [problem for problem in found if problem]


async def _killed(point: Point, flow: Flow, store: Store, zygote: Zygote, folder: Path, wanted: Result) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS):
            result = await run(flow, store, zygote, folder, point)
    except (TimeoutError, AssertionError) as error:
        return f"{point}: {str(error) or 'it never settled'}"
    if not result.killed:
        return f"{point}: the request was never made"
    if result.picture != wanted.picture:
        return f"{point}: {'; '.join(differences(wanted.picture, result.picture))}"
    return None


def differences(wanted: object, found: object, at: str = "") -> list[str]:
    """Where two pictures differ, and what stands there."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = dict.fromkeys([*wanted, *found])
        return [each for key in keys for each in differences(wanted.get(key), found.get(key), f"{at}/{key}")]
    return [] if wanted == found else [f"{at} is {found!r} instead of {wanted!r}"]
