"""Whether a GraphQL schema says nothing that GitHub's does not say."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
    validate_schema,
)

from tests.contracts import extracts


def problems(sdl: str) -> list[str]:
    """Where `sdl` differs from GitHub's schema otherwise than by leaving things out; empty if nowhere.

    Types, fields, arguments with their defaults, nullability, enum values, interfaces, members of unions and
    directives may be missing, but an argument that GitHub demands may not.
    """
    try:
        ours = build_schema(sdl)
    except (GraphQLError, TypeError) as error:
        return [f"schema: {error}"]
    if faults := validate_schema(ours):
        return [f"schema: {fault.message}" for fault in faults]
    return [*_of_roots(ours, extracts.graphql()), *_of_directives(ours), *_of_types(ours, extracts.graphql())]


def _of_roots(ours: GraphQLSchema, github: GraphQLSchema) -> Iterator[str]:
    for root in ("query_type", "mutation_type", "subscription_type"):
        mine, theirs = getattr(ours, root), getattr(github, root)
        if mine is not None and (theirs is None or mine.name != theirs.name):
            yield f"schema: its {root.removesuffix('_type')} is {mine.name}, GitHub's is {theirs and theirs.name}"


def _of_directives(ours: GraphQLSchema) -> Iterator[str]:
    known = {directive.name for directive in extracts.graphql().directives}
    for directive in ours.directives:
        if not is_specified_directive(directive) and directive.name not in known:
            yield f"@{directive.name}: GitHub has no such directive"


def _of_types(ours: GraphQLSchema, github: GraphQLSchema) -> Iterator[str]:
    for name, mine in ours.type_map.items():
        if is_introspection_type(mine) or is_specified_scalar_type(mine):
            continue
        theirs = github.type_map.get(name)
        if theirs is None:
            yield f"{name}: GitHub has no such type"
        elif type(mine) is not type(theirs):
            yield f"{name}: {_kind(mine)} here, {_kind(theirs)} at GitHub"
        else:
            yield from _of_type(mine, theirs)


def _kind(named: GraphQLNamedType) -> str:
    return type(named).__name__.removeprefix("GraphQL").removesuffix("Type").lower()


def _of_type(mine: GraphQLNamedType, theirs: Any) -> Iterator[str]:
    if isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
        yield from _of_fields(mine, theirs)
        yield from _surplus(mine.name, "interface", _names(mine.interfaces), _names(theirs.interfaces))
    elif isinstance(mine, GraphQLUnionType):
        yield from _surplus(mine.name, "member", _names(mine.types), _names(theirs.types))
    elif isinstance(mine, GraphQLEnumType):
        yield from _surplus(mine.name, "value", set(mine.values), set(theirs.values))
    elif isinstance(mine, GraphQLInputObjectType):
        demanded = {name for name, field in theirs.fields.items() if is_required_input_field(field)}
        yield from _of_inputs(mine.name, mine.fields, theirs.fields, demanded)


def _of_fields(mine: GraphQLObjectType | GraphQLInterfaceType, theirs: Any) -> Iterator[str]:
    for name, field in mine.fields.items():
        where = f"{mine.name}.{name}"
        known = theirs.fields.get(name)
        if known is None:
            yield f"{where}: GitHub has no such field"
            continue
        if str(field.type) != str(known.type):
            yield f"{where}: {field.type} here, {known.type} at GitHub"
        demanded = {arg for arg, described in known.args.items() if is_required_argument(described)}
        yield from _of_inputs(where, field.args, known.args, demanded)


def _of_inputs(
    where: str,
    mine: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    theirs: Mapping[str, Any],
    demanded: set[str],
) -> Iterator[str]:
    """Arguments of a field, or fields of an input object."""
    for name, given in mine.items():
        known = theirs.get(name)
        if known is None:
            yield f"{where}({name}:): GitHub has no such argument"
        elif str(given.type) != str(known.type):
            yield f"{where}({name}:): {given.type} here, {known.type} at GitHub"
        elif _default(given) != _default(known):
            yield f"{where}({name}:): its default differs from GitHub's"
    for name in sorted(demanded - mine.keys()):
        yield f"{where}({name}:): GitHub demands it, and it is missing here"


def _default(given: GraphQLArgument | GraphQLInputField) -> str | None:
    """As it is written. Both schemas were built from text, so there is a node to look at."""
    written = given.ast_node and given.ast_node.default_value
    return print_ast(written) if written else None


def _names(types: Any) -> set[str]:
    return {it.name for it in types}


def _surplus(name: str, what: str, mine: set[str], theirs: set[str]) -> Iterator[str]:
    for extra in sorted(mine - theirs):
        yield f"{name}: GitHub has no {what} {extra}"
