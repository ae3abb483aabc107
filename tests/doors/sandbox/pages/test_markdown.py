"""Texts look as they would at GitHub, and hold nothing that a page must not."""

import pytest

from telefonistka_py.sandbox.pages import markdown
from telefonistka_py.sandbox.pages.markdown import Known
from tests.doors.browsing import Page

KNOWN = Known("/acme/gitops/pull/", numbers={7}, logins={"alice"})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("> [!WARNING]\n> Mind", '<div class="markdown-alert markdown-alert-warning">'),
        ("```diff\n-a\n+b & c\n@@ x @@\n d\n```", '<span class="del">-a</span>\n<span class="add">+b &amp; c</span>'),
        ("```yaml\na: <b>\n```", "<pre><code>a: &lt;b&gt;\n</code></pre>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("~~gone~~", "<s>gone</s>"),
        ("|a|\n|-:|\n|1|", '<td align="right">1</td>'),
        ("see https://example.com/x", '<a href="https://example.com/x" rel="nofollow noopener noreferrer">'),
        ("after #7.", '<a href="/acme/gitops/pull/7" rel="nofollow noopener noreferrer">#7</a>.'),
        ("cc @alice", "<strong>@alice</strong>"),
        ("<details><summary>More</summary>\n\n*x*\n\n</details>", "<summary>More</summary>"),
        ("<sub>small</sub>", "<sub>small</sub>"),
    ],
)
def test_it_looks_as_at_github(text: str, html: str) -> None:
    assert html in markdown.html(text, KNOWN)


def test_a_task_shows_whether_it_is_done_and_can_not_be_ticked() -> None:
    page = Page(200, {}, f"<style></style>{markdown.html('- [x] done')}")
    assert page.has("input", type="checkbox", checked="", disabled="")


@pytest.mark.parametrize(
    "text", ["#8", "x#7", "`#7`", "@nobody", "mail@alice", "`@alice`", "&#35;&#8203;7", "&#64;&#8203;alice", "/#7"]
)
def test_what_refers_to_nothing_stays_text(text: str) -> None:
    html = markdown.html(text, KNOWN)
    assert "<a " not in html.replace('<a href="mailto', "")
    assert "<strong>" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<style>*{display:none}</style>",
        "<iframe src=//evil></iframe>",
        "<form action=//evil><input name=x><button>go</button></form>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>)",
        "<b onclick=alert(1) style='color:red' id=login>x</b>",
        "<div class='problem'>x</div>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<!--><script>alert(1)</script>-->",
        "![x](https://evil.example/pixel.png)",
    ],
)
def test_nothing_in_it_runs_or_looks_like_ours(text: str) -> None:
    html = markdown.html(text, KNOWN).lower()
    for part in ("<script", "onerror=", "<style", "<iframe", "<form", "<button", 'name="', "onclick", "<svg", "<math"):
        assert part not in html.replace("&lt;", "")
    for part in ('href="javascript', 'href="data', 'style="', 'id="', 'class="problem"', 'src="'):
        assert part not in html


def test_tags_that_are_not_allowed_are_shown_as_text() -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in markdown.html("a <script>alert(1)</script>")


def test_comments_of_html_are_hidden() -> None:
    assert "telefonistka" not in markdown.html("<!-- telefonistka:drift -->\nIn step.")
