"""Paths that people give."""

from telefonistka_py.bump.model import BadOption
from telefonistka_py.names import RepoPath


def check(text: str) -> RepoPath:
    """A file's path inside the repository (N10). Raises `BadOption`."""
    plain = text.removeprefix("./")
    parts = plain.split("/")
    if not plain or any(ord(letter) < 32 or ord(letter) == 127 for letter in plain):
        raise BadOption(f"{text!r} is no path of a file")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise BadOption(f"{text!r} is no path inside the repository; start at its root, without a leading slash")
    try:
        plain.encode("utf-8")
    except UnicodeEncodeError:
        raise BadOption(f"the path {plain.encode('utf-8', 'surrogateescape')!r} is not UTF-8") from None
    return RepoPath(plain)
