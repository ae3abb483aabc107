import jinja2
import pytest
from jinja2.exceptions import SecurityError

from telefonistka_py.templates import Templates, built_in


def test_every_built_in_text_is_found_by_its_stem() -> None:
    assert {"promotion-pr-title", "promotion-pr-body", "promotion-commit-message"} <= set(built_in())


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
