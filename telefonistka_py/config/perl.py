"""What other dialects have and Go's has not, and what to write instead."""

from telefonistka_py.config.scanner import Scanner

_GROUPS = {
    "(?= (?!": "is look-ahead, which Go's expressions don't have; say what may follow, as a part of the expression",
    "(?<= (?<!": "is look-behind, which Go's expressions don't have; say what may precede, as a part of the expression",
    "(?>": "is an atomic group, which Go's expressions don't have; write (?:",
    "(?|": "is a branch reset, which Go's expressions don't have; write (?:",
    "(?#": "is a comment, which Go's expressions don't have; write it outside of the expression",
    "(?(": "is a condition, which Go's expressions don't have; write both cases, with | between them",
    "(?P=": "is a backreference, which Go's expressions don't have; write the repeated part out",
    "(?'": "is no group that Go's expressions have; write (?P<name>…)",
    "(?R (?P> (?& (?+ (?0 (?1 (?2 (?3 (?4 (?5 (?6 (?7 (?8 (?9": "is recursion, which Go's expressions don't have",
}

_ESCAPES = {
    "C": "write (?s:.) for any one character",
    "E": "there is no \\Q before it",
    "G": "it has no counterpart",
    "H": "write [^ \\t]",
    "K": "it has no counterpart",
    "N": "write [^\\n]",
    "R": "write (?:\\r\\n|[\\n-\\r])",
    "X": "write (?s:.)",
    "Z": "write \\z, or $",
    "c": "write the character's number, such as \\x03",
    "e": "write \\x1b",
    "h": "write [ \\t]",
    "u": "write \\x{…}",
    "U": "write \\x{…}",
}


def refuse_group(scanner: Scanner) -> None:
    """Raises `Unsupported` when a group begins here that Go does not have."""
    start = scanner.at
    for openings, said in _GROUPS.items():
        for opening in openings.split():
            if scanner.skip(opening):
                raise scanner.refuse(start, said)


def about_escape(letter: str, *, inside: bool) -> str:
    """Why a backslash and `letter` can't be used; `inside` a class some mean nothing that mean something outside."""
    if letter.isdigit() and letter.isascii():
        return "is a backreference, which Go's expressions don't have; write the repeated part out"
    if inside and letter in "AbBQz":
        return "means nothing inside a class" + ("; write \\x08 for a backspace" if letter == "b" else "")
    if inside and letter in "dDsSwW":
        return "can't be the end of a range; write \\- for a hyphen"
    hint = _ESCAPES.get(letter, "write the character without the backslash")
    return f"is no escape that Go's expressions have; {hint}"
