"""A section as Markdown: a `<details>` block that is whole, or says what is missing."""

from collections.abc import Sequence

from telefonistka_py.feedback import balance, cut, size, titles
from telefonistka_py.feedback.model import Section


def whole(section: Section, room: int, *, unfolded: bool = False) -> str | None:
    """All of `section`; None when that takes more than `room` UTF-16 units."""
    if len(section.body) > 2 * room:  # each line end may become one character shorter, so this one surely doesn't fit
        return None
    body = size.clean(section.body).strip("\n")
    if not size.fits(body, room):
        return None
    block = _folded(section.title, balance.closed(body), unfolded=unfolded)
    return block if size.fits(block, room) else None


def shortened(section: Section, room: int, how_to_see_the_rest: str) -> str:
    """`section` in at most `room` UTF-16 units (1,000 do): its brief text, or the body's start, and what is missing."""
    room -= size.units(_folded(section.title, "-"))
    if not section.brief:
        return _folded(section.title, cut.shortened(section.body, room, how_to_see_the_rest))
    missing = cut.too_long(size.lines(section.body.strip("\r\n")), how_to_see_the_rest)
    brief = cut.shortened(section.brief, room - size.units(missing) - len("\n\n"))
    return _folded(section.title, f"{brief}\n\n{missing}")


def listed(sections: Sequence[Section], room: int, how_to_see_the_rest: str) -> str:
    """Sections of which only the titles are shown, as many as `room` UTF-16 units hold (400 hold none but count)."""
    count = f"{len(sections):,} more {'section is' if len(sections) == 1 else 'sections are'}"
    lines = [f"**{count} not shown here**{cut.see(how_to_see_the_rest)}.\n"]
    room -= size.units(lines[0]) + len("\n- … and 1,000,000 more")
    for index, section in enumerate(sections):
        line = f"- {titles.in_html(section.title)}"
        room -= size.units(line) + 1
        if room < 0:
            lines.append(f"- … and {len(sections) - index:,} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _folded(title: str, body: str, *, unfolded: bool = False) -> str:
    if not body:
        return titles.in_html(title)
    # The empty lines make GitHub read what is between them as Markdown again.
    return f"<details{' open' if unfolded else ''}><summary>{titles.in_html(title)}</summary>\n\n{body}\n\n</details>"
