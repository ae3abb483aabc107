"""Secrets are blanked out of whatever is about to be shown (N30)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

BLANK = "[secret]"

_SHORTEST = 6
"""Configured values shorter than this are not searched for: they would blank out half of every line."""

# Token prefixes: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
_PATTERNS = (
    r"gh[pousr]_[A-Za-z0-9_]{10,}",
    r"github_pat_[A-Za-z0-9_]{10,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",  # a JSON web token: an App's or Argo CD's
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    # User and password of a URL, up to the last @ of its word: people forget to write / and @ of a password as codes.
    r"(?<=://)[^/\s:@]{0,255}:(?!\d{1,5}/)[^\s\"'<>]{1,1000}(?=@)",
    r"(?<=postgres://)[^\s\"'<>]{1,1000}(?=@)",
    r"(?<=postgresql://)[^\s\"'<>]{1,1000}(?=@)",
)
_OPTION = r"""(?P<option>(?i:\b(?:ssl)?password)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|(?:\\.|[^\s'"&,;)\\])+)"""
"""As libpq writes one: `host=db password='two words'`, or in a URL's query."""
_CREDENTIALS = r"(?P<scheme>\bBearer\s+|\bBasic\s+(?=[A-Za-z0-9+/=]{16}))[A-Za-z0-9._~+/=-]{8,}"
_AUTHORIZATION = r"""(?P<name>(?i:\bauthorization\b)["']?\s*[:=,]\s*b?["']?)(?:[A-Za-z]+\s+)?[^\s"',;)}\]]+"""
_SECRET_NAMES = re.compile(r"authorization|token|secret|password|private_?key", re.IGNORECASE)


class Scrubber:
    """Knows the shapes of GitHub's secrets and the values that were configured."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        literal = [re.escape(value) for value in known]
        self._pattern = re.compile("|".join([*literal, *_PATTERNS, _AUTHORIZATION, _CREDENTIALS, _OPTION]), re.DOTALL)

    def text(self, text: str) -> str:
        """`text` with each secret replaced by `BLANK`; the word before it that says what it is stays."""
        return self._pattern.sub(_replacement, text)

    def value(self, value: object) -> object:
        """`value` ready to be shown: containers of plain values, anything else as its scrubbed `repr`."""
        match value:
            case None | bool() | int() | float():
                return value
            case Enum():
                return self.value(value.value)
            case str():
                return self.text(value)
            case datetime():
                return value.isoformat()
            case Mapping():
                return {self.text(str(key)): self.field(str(key), item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(item) for item in value]
            case _:
                return self.text(repr(value))

    def field(self, name: str, value: object) -> object:
        """Like `value`, but text under a name that announces a secret is blanked whole."""
        if isinstance(value, str | bytes) and value and _SECRET_NAMES.search(name):
            return BLANK
        return self.value(value)


def _forms(secret: str) -> Iterable[str]:
    """A secret as it may be printed: itself, as `repr` escapes it, and line by line."""
    # A key's first line is in every key: blanked alone it would hide the rest of another key from its pattern.
    lines = (line for line in secret.splitlines() if not line.startswith("-----"))
    for form in (secret, repr(secret)[1:-1], *lines):
        if len(form.strip()) >= _SHORTEST:
            yield form.strip()


def _replacement(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return f"{groups.get('name') or groups.get('scheme') or groups.get('option') or ''}{BLANK}"
