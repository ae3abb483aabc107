"""What is wrong with a configuration file, and where."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from telefonistka_py.names import RepoPath

Model = TypeVar("Model")


class Severity(StrEnum):
    ERROR = "error"
    """The file can't be used."""
    WARNING = "warning"
    """The file is used; what is named here has no effect, or not the one that was meant."""


@dataclass(frozen=True)
class Problem:
    """One sentence about one place. `line` and `column` count from 1; None where the file has no such place."""

    path: RepoPath
    key: str
    """The key path, `promotionPaths[0].sourcePath`; empty for the file as a whole."""
    line: int | None
    column: int | None
    message: str
    severity: Severity = Severity.ERROR
    unknown_key: bool = False
    """Only warned of when a promotion runs, but the check of the pull request that brings it fails (contract §2)."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.key} {self.message}" if self.key else f"{place}: {self.message}"


@dataclass(frozen=True)
class Valid(Generic[Model]):
    """The file can be used."""

    value: Model
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Invalid:
    """The file can't be used; all its problems, not the first."""

    problems: tuple[Problem, ...]

    def of(self, path: RepoPath) -> "Invalid":
        return Invalid(tuple(replace(problem, path=path) for problem in self.problems))
