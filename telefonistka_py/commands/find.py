"""Which commands a comment holds."""

import re
from collections.abc import Mapping

RETRIGGER = "/retrigger"


def retriggers(body: str) -> bool:
    """Whether the whole comment is the command to run the pull request's checks again."""
    return body.strip() == RETRIGGER


def toggles(body: str, configured: Mapping[str, str]) -> tuple[str, ...]:
    """The contexts of the commit statuses to flip: of each configured word that the comment holds as `/word`.

    The word must stand alone: `/skip` is not in `/skip-tests`, nor in a path.
    """
    return tuple(
        dict.fromkeys(
            context
            for word, context in configured.items()
            if word and re.search(rf"(?<![\w/.-])/{re.escape(word)}(?![\w/-])", body)
        )
    )


def flipped(state: str) -> str:
    """success → failure, anything else → success."""
    return "failure" if state == "success" else "success"
