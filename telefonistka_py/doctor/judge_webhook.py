"""Judges the App's webhook, and what GitHub's log of deliveries says of whether it arrives. Plain."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from telefonistka_py.doctor.facts import Handed, Hook
from telefonistka_py.doctor.model import Finding, doubtful, fine, wrong

_READABLE = ("json", "form")
_UNREACHED = re.compile(r"connect|resolve|timed out|timeout|certificate|ssl|tls", re.IGNORECASE)
"""GitHub's words where it never got as far as an answer; it gives such attempts a status of its own."""

_SETTINGS = "the App's settings (Webhook)"


def secrets(count: int) -> Iterator[Finding]:
    """`count` of them are taken."""
    if count > 1:
        yield doubtful(
            "GITHUB_WEBHOOK_SECRET_PREVIOUS is set: webhooks that are signed with it are taken as well.",
            "Unset it once telefonistka_webhooks_accepted_by_previous_secret_total rises no more on any server.",
        )


def hook(facts: Hook) -> Iterator[Finding]:
    if not facts.url:
        yield wrong("The App has no webhook address.", f"Set it in {_SETTINGS} to the server's address with /webhook.")
        return
    parts = urlsplit(facts.url)
    if not parts.path.endswith("/webhook"):
        yield doubtful(
            f"Webhooks go to {facts.url}, and the server takes them at /webhook.",
            "Correct the address, unless a proxy of yours leads it there.",
        )
    else:
        yield fine(f"Webhooks go to {facts.url}.")
    if parts.scheme == "http":
        yield doubtful("They travel unencrypted.", "Serve the webhook over https.")
    elif facts.insecure:
        yield doubtful("GitHub does not check the certificate.", f"Switch SSL verification on in {_SETTINGS}.")
    if facts.content_type not in _READABLE:
        yield wrong(f"The content type is {facts.content_type!r}.", f"Choose application/json in {_SETTINGS}.")
    if not facts.has_secret:
        yield wrong(
            "The webhook has no secret, so that every delivery is refused.",
            f"Set one in {_SETTINGS}, the same as GITHUB_WEBHOOK_SECRET.",
        )


def deliveries(newest_first: Sequence[Handed], now: datetime) -> Iterator[Finding]:
    """`newest_first` holds the last attempt at each delivery."""
    if not newest_first:
        yield doubtful(
            "GitHub has handed nothing over in the days that it remembers.",
            f"See that the webhook is active in {_SETTINGS}, and that the App is installed.",
        )
        return
    last, failed = newest_first[0], [each for each in newest_first if not each.succeeded]
    number = len(newest_first)
    lately = f"The last {number} deliveries" if number > 1 else "The last delivery"
    count = f"{len(failed)} of the last {number} deliveries failed" if number > 1 else f"{lately} failed"
    if not last.succeeded:
        said = f"{count}, the newest ({last.event}, {last.at:%Y-%m-%d %H:%M} UTC) with {_words(last)}."
        yield wrong(said, _advice(last))
    elif failed:
        worst = failed[0]
        yield doubtful(
            f"{count}, the last time at {worst.at:%Y-%m-%d %H:%M} UTC with {_words(worst)}; the newest arrived.",
            "A running server asks for them again by itself, within three days.",
        )
    else:
        yield fine(f"{lately} arrived, the newest {_ago(now, last.at)} ago.")


def _words(each: Handed) -> str:
    return f"{each.code} {each.status}".strip() if each.code else each.status or "no answer"


def _advice(each: Handed) -> str:
    if each.code == 0 or _UNREACHED.search(each.status):
        return (
            "GitHub could not reach the server: check its address, DNS, firewall and certificate. "
            "Or no server runs there yet."
        )
    match each.code:
        case 401:
            return "The secrets differ: set GITHUB_WEBHOOK_SECRET to the one in the App's settings."
        case 403:
            return (
                "The server, or a proxy before it, turns GitHub away: check TELEFONISTKA_ONLY_FROM_GITHUB and proxies."
            )
        case 404 | 405:
            return "Something else answers there: the server takes webhooks at /webhook."
        case 502 | 503 | 504:
            return (
                "The proxy has no server behind it, or the server can't store deliveries: see /ready and its log. "
                "Or no server runs there yet."
            )
    return "Look into the server's log at that time."


def _ago(now: datetime, then: datetime) -> str:
    minutes = max((now - then).total_seconds() / 60, 0)
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
