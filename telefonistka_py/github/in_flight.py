"""The open pull requests that carry a label of ours, and what each waits for: one request, for people who look on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.transport import Transport
from telefonistka_py.names import RepoName

MOST = 50
"""Looked at in one repository, the newest."""

DOCUMENT = """
query InFlight($owner: String!, $name: String!, $label: String!, $most: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequests(labels: [$label], states: OPEN, first: $most, orderBy: {field: CREATED_AT, direction: DESC}) {
      totalCount
      nodes {
        number title url body createdAt isDraft viewerDidAuthor isInMergeQueue
        mergeStateStatus reviewDecision autoMergeRequest { enabledAt }
        commits(last: 1) { nodes { commit { statusCheckRollup { state } } } }
      }
    }
  }
}
"""


@dataclass(frozen=True)
class InFlight:
    """An open pull request of ours. The words in capitals are GraphQL's."""

    number: int
    title: str
    url: str
    body: str
    opened_at: datetime
    is_draft: bool
    merge_state: str
    """`CLEAN`, `BLOCKED`, `DIRTY`, `BEHIND`, `UNSTABLE`, `UNKNOWN`, … (`MergeStateStatus`)."""
    review: str | None
    """`APPROVED`, `CHANGES_REQUESTED` or `REVIEW_REQUIRED`; None where no review is demanded."""
    checks: str | None
    """`SUCCESS`, `PENDING`, `EXPECTED`, `FAILURE` or `ERROR`; None where nothing was said of the head."""
    by_itself: bool
    """GitHub merges it: its auto-merge is ordered, or it is in the merge queue."""


@dataclass(frozen=True)
class Found:
    pulls: tuple[InFlight, ...]
    """Newest first."""
    total: int
    """Of all with the label, looked at or not."""


async def find(transport: Transport, repo: RepoName, label: str, *, reserve: float) -> Found:
    """One request. `reserve` is the share of GitHub's limit, from 0 to 1, that is left to more important work.

    Raises the house's errors when the answer is missing.
    """
    owner, _, name = repo.partition("/")
    values = {"owner": owner, "name": name, "label": label, "most": MOST}
    data = await transport.query("InFlight", DOCUMENT, values, reserve=reserve)
    if not isinstance(data.get("repository"), dict):
        raise WorldUnwell(f"GitHub's answer to the query InFlight holds no repository {repo}")
    pulls = data["repository"]["pullRequests"]
    return Found(tuple(_pull(node) for node in pulls["nodes"] if node["viewerDidAuthor"]), pulls["totalCount"])


def _pull(node: Mapping[str, Any]) -> InFlight:
    heads = [each["commit"]["statusCheckRollup"] for each in node["commits"]["nodes"]]
    return InFlight(
        number=node["number"],
        title=node["title"],
        url=node["url"],
        body=node["body"],
        opened_at=datetime.fromisoformat(node["createdAt"]),
        is_draft=node["isDraft"],
        merge_state=node["mergeStateStatus"],
        review=node["reviewDecision"],
        checks=next((each["state"] for each in heads if each), None),
        by_itself=bool(node["autoMergeRequest"]) or node["isInMergeQueue"],
    )
