"""JSON pointers (RFC 6901) as paths into an object."""

import re
from typing import Any

from telefonistka_py.argocd.model import Path

_PLACE = re.compile(r"0|[1-9][0-9]{0,8}")


def path(pointer: str, document: Any) -> Path | None:
    """Where `pointer` leads in `document`; None when it leads nowhere."""
    if not pointer.startswith("/"):
        return None
    steps: list[str | int] = []
    here = document
    for token in pointer[1:].split("/"):
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and key in here:
            steps.append(key)
            here = here[key]
        elif isinstance(here, list) and _PLACE.fullmatch(key) and int(key) < len(here):
            steps.append(int(key))
            here = here[int(key)]
        else:
            return None
    return tuple(steps)
