"""What something cost in requests to GitHub, and how many of them had to wait for one another."""

from collections.abc import Iterable
from dataclasses import dataclass

from telefonistka_py.sandbox.model import Exchange

LATENCY = 0.1
"""Seconds that each request takes at least: so long that requests which are sent together overlap on a busy machine
as well."""


@dataclass(frozen=True)
class Cost:
    requests: int
    in_sequence: int
    """The longest chain of requests of which each began after the one before had ended."""
    seconds: float


def of(exchanges: Iterable[Exchange]) -> Cost:
    """The cost of `exchanges`."""
    ordered = sorted(exchanges, key=lambda exchange: exchange.ended)
    chain, last_end = 0, float("-inf")
    for exchange in ordered:  # the most intervals that don't overlap: always take the one that ends first
        if exchange.started >= last_end:
            chain, last_end = chain + 1, exchange.ended
    began = min((exchange.started for exchange in ordered), default=0.0)
    return Cost(len(ordered), chain, (ordered[-1].ended - began) if ordered else 0.0)
