"""What a regular expression replaces, as Go does it."""

import pytest

from telefonistka_py.bump import regex_edit
from telefonistka_py.bump.model import BadOption, Edited, Refused


@pytest.mark.parametrize(
    ("before", "pattern", "template", "after", "places"),
    [
        ("tag: v1\n", r"v\d+", "v2", "tag: v2\n", 1),
        ("a: v1\nb: v1\n", r"v1", "v2", "a: v2\nb: v2\n", 2),
        ("tag: v1\n", r"(tag: ).*", "${1}v2", "tag: v2\n", 1),
        ("tag: v1\r\n", r"(?P<key>tag): v\d", "$key: $$", "tag: $\r\n", 1),
        ("a\nb\n", r"(?m)^", "- ", "- a\n- b\n- ", 3),
        ("é💥\n", "💥", "é", "éé\n", 1),
    ],
)
def test_every_match_is_replaced(before: str, pattern: str, template: str, after: str, places: int) -> None:
    assert regex_edit.edit(before.encode(), pattern, template) == Edited(after.encode(), places)


def test_a_match_that_stays_as_it_is_is_no_mistake() -> None:
    assert regex_edit.edit(b"tag: v2\n", "v.", "v2") == Edited(b"tag: v2\n", 1)


def test_where_nothing_matches_nothing_changes_and_that_is_told() -> None:
    made = regex_edit.edit(b"tag: x\n", "v[0-9]", "v2")
    assert made == Edited(b"tag: x\n", 0, ("nothing in it matches the pattern 'v[0-9]'",))


def test_what_is_no_text_is_refused() -> None:
    made = regex_edit.edit(b"\xff", "v[0-9]", "v2")
    assert made == Refused("it is not UTF-8: byte 1 belongs to no character")


def test_a_pattern_that_backtracks_without_end_is_refused() -> None:
    """N27."""
    made = regex_edit.edit(b"a" * 60 + b"!", "(a|a)*$", "", patience=0.2)
    assert made == Refused("the pattern '(a|a)*$' took longer than 0.2 s on it; write it simpler")


@pytest.mark.parametrize(
    ("pattern", "template", "said"),
    [
        ("(", "x", "the pattern '(' is not a valid regular expression"),
        ("(?=x)", "x", "is not a valid regular expression"),
        ("(a)", "$2", "the replacement '$2' names a group '2' that the pattern does not have"),
        ("(a)", "$1x", "names a group '1x' that the pattern does not have; write ${1}x"),
        ("(a)", "${tag}", "names a group 'tag'"),
    ],
)
def test_a_bad_pattern_or_group_is_told(pattern: str, template: str, said: str) -> None:
    with pytest.raises(BadOption) as caught:
        regex_edit.check(pattern, template)
    assert said in str(caught.value)
