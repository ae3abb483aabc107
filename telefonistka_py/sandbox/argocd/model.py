"""What an Argo CD remembers."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A Kubernetes object, or a part of one."""


@dataclass(frozen=True, order=True)
class Key:
    """How live objects are told apart."""

    group: str
    kind: str
    namespace: str
    """Empty for what belongs to no namespace."""
    name: str


@dataclass(eq=False)
class App:
    """An Application, and what its controller found when it last looked."""

    metadata: Json
    spec: Json
    status: Json
    targets: list[Json] = field(default_factory=list)
    """What the source wanted when it was last rendered, with namespaces and tracking. Empty also after an error."""
    forced: dict[str, str] = field(default_factory=dict)
    """`health` and `sync` as a test set them."""
    synced: tuple[str, ...] = ()
    """The revisions of the last sync."""
    refreshed: int = 0
    """How often it was looked at."""

    @property
    def name(self) -> str:
        return str(self.metadata["name"])

    @property
    def namespace(self) -> str:
        return str(self.metadata["namespace"])

    @property
    def project(self) -> str:
        return self.spec.get("project") or "default"

    @property
    def destination(self) -> str:
        """The namespace of objects that name none."""
        return str(self.spec.get("destination", {}).get("namespace") or "")

    @property
    def sources(self) -> list[Json]:
        """All sources; one for an app with `spec.source`."""
        return self.spec.get("sources") or [self.spec.get("source") or {}]

    @property
    def automated(self) -> Json | None:
        """The automated sync policy; None when it is absent or switched off."""
        found = (self.spec.get("syncPolicy") or {}).get("automated")
        return found if isinstance(found, dict) and found.get("enabled") is not False else None

    @property
    def sync(self) -> str:
        return str(self.status.get("sync", {}).get("status", "Unknown"))

    @property
    def health(self) -> str:
        return str(self.status.get("health", {}).get("status", "Unknown"))

    def shown(self) -> Json:
        """The Application as the API has it. List and get leave `kind` out."""
        return {"metadata": self.metadata, "spec": self.spec, "status": self.status}


@dataclass
class AppSet:
    """An ApplicationSet."""

    metadata: Json
    spec: Json

    def shown(self) -> Json:
        return {"metadata": self.metadata, "spec": self.spec, "status": {}}


@dataclass(frozen=True)
class Account:
    """Who asks. `may` holds lines such as `applications get` and `applicationsets create`; None allows everything."""

    name: str
    token: str = field(repr=False)
    may: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    """None: all of them."""

    def allows(self, resource: str, action: str, project: str) -> bool:
        listed = self.may is None or f"{resource} {action}" in self.may
        return listed and (self.projects is None or project in self.projects)


@dataclass(frozen=True)
class Tracking:
    """How Argo CD marks what belongs to an app.

    Docs: user-guide/resource_tracking. `annotation` is the default since 3.0, `label` was before.
    """

    method: str = "annotation"
    """`annotation`, `annotation+label` or `label`."""
    label: str = "app.kubernetes.io/instance"


@dataclass(frozen=True)
class Rendered:
    """What one look at the sources gave."""

    objects: list[Json]
    revisions: tuple[str, ...]
    """One commit per source."""
