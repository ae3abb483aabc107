import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import Environment, nodes
from jinja2.exceptions import SecurityError

from telefonistka_py import templates
from telefonistka_py.templates import Templates, built_in

PACKAGE = Path(templates.__file__).parent

each_text = pytest.mark.parametrize("stem", list(built_in()))


class Anything(str):
    """Stands for whatever a text is given: it has every attribute, holds two of itself, and counts."""

    __slots__ = ()

    def __new__(cls) -> "Anything":
        return super().__new__(cls, "anything")

    def __getattr__(self, name: str) -> "Anything":
        if name in ("unsafe_callable", "alters_data"):  # what Jinja2's sandbox looks for before it calls something
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator["Anything"]:
        yield from (self, self)

    def __call__(self, *arguments: object) -> "Anything":
        return self

    def __add__(self, other: object) -> str:
        return "anything"


ANYTHING = Anything()


def values(stem: str) -> dict[str, Any]:
    return dict.fromkeys(templates.given(stem), ANYTHING)


def test_every_built_in_text_is_found_by_its_stem() -> None:
    assert {"promotion-pr-title", "promotion-pr-body", "promotion-commit-message"} <= set(built_in())
    assert len(built_in()) == len(list(PACKAGE.rglob("templates/*.j2"))), "two texts have the same name"


def test_an_override_takes_the_place_of_the_built_in_text() -> None:
    assert Templates({"promotion-commit-message": "Sync: {{ source }}"}).render(
        "promotion-commit-message", source="a/"
    ) == ("Sync: a/")


def test_a_misspelt_variable_is_an_error_not_an_empty_text() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Templates({"x": "{{ surce }}"}).render("x", source="a/")


def test_an_override_can_not_reach_into_python() -> None:
    with pytest.raises(SecurityError):
        Templates({"x": "{{ values.__class__.__mro__ }}"}).render("x", values=[])


def test_the_filters_make_the_text_of_others_safe() -> None:
    shown = Templates({"x": "{{ name | code }} {{ name | plain }}"}).render("x", name="*`*")
    assert shown == "``*`*`` &#42;&#96;&#42;"


@each_text
@pytest.mark.parametrize(
    "broken",
    [
        "{{ there_is_no_such_name }}",
        "{{ 1 / 0 }}",
        "{% include 'nothing' %}",
        "{{ [1] | join(1, 2, 3, 4) }}",
        "{{ ''.x.y }}",
    ],
)
def test_a_broken_text_falls_back_to_the_built_in_one(stem: str, broken: str) -> None:
    told: list[tuple[str, str]] = []
    custom = Templates({stem: f"Hello. {broken}"}, lambda stem, reason: told.append((stem, reason)))
    assert custom.render(stem, **values(stem)) == Templates().render(stem, **values(stem))
    assert [stem for stem, _ in told] == [stem]
    assert told[0][1]


@each_text
def test_a_text_begins_with_its_head_which_nobody_gets_to_see(stem: str) -> None:
    purpose = templates.head(built_in()[stem]).purpose
    assert purpose.endswith(".")
    shown = Templates().render(stem, **values(stem))
    assert purpose not in shown
    assert not shown.startswith("\n")


@each_text
def test_a_head_names_what_its_text_uses(stem: str) -> None:
    assert templates.used(built_in()[stem]) <= templates.given(stem), f"{stem}.j2 uses names that its head lacks"


def attributes(source: str) -> set[str]:
    """What the text looks up in its variables: `path` in `{{ file.path }}`. Methods, and `loop`, are Jinja2's."""
    tree = Environment().parse(source)
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    return {
        found.attr
        for found in tree.find_all(nodes.Getattr)
        if id(found) not in called and not (isinstance(found.node, nodes.Name) and found.node.name == "loop")
    }


@each_text
def test_a_head_names_what_its_text_looks_up_in_its_variables(stem: str) -> None:
    heads = [templates.head(built_in()[stem]), templates.head(built_in()["config-problems"])]
    said = " ".join([head.purpose + " ".join(it.name + it.meaning for it in head.variables) for head in heads])
    assert attributes(built_in()[stem]) <= set(re.findall(r"\w+", said))


def passed() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every call in the package that fills a text: where, which, and the names it is given."""
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if ".render(" in text else ():
            match node:
                case ast.Call(func=ast.Attribute(attr="render"), args=[ast.Constant(value=str(stem))], keywords=words):
                    names = frozenset(word.arg for word in words if word.arg is not None)
                    yield f"{file.relative_to(PACKAGE)}:{node.lineno}", stem, names


CALLS = [call for call in passed() if not call[1].endswith(".html")]


@pytest.mark.parametrize(("where", "stem", "names"), CALLS, ids=[call[0] for call in CALLS])
def test_a_head_names_exactly_what_the_code_gives(where: str, stem: str, names: frozenset[str]) -> None:
    assert stem in built_in(), f"{where} fills a text that is not there"
    assert names == templates.given(stem), f"{where} gives other names than the head of {stem}.j2 says"


def test_every_text_is_filled_somewhere() -> None:
    included = {
        node.template.value
        for source in built_in().values()
        for node in Environment().parse(source).find_all(nodes.Include)
        if isinstance(node.template, nodes.Const)
    }
    assert {stem for _, stem, _ in CALLS} | included == set(built_in())


@pytest.mark.parametrize(
    "source",
    ["no comment", "{# Says.\n\n`name`: no type\n#}", "{# Says.\n\n`name` (str) no colon\n#}"],
)
def test_a_head_in_another_form_is_an_error(source: str) -> None:
    with pytest.raises(ValueError, match=r"comment|form"):
        templates.head(source)


def test_a_head_is_read() -> None:
    head = templates.head(
        "{#\nWhat it\nsays.\n\n`a` (str): one\n  thing\n`b` (list of `x`): another.\n#}\ntext {# no #}"
    )
    assert head.purpose == "What it says."
    assert [(it.name, it.kind, it.meaning) for it in head.variables] == [
        ("a", "str", "one thing"),
        ("b", "list of `x`", "another."),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "{{.Name}}",
        "{{- .Name -}}",
        "{{ range .Xs }}x{{ end }}",
        "{{range $x := .Xs}}x",
        '{{define "autoMerge"}}',
        "{{ $x }}",
        "{{/* a comment */}}",
        "{{ if .X }}",
    ],
)
def test_a_go_template_is_recognised(source: str) -> None:
    assert "Go template" in (templates.unusable(source) or "")


def test_the_hint_for_a_go_template_says_how_times_are_written() -> None:
    said = templates.unusable('https://x.example/?t={{ .CommitTime.UTC.Format "2006-01-02" }}') or ""
    assert "{{ commit_time.strftime('%Y-%m-%dT%H:%M:%SZ') }}" in said
    assert "strftime" not in (templates.unusable("{{.Name}}") or "")


@pytest.mark.parametrize("source", ["{{ ending }}", "{{ iffy }} {{ range(3) | list }}", "{# . #}", "a {{ b.c }}", ""])
def test_what_is_no_go_template_is_not_taken_for_one(source: str) -> None:
    assert templates.unusable(source) is None


@pytest.mark.parametrize("source", ["{% if %}", "{{ a | no_such_filter }}", "{% for x in y %}", "{{"])
def test_what_jinja_refuses_can_not_be_used(source: str) -> None:
    assert "no Jinja2 template, line 1" in (templates.unusable(source) or "")


def test_what_a_text_uses_includes_what_it_includes() -> None:
    source = "{% include 'config-problems' %}{% set own = 1 %}{{ own }}{{ range(2) }}{{ mine }}"
    assert templates.used(source) == {"problems", "mine"}
