"""GraphQL nodes of a repository, its pull requests and comments. Git's objects are in `git_nodes`."""

from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import merges, protection, refs
from telefonistka_py.sandbox.git_nodes import git_object, object_at
from telefonistka_py.sandbox.landing_nodes import QueueNode, ReviewNode
from telefonistka_py.sandbox.model import Pull, node_id, read_node_id
from telefonistka_py.sandbox.pull_nodes import CommentNode, PullNode, label, pull_connection, state_of
from telefonistka_py.sandbox.refusal import Json
from telefonistka_py.sandbox.resolvers import View, account, connection, not_found

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo


def by_id(view: View, id: str) -> Any:
    """The node of a global id that the viewer may see; None when there is none. Raises `Unknown` for other kinds."""
    kind, key = read_node_id(id) or ("", [""])
    repo = next((each for each in view.hub.repos.values() if str(each.id) == key[0]), None)
    if repo is None or not view.sees(repo):
        return None
    if kind == "R":
        return RepositoryNode(view, repo)
    if len(key) < 2:
        return None
    if kind == "PR" and key[1].isdecimal() and isinstance(found := repo.issues.get(int(key[1])), Pull):
        return PullNode(view, repo, found)
    if kind == "IC":
        every = (comment for issue in repo.issues.values() for comment in issue.comments)
        return next((CommentNode(view, repo, each) for each in every if str(each.id) == key[1]), None)
    if kind == "PRR":
        given = (review for pull in repo.pulls() for review in pull.reviews)
        return next((ReviewNode(view, repo, each) for each in given if str(each.id) == key[1]), None)
    if kind in ("C", "T", "B", "TA"):
        return git_object(view, repo, key[1])
    return None


class RepositoryNode:
    typename = "Repository"
    is_empty = False

    def __init__(self, view: View, repo: "Repo") -> None:
        self.view, self.repo = view, repo
        self.id, self.database_id = node_id("R", repo.id), repo.id
        self.name, self.name_with_owner, self.url = repo.short_name, repo.name, repo.html_url
        self.is_archived, self.is_private, self.is_fork = repo.archived, repo.private, repo.fork_of is not None
        self.merge_commit_allowed = repo.allow_merge_commit
        self.squash_merge_allowed = repo.allow_squash_merge
        self.rebase_merge_allowed = repo.allow_rebase_merge
        self.delete_branch_on_merge = repo.delete_branch_on_merge
        self.auto_merge_allowed = repo.allow_auto_merge
        self.owner = account(view, repo.owner)

    def viewer_permission(self) -> str | None:
        token = self.view.actor.token
        if token is not None:
            # An installation has permissions of its own; GitHub shows none of a person's levels.
            return None
        level = self.repo.access_of(self.view.user.login)
        return level.upper() if level != "none" else None

    def viewer_default_merge_method(self) -> str:
        return (merges.allowed_methods(self.repo) or ["merge"])[0].upper()

    def merge_queue(self, branch: str | None = None) -> QueueNode | None:
        name = (branch or self.repo.default_branch).removeprefix("refs/heads/")
        return QueueNode(self.view, self.repo, name) if protection.of(self.repo, name).queue else None

    async def default_branch_ref(self) -> Any:
        return await self.ref(f"refs/heads/{self.repo.default_branch}")

    async def ref(self, qualified_name: str) -> Any:
        self.view.check_may_read(self.repo, "contents")
        for name in (qualified_name, f"refs/heads/{qualified_name}", f"refs/tags/{qualified_name}"):
            sha = await refs.read(self.repo, name)
            if sha is not None:
                return RefNode(self.view, self.repo, name, sha)
        return None

    async def refs(
        self,
        ref_prefix: str,
        query: str | None = None,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Json:
        self.view.check_may_read(self.repo, "contents")
        prefix = ref_prefix.rstrip("/") + "/"
        found = await refs.matching(self.repo, prefix)
        found = [each for each in found if not query or query.lower() in each[0].removeprefix(prefix).lower()]
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(found, page, lambda pair: RefNode(self.view, self.repo, pair[0], pair[1], prefix))

    async def object(self, oid: str | None = None, expression: str | None = None) -> Any:
        self.view.check_may_read(self.repo, "contents")
        if oid is not None:
            return await git_object(self.view, self.repo, oid) if len(oid) == 40 else None
        return await object_at(self.view, self.repo, expression or "")

    def pull_request(self, number: int) -> "PullNode":
        self.view.check_may_read(self.repo, "pull_requests")
        found = self.repo.issues.get(number)
        if not isinstance(found, Pull):
            raise not_found(f"Could not resolve to a PullRequest with the number of {number}.")
        return PullNode(self.view, self.repo, found)

    def pull_requests(
        self,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        states: list[str] | None = None,
        labels: list[str] | None = None,
        head_ref_name: str | None = None,
        base_ref_name: str | None = None,
        order_by: Json | None = None,
    ) -> Json:
        self.view.check_may_read(self.repo, "pull_requests")
        found = [each for each in self.repo.pulls() if not states or state_of(each) in states]
        found = [each for each in found if head_ref_name in (None, each.head_ref)]
        found = [each for each in found if base_ref_name in (None, each.base_ref)]
        if labels is not None:
            wanted = {name.lower() for name in labels}
            found = [each for each in found if wanted & {name.lower() for name in each.labels}]
        page = {"first": first, "last": last, "after": after, "before": before}
        return pull_connection(self.view, self.repo, found, page, order_by)

    def label(self, name: str) -> Json | None:
        found = self.repo.labels.get(name.lower())
        return label(self.repo, found) if found else None

    def labels(
        self, first: int | None = None, last: int | None = None, after: str | None = None, query: str | None = None
    ) -> Json:
        found = [each for each in self.repo.labels.values() if not query or query.lower() in each.name.lower()]
        return connection(found, {"first": first, "last": last, "after": after}, lambda each: label(self.repo, each))


class RefNode:
    typename = "Ref"

    def __init__(self, view: View, repo: "Repo", full: str, sha: str, prefix: str = "") -> None:
        parts = full.split("/", 2)
        self.view, self.repo, self.full, self.sha = view, repo, full, sha
        self.prefix = prefix.rstrip("/") + "/" if prefix else f"{parts[0]}/{parts[1]}/"
        self.name = full.removeprefix(self.prefix)
        self.id = node_id("REF", repo.id, full)

    def repository(self) -> RepositoryNode:
        return RepositoryNode(self.view, self.repo)

    async def target(self) -> Any:
        return await git_object(self.view, self.repo, self.sha)

    def associated_pull_requests(
        self,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        states: list[str] | None = None,
        labels: list[str] | None = None,
        head_ref_name: str | None = None,
        base_ref_name: str | None = None,
        order_by: Json | None = None,
    ) -> Json:
        branch = self.full.removeprefix("refs/heads/")
        if head_ref_name not in (None, branch):
            return connection([], {})
        return self.repository().pull_requests(
            first, last, after, before, states, labels, branch, base_ref_name, order_by
        )
