"""GitHub's GraphQL: parsed and validated with graphql-core against a true part of GitHub's own schema.

What the schema or a resolver doesn't know is answered 501, like everything the sandbox has not learnt.
"""

from functools import lru_cache
from importlib import resources
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    execute,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.language import IntValueNode, VariableNode

from telefonistka_py.sandbox import older, resolvers, root
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.calls import Answer
from telefonistka_py.sandbox.refusal import Json, Refusal, Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

MOST = 100
"""Records of one connection in one query (docs: Rate limits and query limits for the GraphQL API)."""
_KEYS = {"query", "variables", "operationName"}


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    text = (resources.files("telefonistka_py.sandbox") / "github.graphql").read_text()
    return build_schema(text)


@lru_cache(maxsize=256)
def _read(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document))


async def answer(hub: "Hub", actor: Actor, body: Any, method: str) -> Answer:
    """One POST. Errors of a query come with status 200, as at GitHub."""
    if method != "POST":
        raise Refusal(404, "Not Found")
    if actor.user is None:
        raise Refusal(401, "This endpoint requires you to be authenticated.")
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Refusal(400, "A query attribute must be specified and must be a string.")
    for key in body.keys() - _KEYS:
        raise Unknown(f"The sandbox doesn't know the key {key!r} of a GraphQL request.")
    if not isinstance(body.get("variables") or {}, dict):
        raise Refusal(400, "Variables must be an object.")
    try:
        bucket = hub.quota.spend(actor, "graphql")
    except Refusal as refusal:
        # GraphQL says so with status 200: docs, Rate limits and query limits for the GraphQL API.
        return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": refusal.message}]}, refusal.headers)
    result = await _result(hub, actor, body)
    return Answer(200, result, hub.quota.headers(bucket, "graphql"))


async def _result(hub: "Hub", actor: Actor, body: Json) -> Json:
    document, errors = _read(body["query"])
    if document is None:
        return {"errors": [_shape(error) for error in errors]}
    if lacking := older.errors(schema(), document, hub.lacks) if hub.lacks else []:
        return {"errors": lacking}
    for error in errors:
        if error.message.startswith(("Cannot query field", "Unknown argument", "Unknown type", "Unknown directive")):
            raise Unknown(f"The sandbox's GraphQL schema: {error.message} (POST /graphql)")
        if "is not defined by type" in error.message or "does not exist in" in error.message:
            raise Unknown(f"The sandbox's GraphQL schema: {error.message} (POST /graphql)")
    if errors:
        return {"errors": [_shape(error) for error in errors]}
    variables = body.get("variables") or {}
    unpaged = _boundaries(document, variables)
    if unpaged:
        return {"errors": unpaged}
    outcome = execute(
        schema(),
        document,
        root.Root(resolvers.View(hub, actor)),
        variable_values=variables,
        operation_name=body.get("operationName"),
        field_resolver=resolvers.field,
        type_resolver=resolvers.kind,
    )
    result = await outcome if isawaitable(outcome) else outcome
    for error in result.errors or ():
        if isinstance(error.original_error, Unknown):
            raise error.original_error
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError | Refusal):
            raise error.original_error
    shaped: Json = {"data": result.data}
    if result.errors:
        shaped["errors"] = [_shape(error) for error in result.errors]
    return shaped


def _shape(error: GraphQLError) -> Json:
    """GitHub puts `type` beside the message."""
    shape: Json = {}
    kind = (error.extensions or {}).get("type")
    if isinstance(error.original_error, Refusal):
        kind = {403: "FORBIDDEN", 404: "NOT_FOUND"}.get(error.original_error.status, "UNPROCESSABLE")
    if kind:
        shape["type"] = kind
    if error.path:
        shape["path"] = list(error.path)
    if error.locations:
        shape["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    message = error.original_error.message if isinstance(error.original_error, Refusal) else error.message
    return shape | {"message": message}


def _boundaries(document: DocumentNode, variables: Json) -> list[Json]:
    """Errors for connections that are asked for without `first` or `last`, or with more than 100."""
    info = TypeInfo(schema())
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    checker = _Boundaries(info, variables, fragments)
    visit(document, TypeInfoVisitor(info, checker))
    return checker.errors


class _Boundaries(Visitor):
    def __init__(self, info: TypeInfo, variables: Json, fragments: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.info, self.variables, self.errors = info, dict(variables), list[Json]()
        self.fragments = fragments
        self._path: list[str] = []

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self._path = [node.operation.value + (f" {node.name.value}" if node.name else "")]

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._path.append(node.alias.value if node.alias else node.name.value)
        kind = self.info.get_type()
        if kind is None or not get_named_type(kind).name.endswith("Connection"):
            return
        given = {arg.name.value: self._number(arg.value) for arg in node.arguments or ()}
        bounds = {key: given[key] for key in ("first", "last") if given.get(key) is not None}
        name = node.name.value
        if not bounds and self._lists(node):
            message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            self._add("MISSING_PAGINATION_BOUNDARIES", message, node)
        for key, count in bounds.items():
            if isinstance(count, int) and not 0 <= count <= MOST:
                message = f"Requesting {count} records on the `{name}` connection exceeds the `{key}` limit of "
                message += f"{MOST} records."
                self._add("EXCESSIVE_PAGINATION", message, node)

    def _lists(self, node: Any) -> bool:
        """Whether a field or fragment asks for records. A bare `totalCount` needs no bounds."""
        for each in node.selection_set.selections if node.selection_set else ():
            if isinstance(each, FieldNode):
                if each.name.value in ("nodes", "edges"):
                    return True
            elif self._lists(self.fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each):
                return True
        return False

    def leave_field(self, *_: Any) -> None:
        self._path.pop()

    def _number(self, value: Any) -> Any:
        if isinstance(value, IntValueNode):
            return int(value.value)
        return self.variables.get(value.name.value, "a default") if isinstance(value, VariableNode) else None

    def _add(self, kind: str, message: str, node: FieldNode) -> None:
        place = [{"line": node.loc.start_token.line, "column": node.loc.start_token.column}] if node.loc else []
        self.errors.append({"type": kind, "path": list(self._path), "locations": place, "message": message})
