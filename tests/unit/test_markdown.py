import re

import pytest

from telefonistka_py import markdown


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("clusters/dev", "`clusters/dev`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a", "`` `a ``"),
        ("a`", "`` a` ``"),
        ("", "`  `"),
        (" ", "`   `"),
        ("two\nlines", "`two lines`"),
        ("tab\tand\x00null", "`tab and null`"),
        ("caf\udce9", "`caf\\xe9`"),
        ("half \ud83d of a pair", "`half \\ud83d of a pair`"),
        ("<!-- x --> @team #1", "`<!-- x --> @team #1`"),
    ],
)
def test_code_is_one_span_that_holds_the_whole_text(text: str, span: str) -> None:
    assert markdown.code(text) == span


@pytest.mark.parametrize("text", ["```\nescape\n```", "x`" * 30, "````", "`", " ` "])
def test_no_text_ends_its_own_span(text: str) -> None:
    """N28: what opens the span is longer than any run of backticks inside."""
    span = markdown.code(text)
    opening = re.match(r"`+", span)
    assert opening is not None
    fence = opening[0]
    inside = span[len(fence) : -len(fence)]
    assert fence not in re.findall(r"`+", inside)
    assert span.endswith(fence)
    assert "\n" not in span


@pytest.mark.parametrize("name", ["nginx", "team-a/nginx", "clusters/prod/us-east4/c2", "a_b.c", "größe", "v1.2.3+4"])
def test_ordinary_names_come_out_as_they_are(name: str) -> None:
    assert markdown.plain(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*b*", "a&#42;b&#42;"),
        ("[a](b)", "&#91;a&#93;(b)"),
        ("<script>", "&#60;script&#62;"),
        ("<!--|x|-->", "&#60;!--&#124;x&#124;--&#62;"),
        ("a & b", "a &#38; b"),
        ("`x`", "&#96;x&#96;"),
        ("a\\b", "a&#92;b"),
        ("~~a~~", "&#126;&#126;a&#126;&#126;"),
        ("one\r\n# two", "one &#35;&#8203; two"),
        ("\udcff", "&#92;xff"),
    ],
)
def test_plain_text_has_no_markup_of_its_own(text: str, shown: str) -> None:
    assert markdown.plain(text) == shown


@pytest.mark.parametrize("text", ["@org/team", "x @alice", "owner/repo#12", "#1"])
def test_plain_text_notifies_nobody_and_refers_to_nothing(text: str) -> None:
    """N28: GitHub looks for both in the finished text, so an entity for the sign alone would not help."""
    finished = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), markdown.plain(text))
    assert not re.search(r"[@#]\w", finished)
    assert finished.replace("\u200b", "") == text
