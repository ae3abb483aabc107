"""Which pull requests were merged lately, in many repositories at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telefonistka_py.github.transport import Transport
from telefonistka_py.names import RepoName

PER_QUERY = 20
"""Repositories that one query looks into."""

PER_PAGE = 50


@dataclass(frozen=True)
class Merged:
    """A pull request that was merged into the default branch."""

    repo: RepoName
    number: int
    at: datetime


@dataclass(frozen=True)
class _Ask:
    repo: RepoName
    after: str | None = None


async def since(transport: Transport, repos: Sequence[RepoName], moment: datetime) -> list[Merged]:
    """Those merged at `moment` (aware) or later, the oldest first; a query per 20 repositories while they are quiet.

    Repositories that are not there for us hold none.
    """
    found: list[Merged] = []
    asks = [_Ask(repo) for repo in repos]
    while asks:
        batch, asks = asks[:PER_QUERY], asks[PER_QUERY:]
        document, variables = _document(batch)
        data = await transport.query_what_is_there("Merged", document, variables)
        for place, ask in enumerate(batch):
            if node := data[f"r{place}"]:
                asks += _read(ask, node, moment, found)
    return sorted(found, key=lambda each: (each.at, each.repo, each.number))


def _document(batch: Sequence[_Ask]) -> tuple[str, dict[str, str | None]]:
    declared, parts = [], []
    variables: dict[str, str | None] = {}
    for place, ask in enumerate(batch):
        declared.append(f"$o{place}: String!, $n{place}: String!, $a{place}: String")
        variables[f"o{place}"], _, variables[f"n{place}"] = ask.repo.partition("/")
        variables[f"a{place}"] = ask.after
        parts.append(_part(place))
    return f"query Merged({', '.join(declared)}) {{ {' '.join(parts)} }}", variables


def _part(place: int) -> str:
    return (
        f"r{place}: repository(owner: $o{place}, name: $n{place}) {{ defaultBranchRef {{ name }} pullRequests("
        f"states: [MERGED], first: {PER_PAGE}, after: $a{place}, orderBy: {{field: UPDATED_AT, direction: DESC}}"
        ") { nodes { number mergedAt updatedAt baseRefName } pageInfo { hasNextPage endCursor } } }"
    )


def _read(ask: _Ask, node: Mapping[str, Any], moment: datetime, found: list[Merged]) -> list[_Ask]:
    """Notes what was merged in `found`; returns the further page to ask for, if there is one that can matter."""
    branch = (node["defaultBranchRef"] or {}).get("name")
    pulls = node["pullRequests"]
    for each in pulls["nodes"]:
        at = datetime.fromisoformat(each["mergedAt"])
        if at >= moment and each["baseRefName"] == branch:
            found.append(Merged(ask.repo, int(each["number"]), at))
    # A merge is an update: what was updated before the moment was merged before it.
    fresh = bool(pulls["nodes"]) and datetime.fromisoformat(pulls["nodes"][-1]["updatedAt"]) >= moment
    page = pulls["pageInfo"]
    return [_Ask(ask.repo, page["endCursor"])] if fresh and page["hasNextPage"] else []
