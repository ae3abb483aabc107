"""Work that we give ourselves: it waits in the inbox like any delivery, under kinds that no webhook can carry."""

import json

from telefonistka_py.events.model import ChoreEvent, LandingEvent, MissedEvent
from telefonistka_py.names import RepoName, Sha

LANDING = "telefonistka/landing"
"""The slash keeps it apart: the webhook takes no kind that holds one."""


CHORE = "telefonistka/chore"
MISSED = "telefonistka/missed"


def landing_id(repo: RepoName, sha: Sha, number: int | None = None) -> str:
    """The id of a landing's delivery; without `number`, the start of all those that wait for the checks of `sha`."""
    return f"landing:{repo}:{sha}:{'' if number is None else number}"


def missed_id(event: MissedEvent) -> str:
    return f"missed:{event.repo}#{event.number}"


def body(event: LandingEvent | MissedEvent | ChoreEvent) -> bytes:
    """What `parse` reads back."""
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
    return json.dumps(
        {
            "repo": event.repo,
            "installation": event.installation,
            "number": event.number,
            "sha": event.sha,
            "method": event.method,
            "branch": event.branch,
            "sources": [{"path": path, "sha": sha} for path, sha in event.sources],
        }
    ).encode()
