"""Who a request comes from: an App by its JWT, an installation or a person by token, or nobody.

Messages and limits as in docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from telefonistka_py.sandbox.model import App, Installation, Token, User
from telefonistka_py.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

LONGEST_JWT = 600
"""Seconds that a JWT's `exp` may lie ahead."""
SKEW = 60
"""Seconds that a client's clock may be ahead of ours."""
TOKEN_LIFE = timedelta(hours=1)
_EXPIRES = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time "
    "at which the assertion expires"
)
_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_ISSUED = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
_UNREADABLE = "A JSON web token could not be decoded"
SUSPENDED = "This installation has been suspended"


@dataclass(frozen=True)
class Actor:
    """Whoever makes a request. Nobody: all None."""

    user: User | None = None
    """The account that acts: a person, or an App's bot."""
    token: Token | None = None
    """Of an installation."""
    app: App | None = None
    """Authenticated by JWT, as the App itself."""

    @property
    def login(self) -> str | None:
        return self.user.login if self.user else self.app.slug if self.app else None

    @property
    def installation(self) -> Installation | None:
        return self.token.installation if self.token else None

    @property
    def purse(self) -> str:
        """Whose rate limit the request is counted against."""
        if self.token:
            return f"installation ID {self.token.installation.id}"
        return f"user ID {self.user.id}" if self.user else "app" if self.app else "127.0.0.1"


def actor(hub: "Hub", headers: Mapping[str, str]) -> Actor:
    """Raises 401 for credentials that are wrong; no credentials make nobody."""
    header = headers.get("authorization", "")
    if not header:
        return Actor()
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        value = _password(value)
    elif scheme.lower() not in ("bearer", "token"):
        raise Refusal(401, "Bad credentials")
    if value.count(".") == 2:
        return Actor(app=_app(hub, value))
    token = hub.tokens.get(value)
    if token is not None and token.expires_at > hub.clock():
        if token.installation.suspended_at is not None:
            raise Refusal(403, SUSPENDED)
        return Actor(user=token.installation.app.bot, token=token)
    person = next((each for each in hub.users.values() if each.kind == "User" and each.token == value), None)
    if person is None:
        raise Refusal(401, "Bad credentials")
    return Actor(user=person)


def login(hub: "Hub", headers: Mapping[str, str]) -> str | None:
    """Who it would be; None for nobody, and for credentials that are wrong."""
    try:
        return actor(hub, headers).login
    except Refusal:
        return None


def _password(value: str) -> str:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal(401, "Bad credentials") from error
    return password or name


def _app(hub: "Hub", token: str) -> App:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise Refusal(401, _UNREADABLE) from error
    issuer = str(claims.get("iss"))
    app = next((each for each in hub.apps.values() if issuer in (str(each.id), f"Iv23sandbox{each.id}")), None)
    if app is None:
        raise Refusal(404, "Integration not found")
    try:
        # Times are checked below, by the hub's clock.
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False}
        jwt.decode(token, app.public_key_pem, algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise Refusal(401, _UNREADABLE) from error
    _check_times(claims, hub.clock())
    return app


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    issued, expires, seconds = claims.get("iat"), claims.get("exp"), now.timestamp()
    if not isinstance(expires, int | float) or expires <= seconds:
        raise Refusal(401, _EXPIRES)
    if not isinstance(issued, int) or issued > seconds + SKEW:
        raise Refusal(401, _ISSUED)
    if expires > seconds + LONGEST_JWT + SKEW or expires - issued > LONGEST_JWT + SKEW:
        raise Refusal(401, _TOO_FAR)


@lru_cache(maxsize=16)
def key_pair(which: int) -> tuple[str, str]:
    """Private and public key, PEM. One per App of a hub; hubs of one process share them, since making one is slow."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
