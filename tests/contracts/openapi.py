"""OpenAPI 3.0 read as JSON Schema, for the parts of it that GitHub's description uses. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

MAPS_OF_NAMES = {"properties", "schemas"}


def resolved(description: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """`node`, or what its `$ref` points to."""
    while "$ref" in node:
        _, *steps = node["$ref"].split("/")
        node = description
        for step in steps:
            node = node[step]
    return node


def as_json_schema(node: Any, *, names: bool = False) -> Any:
    """A copy of a description in which every schema says the same in the words of JSON Schema.

    `names`: the keys of `node` are names of properties or schemas and no keywords.
    """
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: as_json_schema(value, names=not names and key in MAPS_OF_NAMES) for key, value in node.items()}
    if names:
        return copy
    nullable = copy.pop("nullable", False)
    schema = _one_of_as_any_of(copy)
    return _or_null(schema) if nullable is True else schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return {"anyOf": [{"type": "null"}, schema]}
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _one_of_as_any_of(schema: dict[str, Any]) -> dict[str, Any]:
    """GitHub's alternatives overlap (`null` fits all three of a validation error's `value`): one or more must fit."""
    alternatives = schema.pop("oneOf", None)
    if alternatives is None:
        return schema
    if "anyOf" in schema:
        return {"allOf": [schema, {"anyOf": alternatives}]}
    return {**schema, "anyOf": alternatives}


def unknown_keys(description: Mapping[str, Any], schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    """The places in `value`, at any depth, of keys that `schema` does not name.

    A schema that lists properties knows those only, whatever it says of additional ones: GitHub ignores what it does
    not know, so a misspelt key does nothing and nobody is told. One that lists none is free-form.
    """
    alternatives = list(_alternatives(description, schema))
    if isinstance(value, list):
        items = {"anyOf": [it["items"] for it in alternatives if "items" in it]}
        for number, item in enumerate(value):
            yield from unknown_keys(description, items, item, f"{where}[{number}]")
    known: dict[str, list[Any]] = {}
    for alternative in alternatives:
        for name, described in alternative.get("properties", {}).items():
            known.setdefault(name, []).append(described)
    if not isinstance(value, dict) or not known:
        return
    for key, part in value.items():
        if key in known:
            yield from unknown_keys(description, {"anyOf": known[key]}, part, f"{where}.{key}")
        else:
            yield f"{where}.{key}"


def _alternatives(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`schema` and all that it is put together from, references followed."""
    schema = resolved(description, schema)
    yield schema
    for combination in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(combination, []):
            yield from _alternatives(description, part)
