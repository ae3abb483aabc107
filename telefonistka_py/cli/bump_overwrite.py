"""`telefonistka bump-overwrite`: a file of another repository becomes a local file, by pull request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from telefonistka_py.cli import bump_options
from telefonistka_py.cli.bump_options import Given


@click.command(
    "bump-overwrite",
    short_help="Overwrite a file of another repository, by pull request.",
    epilog=bump_options.EXIT_CODES,
)
@bump_options.target_file
@click.option("--file", "-c", "file", metavar="FILE", required=True, type=click.Path(path_type=Path),
              help="The local file that holds the new content.")  # fmt: skip
@bump_options.shared
def bump_overwrite(target_file: str, file: Path, **options: Any) -> int:
    """Overwrite a file of another repository with a local one, by pull request. A file that is not there is made.

    The diff and the pull request's URL are printed; in GitHub Actions the outputs pr-url and changed are set. Run
    twice, it finds its pull request again; another file for the same commit becomes one more commit on it.

    Credentials: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_PATH, else GITHUB_OAUTH_TOKEN, else GITHUB_TOKEN.
    """
    from telefonistka_py.bump.model import Change, Overwrite
    from telefonistka_py.cli import bump_run

    change = Change(bump_run.path(target_file), Overwrite(bump_run.local_file(file)))
    return bump_run.run(Given(**options), (change,))
