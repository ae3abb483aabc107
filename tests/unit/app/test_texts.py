"""The address behind the commit status is the operator's where that works, and ours where it doesn't."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from telefonistka_py.app import texts
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.feedback import status

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def link(source: str, folder: Path) -> str:
    file = folder / "url.txt"
    file.write_text(source)
    return texts.status_link(file)(MOMENT)


def test_without_a_text_it_is_our_home_page() -> None:
    assert texts.status_link(None)(MOMENT) == status.HOME_PAGE


def test_it_is_given_the_time(tmp_path: Path) -> None:
    source = "https://logs.example.com/?from={{ commit_time.isoformat() | urlencode }}&t={{ commit_time.year }}\n"
    assert link(source, tmp_path) == "https://logs.example.com/?from=2026-03-04T05%3A06%3A07%2B00%3A00&t=2026"


@pytest.mark.parametrize(
    "source",
    [
        "https://x.example/?t={{.CommitTime}}",  # a Go template, as the Go server had
        "https://x.example/{% if %}",
        "https://x.example/{{ comit_time }}",
        "https://x.example/{{ commit_time.strftime(1) }}",
        "https://x.example/{{ 1 / 0 }}",
        "https://x.example/{{ commit_time.__class__ }}",
    ],
)
def test_one_that_fails_never_stops_an_event(source: str, tmp_path: Path) -> None:
    assert link(source, tmp_path) == status.HOME_PAGE


def test_a_file_that_can_not_be_read_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(OperatorMistake, match="CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH"):
        texts.status_link(tmp_path / "gone")


def test_a_folder_that_can_not_be_listed_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(OperatorMistake, match="can't be listed"):
        texts.load(tmp_path / "gone")
