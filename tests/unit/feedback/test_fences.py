from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.feedback import fences
from tests.unit.feedback import reading


def test_the_fence_is_longer_than_any_run_within() -> None:
    assert fences.fenced("a\n````\nb\n", "diff") == "`````diff\na\n````\nb\n`````"


def test_a_language_is_one_word() -> None:
    assert fences.fenced("a", "diff`\n```").startswith("```diff\n")


@given(st.text(st.sampled_from("`~\r\n <>a-") | st.characters(), max_size=60))
@settings(deadline=None)
def test_no_content_ends_its_own_block(text: str) -> None:
    """N28"""
    block = fences.fenced(text)
    assert reading.complaints(block) == []
    assert len(reading.code_blocks(block)) == 1
