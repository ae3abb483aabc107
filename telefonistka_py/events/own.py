"""Work that we give ourselves: it waits in the inbox like any delivery, under kinds that no webhook can carry."""

import json

from telefonistka_py.events.model import LandingEvent
from telefonistka_py.names import RepoName, Sha

LANDING = "telefonistka/landing"
"""The slash keeps it apart: the webhook takes no kind that holds one."""


def landing_id(repo: RepoName, sha: Sha, number: int | None = None) -> str:
    """The id of a landing's delivery; without `number`, the start of all those that wait for the checks of `sha`."""
    return f"landing:{repo}:{sha}:{'' if number is None else number}"


def body(event: LandingEvent) -> bytes:
    """What `parse` reads back."""
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
