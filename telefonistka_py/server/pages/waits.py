"""Says what an open promotion waits for, most pressing first."""

from dataclasses import dataclass

from telefonistka_py.github.in_flight import InFlight


@dataclass(frozen=True)
class Wait:
    """`trouble`: nothing goes on before somebody acts on what went wrong."""

    why: str
    trouble: bool = False


def of(pull: InFlight) -> Wait:
    if pull.merge_state == "DIRTY":
        return Wait("conflicts with its base", trouble=True)
    if pull.checks in ("FAILURE", "ERROR"):
        return Wait("a check failed", trouble=True)
    if pull.review == "CHANGES_REQUESTED":
        return Wait("changes were requested", trouble=True)
    if pull.is_draft:
        return Wait("is a draft")
    if pull.review == "REVIEW_REQUIRED":
        return Wait("waits for a review")
    if pull.checks in ("PENDING", "EXPECTED"):
        return Wait("waits for checks")
    if pull.by_itself:
        return Wait("GitHub merges it by itself")
    if pull.merge_state in ("BLOCKED", "BEHIND"):
        behind = pull.merge_state == "BEHIND"
        return Wait("its branch is behind its base" if behind else "is held by the branch's rules")
    return Wait("waits to be merged")
