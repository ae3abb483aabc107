"""GraphQL nodes of statuses and check runs, and of what they add up to."""

from typing import TYPE_CHECKING, Any

from telefonistka_py.sandbox import checks, landing_shapes, profiles, protection, statuses
from telefonistka_py.sandbox.git_nodes import git_object
from telefonistka_py.sandbox.model import Pull, Status, node_id
from telefonistka_py.sandbox.refusal import Json, Refusal
from telefonistka_py.sandbox.resolvers import View, account, connection, not_found

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo


class _Required:
    """What a pull request may demand."""

    repo: "Repo"
    _context: str

    def is_required(self, pull_request_id: str | None = None, pull_request_number: int | None = None) -> bool:
        every = {node_id("PR", self.repo.id, each.number): each for each in self.repo.pulls()}
        found = every.get(pull_request_id or "")
        if found is None and pull_request_number is not None:
            asked = self.repo.issues.get(pull_request_number)
            found = asked if isinstance(asked, Pull) else None
        if pull_request_id is None and pull_request_number is None:
            raise Refusal(422, "Either a pull request ID or a pull request number is required.")
        if found is None:
            raise not_found("Could not resolve to a PullRequest.")
        return protection.is_required(self.repo, found, self._context)


class ContextNode(_Required):
    typename = "StatusContext"

    def __init__(self, view: View, repo: "Repo", status: Status) -> None:
        self.view, self.repo, self._context = view, repo, status.context
        self._sha = status.sha
        self.id, self.context, self.state = node_id("SC", repo.id, status.id), status.context, status.state.upper()
        self.description, self.target_url = status.description, status.target_url
        self.created_at, self.creator = profiles.stamp(status.created_at), account(view, status.creator)

    async def commit(self) -> Any:
        return await git_object(self.view, self.repo, self._sha)


class StatusNode:
    """What the statuses of one commit add up to."""

    typename = "Status"

    def __init__(self, view: View, repo: "Repo", sha: str) -> None:
        self.view, self.repo, self.sha = view, repo, sha
        self.id = node_id("S", repo.id, sha)
        latest = statuses.latest(repo.statuses(sha))
        self.state = statuses.combined([each.state for each in latest]).upper()
        self.contexts = [ContextNode(view, repo, each) for each in latest]

    def context(self, name: str) -> ContextNode | None:
        return next((each for each in self.contexts if each.context.lower() == name.lower()), None)

    async def commit(self) -> Any:
        return await git_object(self.view, self.repo, self.sha)


class CheckRunNode(_Required):
    typename = "CheckRun"

    def __init__(self, view: View, repo: "Repo", run: checks.CheckRun) -> None:
        shape = landing_shapes.check_run(repo, run)
        self.view, self.repo, self._context = view, repo, run.name
        self.id, self.database_id, self.name = shape["node_id"], run.id, run.name
        self.status = run.status.upper()
        self.conclusion = run.conclusion.upper() if run.conclusion else None
        self.details_url, self.external_id = shape["details_url"], run.external_id
        self.url = self.permalink = shape["html_url"]
        self.title, self.summary, self.text = run.title, run.summary, run.text
        self.started_at, self.completed_at = shape["started_at"], shape["completed_at"]


class RollupNode:
    typename = "StatusCheckRollup"

    def __init__(self, view: View, repo: "Repo", sha: str) -> None:
        self.view, self.repo, self.sha = view, repo, sha
        self.id = node_id("SCR", repo.id, sha)
        self._statuses = statuses.latest(repo.statuses(sha))
        self._runs = checks.latest(repo, sha)

    @property
    def is_empty(self) -> bool:
        return not self._statuses and not self._runs

    @property
    def state(self) -> str:
        states = [each.state for each in self._statuses] + [checks.outcome(each) for each in self._runs]
        states = ["pending" if each == "in_progress" else each for each in states]
        return min(states, key=("failure", "error", "pending", "success").index).upper()

    def contexts(
        self, first: int | None = None, last: int | None = None, after: str | None = None, before: str | None = None
    ) -> Json:
        found: list[Any] = [CheckRunNode(self.view, self.repo, each) for each in self._runs]
        found += [ContextNode(self.view, self.repo, each) for each in self._statuses]
        page = {"first": first, "last": last, "after": after, "before": before}
        counts = {"check_run_count": len(self._runs), "status_context_count": len(self._statuses)}
        return connection(found, page) | counts

    async def commit(self) -> Any:
        return await git_object(self.view, self.repo, self.sha)


def status(view: View, repo: "Repo", sha: str) -> StatusNode | None:
    """None for a commit without a status."""
    view.check_may_read(repo, "statuses")
    return StatusNode(view, repo, sha) if repo.statuses(sha) else None


def rollup(view: View, repo: "Repo", sha: str) -> RollupNode | None:
    """None for a commit without a status or a check run."""
    view.check_may_read(repo, "statuses", "checks")
    made = RollupNode(view, repo, sha)
    return None if made.is_empty else made
