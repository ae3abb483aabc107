"""How long a text may be at GitHub, and how its length is counted.

What is known:

- GitHub's own words, when it refuses: "body is too long (maximum is 65536 characters)".
- Comments are stored as up to 262,144 bytes, "65,536 4-byte unicode characters", as GitHub's staff explained
  (https://github.com/orgs/community/discussions/27190). Measured: a comment of 262,144 ASCII characters is taken, one
  more is refused (https://github.com/dead-claudia/github-limits/pull/13).
- Bodies of pull requests: measured there too, 65,536 code points are the end, ASCII or not.

So we count UTF-16 units and stop at 65,536. A text that keeps to this keeps to every reading: it never has more code
points than units, and at most 3 bytes of UTF-8 per unit, which makes 196,608.
"""

from telefonistka_py import markdown

GITHUB = 65_536
"""UTF-16 units that a comment or a pull request's body may have."""

MARKERS = 536
"""UTF-16 units kept free for the marker lines that every comment of ours starts with."""

LIMIT = GITHUB - MARKERS
"""UTF-16 units that we fill."""


def units(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str, room: int) -> bool:
    """Whether `text` has at most `room` UTF-16 units. Quick for texts that are far too long."""
    return len(text) <= room and units(text) <= room


def start(text: str, room: int) -> str:
    """The longest start of `text` with at most `room` UTF-16 units; no character is halved."""
    window = text[: max(room, 0)]
    if fits(window, room):
        return window
    return window.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")


def lines(text: str) -> int:
    """How many lines `text` has, whatever they end in. Quick for texts of megabytes."""
    returns = text.count("\r") - text.count("\r\n") if "\r" in text else 0
    return text.count("\n") + returns + 1


def clean(text: str) -> str:
    """`text` as it can be sent and counted in lines: every line ends in a line feed, and no character is unsendable."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "\ufffd")  # as https://spec.commonmark.org/0.31.2/#insecure-characters
    return text if text.isascii() else markdown.printable(text)
