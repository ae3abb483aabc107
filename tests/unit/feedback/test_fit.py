import pytest

from telefonistka_py.errors import RepoMistake
from telefonistka_py.feedback import fit, size
from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion import metadata
from telefonistka_py.promotion.model import Metadata
from tests.unit.feedback import reading

DATA = metadata.block(Metadata(Login("alice"), 7, (RepoPath("clusters/prod/nginx"),), {}))


def test_a_title_of_250_characters_stays_and_a_longer_one_goes_on_in_the_body() -> None:
    assert fit.title("é" * 250) == ("é" * 250, "")
    assert fit.title("é" * 400) == ("é" * 250 + "...", "é" * 150)
    assert fit.title("two\r\nlines") == ("two lines", "")


def test_a_body_that_fits_is_not_touched() -> None:
    body = f"a\r\n\r\n{DATA}\n\n"
    assert fit.body(body, keep_tail=DATA) is body


@pytest.mark.parametrize("line", ["&nbsp;↘️  `clusters/prod`  \n", "word ", "🚀", "`a`,"])
def test_a_long_body_keeps_the_data_of_the_next_promotion(line: str) -> None:
    """N19: 70,000 characters are shortened in the middle; what is machine-read survives."""
    body = fit.body(line * (70_000 // len(line) + 1) + f"\n\n{DATA}\n", keep_tail=DATA)
    assert size.fits(body, size.LIMIT)
    assert metadata.read(body) == metadata.read(DATA)
    assert body.endswith(f".\n\n{DATA}")
    assert "more line" in body or "this line" in body or "too long" in body
    assert reading.complaints(body) == []


def test_a_block_that_the_cut_would_leave_open_does_not_swallow_the_data() -> None:
    body = fit.body("<details>\n\n```\n" + "line\n" * 20_000 + f"```\n\n</details>\n\n{DATA}", keep_tail=DATA)
    assert reading.complaints(body) == []
    assert "\n```\n</details>\n\n… " in body


def test_data_that_leaves_no_room_is_a_mistake_that_says_what_to_do() -> None:
    tail = f"<!--{'x' * 65_000}-->"
    with pytest.raises(RepoMistake, match=r"65,007 characters.*promotionPrs"):
        fit.body(f"a\n{tail}", keep_tail=tail)


def test_a_tail_that_is_not_there_is_a_bug() -> None:
    with pytest.raises(ValueError, match="does not end"):
        fit.body("a" * 70_000, keep_tail=DATA)
