"""The texts that the operator put in place of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from telefonistka_py import templates
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.feedback import status
from telefonistka_py.observability import logs
from telefonistka_py.templates import Templates

log = logs.get()

FORMER = {
    "auto-merge-comment": "promotion-report-comment",
    "argoCD-diff-pr-comment-concise": "argoCD-diff-pr-comment",
}
"""Files of the Go server that have no text of the same name here → the text that says it now."""


@dataclass(frozen=True)
class Custom:
    """A file of the operator's folder, looked at before it is filled."""

    file: Path
    stem: str
    source: str
    unused: str = ""
    """Why the built-in text stays; empty: this file is used."""
    unknown: tuple[str, ...] = ()
    """Names that it uses and is not given: it fails where it comes to them."""


def load(folder: Path | None) -> Templates:
    """The built-in texts, with those of `folder` in place of the ones whose stem they carry.

    A text that can't be used, one in Go's template language among them, is warned of, and the built-in one stays.
    Raises `OperatorMistake` when the folder can't be listed.
    """
    if folder is None:
        return Templates()
    found = look(folder)
    for each in found:
        if each.unused:
            log.warning("template not used, the built-in text stays", file=str(each.file), reason=each.unused)
        elif each.unknown:
            log.warning(
                "template uses names that it is not given",
                file=str(each.file),
                unknown=", ".join(each.unknown),
                known=", ".join(sorted(templates.given(each.stem))),
            )
    return Templates({each.stem: each.source for each in found if not each.unused}, _failed)


def look(folder: Path) -> Sequence[Custom]:
    """Each file of `folder`, in order of name, and whether it takes the place of a built-in text.

    Raises `OperatorMistake` when the folder can't be listed.
    """
    try:
        files = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".") and file.is_file()]
    except OSError as error:
        raise OperatorMistake(f"The templates in {folder} can't be listed: {error.strerror}.") from error
    taken: dict[str, Path] = {}
    found: list[Custom] = []
    for file in sorted(files, key=lambda file: (file.suffix != templates.SUFFIX, file.name)):  # name.j2 before name.txt
        custom = _custom(file, taken.get(_stem(file)))
        if not custom.unused:
            taken[custom.stem] = file
        found.append(custom)
    return sorted(found, key=lambda each: each.file.name)


def _custom(file: Path, instead: Path | None) -> Custom:
    stem = _stem(file)
    if stem not in templates.built_in():
        return Custom(file, stem, "", unused=_no_such_text(stem))
    try:
        source = file.read_text("utf-8")
    except OSError as error:
        return Custom(file, stem, "", unused=f"it can't be read: {error.strerror}")
    except UnicodeDecodeError:
        return Custom(file, stem, "", unused="it is no UTF-8 text")
    if why := templates.unusable(source):
        return Custom(file, stem, source, unused=why)
    if instead is not None:
        return Custom(file, stem, source, unused=f"{instead.name} is used for the same text")
    used = templates.used(source)
    if missing := templates.needed(stem) - used:
        return Custom(
            file, stem, source, unused=f"it must use {' and '.join(sorted(missing))}, which we read there again"
        )
    return Custom(file, stem, source, unknown=tuple(sorted(used - templates.given(stem))))


def _stem(file: Path) -> str:
    return file.name.partition(".")[0]


def _no_such_text(stem: str) -> str:
    if stem in FORMER:
        return f"no text of ours has this name any more: what it said is part of {FORMER[stem]}"
    return "no text of ours has this name; `telefonistka templates list` shows all"


def _failed(stem: str, reason: str) -> None:
    log.warning("template failed, the built-in text was used", template=stem, reason=reason)


def status_link(file: Path | None) -> Callable[[datetime], str]:
    """The address behind our commit status, for the time it is set at (`CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH`).

    Where the text can't be used or fails, it is the project's home page. Raises `OperatorMistake` when the file can't
    be read.
    """
    if file is None:
        return lambda moment: status.HOME_PAGE
    source = _link_source(file)
    if why := templates.unusable(source):
        log.warning("status URL template not used", file=str(file), reason=why)
        return lambda moment: status.HOME_PAGE
    template = _link_template(source)

    def link(moment: datetime) -> str:
        try:
            return template.render(commit_time=moment).strip()
        except templates.UNFILLABLE as error:
            log.warning("status URL template failed", file=str(file), reason=str(error))
            return status.HOME_PAGE

    return link


def look_at_status_link(file: Path) -> Custom:
    """Whether the text for the address behind our commit status is used; it is filled once to find out.

    Raises `OperatorMistake` when the file can't be read.
    """
    source = _link_source(file)
    why = templates.unusable(source)
    if why is None:
        try:
            _link_template(source).render(commit_time=_SOME_MOMENT)
        except templates.UNFILLABLE as error:
            why = f"it can't be filled: {str(error).rstrip('.')}"
    return Custom(file, "", source, unused=why or "")


_SOME_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def _link_source(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError as error:
        raise OperatorMistake(f"CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH names {file}, which can't be read.") from error


def _link_template(source: str) -> Template:
    # A URL, not HTML. A name that does not exist must not become an address that leads nowhere.
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined).from_string(source)
