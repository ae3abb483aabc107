"""What came of each promotion, for the comment, the log and the status."""

from dataclasses import dataclass

from telefonistka_py.config.problem import Problem, Severity
from telefonistka_py.promotion.model import PassedOver, Promotion


@dataclass(frozen=True)
class Opened:
    number: int


@dataclass(frozen=True)
class Standing:
    """An earlier attempt opened it."""

    number: int
    state: str


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


Outcome = Opened | Standing | Level | Skipped | Failed


@dataclass(frozen=True)
class Result:
    promotion: Promotion
    outcome: Outcome


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
            or any(isinstance(result.outcome, Failed) for result in self.results)
            or any(problem.severity is Severity.ERROR for problem in self.problems)
        )

    @property
    def worth_a_comment(self) -> bool:
        """Pull requests that were opened speak for themselves; everything else is told."""
        quiet = all(isinstance(result.outcome, Opened | Standing) for result in self.results)
        return self.failed or bool(self.problems) or not quiet


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
        case Opened():
            return f"opened #{outcome.number}"
        case Standing():
            return f"#{outcome.number} stands already ({outcome.state.lower()})"
        case Level():
            return "nothing to do, already equal"
        case Skipped():
            return "every target is skipped"
        case Failed():
            return f"failed: {outcome.why}"
