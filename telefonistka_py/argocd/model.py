"""What the Argo CD comparison speaks of: objects as they are and as they are wanted, and what lies between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from telefonistka_py import counted
from telefonistka_py.names import RepoPath

Object = Mapping[str, Any]
"""A Kubernetes object as JSON has it: dicts with string keys, lists, strings, numbers, booleans, None."""

Path = tuple[str | int, ...]
"""The way to a value inside an object; a number is the place in a list."""


class Special(Enum):
    """What stands for a value in a `Change`."""

    ABSENT = "absent"
    HIDDEN = "hidden"
    """There is one, and nobody may see it: the object is a Secret (N30)."""


@dataclass(frozen=True, order=True)
class ObjectId:
    """How objects are told apart. The version of the API is no part of it."""

    group: str
    kind: str
    namespace: str
    """Empty for what belongs to no namespace."""
    name: str

    def __str__(self) -> str:
        """`namespace/kind/name`, as v1 heads an object."""
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)


# ---- what is compared ----


@dataclass(frozen=True)
class Managed:
    """One item of an app's managed resources (`v1alpha1ResourceDiff`)."""

    id: ObjectId
    live: Object | None = field(repr=False, default=None)
    """`liveState`: the object in the cluster, with its managed fields; None when there is none."""
    normalized: Object | None = field(repr=False, default=None)
    """`normalizedLiveState`: the same as Argo CD compares it, without what is to be ignored."""
    target: Object | None = field(repr=False, default=None)
    """`targetState`: what the app wants now; None when it does not want the object."""
    predicted: Object | None = field(repr=False, default=None)
    """`predictedLiveState`: what Argo CD thinks `target` makes of the live object."""
    hook: bool = False


class Prune(StrEnum):
    """What becomes of an object that the app wants no more."""

    AUTOMATIC = "automatic"
    """Auto-sync deletes it."""
    OFF = "off"
    """Auto-sync leaves it where it is."""
    BY_HAND = "by hand"
    """There is no auto-sync: who syncs decides."""


@dataclass(frozen=True)
class Tracking:
    """How Argo CD marks the objects of an app (`trackingMethod`, `appLabelKey` of its settings)."""

    method: str = ""
    """`label`, `annotation`, `annotation+label`; empty when the settings don't say."""
    label: str = "app.kubernetes.io/instance"
    instances: frozenset[str] = frozenset()
    """The values of the label that mean this app: its name, and `namespace_name`."""


@dataclass(frozen=True)
class IgnoreRule:
    """What is not to be compared in which objects. Empty `namespace` and `name` mean all; `group` and `kind` are
    patterns with `*`, `?`, `[a-z]`, `{a,b}`."""

    group: str
    kind: str
    namespace: str = ""
    name: str = ""
    pointers: tuple[str, ...] = ()
    """JSON pointers (RFC 6901)."""
    expressions: tuple[str, ...] = ()
    """jq path expressions."""
    managers: tuple[str, ...] = ()
    """Whoever owns a field by these names (`metadata.managedFields`) may change it."""


@dataclass(frozen=True)
class Facts:
    """All that the comparison of one app needs."""

    managed: Sequence[Managed]
    manifests: Sequence[Object] = field(repr=False)
    """What the pull request wants."""
    namespace: str
    """The app's destination, for objects that name no namespace."""
    prune: Prune = Prune.BY_HAND
    tracking: Tracking = Tracking()
    rules: Sequence[IgnoreRule] = ()
    notes: tuple[str, ...] = ()
    """What people should know beside the result, such as a rule that can't be read."""
    judged: Mapping[ObjectId, Object] = field(default_factory=dict, repr=False)
    """What the cluster itself said the objects would become, where it was asked (server-side diff): it knows better."""


# ---- jq ----


@dataclass(frozen=True)
class Question:
    """Which paths of `document` a jq expression means."""

    expression: str
    document: Object = field(repr=False)


@dataclass(frozen=True)
class Unanswered:
    """Why an expression has no paths, in words that hold nothing of the document."""

    why: str


Answer = tuple[Path, ...] | Unanswered
Jq = Callable[[Sequence[Question]], Sequence[Answer]]
"""Answers questions, each by its own answer, in order."""


# ---- what is found ----


@dataclass(frozen=True)
class Change:
    """One value of an object that becomes another."""

    path: str
    """`spec.template.spec.containers.nginx.image`: entries of lists by their key, else `[0]`."""
    old: Any
    """A JSON value, or a `Special`."""
    new: Any


class Fate(StrEnum):
    """What happens to an object."""

    DELETED = "deleted"
    LEFT = "left behind"
    """The app wants it no more, and nothing deletes it."""
    CHANGED = "changed"
    NEW = "new"


@dataclass(frozen=True)
class ObjectDiff:
    id: ObjectId
    fate: Fate
    changes: tuple[Change, ...] = ()
    whole: Object | None = None
    """All of a new object; a Secret's without its values."""
    notes: tuple[str, ...] = ()
    """Plain text, such as who decides whether it is deleted."""


@dataclass(frozen=True)
class LeftOut:
    """An object that is not compared in earnest."""

    id: ObjectId
    why: str
    differs: bool = False
    """Whether it seems to change all the same."""


@dataclass(frozen=True)
class AppDiff:
    """What the pull request changes in one app."""

    objects: tuple[ObjectDiff, ...]
    """Those that change, what is deleted first."""
    compared: int = 0
    """How many were looked at."""
    left_out: tuple[LeftOut, ...] = ()
    unseen: tuple[ObjectId, ...] = ()
    """Secrets whose values Argo CD keeps to itself, so that nobody can say whether they change."""
    notes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    """Kind and name of hooks that the pull request changes."""

    @property
    def differs(self) -> bool:
        return bool(self.objects or self.hooks) or any(each.differs for each in self.left_out)

    @property
    def surely_none(self) -> bool:
        """Whether nothing changes, for certain: what nobody could compare may change (never a false "no changes")."""
        return not self.differs and not self.unseen

    @property
    def summary(self) -> str:
        """`3 objects: 1 new, 1 changed, 1 deleted`."""
        if not self.objects:
            return "no diff" if self.surely_none else "no diff that can be shown"
        counts = ((fate, sum(each.fate is fate for each in self.objects)) for fate in _IN_WORDS)
        said = ", ".join(f"{count:,} {fate.value}" for fate, count in counts if count)
        return f"{counted.of(len(self.objects), 'object')}: {said}"


_IN_WORDS = (Fate.NEW, Fate.CHANGED, Fate.DELETED, Fate.LEFT)


# ---- what is told, component by component ----


@dataclass(frozen=True)
class App:
    """An app, as far as people should know it."""

    name: str
    url: str
    """Its page in Argo CD; empty when it has none."""
    health: str = "Healthy"
    sync: str = "Synced"
    auto_sync: bool = True
    temporary: bool = False
    """Made for the comparison alone: the app does not exist yet."""


@dataclass(frozen=True)
class Compared:
    app: App
    diff: AppDiff


@dataclass(frozen=True)
class Skipped:
    """An app that was not compared, on purpose."""

    app: App
    why: str
    """Plain text without a full stop, such as "it is on this branch already and syncs by itself"."""


@dataclass(frozen=True)
class Failed:
    """An app that could not be compared."""

    name: str
    why: str
    """Plain text."""


Outcome = Compared | Skipped | Failed


@dataclass(frozen=True)
class ComponentResult:
    """What was found for one changed component."""

    component: RepoPath
    outcomes: tuple[Outcome, ...] = ()
    """One per app; none when the component has no app, or when `failed` says why nobody knows."""
    failed: str = ""
    """Why its apps could not even be looked up; plain text."""
    list_only: bool = False
    """`disableArgoCDDiff`: objects are named, their contents are not shown."""

    @property
    def errors(self) -> tuple[Failed, ...]:
        own = (Failed("", self.failed),) if self.failed else ()
        return own + tuple(each for each in self.outcomes if isinstance(each, Failed))


def nothing_changes(results: Sequence[ComponentResult]) -> bool:
    """Contract §11, for the label `noop`: at least one app was compared, none differs, none failed, and no component
    was left without an app or skipped."""
    return bool(results) and all(
        result.outcomes
        and not result.failed
        and all(isinstance(each, Compared) and each.diff.surely_none for each in result.outcomes)
        for result in results
    )
