import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.feedback import balance
from tests.unit.feedback import reading


@pytest.mark.parametrize(
    ("text", "closers"),
    [
        ("words", ()),
        ("```diff\n+ a\n```", ()),
        ("```diff\n+ a", ("```",)),
        ("`````\n```\n````", ("`````",)),
        ("~~~ any `info`\n```", ("~~~",)),
        ("``` no `fence`\nwords", ()),
        ("```\n``` not the end\n   ```  ", ()),
        ("<details><summary>a</summary>\n\n```\nb", ("```", "</details>")),
        ("<details>\n\n<table><tr><td>a</td></tr>", ("</table>", "</details>")),
        ("<details>\n```\nno fence, as no empty line stands before it\n", ("</details>",)),
        ("```\n<details>\n```", ()),
        ("`<details>` is how a block starts", ()),
        ("a <div>b</div> c", ()),
        ("- <code>a</code>\n- <code>b</code>", ()),
        ("<!-- a\n\n```", ("-->",)),
        ("<!-- <details> -->\nwords", ()),
        ("<pre>\n```\n\n", ("</pre>",)),
        ("<DETAILS>\n\na\n\n</Details>", ()),
    ],
)
def test_what_is_open_is_named_in_the_order_of_closing(text: str, closers: tuple[str, ...]) -> None:
    assert balance.of(text) == balance.Balance(closers)


@pytest.mark.parametrize(
    "text",
    [
        "first\n- ```\n  in a list",
        "first\n> ```\n> in a quote",
        "first\n    ```",
        "first\n  ~~~",
        "first\nwords <details> words",
        "first\n- <details>",
        "first\nwords <!-- words",
        "first\nan open ` and <details></details>",
        "first\n<p>\n```",
        "first\n<details\n open>",
        "first\n<?php",
        "first\na <!-- a -- b --> <details></details> -->",
        "first\n| ` | <details> ` |",
        "first\n<pre>\n<details>\n</pre>",
        "first\n<details><a",
        "first\n  <p>\n```",
        "first\n- <b>\n  ```",
    ],
)
def test_where_we_cannot_tell_we_say_so(text: str) -> None:
    assert balance.of(text).unsure == len("first\n")
    assert balance.closed(text) == text


def test_a_code_span_over_two_lines_hides_other_tags_than_it_seems() -> None:
    assert balance.of("a `\n`<details>`").unsure == len("a `\n")


def test_a_tag_that_closes_nothing_is_shown_as_text() -> None:
    """N28: it would end the block that the text is put into."""
    assert balance.closed("a\n\n</details>\n\nb") == "a\n\n<div>&lt;/details></div>\n\nb"


_FENCES = ("```", "````", "~~~", "~~~~~", "`", "``")
_TAGS = ("<details>", "<details open>", "</details>", "<summary>", "</summary>", "<div>", "</div>", "<table>", "</td>")
_OTHERS = ("<!--", "-->", "<pre>", "</pre>", "<p>", "<b>", "<", ">", "&lt;")
_STARTS = ("- ", "1. ", "> ", "  ", "    ", "| ", "\t", "#", "---")
_WORDS = ("a", " b ", "\\", " | ", "\n", "\n", "\n", "\n\n", "\n\n")
_PIECES = st.sampled_from([*_FENCES, *_TAGS, *_OTHERS, *_STARTS, *_WORDS])
JUNK = st.lists(_PIECES, max_size=25).map("".join)


@given(JUNK)
@settings(max_examples=500, deadline=None)
def test_what_we_close_is_closed_for_a_real_parser(text: str) -> None:
    """N28: wherever we are sure, a CommonMark parser agrees: nothing swallows what comes after."""
    state = balance.of(text)
    if state.unsure is None:
        assert reading.complaints(balance.closed(text, state)) == []
