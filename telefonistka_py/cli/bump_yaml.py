"""`telefonistka bump-yaml`: values in a YAML file are set, by pull request, and no other byte is touched."""

from __future__ import annotations

from typing import Any

import click

from telefonistka_py.cli import bump_options
from telefonistka_py.cli.bump_options import Given


@click.command(
    "bump-yaml",
    short_help="Set values in a YAML file of another repository, by pull request.",
    epilog=bump_options.EXIT_CODES,
)
@bump_options.target_file
@click.option("--address", metavar="SELECTOR", required=True, help="A yq selector; what it finds is set.")
@click.option("--replacement-string", "-n", metavar="TEXT", required=True, help="The new value. It is always text.")
@bump_options.shared
def bump_yaml(target_file: str, address: str, replacement_string: str, **options: Any) -> int:
    """Set every value that a yq selector finds in a YAML file of another repository, by pull request.

    \b
    telefonistka bump-yaml -t acme/gitops -f dev/app/values.yaml --address .image.tag -n v1.2.3
    --address '.containers[] | select(.name == "web").image'
    --address 'select(di == 1) | .spec["image-tag"]'
    --address '(.. | select(has("appVersion"))).appVersion'

    Only the bytes of the values change: comments, quotes, indentation, anchors, line endings and documents stay as
    they are. A value without quotes gets some where YAML would not read the new one as text.

    \b
    A selector is made of
      .key ."key" ["key"] .ke*    a key; * and ? stand for any text and any letter
      [0] [-1] [] .* ..           items; each of them; everything below
      | , ( )                     one after another; both; grouping
      select(…) == != and or not  those for which something holds; text after == may hold * and ?
      has(…) test(…) contains(…) startswith(…) endswith(…) key tag di
    Precedence is yq's: `|` binds closer than `and` and `or`.

    \b
    Other than with yq
      - the value is text and nothing else; a list or mapping is never overwritten;
      - a block (| or >), and what comes through an alias or merge key or stands under a doubled key, is refused;
      - of keys that are missing only the last is added, never below `..`, and never in a document where
        nothing matches while another one does; lists don't grow;
      - `..` leaves aliases out; `and` beside `or` needs parentheses;
      - a selector that finds nothing is an error; variables, arithmetic and assignments are not known.

    Credentials: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_PATH, else GITHUB_OAUTH_TOKEN, else GITHUB_TOKEN.
    """
    from telefonistka_py.bump.model import Change, Set
    from telefonistka_py.cli import bump_run

    change = Change(bump_run.path(target_file), Set(address, replacement_string))
    return bump_run.run(Given(**options), (change,))
