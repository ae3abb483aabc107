"""What the bump commands have in common: their options, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes: 0 done, or nothing to change; 1 it can't be done; 2 a wrong option or variable.
"""


@dataclass(frozen=True)
class Given:
    """The options, as they were given; empty where they were not."""

    target_repo: str
    triggering_repo: str
    triggering_repo_sha: str
    triggering_actor: str
    github_host: str
    auto_merge: bool
    allow_empty: bool
    dry_run: bool
    checkout: Path
    quiet: bool


_OPTIONS = (
    click.option("--target-repo", "-t", metavar="OWNER/NAME", envvar="TARGET_REPO", show_envvar=True, default="",
                 help="The repository to change."),
    click.option("--triggering-repo", "-p", metavar="OWNER/NAME", envvar="GITHUB_REPOSITORY", show_envvar=True,
                 default="", help="The repository whose build asks for it; names branch and pull request."),
    click.option("--triggering-repo-sha", "-s", metavar="SHA", envvar="GITHUB_SHA", show_envvar=True, default="",
                 help="The commit that was built. All bumps of one commit share a pull request."),
    click.option("--triggering-actor", "-a", metavar="LOGIN", envvar="GITHUB_ACTOR", show_envvar=True, default="",
                 help="Who caused it; the pull request is assigned to them."),
    click.option("--github-host", "-g", metavar="HOST", envvar="GITHUB_HOST", show_envvar=True, default="",
                 help="GitHub Enterprise: a host name, or a base URL. Default: github.com."),
    click.option("--auto-merge", is_flag=False, flag_value=True, type=bool, metavar="[=BOOL]", default=False,
                 help="Merge the pull request, or have GitHub merge it once it may."),
    click.option("--allow-empty", is_flag=True,
                 help="Take an empty value, replacement or file for what is meant; else it is refused."),
    click.option("--dry-run", is_flag=True, help="Show the diff for a local checkout; nothing is sent or written."),
    click.option("--checkout", metavar="DIR", type=click.Path(path_type=Path), default=Path(),
                 help="The checkout for --dry-run. Default: this folder."),
    click.option("--quiet", "-q", is_flag=True, help="Print the pull request's URL alone, or nothing."),
)  # fmt: skip


def shared(command: Command) -> Command:
    """Adds the options that every bump command has; they arrive as keyword arguments for `Given`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


target_file = click.option(
    "--target-file",
    "-f",
    metavar="PATH",
    envvar="TARGET_FILE",
    show_envvar=True,
    required=True,
    help="The file to change, from the root of the repository.",
)
