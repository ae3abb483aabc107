"""The report for a person, and as data for a program."""

from collections.abc import Iterable, Iterator
from typing import Any

from telefonistka_py import markdown
from telefonistka_py.doctor.model import Health, Topic, is_well

MARKS = {Health.FINE: "✅", Health.DOUBTFUL: "⚠️ ", Health.WRONG: "❌"}


def lines(topic: Topic) -> Iterator[str]:
    """A heading, a line for each finding, and what to do below it."""
    yield topic.title
    for finding in topic.findings:
        yield f"  {MARKS[finding.health]} {_shown(finding.said)}"
        if finding.advice:
            yield f"     → {_shown(finding.advice)}"


def summary(topics: Iterable[Topic]) -> str:
    """The last line."""
    found = [finding.health for topic in topics for finding in topic.findings]
    wrong, doubtful = found.count(Health.WRONG), found.count(Health.DOUBTFUL)
    if not wrong and not doubtful:
        return "All is well."
    parts = [f"{count} {word}" for count, word in ((wrong, "wrong"), (doubtful, "doubtful")) if count]
    return f"{' and '.join(parts)} of {len(found)} findings."


def data(topics: Iterable[Topic]) -> dict[str, Any]:
    """`well`, and per topic its findings: `health` (`fine`, `warning`, `wrong`), `said`, `advice`."""
    kept = tuple(topics)
    return {
        "well": is_well(kept),
        "topics": [
            {
                "topic": topic.title,
                "findings": [
                    {"health": finding.health.value, "said": finding.said, "advice": finding.advice}
                    for finding in topic.findings
                ],
            }
            for topic in kept
        ],
    }


def _shown(text: str) -> str:
    """Without characters that a terminal would obey: names and answers are written by others."""
    plain = markdown.printable(text)
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in plain)
