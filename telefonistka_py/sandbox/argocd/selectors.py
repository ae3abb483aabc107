"""Label selectors. Docs: kubernetes.io, Labels and Selectors."""

import re
from collections.abc import Callable, Mapping

from telefonistka_py.sandbox.argocd import denial

_SETS = re.compile(r"([^\s=!,()]+)\s+(in|notin)\s*\(([^)]*)\)")
_EQUALS = re.compile(r"([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)")
_EXISTS = re.compile(r"(!?)\s*([^\s=!,()]+)")


Labels = Mapping[str, str]


def read(selector: str) -> Callable[[Labels], bool]:
    """Whether all requirements hold of some labels. Raises `Denial` for a selector that can't be read."""
    said = [each.strip() for each in re.split(r",(?![^()]*\))", selector)]
    requirements = [_requirement(each) for each in said if each]
    return lambda labels: all(holds(labels) for holds in requirements)


def _requirement(said: str) -> Callable[[Labels], bool]:
    if found := _SETS.fullmatch(said):
        key, values = found[1], {each.strip() for each in found[3].split(",")}
        wanted = found[2] == "in"
        return lambda labels: (labels.get(key) in values) == wanted
    if found := _EQUALS.fullmatch(said):
        key, value, same = found[1], found[3], found[2] != "!="
        return lambda labels: (labels.get(key) == value) == same
    if found := _EXISTS.fullmatch(said):
        key, there = found[2], not found[1]
        return lambda labels: (key in labels) == there
    message = f"error parsing the selector: unable to parse requirement: {said!r}"
    raise denial.Denial(denial.UNKNOWN, message)
