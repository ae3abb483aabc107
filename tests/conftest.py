"""What every test may use."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run: a run that fails can be repeated, and one that passed says the same tomorrow.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

pytest_plugins = ["tests.postgres"]

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
LANES = ("browser", "deploy", "matrix", "soak")
"""Folders that run by their own command, `pytest -m <name>`: they take longer, or need more than `dev` installs."""


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would every process that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="Write what the tests find into tests/golden instead of comparing."
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Of a lane that is not asked for, not even what its conftest imports is needed."""
    lane = collection_path.name
    other = collection_path.parent == HERE and lane in LANES and lane not in config.option.markexpr
    return True if other else None


Golden = Callable[[str, str], None]
"""Takes a file's name below `tests/golden` and the text that it should hold."""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the file that holds it; with `--golden` writes that file, to be reviewed in the diff."""
    write = bool(request.config.getoption("--golden"))

    def compare(name: str, text: str) -> None:
        place = GOLDEN / name
        if write:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        assert place.is_file(), f"{place} is missing; run pytest with --golden and review what it writes"
        assert text == place.read_bytes().decode(), f"differs from {place}; if that is meant, run pytest with --golden"

    return compare
