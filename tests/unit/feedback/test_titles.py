import pytest

from telefonistka_py import markdown
from telefonistka_py.feedback import size, titles
from tests.unit.feedback import reading


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("`a/b` ↔️  `c/d`", "<code>a/b</code> ↔️ <code>c/d</code>"),
        ("`` a`b ``", "<code>a&#96;b</code>"),
        ("**bold `a`** b", "<b>bold <code>a</code></b> b"),
        ("**open", "<b>open</b>"),
        (
            "[app `x`](https://argo.example/a?b=1&c=2)",
            '<a href="https://argo.example/a?b=1&amp;c=2">app <code>x</code></a>',
        ),
        ("[app](javascript:x)", "[app](javascript:x)"),
        (f"[app](https://a/{'b' * 300})", "app"),
        ("</summary><script>", "&#60;/summary&#62;&#60;script&#62;"),
        ("a & b &#64;", "a &#38; b &#64;"),
        (r"\*\*a\`", "**a&#96;"),
        ("two\nlines", "two lines"),
        ("```js", "&#96;&#96;&#96;js"),
    ],
)
def test_titles_become_html(title: str, shown: str) -> None:
    assert titles.in_html(title) == shown


@pytest.mark.parametrize("title", ["x" * 5_000, markdown.code("`é🚀" * 900), "**[" * 400, markdown.plain("@" * 900)])
def test_a_long_title_is_shortened_and_whole(title: str) -> None:
    shown = titles.in_html(title)
    assert "…" in shown
    assert 150 < size.units(shown) <= titles.LONGEST
    assert reading.complaints(f"<details><summary>{shown}</summary>\n\na\n\n</details>") == []
