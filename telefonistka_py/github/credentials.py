"""Who we are at GitHub: an App with a token per installation, or one personal token."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell

MARGIN = timedelta(minutes=5)
"""A token this close to its end is not used for new work (N22)."""

_BACKDATED = timedelta(seconds=60)
_LIFETIME = timedelta(minutes=9)


@lru_cache(maxsize=8)
def loaded(pem: str) -> PrivateKeyTypes:
    """The private key, once it was found to be sound: that takes a sixtieth of a second. Raises `ValueError` or
    `UnsupportedAlgorithm` for one that can't be read, `TypeError` for one that is protected by a password."""
    return load_pem_private_key(pem.encode(), None)


@dataclass(frozen=True)
class App:
    """A GitHub App's id and its private key (PEM)."""

    id: str
    private_key: str = field(repr=False)

    @property
    def name(self) -> str:
        """Tells it from other identities."""
        return f"App {self.id}"

    def jwt(self, now: datetime) -> str:
        """Proof of being this App, valid for 8 minutes and issued a minute ago, for clocks that differ a little
        (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app).
        """
        issued = now - _BACKDATED
        claims = {"iat": int(issued.timestamp()), "exp": int((issued + _LIFETIME).timestamp()), "iss": self.id}
        try:
            key = loaded(self.private_key)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise OperatorMistake("the App's private key is no RSA key in PEM form; download it anew")
        return jwt.encode(claims, key, algorithm="RS256")


@dataclass(frozen=True)
class Token:
    """A personal access token."""

    value: str = field(repr=False)

    @property
    def name(self) -> str:
        """Tells it from other identities, and nobody what it is."""
        return f"token {hashlib.sha256(self.value.encode()).hexdigest()}"

    async def __call__(self) -> str:
        return self.value


Credentials = App | Token


class InstallationToken:
    """One installation's token, fetched when needed, renewed once for all who wait for it.

    `clock` is GitHub's, as far as we know it: the token's end is told by that.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Any]], clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._expires: datetime | None = None
        self._failures = 0
        self._failure: TelefonistkaError | None = None

    async def __call__(self) -> str:
        seen = self._failures
        async with self._lock:
            if self._expires is not None and self._expires - MARGIN > self._clock():
                return self._value
            if self._failure is not None and self._failures > seen:
                raise self._failure  # all who waited for that attempt share it: each trying anew would hammer
            await self._renew()
            return self._value

    async def _renew(self) -> None:
        try:
            answer = await self._fetch()
            self._value, self._expires = answer["token"], datetime.fromisoformat(answer["expires_at"])
        except (KeyError, TypeError, ValueError):
            self._failed(WorldUnwell("GitHub's answer to the request for an installation token makes no sense"))
        except TelefonistkaError as error:
            self._failed(error)

    def _failed(self, error: TelefonistkaError) -> NoReturn:
        self._failures += 1
        self._failure = error
        raise error

    def forget(self, token: str) -> None:
        """GitHub refused `token` before its time: the next caller fetches another, unless that was done meanwhile."""
        if token == self._value:
            self._expires = None
