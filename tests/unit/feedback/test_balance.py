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
    ],
)
def test_where_we_cannot_tell_we_say_so(text: str) -> None:
    assert balance.of(text).unsure == len("first\n")
    assert balance.closed(text) == text


def test_a_tag_that_closes_nothing_is_shown_as_text() -> None:
    """N28: it would end the block that the text is put into."""
    assert balance.closed("a\n\n</details>\n\nb") == "a\n\n<div>&lt;/details></div>\n\nb"


_PIECES = st.sampled_from(
    ["```", "````", "~~~", "~~~~~", "`", "``", "<details>", "</details>", "<summary>", "</summary>", "<div>", "</div>"]
    + ["<!--", "-->", "<pre>", "</pre>", "<p>", "<b>", "- ", "1. ", "> ", "  ", "    ", "| ", " | ", "a", " b ", "\\"]
    + ["\n", "\n", "\n", "\n\n", "\n\n", "\t", "#", "---", "<table>", "</td>", "<details open>", "<", ">", "&lt;"]
)
JUNK = st.lists(_PIECES, max_size=25).map("".join)


@given(JUNK)
@settings(max_examples=600, deadline=None)
def test_what_we_close_is_closed_for_a_real_parser(text: str) -> None:
    """N28: wherever we are sure, a CommonMark parser agrees: nothing swallows what comes after."""
    state = balance.of(text)
    if state.unsure is None:
        assert reading.complaints(balance.closed(text, state)) == []
