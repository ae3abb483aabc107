"""Objects and their changes as the text of `diff` fences."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from telefonistka_py.argocd.model import Change, Object, Special
from telefonistka_py.textdiff import unified

MOST_LINES = 300
"""Lines of one new object, or of one changed value."""

_LONG = 300
"""Characters of a one-line value from which on only what is around its change is shown."""
_AROUND = 80
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@$")
_HIDDEN = "(hidden)"
# libyaml's where PyYAML was built with it, as its wheels are.
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_RESOLVER: Any = yaml.resolver.Resolver()


class _Dumper(_Base):  # type: ignore[misc]
    """Writes texts of several lines as such, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Special, lambda dumper, value: _text(dumper, _HIDDEN))


def new_object(whole: Object) -> str:
    """All of an object, as lines that are added."""
    return "\n".join(_limited([f"+{line}" for line in _lines(whole)]))


def changes(of: Sequence[Change]) -> str:
    """Each value that changes: its path, what it was, what it will be."""
    return "\n".join(line for change in of for line in _change(change))


def _change(change: Change) -> Iterator[str]:
    if change.old is Special.HIDDEN and change.new is Special.HIDDEN:
        yield from (_head(change.path), f"-{_HIDDEN}", f"+{_HIDDEN} changed")
    elif _is_block(change.old) or _is_block(change.new):
        yield from _limited(list(_block(change)))
    else:
        yield _head(change.path)
        old, new = _one_line(change.old), _one_line(change.new)
        if old is not None and new is not None:
            old, new = _around(old, new)
        yield from (f"{sign}{text}" for sign, text in (("-", old), ("+", new)) if text is not None)


def _block(change: Change) -> Iterator[str]:
    """A value of several lines: what differs in them."""
    hunks = unified.make(*_both(change), "", "").text.split("\n")[2:-1]
    whole = Special.ABSENT in (change.old, change.new)
    if not hunks:
        # The same lines, of values that are not of one kind.
        hunks = [
            "@@ -1 +1 @@",
            *(f"-{line}" for line in _lines(change.old)),
            *(f"+{line}" for line in _lines(change.new)),
        ]
    for line in hunks:
        found = _HUNK.match(line)
        if found:
            place = found[1]
            yield _head(change.path) if whole or place in ("0", "1") else _head(f"{change.path}, line {place}")
        else:
            yield line


def _both(change: Change) -> tuple[str, str]:
    old, new = _as_text(change.old), _as_text(change.new)
    if "\n" not in (old[-1:], new[-1:]):
        # That neither ends in a line feed, as most texts in manifests, is not worth a line.
        old, new = (f"{text}\n" if text else text for text in (old, new))
    return old, new


def _head(path: str) -> str:
    return f"@@ {' '.join(path.split())} @@"


def _is_block(value: Any) -> bool:
    return (isinstance(value, str) and "\n" in value.strip("\n")) or (isinstance(value, dict | list) and bool(value))


def _as_text(value: Any) -> str:
    if value is Special.ABSENT:
        return ""
    if isinstance(value, str):
        return value
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> list[str]:
    if value is Special.ABSENT:
        return []
    if not isinstance(value, dict | list) or not value:
        return [_one_line(value) or ""]
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.rstrip("\n").split("\n")


def _one_line(value: Any) -> str | None:
    """A single value; texts that could be taken for something else are quoted."""
    if value is Special.ABSENT:
        return None
    if value is Special.HIDDEN:
        return _HIDDEN
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    if not text or text != text.strip() or not text.isprintable() or text == _HIDDEN:
        return False
    return bool(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str")


def _around(old: str, new: str) -> tuple[str, str]:
    """Of two long lines, what is around the first and the last difference."""
    if max(len(old), len(new)) <= _LONG:
        return old, new
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    end = next((at for at in range(most - start) if old[-1 - at] != new[-1 - at]), most - start)
    first, last = max(0, start - _AROUND), max(0, end - _AROUND)
    return _cut(old, first, last), _cut(new, first, last)


def _cut(text: str, first: int, last: int) -> str:
    middle = text[first : len(text) - last]
    return f"{'…' if first else ''}{middle}{'…' if last else ''}"


def _limited(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"@@ {more:,} more lines @@"] if more > 0 else lines
