"""What promotion speaks of: changed components, lots that go together, and the promotions that come of them."""

from dataclasses import dataclass, field
from enum import StrEnum

from telefonistka_py.config.problem import Problem
from telefonistka_py.names import Login, RepoPath


@dataclass(frozen=True, order=True)
class Changed:
    """A component that the merged pull request changed, at one concrete source."""

    name: str
    """`nginx`, or `team/nginx` where the flow asks for more depth."""
    source: str
    """The directory that the flow's `sourcePath` matched, with a trailing slash if the pattern took one."""

    @property
    def path(self) -> RepoPath:
        return RepoPath(f"{self.source.rstrip('/')}/{self.name}")

    def within(self, target: str) -> RepoPath:
        """Where this component lies below the target directory `target`."""
        return RepoPath(f"{target.rstrip('/')}/{self.name}")


@dataclass(frozen=True)
class Lot:
    """Components that share a flow and a list of targets: one pull request."""

    flow: int
    """The flow's place in `promotionPaths`, from 0."""
    targets: tuple[str, ...]
    """As the configuration writes them."""
    description: str
    auto_merge: bool
    components: tuple[Changed, ...]
    """Sorted by name, then by source."""
    branch_suffix: str = ""
    """Tells apart two lots of one pull request that go to the same targets by different flows."""


@dataclass(frozen=True)
class PassedOver:
    """A flow that a component would have matched, and why it was not used."""

    component: RepoPath
    flow: int
    source_path: str
    reason: str


@dataclass(frozen=True)
class Routes:
    """Where the changed components go."""

    lots: tuple[Lot, ...]
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True)
class Skip:
    """A target that a component does not go to, and why."""

    component: str
    target: str
    reason: str


class Kind(StrEnum):
    """What becomes of a target."""

    REMOVES = "removes"
    ADDS = "adds"
    CHANGES = "changes"
    LEVEL = "level"
    """It equals its source already; so does one that is gone on both sides."""


@dataclass(frozen=True)
class Counts:
    """How many files (symlinks and submodules among them) differ between a target and its source."""

    added: int
    modified: int
    deleted: int

    @property
    def files(self) -> int:
        return self.added + self.modified + self.deleted


@dataclass(frozen=True)
class Effect:
    """What a promotion does to one component of one target."""

    component: str
    source: RepoPath
    target: RepoPath
    kind: Kind
    counts: Counts | None = field(compare=False)
    """None where they are not known without reading more than the promotion itself needs. No part of the decision, so
    two that differ in it alone are equal: it depends on what happened to be read."""


@dataclass(frozen=True)
class Promotion:
    """One pull request to come: `sync` names what each target directory must equal."""

    flow: int
    source: str
    """The concrete source of the first component."""
    components: tuple[str, ...]
    """Names, sorted, each once."""
    targets: tuple[str, ...]
    """Target directories as configured, sorted."""
    kept_targets: tuple[str, ...]
    """Those that the body names: without the ones that the component's lists skip."""
    description: str
    auto_merge: bool
    sync: dict[RepoPath, RepoPath]
    """Target component path → source component path, sorted by target."""
    skips: tuple[Skip, ...]
    notes: tuple[str, ...] = ()
    """What the reviewer should know, as Markdown: which source won where several carry the same component."""
    branch_suffix: str = ""
    effects: tuple[Effect, ...] = ()
    """One for each of `sync`, in its order; empty where nobody looked."""


@dataclass(frozen=True)
class Plan:
    """All that a merged pull request leads to. A promotion whose `sync` is empty is not opened."""

    promotions: tuple[Promotion, ...]
    passed_over: tuple[PassedOver, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Mistakes in component files: those components are not promoted (N3)."""


@dataclass(frozen=True)
class Step:
    """One step of a promotion's way: what one merged pull request carried, and where to."""

    source: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """A person's pull request whose change a promotion carries."""

    number: int
    title: str
    """Empty where it is not known: in what v1 wrote, for one."""
    author: Login


@dataclass(frozen=True)
class Metadata:
    """What a promotion pull request remembers of the way it came. People can edit it: never trusted (N25)."""

    original_author: Login
    original_number: int
    promoted_paths: tuple[RepoPath, ...]
    history: dict[int, Step] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    """The first is the one that started the chain; then those that the promotions on the way took the place of."""


@dataclass(frozen=True)
class Trigger:
    """The merged pull request, as far as texts and names depend on it."""

    number: int
    head_ref: str
    author: Login
    metadata: Metadata | None
    """That of the promotion pull request that was merged; None when a person's own pull request was."""
    title: str = ""


@dataclass(frozen=True)
class Draft:
    """A promotion pull request, word for word."""

    branch: str
    title: str
    body: str
    commit_message: str
    labels: tuple[str, ...]
    assignee: Login | None
