"""Which live object belongs to which manifest, and which take no part."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from telefonistka_py.argocd import keys, normalize
from telefonistka_py.argocd.model import Facts, Managed, Object, ObjectId

_HOOK = "argocd.argoproj.io/hook"
_HELM_HOOK = "helm.sh/hook"
_COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_KEEP = ("helm.sh/resource-policy", "keep")


@dataclass(frozen=True)
class Couple:
    """One object, as it is and as the pull request wants it; at least one of the two is there."""

    id: ObjectId
    managed: Managed | None
    wanted: Object | None = field(repr=False)


@dataclass(frozen=True)
class Pairs:
    couples: tuple[Couple, ...]
    """In the order of their ids; hooks are not among them."""
    hooks: tuple[ObjectId, ...]
    repeated: tuple[ObjectId, ...]
    """Those that the manifests name more than once: the last one counts, as for Argo CD."""


def pairs(facts: Facts) -> Pairs:
    """All objects of an app, by group, kind, namespace and name."""
    there = {managed.id: managed for managed in facts.managed}
    manifests = list(_flattened(facts.manifests))
    scopes = _Scopes(facts, manifests)
    wanted: dict[ObjectId, Object] = {}
    repeated: list[ObjectId] = []
    hooks: set[ObjectId] = {each.id for each in facts.managed if each.hook or is_hook(each.live)}
    for index, manifest in enumerate(manifests):
        found = scopes.id_of(manifest, index)
        if is_hook(manifest):
            hooks.add(found)
            continue
        if found in wanted:
            repeated.append(found)
        wanted[found] = manifest
    ids = sorted((there.keys() | wanted.keys()) - (hooks - wanted.keys()))
    couples = tuple(Couple(each, there.get(each), wanted.get(each)) for each in ids)
    return Pairs(couples, tuple(sorted(hooks - wanted.keys())), tuple(dict.fromkeys(repeated)))


def other_hooks(before: Sequence[Object], wanted: Sequence[Object]) -> tuple[str, ...]:
    """The kinds and names of the hooks that are in one of two renderings alone, or not the same in both: hooks are not
    compared with the cluster, which keeps few of them, but what runs at a sync is no matter of course."""
    one, other = _hooks(before), _hooks(wanted)
    return tuple(sorted({_called((one | other)[each]) for each in one.keys() ^ other.keys()}))


def _hooks(manifests: Sequence[Object]) -> dict[str, Object]:
    return {json.dumps(each, sort_keys=True): each for each in _flattened(manifests) if is_hook(each)}


def _called(found: Object) -> str:
    metadata = found.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return f"{found.get('kind') or ''}/{metadata.get('name') or metadata.get('generateName') or ''}"


def is_hook(found: Object | None) -> bool:
    """https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/ and, for Helm's own, .../user-guide/helm/"""
    noted = normalize.annotations(found)
    return bool(noted.get(_HOOK)) or noted.get(_HELM_HOOK, "crd-install") != "crd-install"


def is_extraneous(found: Object | None) -> bool:
    """Whether it counts for nothing (https://argo-cd.readthedocs.io/en/stable/user-guide/compare-options/)."""
    return "IgnoreExtraneous" in _options(found, _COMPARE_OPTIONS)


def is_kept(found: Object | None) -> bool:
    """Whether it is never pruned (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/)."""
    return "Prune=false" in _options(found, _SYNC_OPTIONS) or normalize.annotations(found).get(_KEEP[0]) == _KEEP[1]


def is_confirmed(found: Object | None) -> bool:
    """Whether people must confirm that it is pruned."""
    return "Prune=confirm" in _options(found, _SYNC_OPTIONS)


def _options(found: Object | None, annotation: str) -> set[str]:
    said = normalize.annotations(found).get(annotation)
    return {option.strip() for option in said.split(",")} if isinstance(said, str) else set()


def _flattened(manifests: Sequence[Object]) -> Iterator[Object]:
    for manifest in manifests:
        items = manifest.get("items")
        if str(manifest.get("kind", "")).endswith("List") and isinstance(items, list):
            yield from _flattened([item for item in items if isinstance(item, dict)])
        else:
            yield manifest


def group_of(found: Object) -> str:
    group, slash, _ = str(found.get("apiVersion") or "").partition("/")
    return group if slash else ""


class _Scopes:
    """Which kinds belong to namespaces: as the cluster shows, as Kubernetes defines, as the manifests' own definitions
    say."""

    def __init__(self, facts: Facts, manifests: Sequence[Object]) -> None:
        self._default = facts.namespace
        self._seen = {(each.id.group, each.id.kind): not each.id.namespace for each in facts.managed}
        self._defined = dict(filter(None, map(_definition, manifests)))

    def id_of(self, manifest: Object, index: int) -> ObjectId:
        metadata = manifest.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        group, kind = group_of(manifest), str(manifest.get("kind") or "")
        # What gets its name in the cluster is another object each time.
        name = metadata.get("name") or f"{metadata.get('generateName') or ''}({index + 1})"
        namespace = "" if self._outside(group, kind) else str(metadata.get("namespace") or self._default)
        return ObjectId(group, kind, namespace, str(name))

    def _outside(self, group: str, kind: str) -> bool:
        known = keys.belongs_to_no_namespace(group, kind)
        if known is not None:
            return known
        seen = self._seen.get((group, kind))
        return self._defined.get((group, kind), False) if seen is None else seen


def _definition(manifest: Object) -> tuple[tuple[str, str], bool] | None:
    """What a CustomResourceDefinition says of its kind."""
    spec: Any = manifest.get("spec")
    names: Any = spec.get("names") if isinstance(spec, Mapping) else None
    if manifest.get("kind") != "CustomResourceDefinition" or not isinstance(names, Mapping):
        return None
    return (str(spec.get("group")), str(names.get("kind"))), spec.get("scope") == "Cluster"
