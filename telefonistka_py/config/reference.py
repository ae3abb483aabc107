"""Both files' keys as tables in Markdown, made from the schemas, so that the reference can't drift apart from them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from telefonistka_py.config import schema

BEGIN = "<!-- the keys: made by `telefonistka schema --markdown` -->"
END = "<!-- end of the keys -->"

Made = Mapping[str, Any]

_PARTS = "$defs"


def text() -> str:
    """The whole reference, between its markers, with its last line ended."""
    parts = [
        BEGIN,
        *_table("`telefonistka.yaml` at the root of the repository", schema.root()),
        *_table("`telefonistka.yaml` in a component's directory", schema.component()),
        END,
    ]
    return "\n".join(parts) + "\n"


def _table(title: str, made: Made) -> Iterator[str]:
    yield from (f"### {title}", "", "| key | value | default | meaning |", "|---|---|---|---|")
    for path, value, required in _keys(made, made.get(_PARTS, {}), ""):
        default = "required" if required else _default(value)
        yield f"| `{path}` | {_cell(_kind(value))} | {_cell(default)} | {_cell(_meaning(value))} |"
    yield ""


def _keys(section: Made, parts: Made, before: str) -> Iterator[tuple[str, Made, bool]]:
    """Every key with its path, such as `promotionPaths[].sourcePath`; those of a section right below it."""
    for key, value in section["properties"].items():
        listed = "[]" if "items" in value else ""
        yield f"{before}{key}{listed}", value, key in section.get("required", ())
        if inner := _part(value, parts):
            yield from _keys(inner, parts, f"{before}{key}{listed}.")


def _part(value: Made, parts: Made) -> Made | None:
    """The section that the value, or each of its items, is."""
    for option in (value, value.get("items", {}), *value.get("anyOf", ())):
        if "$ref" in option:
            found: Made = parts[option["$ref"].rpartition("/")[2]]
            return found
    return None


def _kind(value: Made) -> str:
    if words := value.get("enum"):
        return ", ".join(f"`{word}`" for word in words if word is not None)
    if "items" in value:
        return "list" if "$ref" in value["items"] else "list of texts"
    if "additionalProperties" in value:
        return "texts by name"
    if "$ref" in value or "anyOf" in value:
        return "section"
    kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
    [kind] = [kind for kind in kinds if kind != "null"]
    if kind == "integer":
        return f"whole number, {value['minimum']} to {value['maximum']}"
    return {"string": "text", "boolean": "`true` or `false`"}[kind]


def _default(value: Made) -> str:
    default = value.get("default")
    return "" if default in (None, [], {}) or isinstance(default, dict) else f"`{json.dumps(default).strip(chr(34))}`"


def _meaning(value: Made) -> str:
    said: str = value["description"]
    return said


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
