"""What the bot says, as Jinja2 text that people can replace (`TEMPLATES_PATH`).

The built-in texts lie in a `templates` folder beside the renderer that fills them: `promotion/templates/…`. A text is
known by its stem, `promotion-pr-title` for `promotion-pr-title.j2`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from telefonistka_py import markdown

SUFFIX = ".j2"


class Templates:
    """The built-in texts, with `overrides` (stem → Jinja2 source) in place of some.

    The environment is sandboxed, and nothing is escaped by itself: what others chose goes through the filters `code`
    (an inline code span) or `plain` (running text).
    """

    def __init__(
        self,
        overrides: Mapping[str, str] | None = None,
        failed: Callable[[str, str], None] = lambda stem, reason: None,
    ) -> None:
        """`failed` is told the stem and the reason when an override can't be filled; the built-in text is used then."""
        self._failed = failed
        self._own = _environment({**built_in(), **overrides}) if overrides else None
        self._environment = _environment(built_in())

    def render(self, stem: str, **values: object) -> str:
        """The text called `stem`, filled with `values`."""
        if self._own is not None:
            try:
                return self._own.get_template(stem).render(values)
            except _UNFILLABLE as error:
                if stem not in built_in():
                    raise
                self._failed(stem, str(error))
        return self._environment.get_template(stem).render(values)


_UNFILLABLE = (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What a text may raise that somebody else wrote: a name that does not exist, a filter on the wrong kind of value."""


def _environment(sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(sources)),
        undefined=StrictUndefined,
        autoescape=False,  # what is made is Markdown, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {"code": markdown.code, "plain": markdown.plain}
    return environment


@cache
def built_in() -> Mapping[str, str]:
    """Every text that the package ships, by stem."""
    folders = (folder / "templates" for folder in resources.files("telefonistka_py").iterdir())
    return {
        file.name.removesuffix(SUFFIX): file.read_text("utf-8")
        for folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(SUFFIX)
    }
