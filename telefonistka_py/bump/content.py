"""What becomes of the files: all edits of one run, and what an earlier run may have done of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from telefonistka_py.bump import document, edit, yaml_edit
from telefonistka_py.bump.model import Change, Edited, How, Refused, Set
from telefonistka_py.errors import RepoMistake
from telefonistka_py.names import RepoPath

Contents = Mapping[RepoPath, bytes | None]
"""None: there is no such file."""


@dataclass(frozen=True)
class File:
    """One file before and after; `before` None: it is new."""

    path: RepoPath
    before: bytes | None
    after: bytes
    places: int
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return self.before != self.after


def make(changes: tuple[Change, ...], contents: Contents) -> tuple[File, ...]:
    """Every file that `changes` names, with all its edits done one after another.

    Raises `RepoMistake` for the first edit that can't be done, and where two give one value different texts: then none
    is done. Raises `model.BadOption`.
    """
    files: dict[RepoPath, File] = {}
    for change in changes:
        known = files.get(change.path)
        before = contents[change.path]
        made = _done(change, known.after if known else before)
        places = made.places + (known.places if known else 0)
        notes = (*(known.notes if known else ()), *made.notes)
        files[change.path] = File(change.path, before, made.content, places, notes)
    for file in files.values():
        _check_agreement(file, [change.how for change in changes if change.path == file.path])
    return tuple(files.values())


def _check_agreement(file: File, edits: list[How]) -> None:
    """The last of two edits of one value would win without a word."""
    sets = list(dict.fromkeys(how for how in edits if isinstance(how, Set)))
    if len(sets) < 2 or isinstance(read := document.read(file.after), Refused):
        return
    for how in sets:
        if not yaml_edit.holds(read, how.selector, how.value):
            raise RepoMistake(
                f"{file.path}: another edit undoes `{how.selector}` = {how.value!r}: a value can have one text only"
            )


def again(changes: tuple[Change, ...], at_first: Contents, now: Contents) -> tuple[File, ...]:
    """Like `make`, on files that an earlier run may have edited: `at_first` without its edits, `now` with them.

    An edit that would change its own result is not done twice. Raises `RepoMistake` when that can't be told.
    """
    files: list[File] = []
    for path in dict.fromkeys(change.path for change in changes):
        own = tuple(change for change in changes if change.path == path)
        if at_first[path] == now[path]:
            files += make(own, now)
            continue
        first = _attempt(own, at_first)
        if first is not None and first.after == now[path]:
            files.append(File(path, now[path], first.after, first.places, first.notes))
            continue
        files += _repeatable(own, now, "the branch holds another change of the file already")
    return tuple(files)


def after_merge(changes: tuple[Change, ...], contents: Contents, merged: int) -> tuple[File, ...]:
    """Like `make`, where pull request `merged` of the same commit may have brought the very same edit."""
    return _repeatable(changes, contents, f"#{merged} of the same commit was merged already")


def _repeatable(changes: tuple[Change, ...], contents: Contents, because: str) -> tuple[File, ...]:
    files = make(changes, contents)
    for file in files:
        for change in changes:
            if change.path == file.path and file.changed and not edit.repeats(file.after, change.how):
                raise RepoMistake(
                    f"{file.path}: {because}, and {_name(change.how)} would change its own result once more; "
                    "write it so that it does not match what it leaves"
                )
    return files


def _name(how: How) -> str:
    return f"the pattern {how.pattern!r}" if hasattr(how, "pattern") else "this edit"


def _attempt(changes: tuple[Change, ...], contents: Contents) -> File | None:
    try:
        return make(changes, contents)[0]
    except RepoMistake:
        return None


def _done(change: Change, before: bytes | None) -> Edited:
    made = edit.edit(before, change.how)
    if isinstance(made, Refused):
        raise RepoMistake(f"{change.path}: {made.why}")
    return made
