"""This lane needs two wheels of its own, so it is looked at by its own command alone: `pytest -m deploy`."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here is imported unless it is asked for."""
    return None if "deploy" in config.option.markexpr or collection_path.name == "conftest.py" else True
