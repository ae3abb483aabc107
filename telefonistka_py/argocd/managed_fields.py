"""Which fields of an object somebody owns, as `metadata.managedFields` notes it.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers; the format of its `fieldsV1`:
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

from telefonistka_py.argocd.model import Object, Path


def owned(live: Object, managers: Collection[str], document: Any) -> Iterator[Path]:
    """The paths in `document` of what `managers` own in `live`."""
    metadata = live.get("metadata")
    noted = metadata.get("managedFields") if isinstance(metadata, dict) else None
    for each in noted if isinstance(noted, list) else []:
        if isinstance(each, dict) and each.get("manager") in managers and isinstance(each.get("fieldsV1"), dict):
            yield from _leaves(each["fieldsV1"], document, (), ())


def _leaves(fields: dict[str, Any], here: Any, path: Path, keys: Collection[str]) -> Iterator[Path]:
    """`keys` tell `here` from its neighbours in a list; they stay, so that it is still found."""
    inner = {name: below for name, below in fields.items() if name != "."}
    if not inner and path:
        yield path
    for name, below in inner.items():
        for step, value, names in _steps(name, here):
            if step not in keys and isinstance(below, dict):
                yield from _leaves(below, value, (*path, step), names)


def _steps(name: str, here: Any) -> Iterator[tuple[str | int, Any, Collection[str]]]:
    """Where one step leads: `f:` a field, `k:` the entry with these fields, `v:` the entry itself, `i:` its place."""
    kind, _, said = name.partition(":")
    if kind == "f" and isinstance(here, dict) and said in here:
        yield said, here[said], ()
    elif kind in ("k", "v", "i") and isinstance(here, list):
        try:
            wanted = json.loads(said)
        except ValueError:
            return
        for place, entry in enumerate(here):
            if kind == "k" and isinstance(wanted, dict) and isinstance(entry, dict):
                if all(entry.get(key) == value for key, value in wanted.items()):
                    yield place, entry, wanted.keys()
            elif (kind == "v" and entry == wanted) or (kind == "i" and place == wanted):
                yield place, entry, ()
