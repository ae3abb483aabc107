"""Which Argo CDs there are, and which components each is asked about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from telefonistka_py.config import document, patterns, read
from telefonistka_py.config.model import Regex, Section
from telefonistka_py.config.problem import Invalid, Problem
from telefonistka_py.names import RepoName, RepoPath

DEFAULT = "Argo CD"
"""What the one server of `ARGOCD_SERVER_ADDR` is called, in sentences too."""

_ADDRESS = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,60}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Instance:
    """One Argo CD."""

    name: str
    url: str
    """Its base URL, without a trailing slash."""
    token: str = field(repr=False)
    insecure: bool = False
    """Whether its certificate goes unchecked."""
    repositories: tuple[str, ...] = ()
    """Patterns of `owner/name`, matched as a whole; none: every repository."""
    paths: tuple[str, ...] = ()
    """Patterns of component paths, matched from their start; none: every component."""

    def applies(self, repo: RepoName, component: RepoPath) -> bool:
        """Whether it is asked about `component`. Raises `RepoMistake` when a pattern takes too long."""
        return self.serves(repo) and (not self.paths or any(_starts(each, component) for each in self.paths))

    def serves(self, repo: RepoName) -> bool:
        return not self.repositories or any(_is(each, repo) for each in self.repositories)


@dataclass(frozen=True)
class Limits:
    """How an Argo CD is asked."""

    timeout: float = 60.0
    """Seconds that one request may take; rendering manifests is what takes long."""
    connect: float = 5.0
    """Seconds that a connection may take."""
    at_once: int = 10
    """Requests to one instance at once; others wait for them."""
    retries: int = 2
    """Further attempts at a read whose server was not there."""
    first_pause: float = 0.2
    """Seconds before the first further attempt; each later one waits four times as long."""
    largest: int = 128 << 20
    """Bytes of one answer."""


def base_url(address: str, *, plaintext: bool) -> str:
    """`host`, `host:port` or a URL as a base URL. Raises `ValueError` with what is wrong, in words."""
    found = _ADDRESS.fullmatch(address)
    if found is None or (found["port"] and not 0 < int(found["port"]) < 65_536):
        raise ValueError(f"{address!r} is no address: write host, host:port or https://host/path")
    if plaintext and found["scheme"] == "https":
        raise ValueError(f"{address!r} starts with https, and plaintext is set: drop one of the two")
    scheme = found["scheme"] or ("http" if plaintext else "https")
    port = f":{found['port']}" if found["port"] else ""
    return f"{scheme}://{found['host']}{port}{found['path']}"


class _Written(Section):
    """One instance as the file has it."""

    name: Annotated[str, AfterValidator(lambda text: _like(_NAME, text, "letters, digits, spaces and . _ -"))]
    address: str
    token_variable: Annotated[
        str, AfterValidator(lambda text: _like(_VARIABLE, text, "the name of an environment variable"))
    ] = Field(alias="tokenVariable")
    plaintext: bool = False
    insecure: bool = False
    repositories: tuple[Regex, ...] = Field(default=(), strict=False)
    paths: tuple[Regex, ...] = Field(default=(), strict=False)


class _File(Section):
    instances: tuple[_Written, ...] = Field(strict=False, min_length=1)


def _like(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text[:60]!r} can't be used: write {what}")
    return text


def from_file(content: bytes, path: str, environ: Mapping[str, str]) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
    """The instances that a file lists, and what is wrong with it: a sentence each, with the key path and the line.

    `path` is where it lies, for those sentences; tokens are taken from `environ`.
    """
    found = read.section(content, _File, RepoPath(path))
    if isinstance(found, Invalid):
        return (), tuple(f"{each}." for each in found.problems)
    problems = list(found.warnings)
    parsed = document.parse(content)

    def wrong(place: int, key: str, said: str) -> None:
        where = parsed.place(("instances", place, key))
        line, column = (where.line, where.column) if where else (None, None)
        problems.append(Problem(RepoPath(path), f"instances[{place}].{key}", line, column, said))

    made: dict[str, Instance] = {}
    for place, written in enumerate(found.value.instances):
        token = environ.get(written.token_variable, "").strip()
        if not token:
            wrong(place, "tokenVariable", f"names {written.token_variable}, which is not set: set it to an API token")
        if written.name in made:
            wrong(place, "name", f"is {written.name!r}, as that of another instance: name each once")
        try:
            url = base_url(written.address, plaintext=written.plaintext)
        except ValueError as error:
            wrong(place, "address", f"can't be used: {error}")
            continue
        made[written.name] = Instance(written.name, url, token, written.insecure, written.repositories, written.paths)
    return tuple(made.values()), tuple(f"{each}." for each in problems)


def _is(expression: str, repo: RepoName) -> bool:
    # GitHub's names are the same in whatever case they are written.
    return patterns.match(patterns.compiled(expression, "(?i:", r")\Z"), expression, repo) is not None


def _starts(expression: str, component: RepoPath) -> bool:
    return patterns.match(patterns.compiled(expression), expression, f"{component}/") is not None
