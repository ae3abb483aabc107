"""The extracts beside the tests, and how they are cut and read."""

import json
from typing import Any

import pytest

from tests.contracts import extracts, openapi, refresh


def test_the_extract_holds_the_listed_operations_and_no_others() -> None:
    held = {(method, path) for path, operations in extracts.rest()["paths"].items() for method in operations}
    assert held == set(refresh.wanted_operations())


def test_everything_that_the_extract_refers_to_is_in_it_and_nothing_else() -> None:
    kept = extracts.rest()
    held = {(kind, name) for kind, described in kept["components"].items() for name in described}
    assert set(refresh.references(kept)) == held


def test_both_extracts_are_small_enough_to_live_in_a_repository() -> None:
    assert refresh.REST_EXTRACT.stat().st_size < 50_000
    assert refresh.GRAPHQL_EXTRACT.stat().st_size < 100_000


def test_the_extracts_hold_names_and_types_only() -> None:
    assert refresh.without_prose(extracts.rest()["paths"], names=True) == extracts.rest()["paths"]
    assert all(part.description is None for part in refresh.parts(extracts.graphql()) if not _is_built_in(part))


def _is_built_in(part: Any) -> bool:
    name = getattr(part, "name", "")
    return getattr(part, "ast_node", None) is None or name in extracts.BUILT_IN_SCALARS


def test_cutting_prose_keeps_a_property_that_is_called_like_it() -> None:
    label = {
        "description": "A label.",
        "type": "object",
        "x-internal": True,
        "properties": {"description": {"type": "string", "description": "Of it.", "example": "x"}, "x-y": {}},
    }
    assert refresh.without_prose(label) == {
        "type": "object",
        "properties": {"description": {"type": "string"}, "x-y": {}},
    }


def test_cutting_a_graphql_schema_keeps_its_names_and_types() -> None:
    sdl = '"A" type Query { "B" a("C" b: Int = 1): E! @deprecated(reason: "D") } enum E { "F" G }'
    cut = refresh.graphql_extract(sdl)
    assert " ".join(cut.split()) == "enum E { G } type Query { a(b: Int = 1): E! }"


@pytest.mark.parametrize(
    ("described", "read"),
    [
        ({"type": "string"}, {"type": "string"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"oneOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}]}),
        (
            {"nullable": True, "oneOf": [{"type": "string"}]},
            {"anyOf": [{"type": "null"}, {"anyOf": [{"type": "string"}]}]},
        ),
        (
            {"oneOf": [{"type": "string"}], "anyOf": [{"minLength": 1}]},
            {"allOf": [{"anyOf": [{"minLength": 1}]}, {"anyOf": [{"type": "string"}]}]},
        ),
        (
            {"properties": {"nullable": {"type": "string"}, "oneOf": {"nullable": True, "type": "integer"}}},
            {"properties": {"nullable": {"type": "string"}, "oneOf": {"type": ["integer", "null"]}}},
        ),
    ],
)
def test_openapi_is_read_as_json_schema(described: dict[str, Any], read: dict[str, Any]) -> None:
    before = json.dumps(described)
    assert openapi.as_json_schema(described) == read
    assert json.dumps(described) == before


def test_a_schema_that_lists_no_properties_is_free_form() -> None:
    free = {"type": "object", "additionalProperties": True}
    assert list(openapi.unknown_keys({}, {"oneOf": [free, {"type": "string"}]}, {"a": {"b": 1}}, "payload")) == []


def test_keys_may_be_known_to_any_part_of_a_combination() -> None:
    combined = {"anyOf": [{"additionalProperties": True, "properties": {"a": {}}}], "properties": {"b": {}}}
    assert list(openapi.unknown_keys({}, combined, {"a": 1, "b": 2, "c": 3}, "request")) == ["request.c"]
