import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.feedback import balance, cut, fences, size
from tests.unit.feedback import reading
from tests.unit.feedback.test_balance import JUNK

DIFF = "-  image: nginx:1.26\n+  image: nginx:1.27\n"


def test_what_fits_is_left_as_it_is() -> None:
    assert cut.shortened("a\n\nb", 400) == "a\n\nb"


def test_a_long_text_ends_at_a_line_and_counts_what_is_missing() -> None:
    text = "\n".join(f"line {number:03}" for number in range(2_000))
    short = cut.shortened(text, 1_000, "telefonistka drift")
    kept, _, note = short.rpartition("\n\n")
    shown = kept.count("\n") + 1
    assert text.startswith(f"{kept}\n")
    assert note == f"… {2_000 - shown:,} more lines; see the rest with `telefonistka drift`."
    assert 900 < size.units(short) <= 1_000


def test_a_cut_diff_is_a_whole_code_block_and_the_count_stands_outside() -> None:
    short = cut.shortened(fences.fenced(DIFF * 100 + "```\n" + DIFF * 100, "diff"), 1_000)
    assert reading.complaints(short) == []
    assert short.startswith("````diff\n")
    (block,) = reading.code_blocks(short)
    assert (DIFF * 100).startswith(block)
    missing = 403 - len(block.splitlines()) - 1  # and the line that opens it
    assert short.endswith(f"\n````\n\n… {missing} more lines.")


def test_blocks_that_were_open_at_the_cut_are_closed() -> None:
    block = fences.fenced(DIFF * 100)
    text = f"<details><summary>a</summary>\n\n<table><tr><td>\n\n{block}\n\n</td></tr></table>\n</details>"
    short = cut.shortened(text, 900)
    assert reading.complaints(short) == []
    assert "```\n</td>\n</tr>\n</table>\n</details>\n\n… " in short


def test_nothing_is_cut_where_the_structure_is_not_certain() -> None:
    text = "first\n\n- ```\n" + "  a line\n" * 200 + "  ```"
    assert cut.shortened(text, 500) == "first\n\n… 202 more lines."


def test_a_line_longer_than_the_room_is_cut_between_words() -> None:
    short = cut.shortened("clusters/prod, " * 1_000 + "\nsecond\nthird", 1_000)
    assert short.endswith("clusters/prod, clusters/prod, …\n\n… the rest of this line and 2 more lines.")
    assert len(short) > 900


@pytest.mark.parametrize("open_at_cut", ["`@org/team with a long name` ", "``a `@b c` d`` "])
def test_a_cut_line_notifies_nobody_from_a_halved_code_span(open_at_cut: str) -> None:
    """N28: half a code span is text, and a name in it would be mentioned."""
    for room in range(900, 960):
        assert "@" not in reading.shown_outside_code(cut.shortened("word " + open_at_cut * 100, room))


def test_a_cut_line_of_a_diff_stays_in_its_block() -> None:
    short = cut.shortened(fences.fenced("x" * 5_000 + "\nnext"), 1_000)
    assert reading.complaints(short) == []
    assert short.endswith("x …\n```\n\n… the rest of this line and 2 more lines.")


def test_when_not_even_a_start_can_be_shown_its_length_is_said() -> None:
    assert cut.shortened("<details>" * 500, 400) == "1 line is too long to show here."
    assert cut.shortened("- ```\n" * 500, 400, "x") == "500 lines are too long to show here; see the rest with `x`."


@given(JUNK, st.integers(1, 40), st.integers(150, 700))
@settings(max_examples=200, deadline=None)
def test_whatever_is_cut_is_sound_fits_and_begins_like_the_original(piece: str, times: int, room: int) -> None:
    """N19, N28"""
    text = piece * times
    short = cut.shortened(text, room)
    assert size.fits(short, room)
    assert short == cut.shortened(text, room)
    if not size.fits(text, room) or balance.of(text).unsure is None:
        assert reading.complaints(short) == []
