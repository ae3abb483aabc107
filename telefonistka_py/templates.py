"""What the bot says, as Jinja2 text that people can replace (`TEMPLATES_PATH`).

The built-in texts lie in a `templates` folder beside the renderer that fills them: `promotion/templates/…`. A text is
known by its stem, `promotion-pr-title` for `promotion-pr-title.j2`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from telefonistka_py import markdown

SUFFIX = ".j2"


class Templates:
    """The built-in texts, with `overrides` (stem → Jinja2 source) in place of some.

    The environment is sandboxed, and nothing is escaped by itself: what others chose goes through the filters `code`
    (an inline code span) or `plain` (running text).
    """

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader({**built_in(), **(overrides or {})}),
            undefined=StrictUndefined,
            autoescape=False,  # what is made is Markdown, not HTML
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self._environment.filters |= {"code": markdown.code, "plain": markdown.plain}

    def render(self, stem: str, **values: object) -> str:
        """The text called `stem`, filled with `values`."""
        return self._environment.get_template(stem).render(values)


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
