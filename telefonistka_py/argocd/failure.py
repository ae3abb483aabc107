"""Turns what Argo CD answers when it does not do as asked into the house's kinds of error."""

import re
from typing import Any

from telefonistka_py.errors import OperatorMistake, TelefonistkaError, WorldUnwell

LONGEST = 600
"""Characters of Argo CD's own words that are passed on."""

PASSING = frozenset({408, 429, 502, 503, 504})
"""Answers of a server, or of what stands before it, that is not there at this moment."""

_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")


class Refused(TelefonistkaError):
    """Argo CD understood and won't, or can't: there is no such thing, or its manifests can't be rendered."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """Argo CD's own words."""


class Lacking(Refused):
    """This server's version does not have the operation."""


class Forbidden(OperatorMistake):
    """Argo CD does not know the token, or the token may not."""


def of_answer(instance: str, operation: str, status: int, said: Any) -> TelefonistkaError:
    """The error that an answer other than 200 is. Every error's text names the instance."""
    reason = in_words(said) or f"HTTP {status}"
    what = f"{instance} answered {status} to {operation}: {reason}"
    if status == 401:
        return Forbidden(f"{what}. Its token is wrong or has expired")
    if status == 403:
        return Forbidden(f"{what}. There is no such app, or its token may not see it")
    if status in PASSING:
        return WorldUnwell(what)
    if status in (405, 501) or (status == 404 and not isinstance(said, dict)):
        hint = "It knows no such operation: its version is too old, or its address is another one"
        return Lacking(f"{what}. {hint}", status=status, reason=reason)
    if 300 <= status < 400:
        return OperatorMistake(f"{what}. Its address is another one, or it asks people to log in")
    # A 500 is what the gateway makes of errors that nobody gave a code, such as manifests that can't be rendered.
    return Refused(what, status=status, reason=reason)


def in_words(said: Any) -> str:
    """What the body of an answer says, without passwords in addresses (N30); empty when it says nothing."""
    if isinstance(said, dict):
        said = said.get("message") or said.get("error") or ""
    text = " ".join(str(said or "").split())
    if text.startswith("<"):
        return ""  # a page of whatever stands before the server
    text = _USER_INFO.sub("", text)
    return f"{text[:LONGEST]} …" if len(text) > LONGEST else text
