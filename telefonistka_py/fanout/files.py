"""Which files a push changed, as far as its payload tells."""

from telefonistka_py.events.model import PushEvent
from telefonistka_py.names import RepoPath

# https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
MOST_COMMITS = 2_048
MOST_FILES = 3_000
"""Of one commit."""


def listed(event: PushEvent) -> list[RepoPath]:
    """The union over its commits, in their order."""
    return list(dict.fromkeys(path for commit in event.commits for path in commit.paths))


def is_whole(event: PushEvent) -> bool:
    """Whether the payload names every file; else the two commits' trees are compared."""
    if event.forced or created(event) or not event.commits or len(event.commits) >= MOST_COMMITS:
        return False
    return all(len(commit.paths) < MOST_FILES for commit in event.commits)


def created(event: PushEvent) -> bool:
    """Whether the branch is new: there is nothing before it."""
    return not event.before.strip("0")
