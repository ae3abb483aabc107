"""GraphQL nodes of pull requests, their commits and comments."""

from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import merges, profiles, pulls, shapes
from telefonistka_py.sandbox.diffs import Changed
from telefonistka_py.sandbox.git_nodes import CommitNode, git_object
from telefonistka_py.sandbox.landing_nodes import Landing
from telefonistka_py.sandbox.model import Comment, Label, Pull, node_id
from telefonistka_py.sandbox.refusal import Json
from telefonistka_py.sandbox.resolvers import View, account, connection

if TYPE_CHECKING:
    from telefonistka_py.sandbox.nodes import RepositoryNode
    from telefonistka_py.sandbox.repository import Repo


def state_of(pull: Pull) -> str:
    return "MERGED" if pull.merged else pull.state.upper()


def pull_connection(view: View, repo: "Repo", found: list[Pull], page: Json, order: Json | None = None) -> Json:
    order = order or {"field": "CREATED_AT", "direction": "ASC"}
    found = sorted(found, key=lambda each: _rank(each, order["field"]), reverse=order["direction"] == "DESC")
    return connection(found, page, lambda each: PullNode(view, repo, each))


def _repository(view: View, repo: "Repo") -> "RepositoryNode":
    from telefonistka_py.sandbox.nodes import RepositoryNode

    return RepositoryNode(view, repo)


def _rank(pull: Pull, field: str) -> tuple[float, int]:
    by = {"UPDATED_AT": pull.updated_at.timestamp(), "COMMENTS": float(len(pull.comments))}
    return by.get(field, pull.created_at.timestamp()), pull.number


def label(repo: "Repo", which: Label) -> Json:
    shape = shapes.label(repo, which)
    kept = {key: shape[key] for key in ("name", "color", "description")}
    return kept | {"typename": "Label", "id": shape["node_id"], "is_default": False}


class PullNode(Landing):
    typename = "PullRequest"
    locked = False
    maintainer_can_modify = False

    def __init__(self, view: View, repo: "Repo", pull: Pull) -> None:
        self.view, self.repo, self.pull = view, repo, pull
        self.id, self.database_id, self.number = node_id("PR", repo.id, pull.number), pull.id, pull.number
        self.full_database_id = str(pull.id)
        self.title, self.body, self.state = pull.title, pull.body or "", state_of(pull)
        self.merged, self.merged_at = pull.merged, profiles.maybe(pull.merged_at)
        self.merged_by = account(view, pull.merged_by)
        self.is_draft, self.is_cross_repository = pull.draft, pull.head_repo != repo.name
        self.head_ref_name, self.head_ref_oid = pull.head_ref, pull.head_sha
        self.base_ref_name, self.base_ref_oid = pull.base_ref, pull.base_sha
        self.author = account(view, pull.author)
        self.author_association = shapes.association(repo, pull.author)
        self.url = self.permalink = f"{repo.html_url}/pull/{pull.number}"
        self.resource_path = f"/{repo.name}/pull/{pull.number}"
        self.viewer_did_author = pull.author is view.user
        self.created_at, self.updated_at = profiles.stamp(pull.created_at), profiles.stamp(pull.updated_at)
        self.closed, self.closed_at = pull.state == "closed", profiles.maybe(pull.closed_at)
        self.total_comments_count = len(pull.comments)

    def _head(self) -> "Repo | None":
        return self.view.hub.repos.get((self.pull.head_repo or "").lower())

    def repository(self) -> "RepositoryNode":
        return _repository(self.view, self.repo)

    base_repository = repository

    def head_repository(self) -> "RepositoryNode | None":
        found = self._head()
        return _repository(self.view, found) if found else None

    def head_repository_owner(self) -> Json | None:
        found = self._head()
        return account(self.view, found.owner) if found else None

    async def head_ref(self) -> Any:
        found = self._head()
        return await _repository(self.view, found).ref(f"refs/heads/{self.pull.head_ref}") if found else None

    async def base_ref(self) -> Any:
        return await self.repository().ref(f"refs/heads/{self.pull.base_ref}")

    async def merge_commit(self) -> Any:
        sha = self.pull.merge_commit_sha if self.pull.merged else None
        return await git_object(self.view, self.repo, sha) if sha else None

    async def potential_merge_commit(self) -> Any:
        if not await merges.is_mergeable(self.repo, self.pull) or self.pull.merge_commit_sha is None:
            return None
        return await git_object(self.view, self.repo, self.pull.merge_commit_sha)

    def labels(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        found = [self.repo.labels[name.lower()] for name in self.pull.labels]
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(found, page, lambda each: label(self.repo, each))

    def assignees(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(self.pull.assignees, page, lambda each: account(self.view, each))

    def comments(
        self,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        order_by: Json | None = None,
    ) -> Json:
        found = list(self.pull.comments)
        if order_by is not None:
            found.sort(key=lambda each: (each.updated_at, each.id), reverse=order_by["direction"] == "DESC")
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(found, page, lambda each: CommentNode(self.view, self.repo, each))

    async def commits(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        shas = await pulls.commits(self.repo, self.pull)
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(shas, page, lambda sha: PullCommitNode(self, sha))

    async def files(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection((await pulls.files(self.repo, self.pull))[: pulls.MOST_FILES], page, _changed)

    async def changed_files(self) -> int:
        return len(await pulls.files(self.repo, self.pull))

    async def additions(self) -> int:
        return sum(each.additions for each in await pulls.files(self.repo, self.pull))

    async def deletions(self) -> int:
        return sum(each.deletions for each in await pulls.files(self.repo, self.pull))


def _changed(each: Changed) -> Json:
    counts = {"additions": each.additions, "deletions": each.deletions}
    return counts | {"path": each.path, "change_type": {"removed": "DELETED"}.get(each.status, each.status.upper())}


class PullCommitNode:
    typename = "PullRequestCommit"

    def __init__(self, pull: PullNode, sha: str) -> None:
        self.pull_request, self.sha = pull, sha
        self.id = node_id("PURC", pull.repo.id, sha)

    async def commit(self) -> CommitNode:
        found = await git_object(self.pull_request.view, self.pull_request.repo, self.sha)
        assert isinstance(found, CommitNode)
        return found


class CommentNode:
    typename = "IssueComment"

    def __init__(self, view: View, repo: "Repo", comment: Comment) -> None:
        shape = shapes.comment(repo, comment)
        self.view, self.repo, self.number = view, repo, comment.number
        self.id, self.database_id, self.full_database_id = shape["node_id"], comment.id, str(comment.id)
        self.body, self.author = comment.body, account(view, comment.author)
        self.author_association = shape["author_association"]
        self.viewer_did_author = comment.author is view.user
        self.is_minimized, self.minimized_reason = comment.minimized is not None, comment.minimized
        self.created_at, self.updated_at, self.url = shape["created_at"], shape["updated_at"], shape["html_url"]

    def repository(self) -> "RepositoryNode":
        return _repository(self.view, self.repo)

    def pull_request(self) -> PullNode | None:
        found = self.repo.issues[self.number]
        return PullNode(self.view, self.repo, found) if isinstance(found, Pull) else None
