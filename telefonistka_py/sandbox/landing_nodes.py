"""GraphQL nodes of what decides whether a pull request may be merged: reviews, auto-merge, the merge queue."""

from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import landing_shapes, merges, profiles, protection, queue, reviews
from telefonistka_py.sandbox.check_nodes import rollup
from telefonistka_py.sandbox.git_nodes import git_object
from telefonistka_py.sandbox.model import Pull, Review, node_id
from telefonistka_py.sandbox.refusal import Json
from telefonistka_py.sandbox.resolvers import View, account, connection

if TYPE_CHECKING:
    from telefonistka_py.sandbox.nodes import RepositoryNode
    from telefonistka_py.sandbox.pull_nodes import PullNode
    from telefonistka_py.sandbox.repository import Repo


def _pull(view: View, repo: "Repo", pull: Pull) -> "PullNode":
    from telefonistka_py.sandbox.pull_nodes import PullNode

    return PullNode(view, repo, pull)


class ReviewNode:
    typename = "PullRequestReview"
    is_minimized = False
    minimized_reason = None

    def __init__(self, view: View, repo: "Repo", review: Review) -> None:
        shape = landing_shapes.review(repo, review)
        self.view, self.repo, self.review = view, repo, review
        self.id, self.database_id, self.full_database_id = shape["node_id"], review.id, str(review.id)
        self.state, self.body, self.author = review.state, review.body, account(view, review.author)
        self.author_association, self.url = shape["author_association"], shape["html_url"]
        self.author_can_push_to_repository = reviews.may_count(repo, review.author)
        self.viewer_did_author = review.author is view.user
        self.created_at = self.updated_at = self.submitted_at = shape["submitted_at"]

    async def commit(self) -> Any:
        return await git_object(self.view, self.repo, self.review.sha)

    def pull_request(self) -> "PullNode":
        found = self.repo.issues[self.review.number]
        assert isinstance(found, Pull)
        return _pull(self.view, self.repo, found)


class QueueNode:
    typename = "MergeQueue"

    def __init__(self, view: View, repo: "Repo", branch: str) -> None:
        self.view, self.repo, self.branch = view, repo, branch
        self.id, self.url = node_id("MQ", repo.id, branch), f"{repo.html_url}/queue/{branch}"

    def entries(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        page = {"first": first, "last": last, "after": after, "before": before}
        found = queue.entries(self.repo, self.branch)
        return connection(found, page, lambda each: EntryNode(self.view, self.repo, each))

    def repository(self) -> "RepositoryNode":
        from telefonistka_py.sandbox.nodes import RepositoryNode

        return RepositoryNode(self.view, self.repo)


class EntryNode:
    typename = "MergeQueueEntry"
    state = "AWAITING_CHECKS"
    solo = False

    def __init__(self, view: View, repo: "Repo", entry: queue.Entry) -> None:
        self.view, self.repo, self.entry = view, repo, entry
        self.id, self.jump = node_id("MQE", repo.id, entry.id), entry.jump
        self.enqueuer, self.enqueued_at = account(view, entry.by), profiles.stamp(entry.enqueued_at)
        waiting = queue.entries(repo, entry.pull.base_ref)
        self.position = waiting.index(entry) + 1 if entry in waiting else 0

    def pull_request(self) -> "PullNode":
        return _pull(self.view, self.repo, self.entry.pull)

    def merge_queue(self) -> QueueNode:
        return QueueNode(self.view, self.repo, self.entry.pull.base_ref)


class Landing:
    """The fields of a pull request that tell how it stands on its way to be merged."""

    view: View
    repo: "Repo"
    pull: Pull

    async def mergeable(self) -> str:
        answer = await merges.shown_mergeable(self.repo, self.pull)
        return "UNKNOWN" if answer is None else "MERGEABLE" if answer else "CONFLICTING"

    async def merge_state_status(self) -> str:
        return await protection.merge_state(self.repo, self.pull)

    def auto_merge_request(self) -> Json | None:
        order = self.pull.auto_merge
        if order is None:
            return None
        return {
            "typename": "AutoMergeRequest",
            "enabled_at": profiles.stamp(order.enabled_at),
            "enabled_by": account(self.view, order.by),
            "merge_method": order.method.upper(),
            "commit_headline": order.title,
            "commit_body": order.message,
            "pull_request": self,
        }

    async def viewer_can_enable_auto_merge(self) -> bool:
        held = await protection.merge_state(self.repo, self.pull) in ("BLOCKED", "BEHIND")
        return self.repo.allow_auto_merge and self.pull.auto_merge is None and held and self._viewer_may_merge()

    def viewer_can_disable_auto_merge(self) -> bool:
        return self.pull.auto_merge is not None and self._viewer_may_merge()

    def _viewer_may_merge(self) -> bool:
        token = self.view.actor.token
        if token is not None:
            return token.may("contents", "write") and token.may("pull_requests", "write")
        return self.repo.allows(self.view.user.login, "write")

    def is_merge_queue_enabled(self) -> bool:
        return protection.of(self.repo, self.pull.base_ref).queue

    def is_in_merge_queue(self) -> bool:
        return queue.entry(self.repo, self.pull) is not None

    def merge_queue_entry(self) -> EntryNode | None:
        found = queue.entry(self.repo, self.pull)
        return EntryNode(self.view, self.repo, found) if found else None

    def merge_queue(self) -> QueueNode | None:
        return QueueNode(self.view, self.repo, self.pull.base_ref) if self.is_merge_queue_enabled() else None

    def review_decision(self) -> str | None:
        return protection.review_decision(self.repo, self.pull)

    def reviews(
        self,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        states: list[str] | None = None,
        author: str | None = None,
    ) -> Json:
        found = [each for each in self.pull.reviews if not states or each.state in states]
        found = [each for each in found if author is None or _is(each, author)]
        return self._reviews(found, first, last, after, before)

    def latest_reviews(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        return self._reviews(reviews.latest(self.pull, opinionated=False), first, last, after, before)

    def latest_opinionated_reviews(
        self,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        writers_only: bool = False,
    ) -> Json:
        found = reviews.latest(self.pull, opinionated=True)
        found = [each for each in found if not writers_only or reviews.may_count(self.repo, each.author)]
        return self._reviews(found, first, last, after, before)

    def _reviews(
        self, found: list[Review], first: int | None, last: int | None, after: str | None, before: str | None
    ) -> Json:
        page = {"first": first, "last": last, "after": after, "before": before}
        return connection(found, page, lambda each: ReviewNode(self.view, self.repo, each))

    def status_check_rollup(self) -> Any:
        return rollup(self.view, self.repo, self.pull.head_sha)


def _is(review: Review, login: str) -> bool:
    """A bot's login has no `[bot]` in GraphQL; both are understood."""
    return login.lower().removesuffix("[bot]") == review.author.login.lower().removesuffix("[bot]")
