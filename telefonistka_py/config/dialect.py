"""The expressions in users' files are Go's (RE2); this says the same in the language of the `regex` module.

The expression is read as Go's parser reads it, and everything is spelled out: classes become ranges, flags are applied
where they hold. What comes out means the same as a part of a larger expression, if that is compiled with `FLAGS`.

Sources: https://github.com/google/re2/wiki/Syntax, https://pkg.go.dev/regexp/syntax.
"""

from dataclasses import dataclass, field, replace

import regex

from telefonistka_py.config import brackets, group_names, perl, repetition
from telefonistka_py.config.repetition import Empty, Piece
from telefonistka_py.config.scanner import Scanner
from telefonistka_py.config.scanner import Unsupported as Unsupported

FLAGS = regex.V0
"""What a translation is compiled with. Not with `regex.ASCII`: it would empty `\\p{Greek}`."""

DEEPEST = 100
"""Groups inside groups. Go takes 1,000; `regex`, which compiles by recursion, does not."""
LONGEST = 50_000
"""Characters of an expression (N27). Go has no such limit."""
LONGEST_TRANSLATION = 200_000
"""Characters of a translation (N27). Only case-insensitive Unicode classes, a dozen of them, grow so long."""

_BOUNDARY = r"(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))"
_NO_BOUNDARY = r"(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))"
_ASSERTIONS = {"A": r"\A", "z": r"\Z", "b": _BOUNDARY, "B": _NO_BOUNDARY}


@dataclass(frozen=True)
class _Flags:
    """The flags that hold at a place, by Go's letters."""

    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


@dataclass
class _Group:
    """A group whose end has not been read yet; the outermost one is the expression itself."""

    start: int
    opening: str
    outside: _Flags
    """What held before it, and holds again behind it."""
    branches: list[list[Piece]] = field(default_factory=lambda: [[]])

    def closed(self) -> Piece:
        return repetition.grouped(self.opening, self.branches)


def translate(expression: str) -> str:
    """`expression`, in Go's syntax, as one for `regex.compile(…, FLAGS)` with the same meaning.

    Groups keep their numbers; `group_names.original` gives back the names that had to be spelled otherwise.
    Raises `Unsupported` with a sentence that begins with the place, for what Go refuses and for what can't be said.
    """
    return _Translation(expression).whole()


class _Translation:
    def __init__(self, expression: str) -> None:
        self._scanner = Scanner(expression)
        if len(expression) > LONGEST:
            raise Unsupported(f"it is {len(expression):,} characters long; at most {LONGEST:,} are taken", 1)
        self._flags = _Flags()
        self._open = [_Group(0, "(?:", self._flags)]
        self._names: list[str] = []
        self._count = 0
        self._length = 0
        self._repeated_from: int | None = None  # where the repetition stands that was just read, if one was

    def whole(self) -> str:
        while not self._scanner.done():
            if self._repetition():
                continue
            self._repeated_from = None
            self._element()
        if len(self._open) > 1:
            self._scanner.at = start = self._open[-1].start
            raise self._scanner.refuse(start, "opens a group that is never closed; write \\( for the character itself")
        return self._open[0].closed().text

    def _element(self) -> None:
        scanner = self._scanner
        match scanner.peek():
            case "(":
                self._group()
            case ")":
                self._close()
            case "|":
                scanner.take()
                self._open[-1].branches.append([])
            case "[":
                self._push(brackets.bracket(scanner, fold=self._flags.i))
            case "\\":
                self._escape()
            case "." | "^" | "$" as symbol:
                scanner.take()
                self._push(self._symbol(symbol), empty=Empty.NEVER if symbol == "." else Empty.LAST)
            case _:
                self._push(brackets.single(scanner.take(), fold=self._flags.i))

    def _push(self, text: str, empty: Empty = Empty.NEVER) -> None:
        self._length += len(text)
        if self._length > LONGEST_TRANSLATION:
            raise Unsupported(f"it becomes too large at character {self._scanner.at}", self._scanner.at)
        self._open[-1].branches[-1].append(Piece(text, empty=empty))

    def _symbol(self, symbol: str) -> str:
        match symbol:
            case ".":
                return "(?s:.)" if self._flags.s else "."
            case "^":
                return "(?m:^)" if self._flags.m else r"\A"
        return "(?m:$)" if self._flags.m else r"\Z"

    def _escape(self) -> None:
        scanner = self._scanner
        kind = scanner.peek(1)
        if kind == "Q":
            self._quoted()
        elif kind in _ASSERTIONS:
            scanner.take(2)
            self._push(_ASSERTIONS[kind], empty=Empty.LAST)
        else:
            self._push(brackets.escape(scanner, fold=self._flags.i))

    def _quoted(self) -> None:
        """`\\Q…\\E`; without its `\\E` it reaches to the end."""
        self._scanner.take(2)
        quoted = self._scanner.until("\\E")
        for letter in self._scanner.take(len(self._scanner.text)) if quoted is None else quoted:
            self._push(brackets.single(letter, fold=self._flags.i))

    def _close(self) -> None:
        start = self._scanner.at
        self._scanner.take()
        if len(self._open) == 1:
            raise self._scanner.refuse(start, "closes no group; write \\) for the character itself")
        group = self._open.pop()
        self._flags = group.outside
        self._open[-1].branches[-1].append(group.closed())

    # Groups and flags

    def _group(self) -> None:
        scanner, start = self._scanner, self._scanner.at
        perl.refuse_group(scanner)
        if scanner.skip("(?P<") or scanner.skip("(?<"):
            self._enter(start, f"(?P<{self._name(start)}>")
        elif scanner.skip("(?"):
            self._flag_group(start)
        else:
            scanner.take()
            self._count += 1
            self._enter(start, "(")

    def _enter(self, start: int, opening: str) -> None:
        if len(self._open) > DEEPEST:
            raise self._scanner.refuse(start, f"nests groups deeper than {DEEPEST} levels")
        self._open.append(_Group(start, opening, self._flags))

    def _name(self, start: int) -> str:
        name = self._scanner.until(">")
        if name is None or not group_names.valid(name):
            said = "does not name a group; a name is made of A-Z, a-z, 0-9 and _, and ends with >"
            raise self._scanner.refuse(start, said)
        self._count += 1
        spelled = group_names.spelled(name, self._count, self._names)
        self._names.append(spelled)
        return spelled

    def _flag_group(self, start: int) -> None:
        """`(?i)`, which holds to the end of the group it stands in, or `(?i-s:…)`."""
        scanner, flags, on, named = self._scanner, self._flags, True, True
        while letter := scanner.take():
            if letter in "imsU":
                flags, named = replace(flags, **{letter: on}), True
            elif letter == "-" and on:
                on, named = False, False
            elif letter in ":)" and named:
                if letter == ":":
                    self._enter(start, "(?:")
                self._flags = flags
                return
            else:
                break
        said = "is no group that Go's expressions have; the flags are i, m, s and U, as in (?i) or (?i:…)"
        raise scanner.refuse(start, said)

    # Repetitions

    def _repetition(self) -> bool:
        """Whether a repetition stood here; it has been applied to the piece before it then."""
        scanner, start = self._scanner, self._scanner.at
        count = repetition.read(scanner)
        if count is None:
            return False
        lazy = scanner.skip("?") != self._flags.U
        if self._repeated_from is not None:
            said = "repeats a repetition, or is possessive; Go's expressions have neither. Write (?:…) around the first"
            raise scanner.refuse(self._repeated_from, said)
        branch = self._open[-1].branches[-1]
        if not branch:
            raise scanner.refuse(start, "repeats nothing; write a backslash before it for the character itself")
        if problem := repetition.problem(branch[-1], count):
            raise scanner.refuse(start, problem)
        branch.append(repetition.applied(branch.pop(), count, lazy=lazy))
        self._repeated_from = start
        return True
