"""Argo CD's applications, as far as we need to know them to find them and to ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

FIELDS = ",".join(
    f"items.{name}"
    for name in ("metadata.name", "metadata.namespace", "metadata.annotations", "metadata.labels", "spec")
)
"""All that a list needs to hold of each app to be read here: a tenth of what it is otherwise. No published description
names this parameter; Argo CD's own pages use it (`pkg/apiclient/application/forwarder_overwrite.go`), and a server that
does not know it sends everything."""

TEMPORARY = "telefonistka.io/temporary"
"""The label of apps that are made for one comparison, and are no component's."""

LONGEST = 1_000
"""Characters of an app's condition that are passed on."""


class Unreadable(ValueError):
    """Not of the shape that Argo CD's API describes. The text holds nothing of the answer."""


@dataclass(frozen=True, order=True)
class Ref:
    """Which app, in one Argo CD."""

    name: str
    namespace: str = ""
    """Where the Application object lies; empty where the list does not say."""
    project: str = ""
    """Named in every request: without it an app that is missing is answered with 403, as one that is forbidden
    (https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/)."""


@dataclass(frozen=True)
class Source:
    """Where an app takes its manifests from."""

    repo: str
    """The address as the app has it; empty for none."""
    path: str
    revision: str
    """`targetRevision`: a branch, a tag, a commit, or empty for the default branch."""


@dataclass(frozen=True)
class Application:
    ref: Ref
    sources: tuple[Source, ...]
    several: bool = False
    """Whether it has `spec.sources`, be it with one source only: such apps are asked for otherwise."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.ref.name


def read(said: Any) -> Application:
    """One item of the list, or one app. Raises `Unreadable`."""
    metadata, spec = _mapping(_mapping(said).get("metadata")), _mapping(_mapping(said).get("spec"))
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise Unreadable("Argo CD named an application without a name")
    return Application(
        Ref(name, _text(metadata.get("namespace")), _text(spec.get("project"))),
        *_sources(spec),
        _texts(metadata.get("annotations")),
        _texts(metadata.get("labels")),
    )


def again(listed: Application, said: Mapping[str, Any]) -> Application:
    """The listed app with the sources that it has now."""
    sources, several = _sources(_mapping(said.get("spec")))
    return replace(listed, sources=sources, several=several)


def broken(said: Mapping[str, Any]) -> str:
    """Why Argo CD can't compare the app as it is now, in its own words; empty when it can.

    It lists the live objects then as if nobody had ever wanted them.
    """
    conditions = _mapping(said.get("status")).get("conditions")
    for each in conditions if isinstance(conditions, list) else ():
        if _text(_mapping(each).get("type")) in ("ComparisonError", "InvalidSpecError"):
            return _text(_mapping(each).get("message"))[:LONGEST] or "it does not say why"
    return ""


def _sources(spec: Mapping[str, Any]) -> tuple[tuple[Source, ...], bool]:
    """The sources, and whether they are `spec.sources`."""
    several = spec.get("sources")
    if isinstance(several, list) and several:
        return tuple(_source(each) for each in several), True
    return (_source(spec.get("source")),), False


def _source(said: Any) -> Source:
    known = _mapping(said)
    return Source(*(_text(known.get(key)) for key in ("repoURL", "path", "targetRevision")))


def _mapping(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}


def _text(said: Any) -> str:
    return said if isinstance(said, str) else ""


def _texts(said: Any) -> dict[str, str]:
    return {key: value for key, value in _mapping(said).items() if isinstance(value, str)}
