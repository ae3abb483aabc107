"""GitHub's side of an App's manifest: the pages that a person sees, and the code that the conversion takes.

Source: docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest. Nobody logs in here: what
is asked for outside an organisation belongs to `sandbox-owner`.
"""

import html
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from telefonistka_py.sandbox import births
from telefonistka_py.sandbox.model import App, User

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

NEW = re.compile(r"^(?:/organizations/(?P<org>[^/]+))?/settings/apps/new$")
CREATE = re.compile(r"^(?:/organizations/(?P<org>[^/]+))?/settings/apps$")
INSTALL = re.compile(r"^/apps/(?P<slug>[^/]+)/installations/new$")
CODE_LIFE = timedelta(hours=1)
LONGEST_NAME = 34

_KEYS = {
    *("name", "url", "hook_attributes", "redirect_url", "callback_urls", "setup_url", "description", "public"),
    *("default_events", "default_permissions", "request_oauth_on_install", "setup_on_update"),
}
_NEEDED_BY = {
    "push": ("contents",),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "issue_comment": ("issues", "pull_requests"),
    "issues": ("issues",),
    "status": ("statuses",),
    "check_run": ("checks",),
    "check_suite": ("checks",),
}
"""One of these permissions, for each event that the sandbox sends."""


@dataclass
class Registration:
    """An App that waits for the exchange of its code."""

    app: App
    made_at: datetime


def is_page(path: str) -> bool:
    return any(pattern.match(path) for pattern in (NEW, CREATE, INSTALL))


async def serve(hub: "Hub", request: web.Request, path: str) -> web.Response:
    """One of the pages."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    if match := INSTALL.match(path):
        return _installation(hub, request.method, match["slug"])
    if match := CREATE.match(path):
        return _created(hub, match["org"], form) if request.method == "POST" else _page(404, "Not Found", "")
    match = NEW.match(path)
    assert match is not None
    if request.method != "POST" or "manifest" not in form:
        return _page(400, "No manifest", "<p>The sandbox registers Apps from a manifest alone.</p>")
    state = parse_qs(request.query_string).get("state", [""])[0]
    return _asked(hub, match["org"], form["manifest"], state)


def exchange(hub: "Hub", code: str) -> App | None:
    """The App that the code stands for, once, within an hour."""
    found = hub.registrations.pop(code, None)
    return found.app if found is not None and hub.clock() - found.made_at < CODE_LIFE else None


def _asked(hub: "Hub", org: str | None, text: str, state: str) -> web.Response:
    """The page that asks the person to confirm; they may change the name."""
    wrong = _mistakes(hub, org, text)
    if wrong:
        return _page(422, "The manifest can't be used", f'<p class="flash-error">{html.escape("; ".join(wrong))}</p>')
    manifest = json.loads(text)
    where = f"/organizations/{org}/settings/apps" if org else "/settings/apps"
    hidden = "".join(_hidden(name, value) for name, value in (("manifest", text), ("state", state)))
    name = html.escape(manifest.get("name", ""), quote=True)
    body = (
        f'<form method="post" action="{where}">{hidden}'
        f'<label>GitHub App name <input name="name" value="{name}"></label>'
        f"<button>Create GitHub App for {html.escape(_owner(hub, org).login)}</button></form>"
    )
    return _page(200, "Create GitHub App", body)


def _created(hub: "Hub", org: str | None, form: dict[str, str]) -> web.Response:
    manifest = json.loads(form["manifest"]) | {"name": form["name"].strip()}
    wrong = _mistakes(hub, org, json.dumps(manifest))
    if wrong:
        return _page(422, "The App can't be made", f'<p class="flash-error">{html.escape("; ".join(wrong))}</p>')
    hook = manifest.get("hook_attributes", {})
    app = hub.add_app(
        slug=_slug(manifest["name"]),
        webhook_url=hook.get("url"),
        secret=hub.new_token("") if hook else "",
        permissions=manifest["default_permissions"],
        events=manifest["default_events"],
        repositories=(),
    )
    app.owner = _owner(hub, org)
    code = hub.new_token("")
    hub.registrations[code] = Registration(app, hub.clock())
    back = urlsplit(manifest["redirect_url"])
    answer = {"code": code} | ({"state": form["state"]} if form["state"] else {})
    query = "&".join(part for part in (back.query, urlencode(answer)) if part)
    return web.Response(status=302, headers={"Location": back._replace(query=query).geturl()})


def _installation(hub: "Hub", method: str, slug: str) -> web.Response:
    app = next((each for each in hub.apps.values() if each.slug == slug), None)
    if app is None:
        return _page(404, "Not Found", "")
    if method == "POST":
        for account in births.accounts(hub, None):
            births.install(hub, app, account, None)
        return _page(200, f"{slug} is installed", "")
    return _page(200, f"Install {slug}", "<form method=post><button>Install</button></form>")


def _mistakes(hub: "Hub", org: str | None, text: str) -> list[str]:
    try:
        manifest = json.loads(text)
    except ValueError:
        return ["The manifest is no JSON"]
    if not isinstance(manifest, dict):
        return ["The manifest is no object"]
    for key in manifest.keys() - _KEYS:
        hub.unknown.append(f"GitHub knows no key {key!r} in a manifest.")
    found = [f"{key} can't be blank" for key in ("url", "redirect_url") if not manifest.get(key)]
    name = manifest.get("name", "")
    if len(name) > LONGEST_NAME:
        found.append(f"Name is too long (maximum is {LONGEST_NAME} characters)")
    if _slug(name) in {app.slug for app in hub.apps.values()}:
        found.append("Name has already been taken")
    if org is not None and getattr(hub.users.get(org.lower()), "kind", "") != "Organization":
        found.append(f"There is no organization {org}")
    return [*found, *_unsupported(manifest)]


def _unsupported(manifest: dict[str, Any]) -> list[str]:
    have = manifest.get("default_permissions", {})
    found = [
        f"Default events unsupported: {event}"
        for event in manifest.get("default_events", [])
        if not any(name in have for name in _NEEDED_BY.get(event, ()))
    ]
    return found + [f"{name}: {level} is no level" for name, level in have.items() if level not in ("read", "write")]


def _owner(hub: "Hub", org: str | None) -> User:
    return hub.user(org) if org else hub.add_user("sandbox-owner")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{html.escape(value, quote=True)}">'


def _page(status: int, title: str, body: str) -> web.Response:
    shown = html.escape(title)
    text = (
        f"<!doctype html><html lang=en><link rel=icon href=data:,><title>{shown}</title><h1>{shown}</h1>{body}</html>"
    )
    return web.Response(status=status, text=text, content_type="text/html")
