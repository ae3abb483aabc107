"""One exchange over REST against GitHub's description."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from tests.contracts import extracts, openapi, routes

JSON = "application/json"
NOTHING: tuple[Any, ...] = (None, "", b"")
ROOT = "urn:github-rest"

UNLISTED_ERRORS = {401, 403, 404, 422, 429}
"""Any operation may answer these, listed or not (docs: troubleshooting the REST API)."""

NOT_GITHUB = 501
"""What a stand-in says to a request that it does not know. GitHub never does, and a test that meets it must fail."""

AS_TEXT = {"raw", "diff", "patch", "sha", "html", "text"}
"""Media types of `application/vnd.github.<one of these>` that ask for text where JSON is described."""

LONGEST_MESSAGE = 300
"""Characters. A validator's message quotes the whole value, which may be a whole pull request."""


def problems(
    method: str, path: str, request_body: Any, status: int | None, answer: Any, content_type: str = JSON
) -> list[str]:
    """What is wrong with an exchange, a sentence each; empty if nothing is.

    `request_body` and `answer` are parsed JSON, `None` if there was no body; `content_type` is the answer's; a
    `status` of `None` means that no answer came.
    """
    route = routes.find(method, path)
    if isinstance(route, str):
        return [route]
    found = [
        *routes.problems_of_parameters(route),
        *_problems_of_request(route, request_body),
        *(_problems_of_answer(route, status, answer, content_type) if status is not None else ()),
    ]
    return [f"{method} {route.template} → {status}: {problem}" for problem in found]


def invented(method: str, path: str, status: int | None, answer: Any) -> list[str]:
    """Keys of a successful answer that the description does not name, at any depth."""
    route = routes.find(method, path)
    if isinstance(route, str) or status is None or status >= 400:
        return []
    content = _content(route, status) if str(status) in route.operation["responses"] else {}
    schema = {"anyOf": [described["schema"] for described in content.values()]}
    return list(openapi.unknown_keys(extracts.rest(), schema, answer, f"{method} {route.template} → {status}: answer"))


def is_outage(status: int) -> bool:
    """A 5xx that GitHub may give at any moment."""
    return 500 <= status < 600 and status != NOT_GITHUB


def problems_of_error(status: int, answer: Any) -> list[str]:
    """What every error body must have. Behind a 5xx may stand a proxy's page instead of JSON, or nothing."""
    if status >= 500 and not isinstance(answer, dict):
        return []
    if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
        return ["answer: an error's body is an object with a `message`"]
    return []


def _problems_of_request(route: routes.Route, body: Any) -> Iterator[str]:
    described = route.operation.get("requestBody")
    if described is None:
        if body not in (*NOTHING, {}):
            yield "request: this operation takes no body"
    elif body in NOTHING:
        if described.get("required"):
            yield "request: this operation needs a body"
    else:
        pointer = f"{route.pointer}/requestBody/content/application~1json/schema"
        yield from _misfits(pointer, body, "request")
        schema = described["content"][JSON]["schema"]
        for place in openapi.unknown_keys(extracts.rest(), schema, body, "request"):
            yield f"{place}: GitHub knows no such key"


def _problems_of_answer(route: routes.Route, status: int, answer: Any, content_type: str) -> Iterator[str]:
    listed = str(status) in route.operation["responses"]
    if not (listed or status in UNLISTED_ERRORS or status == 304 or is_outage(status)):
        yield "status: GitHub does not describe it for this operation"
        return
    content = _content(route, status) if listed else {}
    if status >= 400:
        yield from problems_of_error(status, answer)
        if JSON in content and isinstance(answer, dict):
            yield from _misfits(_answer_pointer(route, status, JSON), answer, "answer")
    elif not content or status == 304:
        if answer not in NOTHING:
            yield "answer: this one has no body"
    elif is_text(content_type):
        if not isinstance(answer, str | bytes):
            yield f"answer: {content_type} is text"
    else:
        media = _media_type(content_type)
        yield from _misfits(_answer_pointer(route, status, media if media in content else JSON), answer, "answer")


def _content(route: routes.Route, status: int) -> Mapping[str, Any]:
    response = openapi.resolved(extracts.rest(), route.operation["responses"][str(status)])
    content: Mapping[str, Any] = response.get("content", {})
    return content


def _answer_pointer(route: routes.Route, status: int, media: str) -> str:
    response = route.operation["responses"][str(status)]
    pointer = response["$ref"].removeprefix("#") if "$ref" in response else f"{route.pointer}/responses/{status}"
    return f"{pointer}/content/{media.replace('/', '~1')}/schema"


def _media_type(content_type: str) -> str:
    """Without parameters, and a vendor's type without `+json`, as the description writes it."""
    media = content_type.partition(";")[0].strip().lower()
    return media.removesuffix("+json") if media.startswith("application/vnd.github") else media


def is_text(content_type: str) -> bool:
    """Whether an answer of this type is to be taken as it is: `application/vnd.github.raw+json` is no JSON."""
    media = _media_type(content_type)
    return not media.endswith("json") and media.rpartition(".")[2].rpartition("/")[2] in AS_TEXT | {"plain"}


def _misfits(pointer: str, value: Any, name: str) -> Iterator[str]:
    for error in _validator(pointer).iter_errors(value):
        for nearest in _nearest(error):
            place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in nearest.instance_path)
            yield f"{name}{place}: {_shortened(nearest.message)}"


def _nearest(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Of alternatives that all failed the errors of the one that came nearest, so that the message helps."""
    if not isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        return [error]
    branches = [[leaf for inner in branch for leaf in _nearest(inner)] for branch in error.kind.context]
    return min(branches, key=lambda leaves: (_is_of_another_type(leaves, error), len(leaves)), default=[error])


def _is_of_another_type(leaves: list[jsonschema_rs.ValidationError], error: jsonschema_rs.ValidationError) -> bool:
    kinds = (leaf.kind for leaf in leaves if leaf.instance_path == error.instance_path)
    return any(isinstance(kind, jsonschema_rs.ValidationErrorKind.Type) for kind in kinds)


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"… {message[-LONGEST_MESSAGE:]}"


@lru_cache(maxsize=512)
def _validator(pointer: str) -> jsonschema_rs.Validator:
    """The schema at a JSON pointer into the description, compiled (about a millisecond the first time)."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{ROOT}#{pointer.replace('{', '%7B').replace('}', '%7D')}"},
        registry=_registry(),
        validate_formats=True,
        formats={"email": lambda _: True},  # apps have addresses such as `1+app[bot]@users.noreply.github.com`
    )


@lru_cache(maxsize=1)
def _registry() -> jsonschema_rs.Registry:
    converted = openapi.as_json_schema(extracts.rest())
    return jsonschema_rs.Registry([(ROOT, converted)], draft=jsonschema_rs.Draft202012)
