"""GraphQL's `Query` and `Mutation`: where every query begins."""

from typing import Any

from telefonistka_py.sandbox import find, nodes, profiles
from telefonistka_py.sandbox.mutations import Mutations
from telefonistka_py.sandbox.refusal import Json, Unknown
from telefonistka_py.sandbox.resolvers import account, connection, not_found


class Root(Mutations):
    """`Query` and `Mutation`."""

    id = "Q_"

    def viewer(self) -> Json:
        # The viewer of an installation token is its bot, under its full name and typed as a user.
        return (account(self.view, self.view.user) or {}) | {"login": self.view.user.login, "typename": "User"}

    def rate_limit(self, dry_run: bool = False) -> Json:
        bucket = self.view.hub.quota.bucket(self.view.actor, "graphql")
        counts = {"cost": 1, "node_count": 1, "limit": bucket.limit, "remaining": bucket.remaining, "used": bucket.used}
        return counts | {"reset_at": profiles.stamp(bucket.reset)}

    def repository(self, owner: str, name: str, follow_renames: bool = True) -> Any:
        repo = self.view.hub.repos.get(f"{owner}/{name}".lower())
        if repo is None or not self.view.sees(repo):
            raise not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return nodes.RepositoryNode(self.view, repo)

    def node(self, id: str) -> Any:
        found = nodes.by_id(self.view, id)
        if found is None:
            raise not_found(f"Could not resolve to a node with the global id of '{id}'")
        return found

    def nodes(self, ids: list[str]) -> list[Any]:
        return [self.node(id) for id in ids]

    def search(self, query: str, type: str, first: int | None = None, last: int | None = None) -> Json:
        if type != "ISSUE":
            raise Unknown(f"The sandbox can't search for {type}.")
        found = [each for each in find.issues(self.view.hub, query) if self.view.sees(each[0])]
        return connection(found, {"first": first, "last": last}) | {"issue_count": len(found)}
