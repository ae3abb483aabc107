"""What Argo CD's published description says of an exchange: empty answers mean that it fits.

    assert argocd.problems_of(exchange) == []

Where Go's types write themselves otherwise than described, the types count; `argocd.md` lists these places.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

from tests.contracts import argocd_shapes, openapi
from tests.contracts.github import Exchange

ROOT = "urn:argocd"
NEVER = 501
"""What a stand-in says to what it does not know; only these say it of themselves, when they are older."""
LACKING = {"ApplicationSetService_Generate": {404, 405, 501}, "ApplicationService_ServerSideDiff": {404, 501}}
"""How servers answer that do not have an operation yet; the gateway does so in plain text, but for 501."""
LONGEST_MESSAGE = 300
PATCHED = "v1alpha1Application"


@dataclass(frozen=True)
class Operation:
    """One described operation, met by one request."""

    id: str
    template: str
    described: Mapping[str, Any]
    in_path: Mapping[str, str]
    in_query: tuple[tuple[str, str], ...]


def problems_of(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange, a sentence each that says where."""
    operation = find(exchange.method, exchange.path)
    if isinstance(operation, str):
        return [operation]
    found = [*_problems_of_parameters(operation), *_problems_of_body(operation, exchange.request_body)]
    if exchange.status is not None:
        found += _problems_of_answer(operation, exchange.status, exchange.answer)
    return [f"{exchange.method} {operation.template} → {exchange.status}: {each}" for each in found]


def find(method: str, path: str) -> Operation | str:
    """The operation of a request, or a sentence that says why there is none. `path` as sent, with its query."""
    parts = urlsplit(path)
    for template, operations in argocd_shapes.description()["paths"].items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        match, described = re.fullmatch(pattern, parts.path), operations.get(method.lower())
        if match is not None and described is not None:
            in_path = {name: unquote(value) for name, value in match.groupdict().items()}
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            return Operation(described["operationId"], template, described, in_path, query)
    return f"{method} {path}: the extract of Argo CD's description has no such operation"


def _problems_of_parameters(operation: Operation) -> Iterator[str]:
    known = {it["name"]: it for it in operation.described.get("parameters", []) if it["in"] == "query"}
    seen: set[str] = set()
    for name, value in operation.in_query:
        if name == "fields" and operation.id == "ApplicationService_List":
            yield from argocd_shapes.problems_of_fields(value)
        elif name not in known:
            yield f"query: Argo CD knows no parameter {name!r} here"
        elif name in seen and known[name]["type"] != "array":
            yield f"query.{name}: given more than once"
        else:
            kind = known[name].get("items", known[name])
            whole = kind.get("type") == "integer" or kind.get("format") in ("int32", "int64")
            if kind.get("type") == "boolean" and value not in ("true", "false"):
                yield f"query.{name}: {value!r} is neither true nor false"
            if whole and not re.fullmatch(r"-?\d+", value):
                yield f"query.{name}: {value!r} is no whole number"
        seen.add(name)


def _problems_of_body(operation: Operation, body: Any) -> Iterator[str]:
    described = next((it for it in operation.described.get("parameters", []) if it["in"] == "body"), None)
    if described is None:
        if body not in (None, "", b"", {}):
            yield "request: this operation takes no body"
        return
    yield from _misfits(described["schema"], body, "request")
    for place in argocd_shapes.unknown_keys(described["schema"], body, "request"):
        yield f"{place}: Argo CD knows no such key"
    if operation.id == "ApplicationService_Patch" and isinstance(body, dict):
        yield from _problems_of_patch(body)


def _problems_of_patch(body: Mapping[str, Any]) -> Iterator[str]:
    """The patch is text inside the body, and its text is held to the description too."""
    if body.get("patchType") not in ("merge", "json", "", None):
        yield f"request.patchType: {body['patchType']!r} is no kind of patch"
    try:
        patch = json.loads(body.get("patch") or "")
    except ValueError:
        yield "request.patch: it is no JSON"
        return
    if isinstance(patch, dict) != (body.get("patchType") == "merge"):
        yield "request.patch: a merge patch is an object, a JSON patch is a list"
    elif isinstance(patch, dict):
        schema = {"$ref": f"#/definitions/{PATCHED}"}
        yield from _misfits(schema, patch, "request.patch")
        for place in argocd_shapes.unknown_keys(schema, patch, "request.patch"):
            yield f"{place}: an Application has no such key"


def _problems_of_answer(operation: Operation, status: int, answer: Any) -> Iterator[str]:
    lacking = LACKING.get(operation.id, set())
    if status == NEVER and NEVER not in lacking:
        yield "status: Argo CD has this operation in every version"
    elif status >= 400:
        # Behind a 5xx may stand a proxy's page; the gateway itself speaks plain text of what it does not have.
        if isinstance(answer, str) and (status >= 500 or status in lacking):
            return
        yield from _problems_of_error(answer)
    elif status != 200:
        yield "status: Argo CD answers 200 or an error"
    else:
        schema = operation.described["responses"]["200"]["schema"]
        yield from _misfits(schema, answer, "answer")
        for place in argocd_shapes.unknown_keys(schema, answer, "answer"):
            yield f"{place}: Argo CD describes no such key"


def _problems_of_error(answer: Any) -> Iterator[str]:
    yield from _misfits({"$ref": "#/definitions/runtimeError"}, answer, "answer")
    if not isinstance(answer, dict) or not isinstance(answer.get("message"), str) or "code" not in answer:
        yield "answer: an error has a `message` and a `code`"


def _misfits(schema: Mapping[str, Any], value: Any, name: str) -> Iterator[str]:
    for error in _validator(json.dumps(schema)).iter_errors(value):
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        yield f"{name}{place}: {error.message[-LONGEST_MESSAGE:]}"


@lru_cache(maxsize=64)
def _validator(schema: str) -> jsonschema_rs.Validator:
    found = json.loads(schema)
    found["$ref"] = ROOT + found["$ref"]
    return jsonschema_rs.Draft202012Validator(found, registry=_registry(), validate_formats=True)


@lru_cache(maxsize=1)
def _registry() -> jsonschema_rs.Registry:
    description = openapi.as_json_schema(argocd_shapes.description())
    return jsonschema_rs.Registry([(ROOT, argocd_shapes.as_go_writes(description))], draft=jsonschema_rs.Draft202012)
