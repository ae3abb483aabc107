"""What a promotion pull request carries in its body for the next stage, in v1's form (contract §5)."""

import base64
import binascii
import json
import re
from typing import Any

from telefonistka_py.names import Login, RepoPath
from telefonistka_py.promotion.model import Metadata, Origin, Step

_BLOCK = re.compile(r"<!--\|Telefonistka data, do not delete\|([^|]*)\|-->")
_MOST_STEPS = 1_000
MOST_ORIGINS = 20
"""Changes that a promotion remembers beside the steps of its way."""


class Broken(ValueError):
    """The body has a block of ours that can't be read; it is ignored, and said so."""


def block(metadata: Metadata) -> str:
    """The HTML comment that a body ends with."""
    data: dict[str, Any] = {
        "originalPrAuthor": metadata.original_author,
        "originalPrNumber": metadata.original_number,
        "promotedPaths": list(metadata.promoted_paths),
        "previousPromotionPaths": {
            str(number): {"sourcePath": step.source, "targetPaths": list(step.targets)}
            for number, step in sorted(metadata.history.items())
        },
    }
    if metadata.origins:  # ours alone: v1 reads over it
        data["originalPrs"] = [
            {"number": each.number, "title": each.title, "author": each.author} for each in metadata.origins
        ]
    encoded = base64.b64encode(json.dumps(data, separators=(",", ":")).encode()).decode()
    return f"<!--|Telefonistka data, do not delete|{encoded}|-->"


def origins(metadata: Metadata) -> tuple[Origin, ...]:
    """The changes that it says it carries; of what v1 wrote, the one that started the chain."""
    if metadata.origins or not metadata.original_number:
        return metadata.origins
    return (Origin(metadata.original_number, "", metadata.original_author),)


def read(body: str) -> Metadata | None:
    """The last block in `body`; None when there is none. Raises `Broken`. Whoever edits a body can write this."""
    found = _BLOCK.findall(body)
    if not found:
        return None
    try:
        data = json.loads(base64.b64decode(found[-1], validate=False))
        return _metadata(_lowered(data))
    except (ValueError, TypeError, LookupError, AttributeError, binascii.Error, RecursionError):
        raise Broken("its Telefonistka data block can't be read") from None


def _metadata(data: dict[str, Any]) -> Metadata:
    history = data.get("previouspromotionpaths") or {}
    if len(history) > _MOST_STEPS:
        raise ValueError("too many steps")
    return Metadata(
        original_author=Login(_text(data["originalprauthor"])) if data.get("originalprauthor") else Login(""),
        original_number=_number(data.get("originalprnumber", 0)),
        promoted_paths=tuple(RepoPath(path) for path in _texts(data.get("promotedpaths"))),
        history={_number(int(number)): _step(_lowered(step)) for number, step in history.items()},
        origins=_origins(data),
    )


def _origins(data: dict[str, Any]) -> tuple[Origin, ...]:
    found = data.get("originalprs") or []
    if not isinstance(found, list):
        raise TypeError("not a list")
    return tuple(
        Origin(_number(each["number"]), _text(each["title"]), Login(_text(each["author"])))
        for each in map(_lowered, found[:MOST_ORIGINS])
    )


def _step(data: dict[str, Any]) -> Step:
    return Step(_text(data["sourcepath"]), _texts(data.get("targetpaths")))


def _lowered(data: Any) -> dict[str, Any]:
    """v1 writes `sourcePath` in some versions and `SourcePath` in others, and reads either."""
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return {key.lower(): value for key, value in data.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()  # JSON can carry halves of a surrogate pair, which no file and no request can
    return value


def _texts(value: Any) -> tuple[str, ...]:
    """v1 writes null for an empty list."""
    if not isinstance(value, list | None):
        raise TypeError("not a list")
    return tuple(_text(item) for item in value or ())


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError("not a number")
    return value
