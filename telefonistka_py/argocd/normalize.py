"""Objects without what never counts as a difference: what the API server, kubectl and Argo CD write for themselves."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from telefonistka_py.argocd import values
from telefonistka_py.argocd.model import Object, Tracking

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_OF_THE_SERVER = (
    "managedFields",
    "generation",
    "resourceVersion",
    "uid",
    "selfLink",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    # An object's name and namespace say which one it is: those that are compared have the same.
    "namespace",
)
_OF_ARGO_CD = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id")


def normalized(found: Object, tracking: Tracking) -> dict[str, Any]:
    """A copy of `found` to be compared."""
    made = {key: value for key, value in found.items() if key != "status"}
    made["metadata"] = _metadata(found.get("metadata"), tracking)
    if is_secret(found):
        _encode(made)
    return made


def last_applied(live: Object) -> dict[str, Any] | None:
    """What kubectl, or Argo CD in its place, noted down when it applied the object; None without a note that can be
    read."""
    note = _mapping(_mapping(live.get("metadata")).get("annotations")).get(LAST_APPLIED)
    if not isinstance(note, str):
        return None
    try:
        found = json.loads(note)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not values.is_too_deep(found) else None


def is_secret(found: Object) -> bool:
    """Whatever is called so, in any group of the API, is treated with the same care (N30)."""
    return found.get("kind") == "Secret"


def annotations(found: Object | None) -> Mapping[str, Any]:
    return _mapping(_mapping((found or {}).get("metadata")).get("annotations"))


def _metadata(metadata: Any, tracking: Tracking) -> dict[str, Any]:
    made = {key: value for key, value in _mapping(metadata).items() if key not in _OF_THE_SERVER}
    for name in ("annotations", "labels"):
        if isinstance(found := made.pop(name, None), dict):
            left = {key: value for key, value in found.items() if not _is_foreign(key, value, tracking)}
            made |= {name: left} if left else {}
    return made


def _is_foreign(key: str, value: Any, tracking: Tracking) -> bool:
    """Whether an annotation or a label is kubectl's or Argo CD's own."""
    return key == LAST_APPLIED or key in _OF_ARGO_CD or _is_tracking(key, value, tracking)


def _is_tracking(label: str, value: Any, tracking: Tracking) -> bool:
    """A label of that name is Argo CD's own only where Argo CD tracks by label, and only if it names the app: charts
    write the same label, with other values."""
    return (
        label == tracking.label
        and tracking.method != "annotation"
        and isinstance(value, str)
        and value in tracking.instances
    )


def _encode(secret: dict[str, Any]) -> None:
    """`stringData` is another way to write `data`, and wins
    (https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/)."""
    data = {key: _tidy(value) for key, value in _mapping(secret.get("data")).items()}
    plain = secret.pop("stringData", None)
    for key, value in _mapping(plain).items():
        data[key] = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode() if _is_plain(value) else value
    if data or "data" in secret:
        secret["data"] = data


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and not masked(value)


def masked(value: Any) -> bool:
    """Whether Argo CD wrote plus signs in place of a Secret's value: eight, or more where it tells two values apart."""
    return isinstance(value, str) and len(value) >= 8 and not value.strip("+")


def _tidy(value: Any) -> Any:
    """Base64 as the API server writes it back."""
    if not isinstance(value, str) or masked(value):
        return value
    try:
        return base64.b64encode(base64.b64decode(value, validate=False)).decode()
    except (binascii.Error, ValueError):
        return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
