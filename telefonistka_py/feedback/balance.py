"""What a piece of Markdown leaves open: fences, HTML comments, and tags such as `<details>`.

Read as https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/ say, for what starts its line. Fences and
tags inside lists and quotes are not followed: from there on the answer is "unsure", and nobody should cut there.
"""

import re
from dataclasses import dataclass

_NAMES = "details|summary|blockquote|div|table|thead|tbody|tfoot|tr|td|th|ul|ol|li|center|section"
_KIND_6 = (
    "address|article|aside|base|basefont|body|caption|col|colgroup|dd|dialog|dir|dl|dt|fieldset|figcaption|figure|footer"
    "|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|link|main|menu|menuitem|nav|noframes|optgroup|option"
    "|p|param|search|source|title|track"
)
"""The other tags that make their line, and all lines up to an empty one, HTML."""
_MARKERS = r"[ \t>*+\-\d.)]"
"""What a line in a list or a quote starts with."""
_RAW = "pre|script|style|textarea"
_END_UNSAID = {"thead", "tbody", "tfoot", "tr", "td", "th", "li"}
_INTERESTING = re.compile(
    rf"""
      ^(?P<fence>`{{3,}}(?=[^`\n]*$)|~{{3,}})
    | ^(?P<nested>{_MARKERS}+(?:`{{3,}}|~{{3,}}))
    | ^(?P<comment><!--(?!-?>))
    | ^<(?P<raw>{_RAW})(?=[\s>]|$)
    | ^(?P<block></?(?:{_NAMES})(?=[\s/>]|$))
    | ^(?P<strange>{_MARKERS}*<[!?])
    | ^(?P<other>{_MARKERS}*(?:</?(?:{_NAMES}|{_KIND_6})(?=[\s/>]|$)|</?[a-z][^<\n]*>[ \t]*$))
    | <(?:!--|/?(?:{_NAMES}|{_RAW})(?=[\s/>]|$))
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_NESTED_TAG = re.compile(rf"{_MARKERS}+<")
_BLANK = re.compile(r"\n[ \t]*(?:\n|\Z)")
_RAW_END = re.compile(rf"</(?:{_RAW})>", re.IGNORECASE)
_TAG = re.compile(r"<!--(?!-?>)(?:(?!--).)*-->|(?P<broken><[!?])|<(?P<slash>/?)(?P<name>[a-z][^\s/<>]*)", re.I | re.S)
_CODE_SPAN = re.compile(r"\\[!-/:-@\[-`{-~]|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|(?P<alone>`+)")


@dataclass(frozen=True)
class Balance:
    """The state at the end of a text."""

    closers: tuple[str, ...] = ()
    """The lines that close what is open, in the order in which to write them."""
    strays: tuple[tuple[int, int], ...] = ()
    """From where to where a closing tag stands that closes nothing."""
    unsure: int | None = None
    """The start of the line from which on we can't tell; the rest describes what stands before it."""


def of(text: str) -> Balance:
    """The state at the end of `text`, whose lines end in line feeds."""
    return _Walk(text).walk()


def closed(text: str, state: Balance | None = None) -> str:
    """`text` with everything closed that it leaves open, and closing tags that close nothing shown as text.

    A text that we can't be sure about is left as it is. `state` is what `of(text)` said, if it was asked already.
    """
    state = state or of(text)
    if state.unsure is not None:
        return text
    pieces, done = [], 0
    for start, end in state.strays:
        # A tag stays at the start of its line, so that the line is still what it was for the parser.
        pieces.append(f"{text[done:start]}<div>&lt;{text[start + 1 : end]}</div>")
        done = end
    text = "".join([*pieces, text[done:]])
    return "\n".join([text.removesuffix("\n"), *state.closers]) if state.closers else text


def code_masked(line: str) -> str:
    """`line` of a paragraph with its code spans blotted out; a backtick that is left opens or ends a span elsewhere."""
    return _CODE_SPAN.sub(lambda found: found["alone"] or "x" * len(found[0]), line)


class _Walk:
    """One pass over a text, from one construct to the next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tags: list[str] = []
        self.strays: list[tuple[int, int]] = []
        self.last = ""  # closes the fence, comment or raw block that runs to the end
        self.checked = 0  # no code span is open here
        self.unsure: int | None = None

    def walk(self) -> Balance:
        at = 0
        while self.unsure is None and (found := _INTERESTING.search(self.text, at)):
            at = self.past(found)
        tags = [f"</{name}>" for name in reversed(self.tags)]
        return Balance(tuple([self.last, *tags] if self.last else tags), tuple(self.strays), self.unsure)

    def past(self, found: re.Match[str]) -> int:
        """Takes in the construct that starts at `found`; where it ends."""
        if found["fence"]:
            fence = re.compile(rf"^ {{0,3}}{found['fence'][0]}{{{len(found['fence'])},}}[ \t]*$", re.M)
            return self.up_to(fence.search(self.text, self.line_end(found.end())), found["fence"])
        if found["comment"]:
            return self.up_to(re.compile("-->").search(self.text, found.start() + 2), "-->")
        if found["raw"]:
            end = _RAW_END.search(self.text, found.end())
            if _uneven(self.text[found.end() : end.start() if end else None]):
                return self.doubt(found.start())
            return self.up_to(end, f"</{found['raw'].lower()}>")
        if found["block"]:
            return self.html_block(found.start())
        if found["nested"] or found["strange"]:
            return self.doubt(found.start())
        return self.in_a_line(found.start(), starts_html=bool(found["other"]))

    def up_to(self, end: re.Match[str] | None, closer: str) -> int:
        if end is None:
            self.last = closer
            return len(self.text)
        line_end = self.line_end(end.end())
        # What follows on the line is HTML still (kinds 1 and 2 of the specification's HTML blocks).
        self.tags_in(end.end(), line_end)
        return line_end

    def html_block(self, start: int) -> int:
        """Kind 6: up to a blank line, fences and code spans mean nothing."""
        blank = _BLANK.search(self.text, start)
        end = blank.start() if blank else len(self.text)
        self.tags_in(start, end)
        return end

    def tags_in(self, start: int, end: int) -> None:
        """Takes in the tags of a stretch of HTML."""
        for tag in _TAG.finditer(self.text, start, end):
            name = (tag["name"] or "").lower()
            closing = self.tag_end(tag.end(), end)
            if tag["broken"] or name in _RAW.split("|") or (name and not closing):
                self.doubt(tag.start())
                return
            if name not in _NAMES.split("|"):
                continue
            if not tag["slash"]:
                self.tags.append(name)
            elif not self.pops(name):
                self.strays.append((tag.start(), closing))

    def pops(self, name: str) -> bool:
        """Closes the innermost tag if it is `name`; those that HTML lets end unsaid end with it."""
        depth = len(self.tags) - 1
        while depth > 0 and self.tags[depth] != name and self.tags[depth] in _END_UNSAID:
            depth -= 1
        if depth < 0 or self.tags[depth] != name:
            return False
        del self.tags[depth:]
        return True

    def tag_end(self, start: int, end: int) -> int:
        """Where the tag ends that has begun before `start`; 0 when not on its line."""
        closing = self.text.find(">", start, end) + 1
        return 0 if {"\n", "<"} & set(self.text[start:closing]) else closing

    def in_a_line(self, start: int, *, starts_html: bool) -> int:
        """Tags within a paragraph's or table's line: fine as long as the line closes what it opens."""
        line_start, end = self.text.rfind("\n", 0, start) + 1, self.line_end(start)
        line = self.text[line_start:end]
        shown = code_masked(line)
        # A code span may have started on a line above, and hide or show other tags than it seems here.
        paragraph = max(self.text.rfind("\n\n", 0, line_start), self.checked, 0)
        # In a table none reaches beyond its cell.
        loose = any("`" in code_masked(piece) for piece in [self.text[paragraph:line_start], *line.split("|")])
        starts_html = starts_html or _NESTED_TAG.match(line) is not None
        goes_on = starts_html and (_uneven(line) or (end < len(self.text) and not _BLANK.match(self.text, end)))
        if loose or goes_on or line.startswith((" ", "\t")) or _uneven(shown):
            return self.doubt(start)
        self.checked = end
        return end

    def doubt(self, at: int) -> int:
        self.unsure = self.text.rfind("\n", 0, at) + 1
        return len(self.text)

    def line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end


def _uneven(stretch: str) -> bool:
    """Whether some HTML leaves open what it opens, or closes what it doesn't."""
    inside = _Walk(stretch)
    inside.tags_in(0, len(stretch))
    return bool(inside.tags or inside.strays) or inside.unsure is not None
