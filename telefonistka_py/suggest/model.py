"""What was found in a repository's folders, what was chosen, and what follows."""

from dataclasses import dataclass

from telefonistka_py.names import RepoPath


@dataclass(frozen=True)
class Environment:
    """Directories that hold the same components and belong to one stage."""

    name: str
    """The directory's: `staging`."""
    rank: int
    """How near to production, by the name; `words.UNKNOWN` when it says nothing."""
    holders: tuple[RepoPath, ...]
    """The directories that hold components, sorted: one for each region or cluster."""
    components: frozenset[str]
    """Names of the components in any of them."""


@dataclass(frozen=True)
class Layout:
    environments: tuple[Environment, ...]
    """At least two, the furthest from production first."""
    depth: int
    """How many segments a component's name has beyond one."""
    examples: tuple[RepoPath, ...]
    """A component of each directory that holds some, in the order of the environments."""
    left_out: tuple[str, ...]
    """A sentence for each directory that looked like an environment and is none."""
    directories: frozenset[RepoPath]
    """All of the repository's."""

    @property
    def order_is_known(self) -> bool:
        """Whether the names told the order."""
        return len({environment.rank for environment in self.environments}) > 1


@dataclass(frozen=True)
class Nothing:
    """No proposal can be made."""

    why: str


@dataclass(frozen=True)
class Choice:
    """What a person chose, or what is usual."""

    order: tuple[tuple[str, ...], ...]
    """Names of environments; those in one group are promoted to together, and the last of them is the next source."""
    apart: frozenset[str]
    """Environments whose directories get a pull request each."""


@dataclass(frozen=True)
class Flow:
    source: str
    """A pattern, as in `sourcePath`."""
    pulls: tuple[tuple[str, tuple[RepoPath, ...]], ...]
    """For each pull request its description and its targets."""
    said: str
    """From where to where, in a few words."""
