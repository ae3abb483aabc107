"""Comments that fit: one composer for all that we say on pull requests (N19).

A message goes through these steps until it fits: everything as asked; all sections folded; split at the borders of
sections into numbered parts; a section that is too long for any part shortened; sections beyond the last part listed.
"""

from collections.abc import Sequence

from telefonistka_py.feedback import balance, folding, size, split
from telefonistka_py.feedback.model import Message

LONG = 12_000
"""UTF-16 units from which on all sections are folded although they fit, so that a pull request stays readable."""

MOST_PARTS = 5
"""How many comments one message becomes at most. GitHub allows 2,500 per pull request, people far fewer."""

LEAST_LIMIT = 8_000
"""UTF-16 units below which the promises of `compose` could not be kept."""


def compose(
    message: Message,
    *,
    how_to_see_the_rest: str = "",
    limit: int = size.LIMIT,
    long: int = LONG,
    most_parts: int = MOST_PARTS,
) -> list[str]:
    """`message` as the texts of one or more comments, in order; each has at most `limit` UTF-16 units.

    Each section is in one part only: whole, or shortened with a count of the lines that are missing, or named in the
    last part among those that are not shown. Nothing is said twice but the first line of the head. When there are
    several parts, `linked` makes links of the line that names the others.

    `how_to_see_the_rest` is a command such as `telefonistka drift`. Raises `ValueError` for a `limit` below
    `LEAST_LIMIT`, and for so many parts that the links between them would take half of it.
    """
    if limit < LEAST_LIMIT or not 1 <= most_parts <= limit // (2 * split.LINK):
        raise ValueError(f"no comment fits into {limit} units with links to {most_parts} parts")
    as_asked = _in_one(message, min(long, limit))
    if as_asked is not None:
        return [as_asked]
    folded = _in_one(message, limit, unfolding=False)
    if folded is not None:
        return [folded]
    return split.into_parts(message, how_to_see_the_rest, limit, most_parts)


def linked(parts: Sequence[str], urls: Sequence[str], *, limit: int = size.LIMIT) -> list[str]:
    """`parts`, as `compose` made them, each with links to the others.

    `urls` holds the address of each part's comment, in order; empty where there is none yet. There is room for
    addresses of 280 characters; a part that would no longer fit stays without links.
    """
    total = len(parts)
    if total == 1:
        return list(parts)
    texts = []
    for number, part in enumerate(parts, 1):
        text = part.replace(split.navigation(number, total), split.navigation(number, total, urls), 1)
        texts.append(text if size.fits(text, limit) else part)
    return texts


def _in_one(message: Message, room: int, *, unfolding: bool = True) -> str | None:
    """All of `message` in one text; None when that takes more than `room` UTF-16 units."""
    if len(message.head) + len(message.foot) + sum(len(section.body) for section in message.sections) > 2 * room:
        return None
    blocks = [folding.whole(section, room, unfolded=unfolding and section.open) for section in message.sections]
    shown = [block for block in blocks if block is not None]
    ends = (balance.closed(size.clean(end).strip("\n")) for end in (message.head, message.foot))
    head, foot = ends
    text = split.joined([head, *shown, foot])
    return text if len(shown) == len(blocks) and size.fits(text, room) else None
