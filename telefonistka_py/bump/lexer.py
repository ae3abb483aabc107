"""The words of a selector (https://mikefarah.gitbook.io/yq)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from telefonistka_py.bump.model import BadOption

Kind = Literal["key", "string", "number", "word", "symbol", "end"]

MOST = 200
"""Words of a selector."""

_TOKENS = re.compile(
    r"""
      (?P<space>   \s+ )
    | (?P<quoted>  \."(?P<name>(?:[^"\\]|\\.)*)"\?? )
    | (?P<string>  "(?P<text>(?:[^"\\]|\\.)*)" )
    | (?P<descend> \.\.(?!\.) )
    | (?P<key>     \.(?P<path>(?:(?!!=)[^\s;{}:\[\],|.()="])+) )
    | (?P<number>  -?\d+(?:\.\d+)?(?![\w.]) )
    | (?P<word>    [A-Za-z_~][A-Za-z_0-9]* )
    | (?P<symbol>  == | != | \|= | \.(?!\.) | \]\?? | [\[(),|=] )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """`text` is a key's name, a string's content, or the symbol itself. `at` is where it starts, from 0."""

    kind: Kind
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind `end`. Raises `BadOption` for what no selector holds."""
    found = list(islice(_tokens(text), MOST + 1))
    if len(found) > MOST:
        raise BadOption(f"the selector is made of more than {MOST} words; write it shorter")
    return [*found, Token("end", "", len(text))]


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None:
            raise BadOption(f"the selector {text!r} can't be read at character {at + 1}: {_hint(text[at:])}")
        if token := _token(found, at):
            yield token
        at = found.end()


def _token(found: re.Match[str], at: int) -> Token | None:
    match found.lastgroup:
        case "quoted" | "name":
            return Token("key", _unescaped(found["name"]), at)
        case "string" | "text":
            return Token("string", _unescaped(found["text"]), at)
        case "key" | "path":
            path = found["path"]
            return Token("key", path.removesuffix("?") or path, at)
        case "number":
            return Token("number", found[0], at)
        case "word":
            return Token("word", found[0], at)
        case "descend":
            return Token("symbol", "..", at)
        case "symbol":
            return Token("symbol", found[0].removesuffix("?"), at)
    return None


def _unescaped(text: str) -> str:
    # A backslash before anything else stays, so that expressions can be written with one or with two.
    return re.sub(r'\\(["\\])', r"\1", text)


def _hint(rest: str) -> str:
    if rest.startswith(('"', '."')):
        return 'a " that is never closed'
    if rest.startswith("'"):
        return "text stands in \", not in '"
    if rest.startswith("..."):
        return "`...` also finds keys, which are never changed; write `..`"
    if rest.startswith("$"):
        return "there are no variables here"
    return f"{rest[0]!r} has no meaning here"


def split_assignment(text: str) -> tuple[str, str] | None:
    """`SELECTOR=VALUE` at the first `=` that belongs to no selector; None when there is none."""
    at = depth = 0
    while at < len(text):
        if text[at] == '"':
            found = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL).match(text, at)
            at = found.end() if found else at + 1
            continue
        if text.startswith(("==", "!="), at):
            at += 2
            continue
        depth += (text[at] in "([") - (text[at] in ")]")
        if text[at] == "=" and depth <= 0:
            return text[:at].strip(), text[at + 1 :]
        at += 1
    return None
