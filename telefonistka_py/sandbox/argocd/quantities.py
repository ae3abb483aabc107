"""Quantities as the API server writes them: `1000m` becomes `1`, `0.5` `500m`, `1024Mi` `1Gi`.

Source: k8s.io/apimachinery, `pkg/api/resource`, "Quantity": no precision is lost, no fraction is written, the suffix is
as large as possible, and a value keeps its kind of suffix, of powers of two or of ten.
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from telefonistka_py.sandbox.argocd.model import Json

_FORM = re.compile(r"([+-]?[0-9.]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?")
_TENS = {"m": Fraction(1, 1000), "": Fraction(1), **{name: Fraction(1000) ** at for at, name in enumerate("kMGTPE", 1)}}
_TWOS = {"": Fraction(1), **{f"{name}i": Fraction(1024) ** at for at, name in enumerate("KMGTPE", 1)}}


def settle(resources: Json) -> None:
    """Rewrites `limits` and `requests` in place."""
    for part in ("limits", "requests"):
        named = resources.get(part)
        if isinstance(named, dict):
            resources[part] = {name: canonical(value) for name, value in named.items()}


def canonical(value: Any) -> Any:
    """The canonical text of a quantity; what is none stays as it is."""
    found = _FORM.fullmatch(str(value))
    if found is None or isinstance(value, bool):
        return value
    suffix = found[2] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return value
    units = _TWOS if suffix.endswith("i") else _TENS
    amount = Fraction(Decimal(found[1])) * units[suffix]
    for name, size in sorted(units.items(), key=lambda each: -each[1]):
        if amount % size == 0 and amount:
            return f"{amount // size}{name}"
    return "0" if not amount else value
