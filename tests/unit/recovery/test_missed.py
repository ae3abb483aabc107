"""Which deliveries are asked for again: those of which no attempt succeeded, each once per failure (N18)."""

from datetime import UTC, datetime, timedelta

import pytest

from telefonistka_py.github.facts import Attempted
from telefonistka_py.recovery import missed, model
from telefonistka_py.recovery.model import Memory

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)


def attempt(id: int, guid: str, *, ok: bool = False, minutes: float = 0) -> Attempted:
    return Attempted(id, guid, NOW - timedelta(minutes=minutes), "pull_request", ok)


@pytest.mark.parametrize(
    ("attempts", "asked", "wanted"),
    [
        ([attempt(1, "a", ok=True)], {}, []),
        ([attempt(1, "a")], {}, [1]),
        ([attempt(2, "a", ok=True), attempt(1, "a")], {}, []),
        ([attempt(2, "a"), attempt(1, "a", ok=True)], {}, []),
        ([attempt(3, "a"), attempt(1, "a")], {}, [3]),
        ([attempt(3, "a"), attempt(1, "a")], {"a": 3}, []),
        ([attempt(3, "a"), attempt(1, "a")], {"a": 1}, [3]),
        ([attempt(4, "b"), attempt(3, "c", ok=True), attempt(2, "a")], {}, [2, 4]),
    ],
    ids=[
        "handed over",
        "failed",
        "failed, then handed over",
        "handed over, then asked for again and failed",
        "failed twice",
        "asked for after the newest failure",
        "failed again since it was asked for",
        "oldest first",
    ],
)
def test_what_no_attempt_handed_over_is_asked_for_once_per_failure(
    attempts: list[Attempted], asked: dict[str, int], wanted: list[int]
) -> None:
    assert [each.id for each in missed.deliveries(attempts, asked)] == wanted


def test_a_log_reaches_back_only_past_the_overlap() -> None:
    until = NOW - timedelta(minutes=10)
    assert not missed.reaches_back([attempt(1, "a", minutes=20)], until)
    assert missed.reaches_back([attempt(1, "a", minutes=26)], until)


def test_what_is_remembered_is_read_back() -> None:
    memory = Memory(
        awake_at=NOW,
        swept_until=NOW - timedelta(minutes=1),
        asked={"a": 7},
        cursor="v1_3",
        sweeping_to=NOW,
        caught_up=False,
        awake_since=NOW - timedelta(days=1),
    )
    assert model.read(model.write(memory), NOW) == memory


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"awake_at": 3}'])
def test_without_a_memory_all_begins_now(text: str) -> None:
    assert model.read(text, NOW) == Memory(awake_at=NOW, swept_until=NOW)
