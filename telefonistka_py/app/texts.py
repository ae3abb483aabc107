"""The texts that the operator put in place of ours."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from telefonistka_py import templates
from telefonistka_py.feedback import status
from telefonistka_py.observability import logs
from telefonistka_py.templates import Templates

log = logs.get()


def load(folder: Path | None) -> Templates:
    """The built-in texts, with those of `folder` in place of the ones whose stem they carry.

    A text that can't be used, one in Go's template language among them, is warned of, and the built-in one stays.
    """
    if folder is None:
        return Templates()
    found: dict[str, str] = {}
    for file in sorted(folder.iterdir()):
        stem = file.name.partition(".")[0]
        if file.is_file() and stem in templates.built_in():
            source = file.read_text("utf-8", "replace")
            if why := _unusable(source):
                log.warning("template not used, the built-in text stays", file=str(file), reason=why)
            else:
                found[stem] = source
        elif file.is_file():
            log.warning("no text of ours has this name", file=str(file), known=", ".join(sorted(templates.built_in())))
    return Templates(found, _failed)


def _failed(stem: str, reason: str) -> None:
    log.warning("template failed, the built-in text was used", template=stem, reason=reason)


def status_link(file: Path | None) -> Callable[[datetime], str]:
    """The address behind our commit status, for the time it is set at (`CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH`)."""
    if file is None:
        return lambda moment: status.HOME_PAGE
    source = file.read_text("utf-8", "replace")
    if why := _unusable(source):
        log.warning("status URL template not used", file=str(file), reason=why)
        return lambda moment: status.HOME_PAGE
    # A URL, not HTML. A name that does not exist must not become an address that leads nowhere.
    template = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined).from_string(source)

    def link(moment: datetime) -> str:
        try:
            return template.render(commit_time=moment).strip()
        except TemplateError as error:
            log.warning("status URL template failed", file=str(file), reason=str(error))
            return status.HOME_PAGE

    return link


def _unusable(source: str) -> str | None:
    if re.search(r"\{\{-?\s*\.", source):
        return "it is a Go template; write {{ name }} for {{.Name}}, and {% for x in xs %} for {{range .Xs}}"
    try:
        ImmutableSandboxedEnvironment().parse(source)
    except TemplateError as error:
        return f"it is no Jinja2 template: {error}"
    return None
