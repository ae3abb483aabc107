"""Counts the open pull requests of many repositories with one query, so that counting stays cheap (N21)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.transport import Transport
from telefonistka_py.names import RepoName

MOST_PER_PAGE = 100


@dataclass(frozen=True)
class Ask:
    """One page of one repository's open pull requests."""

    repo: RepoName
    first: int
    """1 to 100. GitHub charges for what is asked for, not for what there is."""
    after: str | None = None
    """Where the page before ended; None for the first."""


@dataclass(frozen=True)
class Tally:
    """What one page tells."""

    open: int
    """All open pull requests of the repository, not of this page."""
    labelled: int
    """Those of them that carry the label."""
    seen: int
    """How many are on this page."""
    pending_since: tuple[datetime, ...]
    """When our status on each head of this page that is pending was set."""
    next: str | None
    """Where the next page starts; None after the last."""


async def take(
    transport: Transport, asks: Sequence[Ask], *, label: str, context: str, reserve: float
) -> dict[RepoName, Tally | None]:
    """One request for all `asks`, one per repository; None for a repository that is not there (any more).

    Raises the house's errors when any other answer is missing.
    """
    values: dict[str, Any] = {"label": label, "context": context}
    for at, ask in enumerate(asks):
        owner, _, name = ask.repo.partition("/")
        values |= {f"owner{at}": owner, f"name{at}": name, f"first{at}": ask.first, f"after{at}": ask.after}
    data = await transport.query_what_is_there("Tally", document(len(asks)), values, reserve=reserve)
    return {ask.repo: _tally(data.get(f"r{at}")) for at, ask in enumerate(asks)}


def document(count: int) -> str:
    """The query for `count` repositories. Values go in as variables, never into the text."""
    variables = " ".join(
        f"$owner{n}: String! $name{n}: String! $first{n}: Int! $after{n}: String" for n in range(count)
    )
    return f"query Tally($label: String!, $context: String!, {variables}) {{\n{''.join(_fields(count))}}}\n{_COUNTS}"


def _fields(count: int) -> Iterable[str]:
    for n in range(count):
        yield f"  r{n}: repository(owner: $owner{n}, name: $name{n}) {{\n    ...Counts\n"
        yield f"    heads: pullRequests(states: [OPEN], first: $first{n}, after: $after{n}) {{\n"
        yield "      pageInfo { hasNextPage endCursor }\n"
        yield "      nodes { commits(last: 1) { nodes { commit { status { context(name: $context) "
        yield "{ state createdAt } } } } } }\n    }\n  }\n"


_COUNTS = """fragment Counts on Repository {
  isArchived
  open: pullRequests(states: [OPEN]) { totalCount }
  labelled: pullRequests(states: [OPEN], labels: [$label]) { totalCount }
}"""


def _tally(node: Mapping[str, Any] | None) -> Tally | None:
    if node is None or node["isArchived"]:
        return None
    heads = node["heads"]
    found = [_pending(each) for each in heads["nodes"]]
    page = heads["pageInfo"]
    if page["hasNextPage"] and not found:
        raise WorldUnwell("GitHub's page of pull requests is empty, and yet there is said to be a next one")
    return Tally(
        open=node["open"]["totalCount"],
        labelled=node["labelled"]["totalCount"],
        seen=len(found),
        pending_since=tuple(each for each in found if each is not None),
        next=page["endCursor"] if page["hasNextPage"] else None,
    )


def _pending(pull: Mapping[str, Any]) -> datetime | None:
    """When our status on the head was set, if it is pending."""
    for node in pull["commits"]["nodes"]:
        status = (node["commit"]["status"] or {}).get("context")
        if status is not None and status["state"] in ("PENDING", "EXPECTED"):
            return datetime.fromisoformat(status["createdAt"])
    return None
