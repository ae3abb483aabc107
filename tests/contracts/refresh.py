"""Makes the two extracts beside this file again from the npm packages they come from.

    python -m tests.contracts.refresh

It needs `npm` on PATH and a registry that npm can reach (about 30 MB are downloaded). An extract whose contents did
not change is left alone, so that running it twice, or with another version of liblzma, makes no difference in git.
To follow a newer description raise a version below; to speak to one more endpoint add its line to `OPERATIONS`.
"""

import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema, lexicographic_sort_schema, print_schema

HERE = Path(__file__).parent
REST_EXTRACT = HERE / "github-rest.json.xz"
GRAPHQL_EXTRACT = HERE / "github.graphql.xz"

REST_PACKAGE = "@octokit/openapi@23.0.2"
REST_MEMBER = "package/generated/api.github.com.json"
GRAPHQL_PACKAGE = "@octokit/graphql-schema@15.26.1"
GRAPHQL_MEMBER = "package/schema.graphql"

OPERATIONS = """
GET    /app
POST   /app-manifests/{code}/conversions
GET    /app/hook/config
PATCH  /app/hook/config
GET    /app/hook/deliveries
GET    /app/hook/deliveries/{delivery_id}
POST   /app/hook/deliveries/{delivery_id}/attempts
GET    /app/installations
GET    /app/installations/{installation_id}
POST   /app/installations/{installation_id}/access_tokens
GET    /installation/repositories
GET    /meta
GET    /orgs/{org}/installation
GET    /rate_limit
GET    /repos/{owner}/{repo}
GET    /repos/{owner}/{repo}/branches/{branch}
POST   /repos/{owner}/{repo}/check-runs
PATCH  /repos/{owner}/{repo}/check-runs/{check_run_id}
GET    /repos/{owner}/{repo}/collaborators/{username}/permission
GET    /repos/{owner}/{repo}/commits/{commit_sha}/pulls
GET    /repos/{owner}/{repo}/commits/{ref}
GET    /repos/{owner}/{repo}/commits/{ref}/check-runs
GET    /repos/{owner}/{repo}/commits/{ref}/status
GET    /repos/{owner}/{repo}/commits/{ref}/statuses
GET    /repos/{owner}/{repo}/compare/{basehead}
GET    /repos/{owner}/{repo}/contents/{path}
PUT    /repos/{owner}/{repo}/contents/{path}
POST   /repos/{owner}/{repo}/deployments
POST   /repos/{owner}/{repo}/deployments/{deployment_id}/statuses
POST   /repos/{owner}/{repo}/git/blobs
GET    /repos/{owner}/{repo}/git/blobs/{file_sha}
POST   /repos/{owner}/{repo}/git/commits
GET    /repos/{owner}/{repo}/git/commits/{commit_sha}
GET    /repos/{owner}/{repo}/git/matching-refs/{ref}
GET    /repos/{owner}/{repo}/git/ref/{ref}
POST   /repos/{owner}/{repo}/git/refs
DELETE /repos/{owner}/{repo}/git/refs/{ref}
PATCH  /repos/{owner}/{repo}/git/refs/{ref}
POST   /repos/{owner}/{repo}/git/trees
GET    /repos/{owner}/{repo}/git/trees/{tree_sha}
GET    /repos/{owner}/{repo}/installation
GET    /repos/{owner}/{repo}/issues
POST   /repos/{owner}/{repo}/issues
DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}
PATCH  /repos/{owner}/{repo}/issues/comments/{comment_id}
POST   /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions
GET    /repos/{owner}/{repo}/issues/{issue_number}
PATCH  /repos/{owner}/{repo}/issues/{issue_number}
POST   /repos/{owner}/{repo}/issues/{issue_number}/assignees
GET    /repos/{owner}/{repo}/issues/{issue_number}/comments
POST   /repos/{owner}/{repo}/issues/{issue_number}/comments
GET    /repos/{owner}/{repo}/issues/{issue_number}/labels
POST   /repos/{owner}/{repo}/issues/{issue_number}/labels
DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}
GET    /repos/{owner}/{repo}/pulls
POST   /repos/{owner}/{repo}/pulls
GET    /repos/{owner}/{repo}/pulls/{pull_number}
PATCH  /repos/{owner}/{repo}/pulls/{pull_number}
GET    /repos/{owner}/{repo}/pulls/{pull_number}/files
PUT    /repos/{owner}/{repo}/pulls/{pull_number}/merge
POST   /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers
GET    /repos/{owner}/{repo}/pulls/{pull_number}/reviews
POST   /repos/{owner}/{repo}/pulls/{pull_number}/reviews
POST   /repos/{owner}/{repo}/statuses/{sha}
GET    /user
GET    /users/{username}/installation
"""

PROSE = {"description", "summary", "title", "tags", "example", "examples", "externalDocs", "headers", "deprecated"}
"""Keywords of OpenAPI that say nothing of names and types; `x-…` extensions go with them."""

MAPS_OF_NAMES = {"properties", "schemas", "parameters", "responses", "content", "mapping"}
"""Keywords whose keys are names out of GitHub's world: a property may well be called `description`."""


def wanted_operations() -> list[tuple[str, str]]:
    """(method in lower case, path template), in the order of `OPERATIONS`."""
    lines = (line.split() for line in OPERATIONS.strip().splitlines())
    return [(method.lower(), path) for method, path in lines]


def without_prose(node: Any, *, names: bool = False) -> Any:
    """A copy of a part of the description that keeps names and types only; `names`: the keys of `node` are names."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = node if names else {key: value for key, value in node.items() if not is_prose(key)}
    return {key: without_prose(value, names=not names and key in MAPS_OF_NAMES) for key, value in kept.items()}


def is_prose(keyword: str) -> bool:
    return keyword in PROSE or keyword.startswith("x-")


def references(node: Any) -> Iterator[tuple[str, str]]:
    """(kind, name) of every `#/components/<kind>/<name>` that `node` refers to."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str):
            kind, name = target.removeprefix("#/components/").split("/")
            yield kind, name
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def rest_extract(description: dict[str, Any]) -> dict[str, Any]:
    """The wanted operations and every component they reach. Raises `KeyError` if an operation is not described."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in wanted_operations():
        paths.setdefault(path, {})[method] = without_prose(description["paths"][path][method])
    components: dict[str, dict[str, Any]] = {}
    waiting = list(references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name in components.setdefault(kind, {}):
            continue
        components[kind][name] = without_prose(description["components"][kind][name])
        waiting.extend(references(components[kind][name]))
    info = {"title": "Names and types of GitHub's REST API, an extract", "version": REST_PACKAGE.rpartition("@")[2]}
    return {"openapi": description["openapi"], "info": info, "paths": paths, "components": components}


def graphql_extract(sdl: str) -> str:
    """The whole schema, names and types only, sorted: without descriptions and reasons of deprecations."""
    schema = lexicographic_sort_schema(build_schema(sdl, assume_valid=True, assume_valid_sdl=True))
    for part in parts(schema):
        part.description = None
        if hasattr(part, "deprecation_reason"):
            part.deprecation_reason = None
    return print_schema(schema) + "\n"


def parts(schema: GraphQLSchema) -> Iterator[Any]:
    """Everything in a schema that can carry a description: directives, types, fields, arguments, enum values."""
    yield from schema.directives
    for kind in schema.type_map.values():
        yield kind
        for part in [*getattr(kind, "fields", {}).values(), *getattr(kind, "values", {}).values()]:
            yield part
            yield from getattr(part, "args", {}).values()


def member_of_package(package: str, member: str, folder: Path) -> str:
    """The text of one file of an npm package, downloaded into `folder` by the ordinary npm client."""
    command = ["npm", "pack", package, "--silent", "--pack-destination", str(folder)]
    tarball = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    with tarfile.open(folder / Path(tarball).name) as archive:
        stream = archive.extractfile(member)
        if stream is None:
            raise FileNotFoundError(f"{package} has no file {member}")
        return stream.read().decode()


def write(target: Path, text: str) -> str:
    """Writes `text` compressed, unless `target` holds it already. Says in a sentence which of the two happened."""
    if target.exists() and lzma.decompress(target.read_bytes()).decode() == text:
        return f"{target.name} is up to date."
    target.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    return f"{target.name} was written."


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        description = json.loads(member_of_package(REST_PACKAGE, REST_MEMBER, Path(folder)))
        sdl = member_of_package(GRAPHQL_PACKAGE, GRAPHQL_MEMBER, Path(folder))
    rest = json.dumps(rest_extract(description), separators=(",", ":"), sort_keys=True)
    print(write(REST_EXTRACT, rest + "\n"))
    print(write(GRAPHQL_EXTRACT, graphql_extract(sdl)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
