"""What is taken out of both sides before they are compared.

Docs: user-guide/diffing. JSON pointers only: jq expressions and field managers are not understood here, so what they
would hide is still in the normalized states.
"""

import fnmatch
from typing import Any

import yaml

from telefonistka_py.sandbox.argocd import objects, patches
from telefonistka_py.sandbox.argocd.model import App, Json


def normalized(obj: Json, app: App, overrides: dict[str, Json]) -> Json:
    """A copy without what the app and the settings ignore, and without the time of creation."""
    made = objects.copied(obj)
    objects.metadata(made).pop("creationTimestamp", None)
    for rule in app.spec.get("ignoreDifferences") or []:
        if _concerns(rule, made):
            _cut(made, rule)
    for key, override in overrides.items():
        group, _, kind = key.rpartition("/")
        said = override.get("ignoreDifferences")
        if said and _matches(group, objects.group(made)) and _matches(kind, objects.kind(made)):
            _cut(made, yaml.safe_load(said) or {})
    return made


def _concerns(rule: Json, obj: Json) -> bool:
    asked = (("name", objects.name(obj)), ("namespace", objects.namespace(obj)))
    if any(rule.get(field) not in (None, "", value) for field, value in asked):
        return False
    return _matches(str(rule.get("group") or ""), objects.group(obj)) and _matches(str(rule["kind"]), objects.kind(obj))


def _matches(pattern: str, value: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern)


def _cut(obj: Json, rule: dict[str, Any]) -> None:
    for pointer in rule.get("jsonPointers") or []:
        patches.without(obj, pointer)
