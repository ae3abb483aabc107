"""Who sent a webhook, by its own words. Nothing proves them: they are for people to read, and decide nothing.

Headers: https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from collections.abc import Mapping

from telefonistka_py import markdown

_LONGEST = 64
"""Characters of a header that are told."""

_TARGET, _TYPE = "X-GitHub-Hook-Installation-Target-ID", "X-GitHub-Hook-Installation-Target-Type"
_HEADERS = {"hook": "X-GitHub-Hook-ID", "target": _TARGET, "target_type": _TYPE, "claims_delivery": "X-GitHub-Delivery"}
_OF_AN_APP = "integration"
"""What GitHub calls an App there."""


def told(headers: Mapping[str, str], app_id: int | None) -> dict[str, str]:
    """Fields for a line of the log; `app_id` is our own App's, None where we act by a token.

    A repository's or an organisation's own webhook, and that of another App, have secrets of their own.
    """
    said = {name: markdown.printable(headers.get(header, ""))[:_LONGEST] for name, header in _HEADERS.items()}
    found = {name: text for name, text in said.items() if text}
    if app_id is not None and _is_anothers(headers.get(_TARGET, ""), headers.get(_TYPE, ""), app_id):
        found["hint"] = f"it may be another App's or hook's: ours is the App {app_id}"
    return found


def _is_anothers(target: str, kind: str, app_id: int) -> bool:
    return bool(target) and (target.strip() != str(app_id) or kind not in ("", _OF_AN_APP))
