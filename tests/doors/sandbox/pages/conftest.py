"""A browser that looks at the sandbox."""

from collections.abc import AsyncIterator

import pytest

from telefonistka_py.sandbox import Hub
from tests.doors.browsing import Browser


@pytest.fixture
async def browser(hub: Hub) -> AsyncIterator[Browser]:
    async with Browser(hub.url) as browser:
        yield browser
