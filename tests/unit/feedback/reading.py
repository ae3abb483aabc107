"""How GitHub would read a text of ours, told by a CommonMark parser that is not ours."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

SENTINEL = "What comes after is a paragraph of its own."
_BLOCKS = {
    "details",
    "summary",
    "div",
    "blockquote",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "ul",
    "ol",
    "li",
}
"""Tags that take in what follows while they stay open."""
_PARSER = MarkdownIt("commonmark", {"maxNesting": 1_000})


def complaints(text: str) -> list[str]:
    """All that a text breaks for what stands after it; empty for a sound one."""
    text = f"{text}\n\n{SENTINEL}"
    lines = text.split("\n")
    found: list[str] = []
    paragraphs = []
    tokens = _PARSER.parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "fence" and token.map and not _closed(lines[token.map[0] : token.map[1]], token.markup):
            found.append(f"a fence is open from line {token.map[0]} on")
        if token.type == "inline" and token.content == SENTINEL and before and before.level == 0:
            paragraphs.append(token)
    if len(paragraphs) != 1:
        found.append("what follows is not read as text")
    tags = _tags(text)
    if tags.comment_open:
        found.append("a comment is left open")
    return [*found, *tags.found, *(f"<{tag}> is left open" for tag in tags.open)]


def code_blocks(text: str) -> list[str]:
    """The contents of all fenced code blocks."""
    return [token.content for token in _PARSER.parse(text) if token.type == "fence"]


def shown_outside_code(text: str) -> str:
    """What GitHub looks through for mentions."""
    return re.sub(r"<code>.*?</code>", "", _PARSER.render(text), flags=re.DOTALL)


def _closed(lines: list[str], fence: str) -> bool:
    last = lines[-1].strip(" \t>")
    return len(lines) > 1 and len(last) >= len(fence) and not last.strip(fence[0])


def _tags(text: str) -> "_Tags":
    tags = _Tags()
    # The library's idea of where a comment ends is not the browsers'.
    rest = re.sub(r"<!--.*?-->", "", _PARSER.render(text), flags=re.DOTALL)
    tags.comment_open = "<!--" in rest
    tags.feed(rest)
    tags.close()
    return tags


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[str] = []
        self.comment_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Neither opens nor closes."""

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag in _BLOCKS:
            self.found.append(f"</{tag}> closes {self.open[-1:]}")
