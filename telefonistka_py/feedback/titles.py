"""A section's title as it stands in a `<summary>`, where GitHub reads HTML and no Markdown."""

import html
import re
from collections.abc import Iterator

from telefonistka_py.feedback import size

LONGEST = 300
"""UTF-16 units of a title's HTML."""

_LONGEST_URL = 200
"""A link with a longer one is shown as its text alone."""
_MOST_LOOKED_AT = 3_000
"""Characters of a title; what is behind them would not be shown."""

_TOKEN = re.compile(
    r"""
      \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
    | \[(?P<label>(?:[^\[\]`]|`[^`]*`)+)\]\((?P<url>https?://[^\s()<>"]+)\)
    | (?P<bold>\*\*)
    | (?P<entity>&(?:\#\d+|\#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_Atom = tuple[str, str]
"""What is written, and what closes it; a text closes nothing, and a closing tag is its own."""


def in_html(title: str) -> str:
    """`title` in one line of HTML, at most `LONGEST` units, shortened with `…`.

    Code spans, `**bold**` and links of `title` are kept; tags in it are shown as text.
    """
    written: list[str] = []
    open_tags: list[str] = []
    room = LONGEST - 1
    for text, closing in _atoms(" ".join(size.clean(title[:_MOST_LOOKED_AT]).split())):
        if text == closing:
            open_tags.pop()
        else:
            room -= size.units(text) + len(closing)
            if room < 0:
                written.append("…")
                break
            if closing:
                open_tags.append(closing)
        written.append(text)
    return "".join([*written, *reversed(open_tags)])


def _atoms(title: str) -> Iterator[_Atom]:
    bold = False
    for found in _TOKEN.finditer(title):
        if found["code"]:
            yield from _tagged("<code>", "</code>", [(_shown(letter), "") for letter in _unpadded(found["code"])])
        elif found["label"]:
            label = list(_atoms(found["label"]))
            url = html.escape(found["url"])
            yield from _tagged(f'<a href="{url}">', "</a>", label) if len(url) <= _LONGEST_URL else label
        elif found["bold"]:
            yield ("</b>", "</b>") if bold else ("<b>", "</b>")
            bold = not bold
        else:
            yield found["entity"] or _shown(found["escaped"] or found["other"]), ""
    if bold:
        yield "</b>", "</b>"


def _tagged(opening: str, closing: str, within: list[_Atom]) -> Iterator[_Atom]:
    yield opening, closing
    yield from within
    yield closing, closing


def _unpadded(code: str) -> str:
    """https://spec.commonmark.org/0.31.2/#code-spans: one space is stripped from both ends."""
    padded = code.startswith(" ") and code.endswith(" ") and code.strip()
    return code[1:-1] if padded else code


def _shown(letter: str) -> str:
    # Backticks and tildes could open a fence where the title stands in a list.
    return f"&#{ord(letter)};" if letter in '<>&"`~' else letter
