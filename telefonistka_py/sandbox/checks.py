"""Check runs and their suites, which Apps make: the rules, and what they add up to beside statuses."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from telefonistka_py.sandbox import events, statuses
from telefonistka_py.sandbox.model import App
from telefonistka_py.sandbox.refusal import custom, failed, invalid

if TYPE_CHECKING:
    from telefonistka_py.sandbox.repository import Repo

STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")
PASSED = ("success", "neutral", "skipped")
"""Conclusions that a required check is met by (docs: About status checks)."""


@dataclass(eq=False)
class Suite:
    """One App's check runs on one commit."""

    id: int
    sha: str
    app: App
    created_at: datetime
    updated_at: datetime
    runs: "list[CheckRun]" = field(default_factory=list)

    @property
    def status(self) -> str:
        if all(each.status == "completed" for each in self.runs):
            return "completed"
        return "in_progress" if any(each.status != "queued" for each in self.runs) else "queued"

    @property
    def conclusion(self) -> str | None:
        """The worst of its runs', once all are completed."""
        if self.status != "completed":
            return None
        bad = [each.conclusion for each in self.runs if each.conclusion not in PASSED]
        return bad[0] if bad else "success"


@dataclass(eq=False)
class CheckRun:
    id: int
    suite: Suite
    name: str
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Wish:
    """What somebody says of a check run; None leaves it as it is."""

    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    details_url: str | None = None
    external_id: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None


async def make(repo: "Repo", app: App, sha: str, wish: Wish) -> CheckRun:
    """`POST check-runs`. Raises 422 for an unknown commit, status or conclusion."""
    if len(sha) != 40 or await repo.git.kind(sha) != "commit":
        raise invalid(f"No commit found for SHA: {sha}")
    _check(wish)
    now = repo.hub.clock()
    suites = repo.suites.setdefault(sha, [])
    suite = next((each for each in suites if each.app is app), None)
    if suite is None:
        suite = Suite(repo.hub.next_id(), sha, app, now, now)
        suites.append(suite)
    run = CheckRun(repo.hub.next_id(), suite, wish.name or "", now)
    suite.runs.append(run)
    _apply(repo, run, wish)
    await events.check_run(repo, app.bot, run, "created")
    await _after(repo, run)
    return run


async def change(repo: "Repo", run: CheckRun, wish: Wish) -> CheckRun:
    """`PATCH check-runs/N`."""
    _check(wish)
    was_completed = run.status == "completed"
    _apply(repo, run, wish)
    if not was_completed:
        await _after(repo, run)
    return run


def _check(wish: Wish) -> None:
    if wish.status not in (None, *STATUSES):
        raise failed(custom("CheckRun", "status is not included in the list", "status"))
    if wish.conclusion not in (None, *CONCLUSIONS):
        raise failed(custom("CheckRun", "conclusion is not included in the list", "conclusion"))
    if wish.status == "completed" and wish.conclusion is None:
        raise invalid('Invalid request.\n\n"conclusion" wasn\'t supplied.')


def _apply(repo: "Repo", run: CheckRun, wish: Wish) -> None:
    for key in ("name", "status", "conclusion", "started_at", "completed_at", "details_url", "external_id"):
        if (value := getattr(wish, key)) is not None:
            setattr(run, key, value)
    for key in ("title", "summary", "text"):
        if (value := getattr(wish, key)) is not None:
            setattr(run, key, value)
    if wish.conclusion is not None:
        run.status, run.completed_at = "completed", wish.completed_at or repo.hub.clock()
    run.suite.updated_at = repo.hub.clock()


async def _after(repo: "Repo", run: CheckRun) -> None:
    if run.status != "completed":
        return
    await events.check_run(repo, run.suite.app.bot, run, "completed")
    if run.suite.status == "completed":
        await events.check_suite(repo, run.suite.app.bot, run.suite, "completed")
    await repo.settle()


def every(repo: "Repo", sha: str) -> list[CheckRun]:
    """All check runs of a commit, oldest first."""
    found = [run for suite in repo.suites.get(sha, ()) for run in suite.runs]
    return sorted(found, key=lambda each: each.id)


def latest(repo: "Repo", sha: str) -> list[CheckRun]:
    """The newest check run of each App and name."""
    newest = {(each.suite.app.id, each.name): each for each in every(repo, sha)}
    return list(newest.values())


def outcome(run: CheckRun) -> str:
    """`success`, `failure`, or what it is on its way to one: `pending` or `in_progress`."""
    if run.status == "completed":
        return "success" if run.conclusion in PASSED else "failure"
    return "in_progress" if run.status == "in_progress" else "pending"


def state(repo: "Repo", sha: str, name: str) -> str:
    """How the required check `name` stands, be it a status or a check run: `expected` when it was not heard of."""
    states = [each.state for each in statuses.latest(repo.statuses(sha)) if each.context.lower() == name.lower()]
    states += [outcome(each) for each in latest(repo, sha) if each.name.lower() == name.lower()]
    states = ["failure" if each == "error" else each for each in states]
    order = ("failure", "pending", "in_progress", "success")
    return min(states, key=order.index) if states else "expected"
