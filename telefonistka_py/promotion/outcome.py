"""What came of each promotion, for the comment, the log and the status."""

from dataclasses import dataclass, replace

from telefonistka_py.config.problem import Problem, Severity
from telefonistka_py.names import RepoPath, Sha
from telefonistka_py.promotion.model import PassedOver, Promotion
from telefonistka_py.pulls.landing import Held, Landing, Merged, Moved, Underway


@dataclass(frozen=True)
class Stands:
    """There is a pull request for it: opened now, or by an earlier attempt."""

    number: int
    node_id: str
    head_sha: Sha
    state: str = "OPEN"
    new: bool = True
    to_merge: bool = False
    """The flow says `autoMerge`."""
    landing: Landing | None = None
    """What came of merging it; None before it was tried."""
    sources: tuple[tuple[RepoPath, Sha | None], ...] = ()
    """What it carries: source path → what stood there when it was decided."""
    proven: bool = False
    """Whether it certainly holds what was planned, and nothing else: only then it is approved and merged (N5)."""
    trouble: str = ""
    """What should have been done to it and could not: approving it, for one."""
    note: str = ""
    """What was left to people on purpose, and why."""


@dataclass(frozen=True)
class Level:
    """Every target equals its source already."""


@dataclass(frozen=True)
class Skipped:
    """The component's lists leave no target."""


@dataclass(frozen=True)
class Failed:
    """It could not be opened, and trying again would not help."""

    why: str
    in_the_way: int | None = None
    """The pull request that `why` speaks of."""


Outcome = Stands | Level | Skipped | Failed


@dataclass(frozen=True)
class Result:
    promotion: Promotion
    outcome: Outcome

    def landed(self, landing: Landing) -> "Result":
        """The same after merging was tried."""
        assert isinstance(self.outcome, Stands)
        return replace(self, outcome=replace(self.outcome, landing=landing))


@dataclass(frozen=True)
class Report:
    """All that one merged pull request led to."""

    results: tuple[Result, ...]
    problems: tuple[Problem, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    mistake: str = ""
    """Why nothing at all could be promoted, where that is so."""

    @property
    def failed(self) -> bool:
        """Whether somebody must act (N15)."""
        return bool(
            self.mistake
            or any(_failed(result.outcome) for result in self.results)
            or any(problem.severity is Severity.ERROR for problem in self.problems)
        )

    @property
    def worth_a_comment(self) -> bool:
        """A merge that touched no component gets none."""
        return self.failed or bool(self.problems) or bool(self.results)


def _failed(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) or (isinstance(outcome, Stands) and bool(outcome.trouble))


def in_a_line(report: Report) -> str:
    """For the log and the inbox."""
    if report.mistake:
        return report.mistake
    if not report.results:
        return "nothing to promote: no changed file lies in a component of a flow whose conditions hold"
    return "; ".join(f"{' '.join(result.promotion.targets)}: {word(result.outcome)}" for result in report.results)


def word(outcome: Outcome) -> str:
    """One outcome in a few words."""
    match outcome:
        case Stands():
            opened = f"opened #{outcome.number}" if outcome.new else f"#{outcome.number} stands already"
            parts = (opened, _landing(outcome.landing), outcome.trouble, outcome.note)
            return ", ".join(part for part in parts if part)
        case Level():
            return "nothing to promote, every target equals its source already"
        case Skipped():
            return "every target is skipped"
        case Failed():
            return "failed: " + (f"#{outcome.in_the_way}, " if outcome.in_the_way else "") + outcome.why


def _landing(landing: Landing | None) -> str:
    match landing:
        case None:
            return ""
        case Merged():
            return "merged"
        case Underway():
            return f"GitHub merges it by {landing.how}"
        case Held():
            return f"not merged yet: {landing.why}"
        case Moved():
            return f"not merged: {landing.why}"
