"""GraphQL's mutations."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import automerge, issues, merges, protection, pulls, queue, refs
from telefonistka_py.sandbox.landing_nodes import EntryNode
from telefonistka_py.sandbox.model import AutoMerge, Comment, Issue, Pull, read_node_id
from telefonistka_py.sandbox.pull_nodes import CommentNode, PullNode
from telefonistka_py.sandbox.refusal import Json, Refusal
from telefonistka_py.sandbox.resolvers import View, account, cursor, not_found

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo


def _payload(input: Json, **values: Any) -> Json:
    return {"client_mutation_id": input.get("clientMutationId"), **values}


def _unresolved(id: str) -> Exception:
    return not_found(f"Could not resolve to a node with the global id of '{id}'")


class Mutations:
    """Each takes its `input` with the schema's own key names."""

    def __init__(self, view: View) -> None:
        self.view = view

    def _repo(self, id: str, *kinds: str) -> "tuple[Repo, str]":
        """The repository that a global id of one of these kinds belongs to, and the rest of its key."""
        kind, key = read_node_id(id) or ("", [])
        for repo in self.view.hub.repos.values():
            if kind in kinds and len(key) == 2 and key[0] == str(repo.id) and self.view.sees(repo):
                return repo, key[1]
        raise _unresolved(id)

    def _comment(self, id: str) -> "tuple[Repo, Comment]":
        repo, key = self._repo(id, "IC")
        every = (comment for issue in repo.issues.values() for comment in issue.comments)
        found = next((each for each in every if str(each.id) == key), None)
        if found is None:
            raise _unresolved(id)
        return repo, found

    def _issue(self, id: str) -> "tuple[Repo, Issue]":
        repo, key = self._repo(id, "PR", "I")
        found = repo.issues.get(int(key)) if key.isdecimal() else None
        if found is None:
            raise _unresolved(id)
        return repo, found

    def _pull(self, id: str) -> "tuple[Repo, Pull]":
        repo, found = self._issue(id)
        if not isinstance(found, Pull):
            raise _unresolved(id)
        return repo, found

    # Comments

    def minimize_comment(self, input: Json) -> Json:
        return self._minimized("minimized_comment", input, input["classifier"].lower().replace("_", "-"))

    def unminimize_comment(self, input: Json) -> Json:
        return self._minimized("unminimized_comment", input, None)

    def _minimized(self, key: str, input: Json, reason: str | None) -> Json:
        repo, comment = self._comment(input["subjectId"])
        if comment.author is not self.view.user:
            self.view.check_may_write(repo, "issues", "pull_requests")
        self.view.check_is_alive(repo)
        comment.minimized = reason
        return _payload(input, **{key: CommentNode(self.view, repo, comment)})

    async def add_comment(self, input: Json) -> Json:
        repo, issue = self._issue(input["subjectId"])
        token = self.view.actor.token
        if token is not None:
            self.view.check_may_write(repo, "issues", "pull_requests")
        self.view.check_is_alive(repo)
        app = token.installation.app if token else None
        made = await issues.comment(repo, self.view.user, issue, input["body"], app=app)
        edge = {"cursor": cursor(len(issue.comments)), "node": CommentNode(self.view, repo, made)}
        subject = PullNode(self.view, repo, issue) if isinstance(issue, Pull) else None
        return _payload(input, comment_edge=edge, subject=subject)

    async def update_issue_comment(self, input: Json) -> Json:
        repo, comment = self._comment(input["id"])
        if comment.author is not self.view.user:
            self.view.check_may_write(repo, "issues", "pull_requests")
        self.view.check_is_alive(repo)
        made = await issues.edit_comment(repo, self.view.user, comment, input["body"])
        return _payload(input, issue_comment=CommentNode(self.view, repo, made))

    # Pull requests

    async def close_pull_request(self, input: Json) -> Json:
        repo, pull = self._pull(input["pullRequestId"])
        if pull.author is not self.view.user:
            self.view.check_may_write(repo, "pull_requests")
        self.view.check_is_alive(repo)
        await pulls.shut(repo, self.view.user, pull)
        return _payload(input, pull_request=PullNode(self.view, repo, pull))

    def _may_merge(self, repo: "Repo") -> None:
        """To merge is to write contents; to order a merge changes the pull request too."""
        self.view.check_may_write(repo, "contents")
        self.view.check_may_write(repo, "pull_requests")

    async def enable_pull_request_auto_merge(self, input: Json) -> Json:
        repo, pull = self._pull(input["pullRequestId"])
        self._may_merge(repo)
        order = AutoMerge(
            by=self.view.user,
            method=input["mergeMethod"].lower(),
            title=input.get("commitHeadline"),
            message=input.get("commitBody"),
            enabled_at=self.view.hub.clock(),
        )
        await automerge.enable(repo, pull, order, input.get("expectedHeadOid"))
        return self._done(input, repo, pull)

    async def disable_pull_request_auto_merge(self, input: Json) -> Json:
        repo, pull = self._pull(input["pullRequestId"])
        self._may_merge(repo)
        if pull.auto_merge is None:
            raise Refusal(422, "Can't disable auto-merge for this pull request.")
        await automerge.disable(repo, self.view.user, pull)
        return self._done(input, repo, pull)

    async def merge_pull_request(self, input: Json) -> Json:
        repo, pull = self._pull(input["pullRequestId"])
        self._may_merge(repo)
        wish = merges.Wish(
            input["mergeMethod"].lower(),
            input.get("commitHeadline"),
            input.get("commitBody"),
            input.get("expectedHeadOid"),
        )
        await merges.merge(repo, self.view.user, pull, wish)
        return self._done(input, repo, pull)

    def _done(self, input: Mapping[str, Any], repo: "Repo", pull: Pull) -> Json:
        node, actor = PullNode(self.view, repo, pull), account(self.view, self.view.user)
        return _payload(dict(input), pull_request=node, actor=actor)

    async def enqueue_pull_request(self, input: Json) -> Json:
        repo, pull = self._pull(input["pullRequestId"])
        self._may_merge(repo)
        head, jump = input.get("expectedHeadOid"), bool(input.get("jump"))
        made = await queue.enqueue(repo, self.view.user, pull, head=head, jump=jump)
        return _payload(input, merge_queue_entry=EntryNode(self.view, repo, made))

    async def dequeue_pull_request(self, input: Json) -> Json:
        repo, pull = self._pull(input["id"])
        self._may_merge(repo)
        async with repo.lock:
            gone = await queue.remove(repo, self.view.user, pull, "MANUAL")
        if gone is None:
            raise Refusal(422, "Pull request is not in the merge queue")
        return _payload(input, merge_queue_entry=EntryNode(self.view, repo, gone))

    # References

    async def delete_ref(self, input: Json) -> Json:
        repo, name = self._repo(input["refId"], "REF")
        self.view.check_may_write(repo, "contents")
        async with repo.lock:
            protection.check_push(repo, name, None)
            await refs.change(repo, self.view.user, name, None, force=False)
        return _payload(input)
