from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telefonistka_py.sandbox import Hub
from tests.contracts import github as contract
from tests.stories.house import SECRET, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A sandbox with an App. At the end, everything that was asked and answered must fit GitHub's own description."""
    async with Hub.running(tmp_path / "hub") as hub:
        app = hub.add_app(slug="telefonistka", secret=SECRET)
        yield House(hub, app, tmp_path)
        await hub.delivered()
        assert hub.unknown == []
        assert [problem for exchange in hub.exchanges for problem in contract.problems_of(exchange)] == []
