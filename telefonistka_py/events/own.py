"""Work that we give ourselves: it waits in the inbox like any delivery, under kinds that no webhook can carry."""

import json

from telefonistka_py.events.model import BranchEvent, ChoreEvent, ForwardEvent, LandingEvent, MissedEvent, RecheckEvent
from telefonistka_py.names import RepoName, Sha

LANDING = "telefonistka/landing"
"""The slash keeps it apart: the webhook takes no kind that holds one."""


CHORE = "telefonistka/chore"
MISSED = "telefonistka/missed"
FORWARD = "telefonistka/forward"
BRANCH = "telefonistka/branch"
RECHECK = "telefonistka/recheck"


def landing_id(repo: RepoName, sha: Sha, number: int | None = None) -> str:
    """The id of a landing's delivery; without `number`, the start of all those that wait for the checks of `sha`."""
    return f"landing:{repo}:{sha}:{'' if number is None else number}"


def missed_id(event: MissedEvent) -> str:
    return f"missed:{event.repo}#{event.number}"


def forward_id(key: str, source: str = "") -> str:
    """The id of a forward's delivery; without `source`, the start of all those of one endpoint."""
    return f"forward:{key}:{source}"


def branch_id(event: BranchEvent, cause: str) -> str:
    """`cause` is the delivery that led to it: one event leads to it once, however often it is handled."""
    return f"branch:{event.repo}#{event.number}:{cause}"


def recheck_id(event: RecheckEvent) -> str:
    return f"recheck:{event.repo}#{event.number}:{event.sha}{':due' if event.due else ''}"


def body(event: LandingEvent | MissedEvent | ForwardEvent | BranchEvent | RecheckEvent | ChoreEvent) -> bytes:
    """What `parse` reads back."""
    if isinstance(event, RecheckEvent):
        return json.dumps(
            {
                "repo": event.repo,
                "installation": event.installation,
                "number": event.number,
                "sha": event.sha,
                "tries": event.tries,
                "due": event.due,
            }
        ).encode()
    if isinstance(event, BranchEvent):
        return json.dumps(
            {
                "repo": event.repo,
                "installation": event.installation,
                "number": event.number,
                "wish": event.wish,
                "comment_id": event.comment_id,
                "sender": event.sender,
            }
        ).encode()
    if isinstance(event, MissedEvent):
        return json.dumps({"repo": event.repo, "installation": event.installation, "number": event.number}).encode()
    if isinstance(event, ChoreEvent):
        return json.dumps(
            {
                "chore": event.chore,
                "repo": event.repo,
                "installation": event.installation,
                "memory": event.memory,
            }
        ).encode()
    if isinstance(event, ForwardEvent):
        return json.dumps(
            {
                "repo": event.repo,
                "source": event.source,
                "key": event.key,
                "endpoints": event.endpoints,
                "skip_tls": event.skip_tls,
                "spread_ms": round(event.spread * 1000),
                "began": event.began.isoformat(),
            }
        ).encode()
    return json.dumps(
        {
            "repo": event.repo,
            "installation": event.installation,
            "number": event.number,
            "sha": event.sha,
            "method": event.method,
            "branch": event.branch,
            "sources": [{"path": path, "sha": sha} for path, sha in event.sources],
            "label": event.label,
        }
    ).encode()
