"""Which endpoints a push reaches: per file, those of the first expression that matches it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from telefonistka_py.config import address, patterns, replacement
from telefonistka_py.config.model import WebhookEndpoint
from telefonistka_py.errors import RepoMistake
from telefonistka_py.fanout import hosts
from telefonistka_py.fanout.hosts import Allowed
from telefonistka_py.names import RepoPath

IN_ALL = 10.0
"""Seconds of work that all expressions together may take on one push (N27)."""


@dataclass(frozen=True)
class Reason:
    """By which rule, and for which of the push's files (the first of them)."""

    rule: int
    """From 0, in the order of `webhookEndpointRegexs`."""
    expression: str
    replacement: str
    path: RepoPath


@dataclass(frozen=True)
class Endpoint:
    url: str
    reason: Reason


@dataclass(frozen=True)
class Refusal:
    """An endpoint that nothing is sent to, for safety."""

    why: str
    reason: Reason


@dataclass(frozen=True)
class Found:
    """Each URL and each refusal once, in the order of the files."""

    endpoints: tuple[Endpoint, ...]
    refusals: tuple[Refusal, ...]


def endpoints(
    rules: Sequence[WebhookEndpoint], paths: Iterable[RepoPath], allowed: Allowed, clock: Callable[[], float]
) -> Found:
    """What `rules` make of the files `paths`; `clock` counts seconds of work.

    Raises `RepoMistake` when the expressions take too long.
    """
    end = clock() + IN_ALL
    found: dict[str, Endpoint] = {}
    refused: dict[tuple[int, str, str], Refusal] = {}
    for path in paths:
        if clock() > end:
            raise RepoMistake(
                "the expressions of webhookEndpointRegexs took too long on the changed files; make them simpler"
            )
        for reason in _reasons(rules, path):
            try:
                url = _url(reason, allowed)
                found.setdefault(url, Endpoint(url, reason))
            except address.Refused as error:
                refused.setdefault((reason.rule, reason.replacement, str(error)), Refusal(str(error), reason))
    return Found(tuple(found.values()), tuple(refused.values()))


def _reasons(rules: Sequence[WebhookEndpoint], path: RepoPath) -> list[Reason]:
    for number, rule in enumerate(rules):
        if patterns.search(rule.expression, path):
            return [Reason(number, rule.expression, template, path) for template in rule.replacements]
    return []


def _url(reason: Reason, allowed: Allowed) -> str:
    compiled = patterns.compiled(reason.expression)
    try:
        pieces = list(replacement.pieces(compiled, reason.path, reason.replacement, timeout=patterns.MOMENT))
    except TimeoutError:
        raise RepoMistake(f"the expression {reason.expression!r} of webhookEndpointRegexs took too long") from None
    url = address.made(pieces)
    if why := hosts.name_refused(allowed, urlsplit(url).hostname or ""):
        raise address.Refused(why)
    return url
