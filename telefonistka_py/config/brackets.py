"""What stands for one character: an escape such as `\\x41`, `\\d` or `\\p{Greek}`, and a class such as `[^a-z]`."""

from dataclasses import dataclass, field

from telefonistka_py.config import characters, perl, properties
from telefonistka_py.config.characters import LAST, Ranges
from telefonistka_py.config.scanner import Scanner

_CONTROLS = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_OCTAL = frozenset("01234567")
_HEX = frozenset("0123456789abcdefABCDEF")

_CLASSES = frozenset("dDsSwW")


@dataclass
class _Set:
    """A set while it is read. Under `(?i)` everything is kept as ranges, which can be folded."""

    fold: bool
    ranges: list[tuple[int, int]] = field(default_factory=list)
    properties: dict[str, bool] = field(default_factory=dict)
    """`Script=Greek` → whether it is the characters without that property."""

    def add(self, ranges: Ranges, *, negated: bool = False) -> None:
        whole = characters.folded(ranges) if self.fold else ranges
        self.ranges += characters.complement(whole) if negated else whole

    def add_property(self, spelling: str, *, negated: bool) -> None:
        if self.fold:
            self.add(properties.ranges(spelling), negated=negated)
        elif self.properties.setdefault(spelling, negated) is not negated:
            self.ranges += characters.EVERYTHING

    def written(self, *, negated: bool = False) -> str:
        ranges = characters.merged(self.ranges)
        if not self.properties or ranges == characters.EVERYTHING:
            return characters.written(characters.complement(ranges) if negated else ranges)
        if len(self.properties) == 1 and not ranges:
            ((spelling, without),) = self.properties.items()
            return _property_item(spelling, without is not negated)
        items = "".join(_property_item(*item) for item in self.properties.items())
        return f"[{'^' if negated else ''}{characters.inside(ranges)}{items}]"


def _property_item(spelling: str, without: bool) -> str:
    return f"\\{'P' if without else 'p'}{{{spelling}}}"


def escape(scanner: Scanner, *, fold: bool) -> str:
    """The `regex` spelling of the escape that begins here, outside of a class. Raises `Unsupported`."""
    found = _Set(fold)
    if not _group(scanner, found):
        code = _character(scanner, inside=False)
        found.add(((code, code),))
    return found.written()


def single(letter: str, *, fold: bool) -> str:
    """The `regex` spelling of a character that stands for itself, and under `(?i)` for its other cases."""
    if not fold:
        return characters.literal(letter)
    return characters.written(characters.folded(((ord(letter), ord(letter)),)))


def bracket(scanner: Scanner, *, fold: bool) -> str:
    """The `regex` spelling of the class whose `[` comes next. Raises `Unsupported`."""
    start = scanner.at
    scanner.take()
    negated = scanner.skip("^")
    found, first = _Set(fold), True
    while first or not scanner.skip("]"):
        first = False
        if scanner.done():
            raise scanner.refuse(start, "is a class without its closing ]; write \\[ for the character itself")
        if not (_named(scanner, found) or _group(scanner, found)):
            found.add((_range(scanner),))
    return found.written(negated=negated)


def _range(scanner: Scanner) -> tuple[int, int]:
    start = scanner.at
    low = _member(scanner)
    if scanner.peek() != "-" or scanner.peek(1) in ("", "]"):
        return low, low
    scanner.take()
    high = _member(scanner)
    if high < low:
        raise scanner.refuse(start, "is a range from a later character to an earlier one; swap the two")
    return low, high


def _member(scanner: Scanner) -> int:
    return _character(scanner, inside=True) if scanner.peek() == "\\" else ord(scanner.take())


def _named(scanner: Scanner, found: _Set) -> bool:
    """`[:alpha:]` or `[:^alpha:]`. A `[:` that no `:]` follows is two plain characters."""
    start = scanner.at
    end = scanner.text.find(":]", start + 2)
    if not scanner.starts("[:") or end < 0:
        return False
    scanner.at = end + 2
    name = scanner.text[start + 2 : end]
    ranges = characters.POSIX.get(name.removeprefix("^"))
    if ranges is None:
        raise scanner.refuse(start, f"is no class that Go knows; there are {', '.join(characters.POSIX)}")
    found.add(ranges, negated=name.startswith("^"))
    return True


def _group(scanner: Scanner, found: _Set) -> bool:
    """An escape for a group of characters: `\\d`, `\\pN`, `\\p{^Greek}`."""
    if scanner.peek() != "\\":
        return False
    kind = scanner.peek(1)
    if kind in ("p", "P"):
        _property(scanner, found)
        return True
    if kind not in _CLASSES:
        return False
    scanner.take(2)
    found.add(characters.PERL[kind.lower()], negated=kind.isupper())
    return True


def _property(scanner: Scanner, found: _Set) -> None:
    start = scanner.at
    negated = scanner.take(2) == "\\P"
    name = scanner.until("}") if scanner.skip("{") else scanner.take()
    if name is None:
        raise scanner.refuse(start, "begins the name of a Unicode class, but its } is missing")
    if name.startswith("^"):
        negated, name = not negated, name[1:]
    match name.lower():
        case "any":
            found.add(characters.EVERYTHING, negated=negated)
            return
        case "ascii":
            found.add(characters.POSIX["ascii"], negated=negated)
            return
        case "assigned":
            found.add_property("gc=Cn", negated=not negated)
            return
    spelling = properties.spelled(name)
    if spelling is None:
        said = "is no Unicode class that Go knows; it takes general categories (\\p{Lu}) and scripts (\\p{Greek})"
        raise scanner.refuse(start, said)
    found.add_property(spelling, negated=negated)


def _character(scanner: Scanner, *, inside: bool) -> int:
    """The code point that the escape which begins here stands for."""
    start = scanner.at
    scanner.take()
    letter = scanner.take()
    if not letter:
        raise scanner.refuse(start, "escapes nothing, as the expression ends after it; write \\\\ for a backslash")
    if letter.isascii() and not letter.isalnum():
        return ord(letter)
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter == "0" or (letter in _OCTAL and scanner.peek() in _OCTAL):
        return _octal(scanner, letter)
    if letter == "x":
        return _hexadecimal(scanner, start)
    raise scanner.refuse(start, perl.about_escape(letter, inside=inside))


def _octal(scanner: Scanner, digits: str) -> int:
    while len(digits) < 3 and scanner.peek() in _OCTAL:
        digits += scanner.take()
    return int(digits, 8)


def _hexadecimal(scanner: Scanner, start: int) -> int:
    digits = scanner.until("}") if scanner.skip("{") else scanner.take(2)
    two = scanner.text[start + 2 : start + 3] != "{"
    if not digits or not _HEX.issuperset(digits) or (two and len(digits) < 2):
        raise scanner.refuse(start, "is no character's number; write two hexadecimal digits, or any in \\x{…}")
    code = int(digits.lstrip("0")[:7] or "0", 16)
    if code > LAST:
        raise scanner.refuse(start, "is past the last character there is, \\x{10FFFF}")
    return code
