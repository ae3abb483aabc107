"""A finding: how one thing stands, in a sentence, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    FINE = "fine"
    DOUBTFUL = "warning"
    """It works; something is missing or odd."""
    WRONG = "wrong"
    """It does not work."""


@dataclass(frozen=True)
class Finding:
    health: Health
    said: str
    advice: str = ""
    """What to do, as a sentence; empty where nothing is to be done."""


@dataclass(frozen=True)
class Topic:
    """What belongs together under one heading."""

    title: str
    findings: tuple[Finding, ...]


def fine(said: str) -> Finding:
    return Finding(Health.FINE, said)


def doubtful(said: str, advice: str = "") -> Finding:
    return Finding(Health.DOUBTFUL, said, advice)


def wrong(said: str, advice: str = "") -> Finding:
    return Finding(Health.WRONG, said, advice)


def is_well(topics: Iterable[Topic]) -> bool:
    """Whether nothing is wrong; doubts are allowed."""
    return all(finding.health is not Health.WRONG for topic in topics for finding in topic.findings)
