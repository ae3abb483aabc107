"""Which described operation a request is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.contracts import extracts, openapi

SPANS_SLASHES = {"path", "ref", "branch", "basehead"}
"""Path parameters in which GitHub takes `/` as it is; elsewhere it has to come as `%2F`."""

MOST_PER_PAGE = 100
"""GitHub answers at most this many however many are asked for, which reads like a last page (docs: pagination)."""


@dataclass(frozen=True)
class Route:
    """One operation, met by one request. `pointer` is where it lies in the description, as a JSON pointer."""

    template: str
    method: str
    operation: Mapping[str, Any]
    in_path: Mapping[str, str]
    in_query: tuple[tuple[str, str], ...]

    @property
    def pointer(self) -> str:
        return f"/paths/{self.template.replace('~', '~0').replace('/', '~1')}/{self.method}"


def find(method: str, path: str) -> Route | str:
    """The operation of a request, or a sentence that says why there is none.

    `path` may be a whole URL (as in a `Link` header), may carry a query, and may start with Enterprise's `/api/v3`.
    """
    parts = urlsplit(path)
    plain = _canonical(parts.path)
    met = [(template, found) for template, pattern in _patterns() if (found := pattern.fullmatch(plain))]
    if not met:
        return f"{method} {path}: the extract of GitHub's description has no such path"
    for template, found in met:
        operation = extracts.rest()["paths"][template].get(method.lower())
        if operation is not None:
            in_path = {name: unquote(value or "") for name, value in found.groupdict().items()}
            in_query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            return Route(template, method.lower(), operation, in_path, in_query)
    known = sorted({name.upper() for template, _ in met for name in extracts.rest()["paths"][template]})
    return f"{method} {path}: the extract of GitHub's description has only {', '.join(known)} here"


def problems_of_parameters(route: Route) -> list[str]:
    """Query parameters must be known, and what stands in path and query must have the described type."""
    described = {(it["in"], it["name"]): it["schema"] for it in _parameters(route)}
    given = [("path", name, value) for name, value in route.in_path.items()]
    given += [("query", name, value) for name, value in route.in_query]
    problems = []
    for place, name, value in given:
        schema = described.get((place, name))
        if schema is None:
            problems.append(f"{place}: the parameter {name!r} is not known to this operation")
        elif fault := _fault(name, value, schema):
            problems.append(f"{place}.{name}: {value!r} {fault}")
    return problems


def _fault(name: str, value: str, schema: Mapping[str, Any]) -> str | None:
    if schema.get("type") == "integer" and not re.fullmatch(r"\d+", value):
        return "is no whole number"
    if "enum" in schema and value not in schema["enum"]:
        return f"is none of {', '.join(schema['enum'])}"
    if name == "per_page" and not 1 <= int(value) <= MOST_PER_PAGE:
        return f"is outside 1 to {MOST_PER_PAGE}"
    return None


def _parameters(route: Route) -> Iterator[Mapping[str, Any]]:
    for parameter in route.operation.get("parameters", []):
        yield openapi.resolved(extracts.rest(), parameter)


def _canonical(path: str) -> str:
    """Without Enterprise's prefix, and `/repositories/1/…`, as `Link` headers have it, in its usual form."""
    return re.sub(r"^/repositories/\d+(?=/|$)", "/repos/-/-", path.removeprefix("/api/v3"))


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """(template, its pattern), the most literal first: `…/commits/{ref}/status` is asked before `…/commits/{ref}`."""
    templates = sorted(extracts.rest()["paths"], key=lambda it: (-_literal_segments(it), it))
    return [(template, re.compile(_pattern(template))) for template in templates]


def _literal_segments(template: str) -> int:
    return sum(not segment.startswith("{") for segment in template.split("/"))


def _pattern(template: str) -> str:
    return "".join(_segment_pattern(segment) for segment in template.split("/")[1:])


def _segment_pattern(segment: str) -> str:
    if not segment.startswith("{"):
        return "/" + re.escape(segment)
    name = segment.strip("{}")
    if name == "path":
        return "(?:/(?P<path>.*))?"  # the contents of the root have an empty path
    return f"/(?P<{name}>{'.+' if name in SPANS_SLASHES else '[^/]+'})"
