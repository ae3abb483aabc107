"""Markdown shortened at line borders, with everything closed and what is missing counted."""

from dataclasses import dataclass

from telefonistka_py import markdown
from telefonistka_py.feedback import balance, size

_LONGEST_COMMAND = 200


@dataclass(frozen=True)
class _Start:
    text: str
    """With everything closed."""
    lines: int
    """How many of the original's lines are whole in it."""
    in_a_line: bool
    """Whether it ends in the middle of one more."""


def shortened(text: str, room: int, how_to_see_the_rest: str = "") -> str:
    """`text`, or a start of it and a line that counts what is missing; at most `room` UTF-16 units.

    `how_to_see_the_rest` is a command for people to run. `room` must hold the counting line: 400 units do.
    """
    text = text.strip("\r\n")
    lines = size.lines(text)
    # Enough to see that it doesn't fit: cleaning makes it shorter only where two characters end a line.
    text = size.clean(text[: 2 * max(room, 0) + 2])
    if size.fits(text, room):
        whole = balance.closed(text)
        if size.fits(whole, room):
            return whole
    longest = _missing(lines, how_to_see_the_rest, in_a_line=True)
    kept = _start(text, room - size.units(longest) - len("\n\n"))
    if not kept.text.strip():
        return too_long(lines, how_to_see_the_rest)
    return f"{kept.text.rstrip()}\n\n{_missing(lines - kept.lines, how_to_see_the_rest, in_a_line=kept.in_a_line)}"


def too_long(lines: int, how_to_see_the_rest: str) -> str:
    """What stands in the place of that many lines when none of them is shown."""
    return f"{_counted(lines)} {'is' if lines == 1 else 'are'} too long to show here{see(how_to_see_the_rest)}."


def see(how: str) -> str:
    """Where people find what is not here; empty when nobody said."""
    return f"; see the rest with {markdown.code(how)}" if how and len(how) <= _LONGEST_COMMAND else ""


def _missing(lines: int, how: str, *, in_a_line: bool) -> str:
    if not in_a_line:
        return f"… {_counted(lines, 'more ')}{see(how)}."
    further = f" and {_counted(lines - 1, 'more ')}" if lines > 1 else ""
    return f"… the rest of this line{further}{see(how)}."


def _counted(lines: int, more: str = "") -> str:
    return f"{lines:,} {more}{'line' if lines == 1 else 'lines'}"


def _start(text: str, room: int) -> _Start:
    end = len(size.start(text, room))
    while end > 0:
        border = _border(text, end, room)
        if border == 0:
            break
        in_a_line = border < len(text) and text[border] != "\n"
        kept = f"{text[:border].rstrip()} …" if in_a_line else text[:border]
        state = balance.of(kept)
        closed = balance.closed(kept, state)
        over = size.units(closed) - room
        if state.unsure is not None:
            end = state.unsure - 1
        elif over > 0:
            end = min(border, end - over)
        elif _ends_in_an_opening_fence(kept, state):
            end = kept.rfind("\n")
        else:
            return _Start(closed, text.count("\n", 0, border) + (not in_a_line), in_a_line)
    return _Start("", 0, in_a_line=False)


def _border(text: str, end: int, room: int) -> int:
    """The last place up to `end` where `text` can be cut: a line's end, or between words if the line is very long."""
    if end == len(text) or text[end] == "\n":
        return end
    line = text.rfind("\n", 0, end) + 1
    within = _within_line(text, line, end) if end - line > room // 2 else line
    return within if within > line else max(line - 1, 0)


def _within_line(text: str, line: int, end: int) -> int:
    """Where to cut the line that starts at `line`; `line` when nowhere."""
    before = balance.of(text[:line])
    if before.unsure is not None:
        return line
    if before.closers and before.closers[0][0] in "`~":
        return end
    if before.closers and not before.closers[0].startswith("</"):
        return line
    border = max(text.rfind(" ", line, end), text.rfind(",", line, end), line)
    shown = balance.code_masked(text[line:border])
    broken = shown.find("`")
    shown = shown[:broken] if broken >= 0 else shown
    return line if "<" in shown else line + len(shown)


def _ends_in_an_opening_fence(kept: str, state: balance.Balance) -> bool:
    closer = state.closers[0] if state.closers else "-"
    return closer[0] in "`~" and kept[kept.rfind("\n") + 1 :].startswith(closer)
