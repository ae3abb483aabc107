"""GitHub-flavoured Markdown to HTML that a page may hold, whoever wrote it.

As GitHub does (https://github.github.com/gfm/), with two differences: tags that GitHub drops are shown as text, so that
one sees what a text tried; and pictures from elsewhere are not fetched.
"""

import re
from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

_WRITABLE = frozenset(nh3.ALLOWED_TAGS) - {"area", "article", "aside", "footer", "header", "hgroup", "map", "nav"}
"""Tags that a text may hold."""
_CLASSES = {
    "code": {"diff"},
    "div": {
        "markdown-alert",
        *(f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")),
    },
    "p": {"markdown-alert-title"},
    "span": {"add", "del", "hunk"},
    "ul": {"contains-task-list"},
    "li": {"task-list-item"},
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"alt", "title"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "input": {"checked"},
}
_TAG = re.compile(r"<(?=/?([A-Za-z][A-Za-z0-9-]*))")
_REFERENCE = re.compile(r"(?<![\w/&#])#([0-9]{1,9})\b|(?<![\w/@.])@([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?![\w/])")
_ALIGN = re.compile(r"text-align:(left|right|center)")


@dataclass(frozen=True)
class Known:
    """What a text may refer to."""

    address: str = ""
    """The path of a pull request without its number: `/acme/gitops/pull/`."""
    numbers: Collection[int] = ()
    logins: Collection[str] = ()
    """In lower case."""


def html(text: str, known: Known | None = None) -> Markup:
    """`text` as HTML, safe to be put into a page."""
    made = _parser().render(text, {"known": known or Known()})
    cleaned = nh3.clean(
        made,
        tags={*_WRITABLE, "input"},
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": "", "aria-label": "task"}},
    )
    return Markup(cleaned)  # noqa: S704 - it has just been cleaned


@cache
def _parser() -> MarkdownIt:
    options = {"html": True, "breaks": True, "tasklists": True, "alerts": True, "strikethrough_single_tilde": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).use(gfm_autolink_plugin)
    parser.add_render_rule("html_inline", _written)
    parser.add_render_rule("html_block", _written)
    parser.add_render_rule("fence", _fence)
    parser.core.ruler.push("references", _refer)
    parser.core.ruler.push("columns", _align)
    return parser


_Env = MutableMapping[str, Any]


def _written(_: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: _Env) -> str:
    if tokens[at].meta.get("ours"):
        return tokens[at].content
    return _TAG.sub(lambda found: "<" if found[1].lower() in _WRITABLE else "&lt;", tokens[at].content)


def _fence(_: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: _Env) -> str:
    token = tokens[at]
    if token.info.strip().split(" ")[0] != "diff":
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    lines = "\n".join(_diff_line(line) for line in token.content.removesuffix("\n").split("\n"))
    return f'<pre><code class="diff">{lines}\n</code></pre>\n'


def _diff_line(line: str) -> str:
    kinds = {"+": "add", "-": "del", "@": "hunk"}
    kind = kinds.get(line[:1])
    return f'<span class="{kind}">{escape(line)}</span>' if kind else str(escape(line))


def _align(state: StateCore) -> None:
    """A style would be inline; the old attribute says the same."""
    for token in state.tokens:
        found = _ALIGN.fullmatch(str(token.attrs.get("style", "")))
        if found:
            del token.attrs["style"]
            token.attrSet("align", found[1])


def _refer(state: StateCore) -> None:
    """Makes links of `#7`, and shows mentions of people that there are, outside of links and code."""
    for block in state.tokens:
        depth, after = 0, []
        for token in block.children or ():
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            after += [token] if depth or token.type != "text" else _referring(token, state.env["known"])
        if block.children is not None:
            block.children = after


def _referring(token: Token, known: Known) -> list[Token]:
    found, end = [], 0
    for match in _REFERENCE.finditer(token.content):
        shown = _reference(match, known)
        if shown:
            found += [_text(token.content[end : match.start()]), Token("html_inline", "", 0, content=shown, meta=_OURS)]
            end = match.end()
    return [*found, _text(token.content[end:])]


def _reference(match: re.Match[str], known: Known) -> str:
    if match[1] and int(match[1]) in known.numbers:
        return f'<a href="{escape(known.address)}{match[1]}">#{match[1]}</a>'
    if match[2] and match[2].lower() in known.logins:
        return f"<strong>@{match[2]}</strong>"
    return ""


_OURS = {"ours": True}


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
