"""Kubernetes quantities: `1000m` is `1`, `1Gi` is `1024Mi`.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", 1)},
}
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,2})|(?P<suffix>[KMGTPE]i|[numkMGTPE])?)"
)
"""No longer than anybody writes them, so that none takes long to compute (N27)."""


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Fraction | None:
    found = _QUANTITY.fullmatch(text)
    if not found:
        return None
    number = Fraction(found["number"])
    if found["exponent"]:
        return number * Fraction(10) ** int(found["exponent"])
    return number * _SUFFIXES[found["suffix"] or ""]


def parse(value: Any) -> Fraction | None:
    """`value`, text or number, as a number; None when it is no quantity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _parsed(str(value))


def equal(one: Any, other: Any) -> bool:
    """Whether both are quantities, and the same."""
    number = parse(one)
    return number is not None and number == parse(other)
