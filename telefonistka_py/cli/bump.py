"""`telefonistka bump`: several edits, one pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from telefonistka_py.cli import bump_options
from telefonistka_py.cli.bump_options import Given

if TYPE_CHECKING:
    from telefonistka_py.bump.model import Change


@click.command(
    short_help="Make several edits in another repository, by one pull request.", epilog=bump_options.EXIT_CODES
)
@click.option("--edit", "-e", "edits", metavar="FILE:SELECTOR=VALUE", multiple=True, required=True,
              help="Set what a selector finds in a YAML file; can be given many times.")  # fmt: skip
@bump_options.shared
def bump(edits: tuple[str, ...], **options: Any) -> int:
    """Make several edits of YAML files in another repository, by one pull request and one commit: all or none.

    \b
    telefonistka bump -t acme/gitops \\
      -e 'dev/web/values.yaml:.image.tag=v1.2.3' \\
      -e 'dev/jobs/values.yaml:.jobs[] | select(.name == "sync").tag=v1.2.3'

    The file ends at the first colon, and the value begins behind the first = that is outside of parentheses, brackets
    and quotes. Selectors are those of bump-yaml; see telefonistka bump-yaml --help.

    Credentials: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_PATH, else GITHUB_OAUTH_TOKEN, else GITHUB_TOKEN.
    """
    from telefonistka_py.cli import bump_run

    return bump_run.run(Given(**options), tuple(_change(text) for text in edits))


def _change(text: str) -> Change:
    from telefonistka_py.bump import lexer
    from telefonistka_py.bump.model import Change, Set
    from telefonistka_py.cli import bump_run

    file, colon, rest = text.partition(":")
    parts = lexer.split_assignment(rest)
    if not colon or parts is None:
        raise click.UsageError(f"--edit {text!r}: write it as FILE:SELECTOR=VALUE, such as a.yaml:.image.tag=v2")
    return Change(bump_run.path(file), Set(*parts))
