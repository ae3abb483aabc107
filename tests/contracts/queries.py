"""One exchange over GraphQL against GitHub's schema."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.utilities import value_from_ast_untyped

from tests.contracts import answers, extracts

MOST_PER_PAGE = 100
"""The range of `first` and `last` is 1 to this (docs: rate limits and query limits for the GraphQL API, node limit)."""


def problems_of_request(document: str, variables: Mapping[str, Any] | None, name: str | None = None) -> list[str]:
    """What is wrong with a query, its variables and the size of its pages; `name` is the request's `operationName`."""
    parsed, faults = _checked(document)
    if parsed is None or faults:
        return [f"query: {fault}" for fault in faults]
    operation = _operation(parsed, name)
    if operation is None:
        return [f"query: it has no single operation named {name!r}"]
    given = dict(variables or {})
    return [*_problems_of_variables(operation, given), *_problems_of_pages(parsed, _values(operation, given))]


def problems_of_answer(
    document: str, variables: Mapping[str, Any] | None, answer: Any, name: str | None = None
) -> list[str]:
    """What is wrong with a whole parsed body, `{"data": …, "errors": […]}`; of an invalid query nothing is said."""
    parsed, faults = _checked(document)
    operation = _operation(parsed, name) if parsed and not faults else None
    if parsed is None or operation is None:
        return []
    return answers.problems(extracts.graphql(), parsed, operation, _values(operation, variables or {}), answer)


@lru_cache(maxsize=256)
def _checked(document: str) -> tuple[DocumentNode | None, tuple[str, ...]]:
    """The parsed document and what is wrong with it, a few milliseconds, once for each text."""
    try:
        parsed = parse(document)
    except GraphQLError as error:
        return None, (error.message,)
    return parsed, tuple(error.message for error in validate(extracts.graphql(), parsed))


def _operation(parsed: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [it for it in parsed.definitions if isinstance(it, OperationDefinitionNode)]
    wanted = [it for it in operations if name is None or (it.name is not None and it.name.value == name)]
    return wanted[0] if len(wanted) == 1 else None


def _problems_of_variables(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> Iterator[str]:
    declared = {it.variable.name.value for it in operation.variable_definitions or ()}
    for name in given:
        if name not in declared:
            yield f"variables: the query does not declare ${name}"
    coerced = get_variable_values(extracts.graphql(), operation.variable_definitions or (), dict(given))
    if isinstance(coerced, list):
        for error in coerced:
            yield f"variables: {error.message}"


def _values(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the variables stand for: the given values over the declared defaults."""
    defaults = {
        it.variable.name.value: value_from_ast_untyped(it.default_value)
        for it in operation.variable_definitions or ()
        if it.default_value is not None
    }
    return {**defaults, **given}


class _Pages(Visitor):
    """Collects the connections that GitHub refuses although its schema allows them."""

    def __init__(self, kinds: TypeInfo, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.kinds = kinds
        self.values = values
        self.found: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        kind = get_named_type(self.kinds.get_type())
        if kind is None or not kind.name.endswith("Connection"):
            return
        bounds = [it for it in node.arguments or () if it.name.value in ("first", "last")]
        if not bounds and _lists_nodes(node):
            self.found.append(f"query: {node.name.value} needs `first` or `last`")
        for bound in bounds:
            count = self._count(bound.value)
            if not isinstance(count, int) or not 1 <= count <= MOST_PER_PAGE:
                self.found.append(f"query: {node.name.value}({bound.name.value}:) is not within 1 to {MOST_PER_PAGE}")

    def _count(self, value: ValueNode) -> Any:
        if isinstance(value, VariableNode):
            return self.values.get(value.name.value)
        return int(value.value) if isinstance(value, IntValueNode) else None


def _lists_nodes(connection: FieldNode) -> bool:
    """A connection asked for its `totalCount` alone needs no bounds."""
    chosen = connection.selection_set.selections if connection.selection_set else ()
    return any(not isinstance(it, FieldNode) or it.name.value in ("nodes", "edges") for it in chosen)


def _problems_of_pages(parsed: DocumentNode, values: Mapping[str, Any]) -> list[str]:
    kinds = TypeInfo(extracts.graphql())
    pages = _Pages(kinds, values)
    visit(parsed, TypeInfoVisitor(kinds, pages))
    return pages.found
