"""Facts to HTML. Everything is escaped, secrets are blanked out, no script runs, and nothing is fetched."""

import base64
import hashlib
import re
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from telefonistka_py.markdown import printable
from telefonistka_py.server.pages import graph, waits
from telefonistka_py.server.pages.model import Facts

REFRESH_SECONDS = 30
_COMMIT = re.compile(r"\b([0-9a-f]{10})[0-9a-f]{30}\b")
_PULL = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([0-9]{1,12})(?:!landing)?")


def page(facts: Facts, scrub: Callable[[str], str]) -> str:
    """`scrub` blanks out secrets; it sees every text that is not our own."""

    def shown(text: object) -> str:
        return printable(scrub(str(text)))

    return (
        _environment()
        .get_template("status.html")
        .render(
            facts=facts,
            server=facts.server,
            shown=shown,
            ago=lambda at: _ago(at, facts.now),
            lane=lambda lane: _COMMIT.sub(r"\1", shown(lane)),
            link=lambda lane: _link(facts.server.github, lane),
            draw=graph.draw,
            waits=waits.of,
            retry=lambda id: f"telefonistka inbox retry {shlex.quote(id)}",
            refresh=REFRESH_SECONDS,
        )
    )


def entrance() -> str:
    """What is answered to a token in the address: the page itself follows, without it."""
    return _environment().get_template("entrance.html").render()


@cache
def policy() -> str:
    """The pages' Content-Security-Policy: our one style sheet by its hash, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


@cache
def _style() -> str:
    return (resources.files(__package__) / "templates" / "style.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = Markup(_style())  # noqa: S704 - a file of ours
    return made


def _ago(at: datetime, now: datetime) -> Markup:
    delta = now - at
    said = f"in {_span(-delta)}" if delta < timedelta(0) else f"{_span(delta)} ago"
    if abs(delta) < timedelta(seconds=1):
        said = "just now"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S} UTC", said
    )


def _span(delta: timedelta) -> str:
    seconds = int(delta.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _link(github: str, lane: str) -> str:
    """The pull request or issue that a lane is named after; empty for another lane."""
    found = _PULL.fullmatch(lane)
    return f"{github}/{found[1]}/issues/{found[2]}" if found else ""
