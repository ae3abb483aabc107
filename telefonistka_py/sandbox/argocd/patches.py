"""The two kinds of patches that an Application takes: RFC 7386 (merge) and RFC 6902 (json)."""

import copy
import json
from typing import Any

from telefonistka_py.sandbox.argocd import denial


def patched(document: Any, kind: str, patch: str) -> Any:
    """A changed copy. Raises `Denial` as Argo CD does; `kind` is `merge`, `json` or empty for `json`."""
    if kind == "merge":
        return merged(document, _read(patch, "error calculating merge patch"))
    if kind in ("json", ""):
        steps = _read(patch, "error decoding json patch")
        if not isinstance(steps, list):
            raise denial.Denial(denial.UNKNOWN, "error decoding json patch: json: cannot unmarshal object")
        return _stepped(document, steps)
    raise denial.Denial(denial.INVALID, f"Patch type '{kind}' is not supported")


def merged(document: Any, patch: Any) -> Any:
    """RFC 7386: maps are merged, null removes, everything else (lists too) replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def _read(patch: str, doing: str) -> Any:
    try:
        return json.loads(patch)
    except ValueError as error:
        raise denial.Denial(denial.UNKNOWN, f"{doing}: invalid JSON") from error


def _stepped(document: Any, steps: list[Any]) -> Any:
    made = copy.deepcopy(document)
    for step in steps:
        try:
            _step(made, step["op"], _parts(step["path"]), step)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise denial.Denial(denial.UNKNOWN, f"error applying patch: {step}: {error}") from error
    return made


def _step(document: Any, op: str, parts: list[str], step: dict[str, Any]) -> None:
    *way, last = parts
    place = document
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if op == "test":
        if (place[int(last)] if isinstance(place, list) else place[last]) != step["value"]:
            raise ValueError("testing value failed")
    elif isinstance(place, list):
        _step_in_list(place, op, last, step)
    elif op == "remove":
        del place[last]
    elif op in ("add", "replace"):
        if op == "replace" and last not in place:
            raise KeyError(last)
        place[last] = copy.deepcopy(step["value"])
    else:
        raise ValueError(f"operation {op!r} is not learnt")


def _step_in_list(place: list[Any], op: str, last: str, step: dict[str, Any]) -> None:
    if op == "remove":
        del place[int(last)]
    elif op == "replace":
        place[int(last)] = copy.deepcopy(step["value"])
    elif op == "add":
        place.insert(len(place) if last == "-" else int(last), copy.deepcopy(step["value"]))
    else:
        raise ValueError(f"operation {op!r} is not learnt")


def _parts(path: str) -> list[str]:
    if not path.startswith("/"):
        raise ValueError(f"path {path!r} does not start with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def without(document: Any, pointer: str) -> None:
    """Takes out what a JSON pointer (RFC 6901) means, if it is there, in place."""
    *way, last = _parts(pointer)
    place = document
    for part in way:
        if isinstance(place, dict) and part in place:
            place = place[part]
        elif isinstance(place, list) and part.isdecimal() and int(part) < len(place):
            place = place[int(part)]
        else:
            return
    if isinstance(place, dict):
        place.pop(last, None)
    elif isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        del place[int(last)]
