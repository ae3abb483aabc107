"""v1's gauges of open pull requests, and what they may not cost (N21)."""

import pytest

from telefonistka_py.census.flow import Census
from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.credentials import Token
from telefonistka_py.names import RepoName
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.sandbox import Pull, Repo
from tests.doors.github.conftest import FILES, Clock, Line

OPEN = "telefonistka_github_open_prs"
PROMOTIONS = "telefonistka_github_open_promotion_prs"
PENDING = "telefonistka_github_open_prs_with_pending_telefonistka_checks"


def gauges(metrics: Metrics, name: str) -> dict[str, float]:
    """By repository."""
    [found] = [each for each in metrics.registry.collect() if each.name == name]
    return {sample.labels["repo_slug"]: sample.value for sample in found.samples}


def census(line: Line, metrics: Metrics) -> Census:
    return Census(line.connection(), metrics, line.clock)


async def opened(repo: Repo, branch: str, *labels: str) -> Pull:
    await repo.commit("alice", branch, {"README.md": f"about {branch}\n"})
    return await repo.open_pull("alice", head=branch, title=branch, labels=labels)


async def status(repo: Repo, pull: Pull, state: str, context: str = "telefonistka") -> None:
    await repo.set_status("ci", pull.head_sha, context, state)


async def test_open_pull_requests_promotions_and_what_is_pending_too_long_are_counted(line: Line, clock: Clock) -> None:
    repo = line.hub.repo("acme/gitops")
    quiet = await line.hub.add_repo("acme/quiet", files=FILES, collaborators={"alice": "write"})
    line.hub.add_user("ci", access={"acme/gitops": "write"})
    stuck, failed, done, fresh, other = [await opened(repo, name) for name in ("a", "b", "c", "d", "e")]
    await opened(repo, "f", "promotion")
    closed = await opened(repo, "g", "promotion")
    await status(repo, stuck, "pending")
    await status(repo, failed, "pending")
    await status(repo, failed, "failure", "ci/other")  # v1 and GitHub's sum of all statuses call this one failed
    await status(repo, done, "pending")
    await status(repo, done, "success")
    await status(repo, other, "pending", "ci/other")
    await status(repo, closed, "pending")
    await repo.close("alice", closed.number)
    clock.move(minutes=20, seconds=1)
    await status(repo, fresh, "pending")
    metrics = Metrics()
    await census(line, metrics).take()
    assert gauges(metrics, OPEN) == {"acme/gitops": 6, quiet.name: 0}
    assert gauges(metrics, PROMOTIONS) == {"acme/gitops": 1, quiet.name: 0}
    assert gauges(metrics, PENDING) == {"acme/gitops": 2, quiet.name: 0}


async def test_more_pull_requests_than_were_expected_are_counted_all_the_same(line: Line, clock: Clock) -> None:
    repo = line.hub.repo("acme/gitops")
    line.hub.add_user("ci", access={"acme/gitops": "write"})
    for number in range(25):
        await status(repo, await opened(repo, f"b{number}"), "pending")
    clock.move(hours=1)
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    assert (gauges(metrics, OPEN), gauges(metrics, PENDING)) == ({"acme/gitops": 25}, {"acme/gitops": 25})
    assert len(line.requests("/graphql")) == 2, "ten, and then the rest"
    clock.move(minutes=9)
    await it.take()
    assert len(line.requests("/graphql")) == 3, "the next round knows how many to expect"
    assert gauges(metrics, PENDING) == {"acme/gitops": 25}


async def test_repositories_that_vanished_or_were_archived_leave_no_figures(line: Line, clock: Clock) -> None:
    await line.hub.add_repo("acme/other", files=FILES)
    await line.hub.add_repo("acme/third", files=FILES)
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    assert set(gauges(metrics, OPEN)) == {"acme/gitops", "acme/other", "acme/third"}
    line.hub.repo("acme/other").archived = True
    del line.hub.repos["acme/third"]
    clock.move(minutes=6)  # before the list is read anew: GitHub doesn't find the one, and says it of the other
    await it.take()
    for name in (OPEN, PROMOTIONS, PENDING):
        assert set(gauges(metrics, name)) == {"acme/gitops"}
    clock.move(minutes=20)
    await it.take()
    assert set(gauges(metrics, OPEN)) == {"acme/gitops"}


async def test_an_installation_that_is_suspended_leaves_no_figures_and_comes_back(line: Line, clock: Clock) -> None:
    await line.hub.add_repo("other/repo", files=FILES)
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    line.hub.suspend("other")
    clock.move(minutes=10)
    await it.take()
    assert set(gauges(metrics, OPEN)) == {"acme/gitops"}
    line.hub.suspend("other", False)
    clock.move(minutes=10)
    await it.take()
    assert set(gauges(metrics, OPEN)) == {"acme/gitops", "other/repo"}


async def test_what_cannot_be_read_keeps_its_figures_and_does_not_hold_up_others(line: Line, clock: Clock) -> None:
    await line.hub.add_repo("other/repo", files=FILES, collaborators={"alice": "write"})
    await opened(line.hub.repo("acme/gitops"), "a")
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    await opened(line.hub.repo("other/repo"), "a")
    await opened(line.hub.repo("acme/gitops"), "b")
    line.hub.will_answer(502, operation="Tally")
    clock.move(minutes=10)
    await it.take()
    assert gauges(metrics, OPEN) == {"acme/gitops": 1, "other/repo": 1}
    clock.move(minutes=10)
    await it.take()
    assert gauges(metrics, OPEN) == {"acme/gitops": 2, "other/repo": 1}


async def test_a_partial_answer_is_no_answer(line: Line, clock: Clock) -> None:
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    errors = [{"type": "FORBIDDEN", "message": "Resource not accessible by integration", "path": ["r0"]}]
    line.hub.will_answer(200, operation="Tally", errors=errors)
    clock.move(minutes=10)
    await it.take()
    assert gauges(metrics, OPEN) == {"acme/gitops": 0}


async def test_when_the_installations_cannot_be_listed_the_caller_is_told(line: Line) -> None:
    line.hub.will_answer(502, path="/app/installations$")
    with pytest.raises(WorldUnwell):
        await census(line, Metrics()).take()


async def test_it_waits_when_little_is_left_for_promotions(line: Line, clock: Clock) -> None:
    """Less than a fifth of the limit is left: the census comes again when the limit is reset."""
    await line.hub.add_repo("other/repo", files=FILES)
    metrics = Metrics()
    line.hub.limit(remaining=900, account="acme", resource="graphql")
    it = census(line, metrics)
    await it.take()
    clock.move(minutes=10)
    assert set(gauges(metrics, OPEN)) == {"acme/gitops", "other/repo"}, "the first answer told"
    for _ in range(4):
        sent = len(line.hub.exchanges)
        await it.take()
        clock.move(minutes=10)
        asked = [each for each in line.requests("/graphql", sent) if "acme" in str(each.request_body)]
        assert asked == []
        assert [each for each in line.requests("/graphql", sent) if "other" in str(each.request_body)]
    clock.move(minutes=30)
    sent = len(line.hub.exchanges)
    await it.take()
    assert [each for each in line.requests("/graphql", sent) if "acme" in str(each.request_body)]


async def test_with_a_personal_token_the_named_repositories_are_counted(line: Line, clock: Clock) -> None:
    await opened(line.hub.repo("acme/gitops"), "a")
    metrics = Metrics()
    it = Census(line.connection(Token(line.hub.user("alice").token)), metrics, clock)
    await it.take([RepoName("acme/gitops"), RepoName("acme/nowhere"), RepoName("acme/gitops")])
    assert gauges(metrics, OPEN) == {"acme/gitops": 1}
    clock.move(minutes=10)
    await it.take([])
    assert gauges(metrics, OPEN) == {}


async def test_who_no_longer_takes_the_census_has_no_figures(line: Line) -> None:
    metrics = Metrics()
    it = census(line, metrics)
    await it.take()
    it.clear()
    assert gauges(metrics, OPEN) == gauges(metrics, PENDING) == {}


async def test_it_says_when_to_come_again_and_asks_nothing_before(line: Line, clock: Clock) -> None:
    it = census(line, Metrics())
    wait = await it.take()
    assert wait.total_seconds() == 300
    sent = len(line.hub.exchanges)
    clock.now += wait / 2
    assert await it.take() == wait / 2
    assert len(line.hub.exchanges) == sent
