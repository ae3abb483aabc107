"""Pages in a real Chromium. The lane runs by its own command, `pytest -m browser`, and installs nothing itself."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.chrome import Chrome

SCREENSHOTS = "TELEFONISTKA_SCREENSHOTS"
"""Names a folder that keeps what the tests saw, to be looked at."""


@dataclass(frozen=True)
class Programs:
    chromium: str
    driver: str


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Chromium and its driver, which must be of the same version, as Debian's packages are."""
    found = [next(filter(None, map(shutil.which, names)), None) for names in (
        ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
    )]  # fmt: skip
    assert all(found), "install them: apt-get install chromium chromium-driver"
    return Programs(str(found[0]), str(found[1]))


@pytest.fixture(scope="session")
def chrome(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests of the lane."""
    screenshots = Path(os.environ.get(SCREENSHOTS) or tmp_path_factory.mktemp("screenshots"))
    screenshots.mkdir(parents=True, exist_ok=True)
    with Chrome.running(programs.chromium, programs.driver, tmp_path_factory.mktemp("profile"), screenshots) as browser:
        yield browser
