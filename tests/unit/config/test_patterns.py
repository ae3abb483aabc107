import time
from collections.abc import Callable

import pytest

from telefonistka_py.config import patterns
from telefonistka_py.config.patterns import BadPattern
from telefonistka_py.errors import RepoMistake

ENDLESS = "(?:a|aa)+$"


@pytest.mark.parametrize(
    "expression", ["(", "a)|(b", "[a", "*", "a{2,1}", "(?P<n>a)(?P<", "\\", "(?z)a", "(?x)a # b", "a{99999999999999}"]
)
def test_a_pattern_that_can_not_be_used_is_refused(expression: str) -> None:
    with pytest.raises(BadPattern, match="regular expression"):
        patterns.check(expression)


def test_a_deeply_nested_pattern_is_refused_not_a_crash() -> None:
    with pytest.raises(BadPattern):
        patterns.check("(" * 50_000 + ")" * 50_000)


@pytest.mark.parametrize("expression", ["^workspace/[^/]*/.*", "(?i)prod/", r"\.yaml$", "(?P<env>dev|lab)/", ""])
def test_what_go_users_write_is_taken(expression: str) -> None:
    assert patterns.check(expression) == expression


def test_classes_are_ascii_as_in_go() -> None:
    assert not patterns.search(r"^\w+$", "größe")
    assert not patterns.search(r"^\d$", "٣")


def test_match_is_anchored_and_search_is_not() -> None:
    assert patterns.match(patterns.compiled("prod/"), "prod/", "nonprod/") is None
    assert patterns.search("prod/", "nonprod/")


def match(expression: str, path: str) -> object:
    return patterns.match(patterns.compiled(expression), expression, path)


@pytest.mark.parametrize("try_it", [match, patterns.search])
def test_a_pattern_that_backtracks_without_end_is_stopped_and_named(try_it: Callable[[str, str], object]) -> None:
    """N27."""
    started = time.monotonic()
    with pytest.raises(RepoMistake, match="backtracks without end"):
        try_it(ENDLESS, "a" * 60 + "!")
    assert time.monotonic() - started < 100 * patterns.MOMENT
