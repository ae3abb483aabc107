from hypothesis import given
from hypothesis import strategies as st

from telefonistka_py.feedback import comments, size


@given(st.text(max_size=50))
def test_a_text_within_the_limit_keeps_to_every_reading_of_it(text: str) -> None:
    """N19: code points, UTF-16 units, and a quarter of 262,144 bytes."""
    counted = size.units(text)
    assert len(text) <= counted
    assert len(text.encode()) <= 4 * counted


def test_a_character_outside_the_basic_plane_counts_twice() -> None:
    assert [size.units(text) for text in ("a", "é", "↔", "🚀", "")] == [1, 1, 1, 2, 0]


def test_our_marker_lines_fit_beside_a_full_text() -> None:
    assert len(comments.tagged("a-topic-of-sixty-characters-which-is-more-than-we-have-so-far/5", "")) <= size.MARKERS
    assert size.LIMIT + size.MARKERS == size.GITHUB


@given(st.text(max_size=50), st.integers(0, 60))
def test_a_start_is_as_long_as_it_can_be(text: str, room: int) -> None:
    start = size.start(text, room)
    assert text.startswith(start)
    assert size.units(start) <= room
    assert start == text or size.units(text[: len(start) + 1]) > room


@given(st.text(st.sampled_from("\r\na"), max_size=20))
def test_lines_are_counted_as_they_will_stand(text: str) -> None:
    assert size.lines(text) == len(size.clean(text).split("\n"))


def test_what_cannot_be_sent_is_written_out() -> None:
    assert size.clean("a\r\nb\rc\0\ud83d") == "a\nb\nc\ufffd\\ud83d"
