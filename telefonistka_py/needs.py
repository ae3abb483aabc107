"""What the bot needs of a GitHub App: permissions and events, each with what does not work without it.

`telefonistka setup` registers an App with exactly these; `telefonistka doctor` compares an App with them. Names are
GitHub's: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps and
https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("", "read", "write", "admin")
"""The weakest first; the first stands for none."""


@dataclass(frozen=True)
class Permission:
    name: str
    level: str
    purpose: str
    """What it is for, in a few words."""
    without: str
    """What does not work without it, as a sentence."""
    vital: bool = True
    """Whether promotions fail without it."""

    def granted(self, have: Mapping[str, str]) -> bool:
        """Whether an App with the permissions `have` (name → level) has this one."""
        level = have.get(self.name, "")
        return level in LEVELS and LEVELS.index(level) >= LEVELS.index(self.level)


@dataclass(frozen=True)
class Event:
    name: str
    purpose: str
    without: str
    vital: bool = False


PERMISSIONS = (
    Permission(
        "contents",
        "write",
        "read the folders, push promotion branches, merge",
        "Nothing can be read, and no promotion branch can be written.",
    ),
    Permission(
        "pull_requests",
        "write",
        "open, approve and merge promotion pull requests",
        "No promotion pull request can be opened or merged.",
    ),
    Permission(
        "issues",
        "write",
        "comments, labels, assignees, the drift report",
        "No comment, label or assignee can be set, and no drift report can be kept.",
    ),
    Permission("statuses", "write", "the commit status telefonistka", "The bot can't say whether its work went well."),
    Permission("metadata", "read", "who may give commands", "The bot can't see the repositories at all."),
    Permission(
        "checks",
        "read",
        "hear of checks that hold a promotion",
        "The App can't subscribe to check_run and check_suite.",
        vital=False,
    ),
)

_LATER = "A promotion that waits to be merged is looked at again on a timer only, so it is merged later."

EVENTS = (
    Event("pull_request", "what was merged is promoted", "Nothing is promoted, and nothing is checked.", vital=True),
    Event("issue_comment", "commands in comments", "Commands in comments (/retrigger, toggled statuses) are not seen."),
    Event("push", "forwarding of pushes", "Pushes are not forwarded (webhookEndpointRegexs)."),
    Event("status", "promotions that wait for a status", _LATER),
    Event("check_run", "promotions that wait for a check", _LATER),
    Event("check_suite", "promotions that wait for checks", _LATER),
    Event("pull_request_review", "promotions that wait for a review", _LATER),
)
