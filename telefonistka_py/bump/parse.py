"""Reads a selector. Precedence is yq's: `,` binds least, then `and` and `or`, `|`, `==` and `!=`, and paths most."""

import re
from collections.abc import Callable
from typing import cast, get_args

from telefonistka_py.bump import lexer
from telefonistka_py.bump.lexer import Token
from telefonistka_py.bump.model import BadOption
from telefonistka_py.bump.selector import (
    Ask,
    Both,
    Descend,
    Each,
    Either,
    Equal,
    Index,
    Itself,
    Key,
    Literally,
    Pipe,
    Predicate,
    Property,
    Select,
    Selector,
    Tell,
    Union,
)
from telefonistka_py.config import patterns

DEEPEST = 50
"""Parentheses inside parentheses."""

KNOWN = (
    '.key, ."key", ["key"], [n], [], .*, .., |, `,`, ==, !=, and, or, not, select(…), has(…), test(…), contains(…), '
    "startswith(…), endswith(…), key, tag, di"
)
"""What a selector may be made of."""

_PROPERTIES = {"not": "not", "key": "key", "tag": "tag", "type": "tag"} | dict.fromkeys(
    ("di", "document_index", "documentIndex"), "di"
)
_LITERALS = {"true": "true", "false": "false", "null": None, "~": None}


def parse(text: str) -> Selector:
    """The selector that `text` is. Raises `BadOption` with one sentence."""
    reader = _Reader(text)
    found = reader.union()
    reader.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = lexer.tokens(text)
        self._place = 0
        self._depth = 0

    def union(self) -> Selector:
        found = self._logic()
        while self._skip(","):
            found = Union(found, self._logic())
        return found

    def end(self) -> None:
        if self._now.kind != "end":
            raise self._refuse(self._unexpected())

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _is(self, symbol: str) -> bool:
        return self._now.text == symbol and self._now.kind in ("symbol", "word")

    def _skip(self, symbol: str) -> bool:
        if not self._is(symbol):
            return False
        self._place += 1
        return True

    def _refuse(self, why: str) -> BadOption:
        return BadOption(f"the selector {self._text!r} can't be read at character {self._now.at + 1}: {why}")

    def _unexpected(self) -> str:
        match self._now:
            case Token("end"):
                return "it ends too early"
            case Token("symbol", "=" | "|="):
                return "it finds values and does not set them; the new value is given apart"
            case Token("word", word):
                return f"{word!r} is not known; a selector is made of {KNOWN}"
        return f"{self._now.text!r} was not expected"

    def _logic(self) -> Selector:
        found, word = self._pipe(), ""
        while self._is("and") or self._is("or"):
            if word and not self._is(word):
                raise self._refuse("`and` and `or` stand side by side; put parentheses around what belongs together")
            word = self._now.text
            self._place += 1
            right = self._pipe()
            found = Both(found, right) if word == "and" else Either(found, right)
        return found

    def _pipe(self) -> Selector:
        return self._chain("|", self._comparison)

    def _chain(self, symbol: str, part: Callable[[], Selector]) -> Selector:
        found = part()
        while self._skip(symbol):
            found = Pipe(found, part())
        return found

    def _comparison(self) -> Selector:
        left = self._path()
        for symbol in ("==", "!="):
            if self._skip(symbol):
                return Equal(left, self._path(), negated=symbol == "!=")
        return left

    def _path(self) -> Selector:
        found = self._primary()
        while True:
            if self._now.kind == "key":
                found = Pipe(found, self._key())
            elif self._is("[") or (self._is(".") and self._tokens[self._place + 1].text == "["):
                self._skip(".")
                found = Pipe(found, self._bracket())
            else:
                return found

    def _primary(self) -> Selector:
        token = self._now
        match token.kind:
            case "key":
                return self._key()
            case "string" | "number":
                self._place += 1
                return Literally(token.text)
            case "word":
                return self._word(token.text)
        if self._skip(".."):
            return Descend()
        if self._skip("."):
            return self._bracket() if self._is("[") else Itself()
        if self._skip("("):
            return self._inside()
        if self._is("["):
            raise self._refuse("lists can't be written here; to look inside one write .[…]")
        raise self._refuse(self._unexpected())

    def _inside(self) -> Selector:
        """What stands in parentheses whose `(` was read."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refuse(f"parentheses are nested deeper than {DEEPEST} levels")
        found = self.union()
        if not self._skip(")"):
            raise self._refuse("a ) is missing" if self._now.kind == "end" else self._unexpected())
        self._depth -= 1
        return found

    def _key(self) -> Selector:
        name = self._now.text
        self._place += 1
        return Each() if name == "*" else Key(name)

    def _bracket(self) -> Selector:
        self._skip("[")
        token = self._now
        found: Selector = Each()
        if token.kind == "string":
            found = Key(token.text)
        elif token.kind == "number" and re.fullmatch(r"-?\d{1,9}", token.text):
            found = Index(int(token.text))
        elif not self._is("]"):
            raise self._refuse('between [ and ] stands a whole number, a key in ", or nothing')
        self._place += token.kind in ("string", "number")
        if not self._skip("]"):
            raise self._refuse("a ] is missing" if self._now.kind == "end" else self._unexpected())
        return found

    def _word(self, word: str) -> Selector:
        if word.lower() in _LITERALS:
            self._place += 1
            return Literally(_LITERALS[word.lower()])
        if word in _PROPERTIES:
            self._place += 1
            return Tell(cast(Property, _PROPERTIES[word]))
        if word != "select" and word not in get_args(Predicate):
            raise self._refuse(self._unexpected())
        self._place += 1
        if not self._skip("("):
            raise self._refuse(f"{word} is followed by what it asks for, in parentheses")
        argument = self._inside()
        if word == "select":
            return Select(argument)
        if word == "test" and isinstance(argument, Literally):
            _check(argument.text or "")
        return Ask(cast(Predicate, word), argument)


def _check(expression: str) -> None:
    try:
        patterns.check(expression)
    except patterns.BadPattern as error:
        raise BadOption(f"the pattern {expression!r} in the selector {error}") from None
