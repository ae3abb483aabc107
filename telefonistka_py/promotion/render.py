"""The comment on the merged pull request: what came of it that no pull request shows."""

from telefonistka_py.promotion.outcome import Failed, Level, Report, Skipped
from telefonistka_py.templates import Templates

TOPIC = "promotion"


def report(found: Report, templates: Templates) -> str:
    """The text, without our markers."""
    return templates.render(
        "promotion-report-comment",
        mistake=found.mistake,
        problems=found.problems,
        failed=[(result.promotion, result.outcome) for result in found.results if isinstance(result.outcome, Failed)],
        level=[result.promotion for result in found.results if isinstance(result.outcome, Level)],
        skipped=[result.promotion for result in found.results if isinstance(result.outcome, Skipped)],
    )
