"""`telefonistka bump-regex`: what a regular expression matches is replaced, by pull request."""

from __future__ import annotations

from typing import Any

import click

from telefonistka_py.cli import bump_options
from telefonistka_py.cli.bump_options import Given


@click.command(
    "bump-regex",
    short_help="Replace what a regular expression matches in a file of another repository, by pull request.",
    epilog=bump_options.EXIT_CODES,
)
@bump_options.target_file
@click.option("--regex-string", "-r", metavar="REGEX", required=True, help="A Go regular expression (RE2).")
@click.option("--replacement-string", "-n", metavar="TEXT", required=True,
              help="What each match becomes; $1, ${1} and ${name} stand for groups, $$ for a dollar sign.")  # fmt: skip
@bump_options.shared
def bump_regex(target_file: str, regex_string: str, replacement_string: str, **options: Any) -> int:
    """Replace every match of a regular expression in a file of another repository, by pull request.

    \b
    telefonistka bump-regex -t acme/gitops -f dev/app/values.yaml -r '(tag: ).*' -n '${1}v1.2.3'

    As in Go, ^ and $ are the ends of the file unless the expression starts with (?m), and $1x is the group named 1x:
    write ${1}x. A group that the expression does not have is refused, where Go puts nothing. Where nothing matches,
    there is nothing to change, and that is said.

    Credentials: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_PATH, else GITHUB_OAUTH_TOKEN, else GITHUB_TOKEN.
    """
    from telefonistka_py.bump.model import Change, Replace
    from telefonistka_py.cli import bump_run

    change = Change(bump_run.path(target_file), Replace(regex_string, replacement_string))
    return bump_run.run(Given(**options), (change,))
