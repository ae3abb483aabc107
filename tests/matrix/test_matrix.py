"""The server is killed around every single request of every flow, and the end is the same (N11, N12, N13)."""

from pathlib import Path

import pytest

from tests.matrix import every_point
from tests.matrix.flows import FLOWS, Flow
from tests.matrix.run import Disorder, run
from tests.matrix.stores import Store
from tests.matrix.zygote import Zygote

pytestmark = pytest.mark.matrix


@pytest.mark.parametrize("flow", FLOWS, ids=str)
async def test_killed_at_any_point_the_end_is_the_same(
    flow: Flow, store: Store, forks: Zygote, tmp_path: Path, tried: dict[str, int]
) -> None:
    wanted = await run(flow, store, forks, tmp_path / "undisturbed")
    problems = await every_point.killed_at(wanted.points, flow, store, forks, tmp_path, wanted)
    tried[store.name] = tried.get(store.name, 0) + len(wanted.points)
    assert problems == []


@pytest.mark.parametrize("disorder", [Disorder(twice=True), Disorder(reversed=True)], ids=["twice", "out of order"])
@pytest.mark.parametrize("flow", FLOWS, ids=str)
async def test_webhooks_that_come_otherwise_change_nothing(
    flow: Flow, disorder: Disorder, store: Store, forks: Zygote, tmp_path: Path
) -> None:
    wanted = await run(flow, store, forks, tmp_path / "undisturbed")
    other = await run(flow, store, forks, tmp_path / "disturbed", disorder=disorder)
    assert every_point.differences(wanted.picture, other.picture) == []
