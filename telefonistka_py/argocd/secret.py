"""Secrets: what may leave the comparison of one, and what nobody could compare (N30)."""

from typing import Any

from telefonistka_py.argocd import normalize
from telefonistka_py.argocd.model import Object, Special

_SHOWN = ("apiVersion", "kind", "type", "immutable")


def outline(secret: Object) -> dict[str, Any]:
    """A whole Secret with its keys, and without its values."""
    made: dict[str, Any] = {}
    for key, value in secret.items():
        if key == "metadata" and isinstance(value, dict):
            named = {name: value[name] for name in ("name", "namespace") if name in value}
            made[key] = named | {name: _outline(each) for name, each in value.items() if name not in named}
        else:
            made[key] = value if key in _SHOWN else _outline(value)
    return made


def is_masked(secret: Object) -> bool:
    """Whether Argo CD kept a value to itself, so that it may have changed unseen."""
    data = secret.get("data")
    return isinstance(data, dict) and any(normalize.masked(value) for value in data.values())


def _outline(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _outline(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_outline(each) for each in value]
    return value if value is None else Special.HIDDEN
