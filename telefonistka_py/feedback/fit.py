"""Titles and bodies of pull requests, made to fit (N19)."""

from telefonistka_py.errors import RepoMistake
from telefonistka_py.feedback import cut, size

_LONGEST_TITLE = 250
_ROOM_FOR_PROSE = 2_000


def title(text: str) -> tuple[str, str]:
    """A title that GitHub takes (256 characters), and what of `text` is left over for the body (contract §5).

    Line breaks become spaces. With a rest, the title ends in `...`.
    """
    line = " ".join(size.clean(text).splitlines())
    if len(line) <= _LONGEST_TITLE:
        return line, ""
    return line[:_LONGEST_TITLE] + "...", line[_LONGEST_TITLE:]


def body(text: str, *, keep_tail: str = "", limit: int = size.LIMIT) -> str:
    """`text`, shortened if it has more than `limit` UTF-16 units; unchanged, to the byte, if it has not.

    `keep_tail` is how `text` ends, such as the data that the next promotion reads: that stays whole, and a count of
    the missing lines stands before it. Raises `RepoMistake` when the tail leaves no room for anything else, and
    `ValueError` when `text` does not end in it.
    """
    if size.fits(text, limit):
        return text
    whole = text.rstrip()
    tail = keep_tail.strip()
    if not whole.endswith(tail):
        raise ValueError("the text does not end in its tail")
    room = limit - size.units(tail) - len("\n\n")
    if room < _ROOM_FOR_PROSE:
        raise RepoMistake(
            f"The data that this pull request must carry for the next promotion has {size.units(tail):,} characters, "
            f"and GitHub takes {limit:,}; spread the targets over more pull requests (promotionPrs)"
        )
    start = cut.shortened(whole[: len(whole) - len(tail)].rstrip(), room)
    return f"{start}\n\n{tail}" if tail else start
