"""Argo CD's answers as the comparison's own words. What can't be read is an error, never nothing (N1)."""

import json
from collections.abc import Mapping
from typing import Any

from telefonistka_py.argocd import values
from telefonistka_py.argocd.model import App, IgnoreRule, Managed, Object, ObjectId, Prune, Tracking
from telefonistka_py.config import document

_ALL = ("all", "*/*")


class Unreadable(ValueError):
    """An answer that is not of the shape that Argo CD's API describes. The text holds nothing of the answer (N30)."""


def managed(item: Mapping[str, Any]) -> Managed:
    """One item of `applications/{name}/managed-resources` (`v1alpha1ResourceDiff`)."""
    name = ObjectId(*(_text(item.get(key), key) for key in ("group", "kind", "namespace", "name")))
    if not name.kind or not name.name:
        raise Unreadable("Argo CD named a managed resource without a kind or a name")
    states = (_state(item, key) for key in ("liveState", "normalizedLiveState", "targetState", "predictedLiveState"))
    live, normalized, target, predicted = states
    return Managed(
        name,
        live=normalized if live is None else live,
        normalized=normalized,
        target=target,
        predicted=predicted,
        hook=item.get("hook") is True,
    )


def manifest(text: str) -> Object:
    """One of `repositoryManifestResponse.manifests`."""
    found = _json(text, "a manifest")
    if not isinstance(found.get("kind"), str) or not found["kind"]:
        raise Unreadable("Argo CD rendered a manifest without a kind")
    return found


def ignored_by_app(application: Mapping[str, Any]) -> tuple[IgnoreRule, ...]:
    """`spec.ignoreDifferences` of an app."""
    rules = _mapping(application.get("spec")).get("ignoreDifferences")
    return tuple(_rule(each) for each in rules or () if isinstance(each, dict))


def ignored_by_settings(settings: Mapping[str, Any]) -> tuple[tuple[IgnoreRule, ...], tuple[str, ...]]:
    """What `resourceOverrides` say of differences, and what of that can't be read, in words. A rule that can't be read
    ignores nothing."""
    rules: list[IgnoreRule] = []
    notes: list[str] = []
    for key, override in _mapping(settings.get("resourceOverrides")).items():
        said = _mapping(override).get("ignoreDifferences")
        if isinstance(said, str):
            said = _yaml(said, key, notes)
        if isinstance(said, dict):
            # The description writes jSONPointers, the settings' own YAML jsonPointers.
            named = {name.lower(): value for name, value in said.items()}
            group, kind = _group_and_kind(key)
            rules.append(
                IgnoreRule(
                    group,
                    kind,
                    pointers=_texts(named.get("jsonpointers")),
                    expressions=_texts(named.get("jqpathexpressions")),
                    managers=_texts(named.get("managedfieldsmanagers")),
                )
            )
    return tuple(rules), tuple(notes)


def tracking(settings: Mapping[str, Any], application: Mapping[str, Any]) -> Tracking:
    """How the objects of an app are marked."""
    metadata = _mapping(application.get("metadata"))
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    instances = frozenset(each[:63] for each in (name, f"{namespace}_{name}") if name)
    label = settings.get("appLabelKey")
    return Tracking(str(settings.get("trackingMethod") or ""), str(label) if label else Tracking.label, instances)


def auto_sync(application: Mapping[str, Any]) -> bool:
    """Whether the app syncs by itself: `automated` is there, if only empty, and not switched off."""
    automated = _mapping(_mapping(application.get("spec")).get("syncPolicy")).get("automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def prune(application: Mapping[str, Any]) -> Prune:
    """What becomes of objects that the app wants no more."""
    if not auto_sync(application):
        return Prune.BY_HAND
    return Prune.AUTOMATIC if application["spec"]["syncPolicy"]["automated"].get("prune") is True else Prune.OFF


def app(application: Mapping[str, Any], url: str, *, temporary: bool = False) -> App:
    """The app as people should know it; what Argo CD does not say of it is unknown, not well."""
    status = _mapping(application.get("status"))
    health, sync = (str(_mapping(status.get(key)).get("status") or "Unknown") for key in ("health", "sync"))
    name = str(_mapping(application.get("metadata")).get("name") or "")
    return App(name, url, health, sync, auto_sync(application), temporary)


def _state(item: Mapping[str, Any], key: str) -> Object | None:
    said = item.get(key)
    if said is None or said in ("", "null"):
        return None
    return _json(said, key)


def _json(said: Any, what: str) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except (TypeError, ValueError, RecursionError):
        raise Unreadable(f"Argo CD sent {what} that is not JSON") from None
    if not isinstance(found, dict):
        raise Unreadable(f"Argo CD sent {what} that is no object")
    if values.is_too_deep(found):
        raise Unreadable(f"Argo CD sent {what} that is nested deeper than {values.DEEPEST} levels")
    return found


def _yaml(said: str, key: str, notes: list[str]) -> Any:
    try:
        return document.parse(said.encode("utf-8", "surrogatepass")).value
    except document.Unreadable as error:
        notes.append(f"The settings' ignoreDifferences of {key} can't be used: the text {error}")
        return None


def _rule(said: Mapping[str, Any]) -> IgnoreRule:
    group, kind, namespace, name = (str(said.get(key) or "") for key in ("group", "kind", "namespace", "name"))
    pointers, expressions, managers = (
        _texts(said.get(key)) for key in ("jsonPointers", "jqPathExpressions", "managedFieldsManagers")
    )
    return IgnoreRule(group, kind, namespace, name, pointers, expressions, managers)


def _group_and_kind(key: str) -> tuple[str, str]:
    """`apps/Deployment`, `Service`, `*/*`; also `apps_Deployment` and `all`, as the settings' own file writes them."""
    if key in _ALL:
        return "*", "*"
    group, found, kind = key.rpartition("/") if "/" in key else key.rpartition("_")
    return (group, kind) if found else ("", key)


def _texts(said: Any) -> tuple[str, ...]:
    return tuple(each for each in said if isinstance(each, str)) if isinstance(said, list) else ()


def _text(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"Argo CD named a managed resource whose {what} is no text")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
