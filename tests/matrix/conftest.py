"""What the matrix shares: the zygote, the stores, and the number of kill points at the end."""

from collections.abc import Iterator

import pytest

from tests.matrix import stores, zygote
from tests.matrix.stores import Store
from tests.matrix.zygote import Zygote
from tests.stories.conftest import house as house

TRIED = pytest.StashKey[dict[str, int]]()
"""Kill points tried, by store."""


@pytest.fixture(scope="session")
def forks() -> Iterator[Zygote]:
    with zygote.running() as one:
        yield one


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the stores."""
    if request.param == "sqlite":
        return stores.sqlite
    # A machine that is busy must not make a living server look dead: it would be two that act.
    return stores.postgres(request.getfixturevalue("postgres"), stale_seconds=4)


@pytest.fixture(scope="session")
def tried(request: pytest.FixtureRequest) -> dict[str, int]:
    return request.config.stash.setdefault(TRIED, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if counts := config.stash.get(TRIED, {}):
        each = ", ".join(f"{store} {count}" for store, count in counts.items())
        terminalreporter.write_line(f"kill points tried: {sum(counts.values())} ({each})")
