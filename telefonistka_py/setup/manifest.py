"""What GitHub is asked for: the App's manifest, and the page of GitHub's that takes it. Plain.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from telefonistka_py import needs

HOMEPAGE = "https://github.com/commercetools/telefonistka"
LONGEST_NAME = 34
"""Characters of an App's name that GitHub takes."""

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_])?")
_LOCAL = re.compile(r"localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0")


@dataclass(frozen=True)
class Wish:
    """What the person who registers the App chose."""

    name: str = ""
    """Empty: `named` finds one. Names are unique over all of GitHub, so that the plain `telefonistka` is taken."""
    organization: str = ""
    """Its login; empty for the person's own account."""
    webhook: str = ""
    """Where GitHub is to send webhooks: the server's public address, with or without `/webhook`."""


def named(wish: Wish) -> Wish:
    """`wish` with a name that is likely free, where it has none: after the organisation, else the server's host."""
    if wish.name:
        return wish
    try:
        host = urlsplit(wish.webhook).hostname or ""
    except ValueError:
        host = ""
    whose = wish.organization or host.removeprefix("telefonistka.")
    name = "-".join(filter(None, ("telefonistka", *re.split("[^A-Za-z0-9]+", whose))))
    return replace(wish, name=name[:LONGEST_NAME].rstrip("-"))


def mistakes(wish: Wish) -> dict[str, str]:
    """A sentence for each field that can't be used, by the field's name. `wish` has a name."""
    found: dict[str, str] = {}
    if len(wish.name) > LONGEST_NAME:
        found["name"] = f"GitHub takes at most {LONGEST_NAME} characters; this name has {len(wish.name)}."
    if wish.organization and not _LOGIN.fullmatch(wish.organization):
        found["organization"] = "Write the organisation's login as in its address: acme for github.com/acme."
    if not _is_address(wish.webhook):
        found["webhook"] = "Write the server's public address, such as https://telefonistka.example.com/webhook."
    return found


def doubts(wish: Wish) -> tuple[str, ...]:
    """What can be used, but hardly as it is meant."""
    parts = urlsplit(wish.webhook)
    if _LOCAL.fullmatch(parts.netloc.rpartition("@")[2].partition(":")[0].lower()):
        return ("GitHub can't reach an address of this machine; github.com refuses it.",)
    if parts.scheme == "http":
        return ("The address is http: webhooks will travel unencrypted. Prefer https.",)
    return ()


def webhook_url(given: str) -> str:
    """The address that webhooks go to: `/webhook` where only the server was named."""
    parts = urlsplit(given.strip())
    return urlunsplit(parts._replace(path="/webhook")) if parts.path in ("", "/") else given.strip()


def write(wish: Wish, redirect_url: str) -> str:
    """The manifest as JSON: exactly the permissions and events that the bot needs."""
    manifest = {
        "name": wish.name,
        "url": HOMEPAGE,
        "description": "Promotes changes between the environment folders of a GitOps repository, by pull request.",
        "hook_attributes": {"url": webhook_url(wish.webhook), "active": True},
        "redirect_url": redirect_url,
        "public": False,
        "default_permissions": {each.name: each.level for each in needs.PERMISSIONS},
        "default_events": [each.name for each in needs.EVENTS],
    }
    return json.dumps(manifest)


def address(github: str, organization: str, state: str) -> str:
    """GitHub's page that takes the manifest. `github` is its base URL, `state` comes back with the answer."""
    owner = f"organizations/{quote(organization, safe='')}/" if organization else ""
    return f"{github}/{owner}settings/apps/new?{urlencode({'state': state})}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    fine = parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_fine
    return fine and not (parts.username or parts.password or parts.query or parts.fragment or re.search(r"\s", text))
