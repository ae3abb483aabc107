"""Secrets never leave Argo CD: their values become plus signs, equal ones the same number of them.

Docs: operator-manual/security, "Secret Data". Within one answer about one object, different values get different
numbers of plus signs, in the order target, live, last applied; nothing can be compared across answers.
"""

import base64
import json
from typing import Any

from telefonistka_py.sandbox.argocd import objects
from telefonistka_py.sandbox.argocd.model import Json

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SHORTEST = "++++++++"


def hidden(target: Json | None, live: Json | None) -> tuple[Json | None, Json | None]:
    """Copies of a Secret as it is wanted and as it is, without its values."""
    target, live = (None if each is None else in_data(each) for each in (target, live))
    said = objects.annotations(live).get(LAST_APPLIED) if live else None
    applied = in_data(json.loads(said)) if said else None
    versions = [each for each in (target, live, applied) if each is not None]
    for key in {key for each in versions for key in each.get("data") or {}}:
        signs: dict[Any, str] = {}
        for each in versions:
            data = each.get("data") or {}
            if key in data:
                data[key] = signs.setdefault(data[key], SHORTEST + "+" * len(signs))
    if live is not None and applied is not None:
        live["metadata"]["annotations"][LAST_APPLIED] = objects.as_json(applied) + "\n"
    return target, live


def in_data(secret: Json) -> Json:
    """What `stringData` says, said by `data`, as the API server stores it."""
    made = objects.copied(secret)
    plain = made.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
    if encoded:
        made["data"] = {**(made.get("data") or {}), **encoded}
    return made
