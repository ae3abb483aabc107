"""Who may see the status page: whoever knows its token, once, or has the cookie that they were given for it."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime, timedelta

COOKIE = "telefonistka_status"
LASTS = timedelta(hours=12)
_COOKIE = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")


def is_token(token: str, given: str) -> bool:
    """Compares in constant time."""
    return bool(token) and hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))


def in_basic(header: str) -> str:
    """The password of an `Authorization` header (RFC 7617), whoever's; empty when there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def pass_for(token: str, now: datetime) -> str:
    """A cookie's value: until when it holds, and a seal that only the token makes. The token isn't in it."""
    until = str(int((now + LASTS).timestamp()))
    return f"{until}.{_seal(token, until)}"


def is_pass(token: str, value: str, now: datetime) -> bool:
    found = _COOKIE.fullmatch(value)
    if not token or found is None or not hmac.compare_digest(_seal(token, found[1]), found[2]):
        return False
    return now.timestamp() < int(found[1])


def _seal(token: str, until: str) -> str:
    return hmac.new(token.encode(), f"the status page until {until}".encode(), hashlib.sha256).hexdigest()
