"""The two descriptions that GitHub publishes, read once per process. README.md says where they come from."""

import json
import lzma
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import GraphQLScalarType, GraphQLSchema, build_schema

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def rest() -> dict[str, Any]:
    """OpenAPI 3.0: `paths` by template and lower-case method, `components` by kind and name. A few milliseconds."""
    described: dict[str, Any] = json.loads(lzma.decompress((HERE / "github-rest.json.xz").read_bytes()))
    return described


@lru_cache(maxsize=1)
def graphql() -> GraphQLSchema:
    """The whole GraphQL schema. A third of a second, so only where a query is checked."""
    sdl = lzma.decompress((HERE / "github.graphql.xz").read_bytes()).decode()
    schema = build_schema(sdl, assume_valid=True, assume_valid_sdl=True, no_location=True)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLScalarType) and kind.name not in BUILT_IN_SCALARS:
            for hook in VALUE_HOOKS:
                setattr(kind, hook, _text_only)
    return schema


BUILT_IN_SCALARS = {"Int", "Float", "String", "Boolean", "ID"}
VALUE_HOOKS = ("parse_value", "coerce_input_value")
"""What graphql-core calls to take a scalar in: up to 3.2, and from 3.3 on."""


def _text_only(value: Any) -> str:
    """All of GitHub's own scalars travel as strings, `BigInt` too; graphql-core would take anything for them."""
    if not isinstance(value, str):
        raise TypeError(f"GitHub's own scalars are strings, not {value!r}.")
    return value
