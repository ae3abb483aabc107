"""Reading an expression from left to right, and saying where it can't be read on."""

from telefonistka_py.markdown import printable

_SHOWN = 40
"""Characters of the expression that a refusal quotes at most."""


class Unsupported(ValueError):
    """The expression can't be used. The text says what stands in the way, where, and what to write instead.

    `position` counts characters from 1.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Scanner:
    """`text`, and how far it has been read: `at` counts from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def done(self) -> bool:
        return self.at >= len(self.text)

    def starts(self, prefix: str) -> bool:
        return self.text.startswith(prefix, self.at)

    def peek(self, ahead: int = 0) -> str:
        """The character `ahead` of the next one; empty past the end."""
        return self.text[self.at + ahead : self.at + ahead + 1]

    def take(self, count: int = 1) -> str:
        taken = self.text[self.at : self.at + count]
        self.at += len(taken)
        return taken

    def skip(self, prefix: str) -> bool:
        """Whether `prefix` stood here; it has been read then."""
        if not self.starts(prefix):
            return False
        self.at += len(prefix)
        return True

    def until(self, end: str) -> str | None:
        """What stands before the next `end`, which is read too; None, and nothing read, when there is no `end`."""
        found = self.text.find(end, self.at)
        if found < 0:
            return None
        before = self.text[self.at : found]
        self.at = found + len(end)
        return before

    def refuse(self, start: int, said: str) -> Unsupported:
        """The error about what was read from `start` (counted from 0) up to here; `said` follows its quotation."""
        piece = printable(self.text[start : max(self.at, start + 1)])
        if len(piece) > _SHOWN:
            piece = piece[:_SHOWN] + "…"
        quoted = "".join(letter if letter.isprintable() else f"\\x{{{ord(letter):X}}}" for letter in piece)
        return Unsupported(f"'{quoted}' at character {start + 1} {said}", start + 1)
