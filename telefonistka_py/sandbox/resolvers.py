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

from telefonistka_py.sandbox import issues as issue_rules
from telefonistka_py.sandbox import profiles
from telefonistka_py.sandbox import pulls as pull_rules
from telefonistka_py.sandbox.auth import Actor
from telefonistka_py.sandbox.model import Comment, Pull, User, read_node_id
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

    def check_may_write(self, repo: "Repo", *names: str) -> None:
        """Raises 403 for an installation without one of these permissions, or a person without write access."""
        token = self.actor.token
        if token is not None and not any(token.permissions.get(name) == "write" for name in names):
            raise Refusal(403, "Resource not accessible by integration")
        if token is None and not repo.allows(self.user.login, "write"):
            raise Refusal(403, f"{self.user.login} does not have the correct permissions to execute this")


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


class Root:
    """`Query` and `Mutation`."""

    id = "Q_"

    def __init__(self, view: View) -> None:
        self.view = view

    def viewer(self) -> Json:
        # The viewer of an installation token is its bot, under its full name and typed as a user.
        return (account(self.view, self.view.user) or {}) | {"login": self.view.user.login, "typename": "User"}

    def rate_limit(self, dry_run: bool = False) -> Json:
        bucket = self.view.hub.quota.bucket(self.view.actor, "graphql")
        counts = {"cost": 1, "node_count": 1, "limit": bucket.limit, "remaining": bucket.remaining, "used": bucket.used}
        return counts | {"reset_at": profiles.stamp(bucket.reset)}

    def repository(self, owner: str, name: str, follow_renames: bool = True) -> Any:
        from telefonistka_py.sandbox.nodes import RepositoryNode

        repo = self.view.hub.repos.get(f"{owner}/{name}".lower())
        if repo is None or not self.view.sees(repo):
            raise not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return RepositoryNode(self.view, repo)

    def node(self, id: str) -> Any:
        from telefonistka_py.sandbox import nodes

        found = nodes.by_id(self.view, id)
        if found is None:
            raise not_found(f"Could not resolve to a node with the global id of '{id}'")
        return found

    def nodes(self, ids: list[str]) -> list[Any]:
        return [self.node(id) for id in ids]

    def search(self, query: str, type: str, first: int | None = None, last: int | None = None) -> Json:
        from telefonistka_py.sandbox import find

        if type != "ISSUE":
            raise Unknown(f"The sandbox can't search for {type}.")
        found = [each for each in find.issues(self.view.hub, query) if self.view.sees(each[0])]
        return connection(found, {"first": first, "last": last}) | {"issue_count": len(found)}

    # Mutations

    def _comment(self, id: str) -> "tuple[Repo, Comment]":
        kind, key = read_node_id(id) or ("", [])
        for repo in self.view.hub.repos.values():
            for issue in repo.issues.values() if kind == "IC" and key[:1] == [str(repo.id)] else ():
                for comment in issue.comments:
                    if key[1:] == [str(comment.id)] and self.view.sees(repo):
                        return repo, comment
        raise not_found(f"Could not resolve to a node with the global id of '{id}'")

    def _issue(self, id: str) -> "tuple[Repo, Any]":
        kind, key = read_node_id(id) or ("", [])
        for repo in self.view.hub.repos.values():
            for issue in repo.issues.values() if kind in ("PR", "I") else ():
                if key == [str(repo.id), str(issue.number)] and self.view.sees(repo):
                    return repo, issue
        raise not_found(f"Could not resolve to a node with the global id of '{id}'")

    def minimize_comment(self, input: Json) -> Json:
        return self._minimized("minimized_comment", input, input["classifier"].lower().replace("_", "-"))

    def unminimize_comment(self, input: Json) -> Json:
        return self._minimized("unminimized_comment", input, None)

    def _minimized(self, key: str, input: Json, reason: str | None) -> Json:
        from telefonistka_py.sandbox.pull_nodes import CommentNode

        repo, comment = self._comment(input["subjectId"])
        if comment.author is not self.view.user:
            self.view.check_may_write(repo, "issues", "pull_requests")
        comment.minimized = reason
        return {"client_mutation_id": input.get("clientMutationId"), key: CommentNode(self.view, repo, comment)}

    async def add_comment(self, input: Json) -> Json:
        from telefonistka_py.sandbox.pull_nodes import CommentNode, PullNode

        repo, issue = self._issue(input["subjectId"])
        token = self.view.actor.token
        if token is not None:
            self.view.check_may_write(repo, "issues", "pull_requests")
        app = token.installation.app if token else None
        made = await issue_rules.comment(repo, self.view.user, issue, input["body"], app=app)
        edge = {"cursor": cursor(len(issue.comments)), "node": CommentNode(self.view, repo, made)}
        subject = PullNode(self.view, repo, issue) if isinstance(issue, Pull) else None
        return {"client_mutation_id": input.get("clientMutationId"), "comment_edge": edge, "subject": subject}

    async def update_issue_comment(self, input: Json) -> Json:
        from telefonistka_py.sandbox.pull_nodes import CommentNode

        repo, comment = self._comment(input["id"])
        if comment.author is not self.view.user:
            self.view.check_may_write(repo, "issues", "pull_requests")
        made = await issue_rules.edit_comment(repo, self.view.user, comment, input["body"])
        return {
            "client_mutation_id": input.get("clientMutationId"),
            "issue_comment": CommentNode(self.view, repo, made),
        }

    async def close_pull_request(self, input: Json) -> Json:
        from telefonistka_py.sandbox.pull_nodes import PullNode

        repo, pull = self._issue(input["pullRequestId"])
        if not isinstance(pull, Pull):
            raise not_found(f"Could not resolve to a node with the global id of '{input['pullRequestId']}'")
        if pull.author is not self.view.user:
            self.view.check_may_write(repo, "pull_requests")
        await pull_rules.shut(repo, self.view.user, pull)
        return {"client_mutation_id": input.get("clientMutationId"), "pull_request": PullNode(self.view, repo, pull)}
