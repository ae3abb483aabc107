"""How GraphQL fields find their values: by attribute or method of a node, in snake case."""

import base64
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLResolveInfo
from graphql.utilities import value_from_ast_untyped

from telefonistka_py.sandbox import profiles
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.model import User
from telefonistka_py.sandbox.refusal import Json, Refusal, Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo


@lru_cache(maxsize=1024)
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


@lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def field(source: Any, info: "GraphQLResolveInfo[Any]", **arguments: Any) -> Any:
    """graphql-core's field resolver. An argument that the method doesn't take and that isn't its default: 501."""
    name = _snake(info.field_name)
    value = source.get(name) if isinstance(source, dict) else getattr(source, name)
    if not callable(value):
        return value
    taken = _parameters(getattr(value, "__func__", value))
    given = {}
    for key, argument in arguments.items():
        if _snake(key) in taken:
            given[_snake(key)] = argument
        elif argument is not None and argument != _default(info, key):
            raise Unknown(
                f"The sandbox doesn't know the argument {key!r} of {info.parent_type.name}.{info.field_name}."
            )
    return value(info, **given) if "info" in taken else value(**given)


def _default(info: "GraphQLResolveInfo[Any]", key: str) -> Any:
    """The default that the schema writes down for an argument."""
    written = info.parent_type.fields[info.field_name].args[key].ast_node
    return value_from_ast_untyped(written.default_value) if written and written.default_value else None


def kind(value: Any, *_: Any) -> str:
    """graphql-core's type resolver: every node names its type."""
    return str(value["typename"] if isinstance(value, dict) else value.typename)


def not_found(what: str) -> GraphQLError:
    return GraphQLError(what, extensions={"type": "NOT_FOUND"})


@dataclass(frozen=True)
class View:
    """Whose eyes the query is answered for."""

    hub: "Hub"
    actor: Actor

    @property
    def user(self) -> User:
        assert self.actor.user is not None
        return self.actor.user

    def sees(self, repo: "Repo") -> bool:
        token = self.actor.token
        if token is not None:
            inside = token.installation.covers(repo.name)
            return (inside and (token.repositories is None or repo.name in token.repositories)) or not repo.private
        return repo.allows(self.user.login, "read")

    def check_may_read(self, repo: "Repo", *names: str) -> None:
        """Raises 403 for an installation that lacks one of these permissions. What is public anybody reads."""
        token = self.actor.token
        if token is not None and repo.private and not all(token.may(name, "read") for name in names):
            raise Refusal(403, "Resource not accessible by integration")

    def check_may_write(self, repo: "Repo", *names: str) -> None:
        """Raises 403 for an installation without any of these permissions, or a person without write access."""
        token = self.actor.token
        if token is not None and not any(token.may(name, "write") for name in names):
            raise Refusal(403, "Resource not accessible by integration")
        if token is None and not repo.allows(self.user.login, "write"):
            raise Refusal(403, f"{self.user.login} does not have the correct permissions to execute this")
        self.check_is_alive(repo)

    def check_is_alive(self, repo: "Repo") -> None:
        """Raises 403 for a repository that is archived: nobody changes anything there."""
        if repo.archived:
            raise Refusal(403, "Repository was archived so is read-only.")


def cursor(at: int) -> str:
    return base64.b64encode(f"cursor:v2:{at}".encode()).decode()


def _position(text: str) -> int:
    try:
        return int(base64.b64decode(text).decode().rpartition(":")[2])
    except ValueError as error:
        message = f"`{text}` does not appear to be a valid cursor."
        raise GraphQLError(message, extensions={"type": "INVALID_CURSOR_ARGUMENTS"}) from error


def connection(items: Sequence[Any], page: Json, make: Callable[[Any], Any] = lambda item: item) -> Json:
    """A Relay connection over all `items`; `page` holds `first`, `last`, `after`, `before`."""
    start = _position(page["after"]) if page.get("after") else 0
    end = _position(page["before"]) - 1 if page.get("before") else len(items)
    low, high = start, min(end, len(items))
    if page.get("first") is not None:
        high = min(high, low + page["first"])
    if page.get("last") is not None:
        low = max(low, high - page["last"])
    nodes = [make(item) for item in items[low:high]]
    info = {
        "start_cursor": cursor(low + 1) if nodes else None,
        "end_cursor": cursor(high) if nodes else None,
        "has_next_page": high < len(items),
        "has_previous_page": low > 0,
    }
    edges = [{"cursor": cursor(low + at + 1), "node": node} for at, node in enumerate(nodes)]
    return {"nodes": nodes, "edges": edges, "page_info": info, "total_count": len(items)}


def account(view: View, user: User | None) -> Json | None:
    """An account. A bot's login has no `[bot]` here, unlike in REST."""
    if user is None:
        return None
    return {
        "typename": user.kind,
        "id": user.node_id,
        "database_id": user.id,
        "login": user.login.removesuffix("[bot]"),
        "name": None,
        "url": profiles.user(view.hub, user)["html_url"],
    }
