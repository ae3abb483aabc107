"""What the bot says, as Jinja2 text that people can replace (`TEMPLATES_PATH`).

The built-in texts lie in a `templates` folder beside the renderer that fills them: `promotion/templates/…`. A text is
known by its stem, `promotion-pr-title` for `promotion-pr-title.j2`. Each begins with a comment that says what it is for
and what it is given::

    {#
    The title of a promotion pull request.

    `components` (list of str): the names of the components.
    #}
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from telefonistka_py import markdown

SUFFIX = ".j2"

_HEAD = re.compile(r"\{#(.*?)#\}", re.DOTALL)
_VARIABLE = re.compile(r"`([^`]+)` \(([^)]+)\): (.+)", re.DOTALL)
_MUST = ", must be used"
_GO_TIME = re.compile(r"CommitTime|\.Format\b")
_TIMES = "; {{ commit_time.strftime('%Y-%m-%dT%H:%M:%SZ') }} is {{ .CommitTime.UTC.Format \"2006-01-02T15:04:05Z\" }}"
_GO = re.compile(r"\{\{-?\s*(?:[.$]|/\*|end\b|else\b|(?:range|if|with|define|template)\s)")


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
            except UNFILLABLE as error:
                if stem not in built_in():
                    raise
                self._failed(stem, str(error))
        return self._environment.get_template(stem).render(values)


UNFILLABLE = (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
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
    """Every text that the package ships, by stem, in alphabetical order."""
    folders = (folder / "templates" for folder in resources.files("telefonistka_py").iterdir())
    found = {
        file.name.removesuffix(SUFFIX): file.read_text("utf-8")
        for folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(SUFFIX)
    }
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


@dataclass(frozen=True)
class Variable:
    """One of the names that a text is given."""

    name: str
    kind: str
    """Its type, in the words of the text's head: `list of str`."""
    meaning: str


@dataclass(frozen=True)
class Head:
    """What the comment at the top of a text says of it."""

    purpose: str
    variables: tuple[Variable, ...]


def head(source: str) -> Head:
    """Reads the head of a built-in text. Raises `ValueError` when it has none, or one in another form."""
    found = _HEAD.match(source)
    if found is None:
        raise ValueError("the text does not begin with a comment")
    purpose, *paragraphs = re.split(r"\n\s*\n", found[1].strip())
    return Head(" ".join(purpose.split()), tuple(_variables("\n".join(paragraphs))))


def _variables(text: str) -> Iterator[Variable]:
    for entry in filter(None, re.split(r"^(?=`)", text, flags=re.MULTILINE)):
        found = _VARIABLE.fullmatch(" ".join(entry.split()))
        if found is None:
            raise ValueError(f"not of the form “`name` (type): meaning”: {entry.strip()}")
        yield Variable(found[1], found[2], found[3])


def given(stem: str) -> frozenset[str]:
    """The names that the text called `stem` is given, custom or not."""
    return frozenset(variable.name for variable in head(built_in()[stem]).variables)


def needed(stem: str) -> frozenset[str]:
    """Those of them that must be in the text, as we read them there again."""
    return frozenset(it.name for it in head(built_in()[stem]).variables if it.kind.endswith(_MUST))


def unusable(source: str) -> str | None:
    """Why somebody's text can't be used; None when it can be, as far as that shows before it is filled."""
    if _GO.search(source):
        return (
            "it is a Go template: write {{ name }} for {{.Name}}, {% for x in xs %}…{% endfor %} for "
            "{{range .Xs}}…{{end}}, {% if x %}…{% endif %} for {{if .X}}…{{end}}; `telefonistka templates list` names "
            "the variables" + (_TIMES if _GO_TIME.search(source) else "")
        )
    try:
        _environment({}).from_string(source)
    except TemplateSyntaxError as error:
        return f"it is no Jinja2 template, line {error.lineno}: {(error.message or '').rstrip('.')}"
    except RecursionError:
        return "it is no Jinja2 template: it is nested too deeply"
    return None


def used(source: str) -> frozenset[str]:
    """The names that a text uses without setting them itself, those of built-in texts that it includes among them.

    The source must be usable.
    """
    environment = _environment({})
    seen: set[str] = set()
    names: set[str] = set()
    waiting = [source]
    while waiting:
        tree = environment.parse(waiting.pop())
        names |= meta.find_undeclared_variables(tree)
        further = {stem for stem in meta.find_referenced_templates(tree) if stem in built_in()} - seen
        seen |= {stem for stem in further if stem is not None}
        waiting += [built_in()[stem] for stem in further if stem is not None]
    return frozenset(names - set(environment.globals))
