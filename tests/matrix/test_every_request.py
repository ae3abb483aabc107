"""What the stories try at some requests, or in some orders, at every request and in every order (N11-N13, N20)."""

from pathlib import Path

import pytest

from telefonistka_py.sandbox.content import Content
from tests.stories import test_limits as limits
from tests.stories import test_nothing_lost_nothing_twice as failures
from tests.stories import test_promotions_at_the_same_moment as together
from tests.stories import test_stopped_anywhere as stopped
from tests.stories.house import House

pytestmark = pytest.mark.matrix


@failures.FAILURES
async def test_a_failure_at_any_single_request_changes_nothing_in_the_end(
    tmp_path: Path, status: int | None, after_effect: bool, files: dict[str, Content]
) -> None:
    await failures.failing_at(tmp_path, status, after_effect, files, every=1)


async def test_a_limit_at_any_single_request_changes_nothing_in_the_end(tmp_path: Path) -> None:
    await limits.limited_at(tmp_path, every=1)


async def test_stopped_after_any_request_the_end_is_the_same(tmp_path: Path) -> None:
    await stopped.stopped_after(tmp_path, every=1)


@pytest.mark.parametrize("script", together.orders(), ids=" ".join)
async def test_two_promotions_settle_in_whatever_order_their_steps_come(house: House, script: list[str]) -> None:
    await together.promoted_in(house, script)
