"""The JSON Schema (draft 2020-12) of both files, for editors: made from the models, so that the two can't drift apart.

It says what `config.read` says, as far as a schema can: a key that is null counts as left out, keys that start with
`x-` are the user's own, and every other unknown key is a mistake. Expressions and paths are judged by `config.read`
alone.
"""

import json
from typing import Any

from pydantic import BaseModel

from telefonistka_py.config.model import Component, Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ROOT_TITLE = "Telefonistka: a repository"
_COMPONENT_TITLE = "Telefonistka: a component"


def root() -> dict[str, Any]:
    """The schema of the repository's own file."""
    return _schema(Config, _ROOT_TITLE)


def component() -> dict[str, Any]:
    """The schema of a component's file."""
    return _schema(Component, _COMPONENT_TITLE)


def text(schema: dict[str, Any]) -> str:
    """A schema as it is shipped and printed, with its last line ended."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema()
    sections = {name: _section(section) for name, section in made.pop("$defs", {}).items()}
    whole = {"$schema": DIALECT, "title": title, **_section(made)}
    return {**whole, "$defs": sections} if sections else whole


def _section(made: dict[str, Any]) -> dict[str, Any]:
    required = made.get("required", [])
    return {
        "description": made["description"],
        "type": "object",
        "properties": {key: _property(value, key in required) for key, value in made["properties"].items()},
        **({"required": required} if required else {}),
        "patternProperties": {"^x-": {"description": "Yours: Telefonistka does not look at it."}},
        "additionalProperties": False,
    }


def _property(made: dict[str, Any], required: bool) -> dict[str, Any]:
    """One key: without pydantic's made-up title, and null where the key may be left out."""
    said = {word: value for word, value in made.items() if word != "title" and (word, value) != ("default", None)}
    if values := said.get("additionalProperties"):  # a mapping with keys of the user's choice
        said["additionalProperties"] = _or_null(values)
    if options := said.pop("anyOf", None):
        [option] = [option for option in options if option != {"type": "null"}]
        said |= option
    return said if required else _or_null(said)


def _or_null(made: dict[str, Any]) -> dict[str, Any]:
    if "enum" in made:
        made = {**made, "enum": [*made["enum"], None]}
    if "type" in made:
        return {**made, "type": [made["type"], "null"]}
    reference = made.pop("$ref")
    return {**made, "anyOf": [{"$ref": reference}, {"type": "null"}]}
