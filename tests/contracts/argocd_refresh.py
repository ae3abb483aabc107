"""Makes the extract of Argo CD's API description beside this file again.

    python -m tests.contracts.argocd_refresh path/to/swagger.json

The description is `assets/swagger.json` of github.com/argoproj/argo-cd (Apache-2.0) at the tag of a release. To speak
to one more operation add its line to `OPERATIONS`. An extract that did not change is left alone.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contracts import refresh

EXTRACT = Path(__file__).parent / "argocd-swagger.json.xz"
VERSION = "3.6"
"""Of Argo CD, whose description was cut."""

OPERATIONS = """
GET    /api/version
GET    /api/v1/applications
POST   /api/v1/applications
GET    /api/v1/applications/{name}
PATCH  /api/v1/applications/{name}
DELETE /api/v1/applications/{name}
GET    /api/v1/applications/{applicationName}/managed-resources
GET    /api/v1/applications/{appName}/server-side-diff
GET    /api/v1/applications/{name}/manifests
GET    /api/v1/applicationsets
POST   /api/v1/applicationsets/generate
GET    /api/v1/settings
"""


def wanted_operations() -> list[tuple[str, str]]:
    """(method in lower case, path template), in the order of `OPERATIONS`."""
    lines = (line.split() for line in OPERATIONS.strip().splitlines())
    return [(method.lower(), path) for method, path in lines]


def references(node: Any) -> Iterator[str]:
    """The names of the definitions that `node` refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/definitions/")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def extract(description: dict[str, Any]) -> dict[str, Any]:
    """The wanted operations and every definition they reach. Raises `KeyError` if an operation is not described."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in wanted_operations():
        paths.setdefault(path, {})[method] = refresh.without_prose(description["paths"][path][method])
    definitions: dict[str, Any] = {}
    waiting = list(references(paths))
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = refresh.without_prose(description["definitions"][name])
            waiting.extend(references(definitions[name]))
    info = {"title": "Names and types of Argo CD's REST API, an extract", "version": VERSION}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions}


def main(source: Path) -> int:
    text = json.dumps(extract(json.loads(source.read_text())), separators=(",", ":"), sort_keys=True)
    print(refresh.write(EXTRACT, text + "\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
