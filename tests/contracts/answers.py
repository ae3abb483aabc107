"""The answer to a GraphQL query against the types of what the query chose."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
    VariableNode,
)
from graphql.utilities import value_from_ast_untyped

TYPENAME = "__typename"
INT32 = range(-(2**31), 2**31)

FORMS = {
    "BigInt": r"-?\d+",
    "Date": r"\d{4}-\d\d-\d\d",
    "DateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "GitObjectID": r"[0-9a-f]{40}|[0-9a-f]{64}",
    "GitTimestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)",
    "PreciseDateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "URI": r"[A-Za-z][A-Za-z0-9+.-]*:\S*",
}
"""GitHub's own scalars and what their text looks like; its others are text of any form."""


@dataclass(frozen=True)
class _Query:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    values: Mapping[str, Any]


def problems(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    values: Mapping[str, Any],
    answer: Any,
) -> list[str]:
    """What is wrong with a whole body `{"data": …, "errors": […]}`; `document` is valid, `values` its variables'."""
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        return ["answer: neither `data` nor `errors`"]
    errors = answer.get("errors")
    found = [*_problems_of_errors(errors)] if "errors" in answer else []
    if answer.get("data") is None:
        return found if errors else [*found, "answer.data: null, and no error says why"]
    fragments = {it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)}
    query = _Query(schema, fragments, values)
    root = schema.get_root_type(operation.operation)
    if root is None:
        return [*found, f"query: GitHub has no {operation.operation.value}s"]
    chosen = operation.selection_set.selections
    return [*found, *_problems_of_object(query, root, chosen, answer["data"], "answer.data")]


def _problems_of_errors(errors: Any) -> Iterator[str]:
    if not isinstance(errors, list) or not errors:
        yield "answer.errors: not a list of at least one error"
        return
    for number, error in enumerate(errors):
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            yield f"answer.errors[{number}]: an error is an object with a `message`"


def _problems_of_value(
    query: _Query, kind: GraphQLOutputType, chosen: Sequence[SelectionNode], value: Any, where: str
) -> Iterator[str]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield f"{where}: null, but the type is {kind}"
            return
        kind = kind.of_type
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        if not isinstance(value, list):
            yield f"{where}: not a list, but the type is {kind}"
            return
        for number, item in enumerate(value):
            yield from _problems_of_value(query, kind.of_type, chosen, item, f"{where}[{number}]")
    elif isinstance(kind, GraphQLObjectType):
        yield from _problems_of_object(query, kind, chosen, value, where)
    elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        yield from _problems_of_abstract(query, kind, chosen, value, where)
    elif isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            yield f"{where}: {value!r} is no {kind.name}"
    elif not _fits_scalar(kind.name, value):
        yield f"{where}: {value!r} is no {kind.name}"


def _fits_scalar(name: str, value: Any) -> bool:
    if name == "Boolean":
        return isinstance(value, bool)
    if name == "Int":
        return isinstance(value, int) and not isinstance(value, bool) and value in INT32
    if name == "Float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) and (name not in FORMS or re.fullmatch(FORMS[name], value) is not None)


def _problems_of_abstract(
    query: _Query,
    kind: GraphQLInterfaceType | GraphQLUnionType,
    chosen: Sequence[SelectionNode],
    value: Any,
    where: str,
) -> Iterator[str]:
    """The value has to fit one concrete type: the one it names, else any; the best fit's problems are reported."""
    best: list[str] | None = None
    for concrete in query.schema.get_possible_types(kind):
        found = list(_problems_of_object(query, concrete, chosen, value, where))
        if not found:
            return
        best = found if best is None else min(best, found, key=len)
    yield from best or [f"{where}: {kind.name} has no concrete type"]


def _problems_of_object(
    query: _Query, kind: GraphQLObjectType, chosen: Sequence[SelectionNode], value: Any, where: str
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not an object, but the type is {kind}"
        return
    fields = _fields(query, kind, chosen)
    for key in value.keys() - fields.keys():
        yield f"{where}.{key}: the query did not ask {kind} for this"
    for key, nodes in fields.items():
        if key not in value:
            yield f"{where}.{key}: missing"
        elif nodes[0].name.value == TYPENAME:
            if value[key] != kind.name:
                yield f"{where}.{key}: {value[key]!r} is not {kind.name!r}"
        else:
            inner = [it for node in nodes if node.selection_set for it in node.selection_set.selections]
            described = kind.fields[nodes[0].name.value].type
            yield from _problems_of_value(query, described, inner, value[key], f"{where}.{key}")


def _fields(query: _Query, kind: GraphQLObjectType, chosen: Sequence[SelectionNode]) -> dict[str, list[FieldNode]]:
    """The fields that an object of `kind` answers with, by the key of the answer (the alias, if there is one)."""
    fields: dict[str, list[FieldNode]] = {}
    for node in _flattened(query, kind, chosen):
        key = node.alias.value if node.alias else node.name.value
        fields.setdefault(key, []).append(node)
    return fields


def _flattened(query: _Query, kind: GraphQLObjectType, chosen: Sequence[SelectionNode]) -> Iterator[FieldNode]:
    """Fragments that apply to `kind` opened, what `@skip` and `@include` take out left out."""
    for node in chosen:
        if not _is_included(query, node):
            continue
        if isinstance(node, FieldNode):
            yield node
            continue
        fragment = query.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
        if _applies(query, fragment, kind):
            yield from _flattened(query, kind, fragment.selection_set.selections)


def _applies(query: _Query, fragment: FragmentDefinitionNode | InlineFragmentNode, kind: GraphQLObjectType) -> bool:
    if fragment.type_condition is None:
        return True
    condition = query.schema.type_map[fragment.type_condition.name.value]
    if isinstance(condition, GraphQLInterfaceType | GraphQLUnionType):
        return query.schema.is_sub_type(condition, kind)
    return condition is kind


def _is_included(query: _Query, node: SelectionNode) -> bool:
    for directive in node.directives or ():
        wanted = {"skip": False, "include": True}.get(directive.name.value)
        conditions = [_value(query, argument.value) for argument in directive.arguments or ()]
        if wanted is not None and conditions != [wanted]:
            return False
    return True


def _value(query: _Query, node: ValueNode) -> Any:
    return query.values.get(node.name.value) if isinstance(node, VariableNode) else value_from_ast_untyped(node)
