"""Is a body really GitHub's? <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>"""

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "X-Hub-Signature-256"


def is_genuine(secrets: Sequence[str], body: bytes, signature: str | None) -> bool:
    """Whether `signature` (`sha256=` and 64 hex digits) was made of the raw `body` with one of `secrets`.

    Takes the same time wherever the signature differs and whichever secret fits. An empty secret fits nothing.
    """
    return fitting(secrets, body, signature) is not None


def fitting(secrets: Sequence[str], body: bytes, signature: str | None) -> int | None:
    """The place in `secrets` of the first that `signature` was made with, as `is_genuine` does it; None for none."""
    given = (signature or "").encode("utf-8", "surrogateescape")
    verdicts = [bool(secret) and hmac.compare_digest(sign(secret, body).encode(), given) for secret in secrets]
    return verdicts.index(True) if any(verdicts) else None


def sign(secret: str, body: bytes) -> str:
    """The header's value that GitHub sends for `body`."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
