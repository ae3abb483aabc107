"""What a bump shows on a terminal."""

from collections.abc import Iterable

from telefonistka_py.bump.content import File
from telefonistka_py.markdown import printable
from telefonistka_py.textdiff import unified


def diff(files: Iterable[File]) -> str:
    """The files that change, as `git diff` shows them; empty when none does."""
    return "".join(_of(file) for file in files if file.changed)


def _of(file: File) -> str:
    names = (f"a/{file.path}" if file.before is not None else "/dev/null", f"b/{file.path}")
    before, after = _text(file.before or b""), _text(file.after)
    if before is None or after is None:
        return f"Binary files {names[0]} and {names[1]} differ\n"
    return printable(unified.make(before, after, *names).text) or f"new file {file.path}, empty\n"


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
