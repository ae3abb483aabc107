"""What differs, from tree hashes alone; which contents must be read to show it; and what to make of each file."""

from collections.abc import Iterable, Iterator

from telefonistka_py import counted
from telefonistka_py.drift.model import (
    Content,
    Contents,
    FileDrift,
    Gap,
    LeftOut,
    Nature,
    Opaque,
    Pair,
    Unread,
)
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion.model import Plan
from telefonistka_py.textdiff import unified
from telefonistka_py.tree import difference
from telefonistka_py.tree.difference import Difference
from telefonistka_py.tree.model import Entry, Mode, join
from telefonistka_py.tree.reading import Reader

HUGE = 1_000_000
"""Bytes of a file from which on it is named and not shown."""

MOST_LINES = 20_000
"""Changed lines of a file up to which they are shown."""

_WORDS: dict[int, str] = {Mode.SYMLINK: "symlink", Mode.SUBMODULE: "submodule"}
_MODES: dict[int, str] = {Mode.FILE: "not executable", Mode.EXECUTABLE: "executable"}


def pairs(plan: Plan) -> tuple[Pair, ...]:
    """Source and target of each component of the plan, each pair once, in its order."""
    found = {Pair(source, target): None for each in plan.promotions for target, source in each.sync.items()}
    return tuple(found)


def gap(reader: Reader, root: Sha, pair: Pair) -> Gap:
    """What differs between the two sides of `pair` below the tree `root`. Only directories that differ are opened."""
    source, target = reader.find(root, pair.source), reader.find(root, pair.target)
    return Gap(pair, tuple(difference.differences(reader, source, target, RepoPath(""))), source)


def gaps(reader: Reader, root: Sha, asked: Iterable[Pair]) -> Iterator[Gap]:
    """The pairs that differ, in order."""
    for pair in asked:
        if (found := gap(reader, root, pair)).differences:
            yield found


def needed(gaps: Iterable[Gap]) -> tuple[Sha, ...]:
    """The files whose contents are to be read, each once: those that both sides have, where the contents differ."""
    found: dict[Sha, None] = {}
    for each in gaps:
        for one in each.differences:
            if _comparable(one):
                found |= dict.fromkeys(entry.sha for entry in (one.before, one.after) if entry)
    return tuple(found)


def files(found: Gap, contents: Contents) -> tuple[FileDrift, ...]:
    """Each file that differs; `contents` holds what `needed` asked for."""
    return tuple(_file(found.pair, each, contents) for each in found.differences)


def _comparable(each: Difference) -> bool:
    one, other = each.before, each.after
    if one is None or other is None or one.sha == other.sha:
        return False
    return (one.is_file and other.is_file) or one.mode == other.mode == Mode.SYMLINK


def _file(pair: Pair, each: Difference, contents: Contents) -> FileDrift:
    one, other = each.before, each.after
    if other is None:
        return FileDrift(each.path, Nature.ONLY_SOURCE)
    if one is None:
        return FileDrift(each.path, Nature.ONLY_TARGET)
    if _word(one) != _word(other):
        return FileDrift(each.path, Nature.KIND, f"{_word(one)} in the source, {_word(other)} in the target")
    if one.mode == Mode.SUBMODULE:
        note = f"submodule at {one.sha[:7]} in the source, at {other.sha[:7]} in the target"
        return FileDrift(each.path, Nature.SUBMODULE, note)
    if one.sha == other.sha:
        return FileDrift(each.path, Nature.MODE, _mode_note(one, other))
    sides = contents[one.sha], contents[other.sha]
    if one.mode == Mode.SYMLINK:
        return _symlink(each.path, *sides)
    return _content(pair, each.path, _mode_note(one, other), *sides)


def _symlink(path: RepoPath, one: Content, other: Content) -> FileDrift:
    if not isinstance(one, bytes) or not isinstance(other, bytes):
        return _unseen(path, one, other)
    said = (content.decode("utf-8", "surrogateescape") for content in (one, other))
    return FileDrift(path, Nature.SYMLINK, "symlink to {} in the source, to {} in the target".format(*said))


def _content(pair: Pair, path: RepoPath, note: str, one: Content, other: Content) -> FileDrift:
    if isinstance(one, Unread | LeftOut) or isinstance(other, Unread | LeftOut):
        return _unseen(path, one, other)
    sizes = f"{_bytes(_size(one))} in the source, {_bytes(_size(other))} in the target"
    if _binary(one) or _binary(other):
        return FileDrift(path, Nature.BINARY, _joined(f"binary, {sizes}", note))
    if isinstance(one, Opaque) or isinstance(other, Opaque) or max(len(one), len(other)) > HUGE:
        return FileDrift(path, Nature.HUGE, _joined(f"too long to show, {sizes}", note))
    try:
        texts = one.decode("utf-8"), other.decode("utf-8")
    except UnicodeDecodeError:
        return FileDrift(path, Nature.NOT_UTF8, _joined(f"not UTF-8, {sizes}", note))
    sides = ((pair.source, "source: what is promoted"), (pair.target, "target: what is there now"))
    made = unified.make(*texts, *(_header(join(side, path) if path else side, label) for side, label in sides))
    if made.added + made.removed > MOST_LINES:
        counts = f"{made.added + made.removed:,} changed lines"
        return FileDrift(path, Nature.HUGE, _joined(f"too long to show, {counts}", note), "", made.added, made.removed)
    return FileDrift(path, Nature.TEXT, note, made.text, made.added, made.removed)


def _binary(content: Content) -> bool:
    """git's own rule: a zero byte among the first 8,000."""
    return (
        b"\0" in content[:8000] if isinstance(content, bytes) else isinstance(content, Opaque) and bool(content.binary)
    )


def _size(content: bytes | Opaque) -> int:
    return len(content) if isinstance(content, bytes) else content.size


def _bytes(size: int) -> str:
    return counted.of(size, "byte")


def _unseen(path: RepoPath, *sides: Content) -> FileDrift:
    """A file of which a side was not read; a failure is said before anything else."""
    for side in sides:
        if isinstance(side, Unread):
            return FileDrift(path, Nature.UNREAD, side.why)
    why = next((side.why for side in sides if isinstance(side, LeftOut)), "its content is not that of a symlink")
    return FileDrift(path, Nature.LEFT_OUT, why)


def _word(entry: Entry) -> str:
    return _WORDS.get(entry.mode, "file")


def _mode_note(one: Entry, other: Entry) -> str:
    if one.mode == other.mode:
        return ""
    said = (_MODES.get(entry.mode, f"mode {entry.mode:o}") for entry in (one, other))
    return "{} in the source, {} in the target".format(*said)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _header(path: RepoPath, label: str) -> str:
    """The name, and which side it is: what follows a tab is no part of the name for `patch` and `git apply`."""
    return f"{_name(path)}\t({label})"


def _name(path: RepoPath) -> str:
    """As git writes it: in quotes, with escapes, where the plain name would break the head of a diff."""
    raw = path.encode("utf-8", "surrogateescape")
    if not any(byte < 32 or byte in b'"\\\x7f' for byte in raw) and _is_utf8(raw):
        return path
    return '"' + "".join(_escaped(byte) for byte in raw) + '"'


def _escaped(byte: int) -> str:
    letter = chr(byte)
    return f"\\{letter}" if letter in '"\\' else letter if 32 <= byte < 127 else f"\\{byte:03o}"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
