"""The set-up's pages as HTML. What others chose is escaped by Jinja2; nothing is loaded from anywhere."""

import json
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from telefonistka_py import needs
from telefonistka_py.setup.manifest import LONGEST_NAME, Wish
from telefonistka_py.setup.model import Kept, Registered


def ask(wish: Wish, wrong: Mapping[str, str], github: str) -> str:
    """The form; `wrong` says what can't be used, by field."""
    return _render("ask.html", wish=wish, wrong=wrong, github=github, longest=LONGEST_NAME)


def review(wish: Wish, webhook: str, doubts: tuple[str, ...], manifest: str, address: str) -> str:
    """What will be asked of GitHub, and the button that goes there."""
    return _render(
        "review.html",
        wish=wish,
        webhook=webhook,
        doubts=doubts,
        manifest=manifest,
        address=address,
        permissions=needs.PERMISSIONS,
        events=needs.EVENTS,
        pretty=json.dumps(json.loads(manifest), indent=2, ensure_ascii=False),
    )


def finished(app: Registered, kept: Kept) -> str:
    """The next step. No secret is on this page."""
    return _render("finished.html", app=app, kept=kept, has_secret=bool(app.webhook_secret))


def problem(title: str, said: str) -> str:
    return _render("problem.html", title=title, said=said)


def _render(name: str, **values: object) -> str:
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("telefonistka_py.setup", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
