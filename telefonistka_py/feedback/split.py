"""A message over several comments, each with its own sections only (N19)."""

from collections.abc import Sequence
from dataclasses import dataclass

from telefonistka_py.feedback import balance, cut, folding, size
from telefonistka_py.feedback.model import Message, Section

LINK = 300
"""UTF-16 units kept free in each part for the link to each other part."""

_BREAK = "\n\n"


@dataclass(frozen=True)
class _Frame:
    """What surrounds the sections, and the room it leaves for them, in UTF-16 units."""

    head: str
    headline: str
    foot: str
    first: int
    further: int
    most_parts: int
    how: str


def into_parts(message: Message, how_to_see_the_rest: str, limit: int, most_parts: int) -> list[str]:
    """See `compose.compose`."""
    frame = _frame(message, how_to_see_the_rest, limit, most_parts)
    parts = _filled(message.sections, frame)
    texts = []
    for number, pieces in enumerate(parts, 1):
        top = frame.head if number == 1 else frame.headline
        where = navigation(number, len(parts)) if len(parts) > 1 else ""
        bottom = frame.foot if number == len(parts) else ""
        texts.append(joined([top, where, *pieces, bottom]))
    return texts


def joined(pieces: Sequence[str]) -> str:
    """Blocks of Markdown one after another."""
    return _BREAK.join(piece for piece in pieces if piece)


def navigation(number: int, total: int, urls: Sequence[str] = ()) -> str:
    """The line that says which part this is, and names the others; with links to those whose address is known."""
    names = [
        f"[part {other}]({urls[other - 1]})" if urls and urls[other - 1] else f"part {other}"
        for other in range(1, total + 1)
        if other != number
    ]
    return f"**Part {number} of {total}** · see also {', '.join(names)}"


def _frame(message: Message, how: str, limit: int, most_parts: int) -> _Frame:
    foot = cut.shortened(message.foot, limit // 8, how)
    around = size.units(foot) + 3 * len(_BREAK) + (most_parts * LINK if most_parts > 1 else 0)
    head = cut.shortened(message.head, limit // 4 if message.sections else limit - around, how)
    headline = _headline(head)
    first, further = (limit - around - size.units(top) for top in (head, headline))
    return _Frame(head, headline, foot, first, further, most_parts, how)


def _headline(head: str) -> str:
    line = head.partition("\n")[0]
    shown = balance.code_masked(line)
    plain = not line.startswith((" ", "\t", "|", ">", "~~~", "```")) and "<" not in shown and "`" not in shown
    return line if plain and size.fits(line, LINK) else ""


def _filled(sections: Sequence[Section], frame: _Frame) -> list[list[str]]:
    parts: list[list[str]] = []
    done = 0
    while done < len(sections) or not parts:
        room = frame.further if parts else frame.first
        last = len(parts) + 1 == frame.most_parts
        pieces = _taken(sections[done:], room, frame, last=last)
        if last and done + len(pieces) < len(sections):
            parts.append(_taken_and_listed(sections[done:], room, frame))
            break
        parts.append(pieces)
        done += len(pieces)
    return parts


def _taken(sections: Sequence[Section], room: int, frame: _Frame, *, last: bool) -> list[str]:
    """The first of `sections`, as many as fit in `room`; in the last part at least one."""
    pieces: list[str] = []
    for section in sections:
        must = last and not pieces
        block = folding.whole(section, frame.further - len(_BREAK))
        if block is None:
            # It fits in no part, so it is shortened anyway: here, unless little of it would be seen.
            if room < frame.further // 4 and not must:
                break
            block = folding.shortened(section, room - len(_BREAK), frame.how)
        elif size.units(block) + len(_BREAK) > room:
            if not must:
                break
            block = folding.shortened(section, room - len(_BREAK), frame.how)
        pieces.append(block)
        room -= size.units(block) + len(_BREAK)
    return pieces


def _taken_and_listed(sections: Sequence[Section], room: int, frame: _Frame) -> list[str]:
    """The last part: what fits beside the titles of what does not."""
    titles = folding.listed(sections, room // 2, frame.how)
    pieces = _taken(sections, room - size.units(titles) - len(_BREAK), frame, last=True)
    used = sum(size.units(piece) + len(_BREAK) for piece in pieces)
    return [*pieces, folding.listed(sections[len(pieces) :], room - used - len(_BREAK), frame.how)]
