"""Fills the pages' templates. All is escaped but what `markdown.html` made; no script runs, nothing is fetched."""

import base64
import hashlib
from datetime import datetime
from functools import cache
from importlib import resources
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def page(name: str, status: int = 200, **values: object) -> web.Response:
    """The page made of the template `name`."""
    html = _environment().get_template(f"{name}.html").render(**values)
    response = web.Response(
        status=status, body=html.encode("utf-8", "replace"), content_type="text/html", charset="utf-8"
    )
    response.headers.update(
        {
            "Content-Security-Policy": _policy(),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
    )
    return response


@cache
def _policy() -> str:
    """Our one style sheet by its hash, forms to ourselves, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
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
    made.filters |= {"moment": _moment, "path": _path}
    return made


def _moment(at: datetime) -> Markup:
    """Hidden details are in the title; the sandbox's days are short."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}")


def _path(text: str) -> str:
    """A path or name as a part of a URL; slashes stay."""
    return quote(text, errors="surrogateescape")
