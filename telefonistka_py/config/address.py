"""An endpoint's URL, made of what the configuration spells and of what comes from a file's name.

Whoever may commit chooses file names, so what comes of them may fill labels of the host, and nothing else of it (N29).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address
from urllib.parse import quote

from telefonistka_py.config.replacement import Piece

LONGEST = 2_000
"""Characters of a URL."""

_CAPTURED = re.compile(r"[a-z0-9-]+")
_SPELT = re.compile(r"[A-Za-z0-9._-]*")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_SAFE = "/-._~!$&'()*+,;=:@"


class Refused(ValueError):
    """No endpoint comes of it; the text says why."""


def made(pieces: Iterable[Piece]) -> str:
    """The URL that `pieces` make, in one spelling; raises `Refused`."""
    scheme, rest = _scheme(list(pieces))
    authority, tail = _authority(rest)
    url = f"{scheme}{_host_and_port(authority)}{_tail(tail)}"
    if len(url) > LONGEST:
        raise Refused(f"it is longer than {LONGEST:,} characters")
    return url


def _scheme(parts: list[Piece]) -> tuple[str, list[Piece]]:
    first = next((part for part in parts if part.text or not part.given), None)
    found = re.match(r"(?i)(https?)://", first.text) if first else None
    if first is None or found is None or not first.given:
        raise Refused(
            "the replacement does not begin with http:// or https://, or the expression leaves text before it"
        )
    at = parts.index(first)
    return found[0].lower(), [replace(first, text=first.text[found.end() :]), *parts[at + 1 :]]


def _authority(parts: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Host and port, and what follows them. Only the configuration's own `/`, `?` or `#` may end them."""
    before: list[Piece] = []
    for at, part in enumerate(parts):
        end = re.search(r"[/?#]", part.text)
        if end is None:
            before.append(part)
        elif part.given:
            here = replace(part, text=part.text[: end.start()])
            return [*before, here], [replace(part, text=part.text[end.start() :]), *parts[at + 1 :]]
        else:
            raise Refused(f"{part.text!r} from the file's name would end the host")
    return before, []


def _host_and_port(parts: list[Piece]) -> str:
    text = "".join(part.text for part in parts)
    if "@" in text:
        raise Refused("it names a user before the host")
    if all(part.given for part in parts) and text.startswith("["):
        return _ipv6(text)
    for part in parts:
        if part.kept:
            raise Refused(f"{part.text!r} of the file's name, which the expression does not match, would join the host")
        if not part.given and not _CAPTURED.fullmatch(part.text):
            raise Refused(f"{part.text!r} from the file's name is no part of a host: only a-z, 0-9 and - are")
    host, port = _split(parts)
    return _checked(host) + (f":{port}" if port else "")


def _split(parts: list[Piece]) -> tuple[list[Piece], str]:
    for at, part in enumerate(parts):
        if ":" in part.text:
            host, _, port = part.text.partition(":")
            if parts[at + 1 :] and any(not later.given for later in parts[at + 1 :]):
                raise Refused("the port comes from the file's name")
            port += "".join(later.text for later in parts[at + 1 :])
            return [*parts[:at], replace(part, text=host)], _port(port)
    return parts, ""


def _port(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65_536:
        raise Refused(f"{text!r} is no port")
    return text


def _checked(parts: list[Piece]) -> str:
    host = "".join(part.text for part in parts).lower()
    captured = any(not part.given for part in parts)
    if any(part.given and not _SPELT.fullmatch(part.text) for part in parts):
        raise Refused(f"{host!r} is no host name")
    if captured and not any(part.given and part.text for part in parts):
        raise Refused("the whole host would come from the file's name")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"{host!r} is no host name")
    if captured and _NUMBER.fullmatch(labels[-1]):
        raise Refused(f"{host!r} would be an address that the file's name chooses")
    return host


def _ipv6(text: str) -> str:
    inside, closed, port = text[1:].partition("]")
    try:
        host = f"[{IPv6Address(inside)}]" if closed else ""
    except ValueError:
        host = ""
    if not host or "%" in inside or (port and not port.startswith(":")):
        raise Refused(f"{text!r} is no address")
    return host + (f":{_port(port[1:])}" if port else "")


def _tail(parts: list[Piece]) -> str:
    """Path and query. What comes of the file's name begins no query and leaves no directory."""
    written = ""
    for part in parts:
        if part.given:
            if _UNSAFE.search(part.text):
                raise Refused("it holds a space, a backslash or a control character")
            text, fragment, _ = part.text.partition("#")
            written += quote(text, safe=_SAFE + "?%[]")
            if fragment:
                break
        else:
            written += quote(part.text, safe=_SAFE, errors="surrogateescape")
    if any(segment in (".", "..") for segment in written.partition("?")[0].split("/")):
        raise Refused("its path holds a '.' or '..' segment")
    return written or "/"
