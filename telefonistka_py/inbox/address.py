"""The address of a PostgreSQL: what is taken for one, what is secret in it, and how people may read it. Plain.

A stricter reading than libpq's (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS):
where a password holds `/`, `@`, `?` or `#` as they are, libpq takes a part of it for the host, the port, the database
or an option, and names that part in its errors. So an address that two could read differently is refused.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

ADVICE = (
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %-codes for special characters in the password "
    "(%2F for /, %40 for @, %3A for :, %3F for ?, %23 for #, %25 for %)"
)

_TEXT = r"(?:[^\s/@?#&=:%\x00-\x1f\x7f]|%(?!00)[0-9A-Fa-f]{2})"
_HOST = r"(?:\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z]+)?\]|(?:[A-Za-z0-9._-]|%(?!00)[0-9A-Fa-f]{2})*)(?::[0-9]{1,5})?"
_OPTION = rf"[a-z_]+=(?:{_TEXT}|[/:])*"
_ADDRESS = re.compile(
    rf"postgres(?:ql)?://(?:(?:{_TEXT}|[&=])*(?::(?P<password>(?:{_TEXT}|[&=:])*))?@)?"
    rf"{_HOST}(?:,{_HOST})*/(?:{_TEXT}|[&=])+(?:\?(?P<options>{_OPTION}(?:&{_OPTION})*))?"
)
_SECRET_OPTION = re.compile(r"pass(?!file)|secret|scram_.*key")

_SHOWN = {
    "dbname": r"[\w $.-]+",
    "host": r"[A-Za-z0-9_.,:%/-]+",
    "hostaddr": r"[0-9A-Fa-f.,:%]+",
    "port": "[0-9,]+",
}
"""What of an address people may read, and how it must look: what does not look so may be a part of a password."""


def is_fine(address: str) -> bool:
    """Whether it can be read in one way only, and names a database. Several hosts may be named, or none."""
    return _ADDRESS.fullmatch(address) is not None


def secrets(address: str) -> tuple[str, ...]:
    """The passwords in an address that is fine: as they are, and as they are written there."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return ()
    options = (option.partition("=") for option in (found["options"] or "").split("&"))
    written = [found["password"] or "", *(value for name, _, value in options if _SECRET_OPTION.search(name))]
    return tuple(form for value in written if value for form in dict.fromkeys((value, unquote(value))))


def shown(known: Mapping[str, Any]) -> str:
    """The database as people may read it, from libpq's words for its parts: name, host and port, and never user or
    password. Nothing of it where one part does not look like what it should be."""
    parts = {name: str(known.get(name) or "") for name in _SHOWN}
    if not all(re.fullmatch(looks, parts[name]) for name, looks in _SHOWN.items() if parts[name]):
        return "of TELEFONISTKA_DATABASE_URL"
    host = parts["host"] or parts["hostaddr"] or "localhost"
    port = f":{parts['port']}" if parts["port"] else ""
    return f"{parts['dbname']} at {host}{port}".strip()
