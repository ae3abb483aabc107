"""GitHub's limits are waited for as told, by who met them alone, and cost no promotion (N17, N20)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telefonistka_py.inbox.model import Counts
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.content import Content
from telefonistka_py.sandbox.quota import SECONDARY
from tests.contracts import github as contract
from tests.stories import picture
from tests.stories.house import AT_ONCE, SECRET, House, level
from tests.stories.test_nothing_lost_nothing_twice import undisturbed

CHANGE: dict[str, Content | None] = {"workspace/nginx/values.yaml": 'tag: "2.0"\n', "workspace/nginx/new.yaml": "x\n"}
API = r"^/(repos|graphql|api/graphql)"
IMPATIENT = replace(AT_ONCE, fewest_attempts=2)


@dataclass
class Shifted:
    """The time, so much later."""

    by: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.fixture
def later() -> Shifted:
    return Shifted()


@pytest.fixture
async def house(tmp_path: Path, later: Shifted) -> AsyncIterator[House]:
    """GitHub and the bot go by one clock, which a story may set forward between two runs of the bot."""
    async with Hub.running(tmp_path / "hub", clock=later) as hub:
        yield House(hub, hub.add_app(slug="telefonistka", secret=SECRET), tmp_path, clock=later)
        await hub.delivered()
        assert hub.unknown == []
        assert [problem for exchange in hub.exchanges for problem in contract.problems_of(exchange)] == []


def of_account(house: House, account: str) -> int:
    """How often the bot asked something of this account's repositories."""
    name = f"{account}/gitops"
    owner = {"owner": account, "name": "gitops"}
    return sum(
        f"/repos/{name}/" in each.path or owner.items() <= ((each.request_body or {}).get("variables") or {}).items()
        for each in house.requests()
    )


async def counts(house: House) -> Counts:
    assert house.server is not None
    return await house.server.inbox.counts()


async def test_an_installation_without_requests_left_waits_and_another_goes_on(house: House, later: Shifted) -> None:
    ours, theirs = await house.repo(level()), await house.repo(level(), "other/gitops")
    async with house.bot():
        pulls = []
        for repo in (ours, theirs):
            await repo.commit("alice", "feature", CHANGE)
            pulls.append(await repo.open_pull("alice", head="feature", title="Change"))
        await house.settle()
        for resource in ("core", "graphql"):
            house.hub.limit(remaining=0, resource=resource, account="acme")
        before = of_account(house, "acme")
        for repo, pull in zip((ours, theirs), pulls, strict=True):
            await repo.merge("alice", pull.number)
        await house.server_idle()
        assert (len(house.promotions(ours)), len(house.promotions(theirs))) == (0, 1)
        assert of_account(house, "acme") - before <= 3, "those that were sent at once learn of the limit; no more are"
        assert (await counts(house)).waiting >= 1
        assert (await counts(house)).underway == 0, "nobody sleeps on a worker's place"
    later.by = timedelta(minutes=59)
    async with house.bot():
        before = of_account(house, "acme")
        await house.server_idle()
        assert of_account(house, "acme") == before, "not before GitHub's reset"
    later.by = timedelta(minutes=61)
    async with house.bot():
        await house.settle()
        assert len(house.promotions(ours)) == 1
        assert house.states(ours, pulls[0])[-1] == "success"


async def test_limits_never_fail_a_promotion_however_many_there_are(house: House, later: Shifted) -> None:
    """The bot gives up after two attempts here; five limits in a row use up none of them."""
    repo = await house.repo(level())
    async with house.bot(IMPATIENT):
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.limit_secondary(path=API, retry_after=600)
        await repo.merge("alice", pull.number)
        await house.server_idle()
    for hours in range(1, 5):
        later.by = timedelta(hours=hours)
        house.hub.limit_secondary(path=API, retry_after=600)
        async with house.bot(IMPATIENT):
            await house.server_idle()
            assert house.hub.faults.waiting == [], "the limit was met"
            assert (await counts(house)).dead == 0
    later.by = timedelta(hours=6)
    house.hub.will_answer(502, path=API)
    async with house.bot(IMPATIENT):
        await house.settle()
        assert (await counts(house)).dead == 0, "a failure after them is the first that counts"
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"


async def test_a_limit_on_creating_content_at_a_single_request_changes_nothing_in_the_end(tmp_path: Path) -> None:
    """A sample: the matrix tries every request."""
    await limited_at(tmp_path, every=3)


async def limited_at(tmp_path: Path, *, every: int) -> None:
    """80 a minute, 500 an hour: the refusal may come at whichever request it likes."""
    wanted, count = await undisturbed(tmp_path, level())
    for number in range(0, count, every):
        folder = tmp_path / str(number)
        async with Hub.running(folder / "hub") as hub:
            house = House(hub, hub.add_app(slug="telefonistka", secret=SECRET), folder)
            house.approver = hub.add_app(slug="approver")
            repo = await house.repo(level())
            async with house.bot(AT_ONCE):
                await repo.commit("alice", "feature", CHANGE)
                pull = await repo.open_pull("alice", head="feature", title="Change feature")
                await house.settle()
                fault = hub.will_answer(403, path=API, skip=number, body={"message": SECONDARY}, retry_after=0)
                await repo.merge("alice", pull.number)
                await house.settle()
                assert fault.times == 0, f"request {number} was never made"
                assert await picture.of(house, repo) == wanted, f"after a limit at request {number}"


async def test_a_limit_that_does_not_say_until_when_is_given_a_minute(house: House, later: Shifted) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", CHANGE)
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
        house.hub.limit_secondary(method="POST", path=r"/git/refs$", retry_after=None)
        await repo.merge("alice", pull.number)
        await house.server_idle()
        sent = of_account(house, "acme")
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "3.0"\n'}, branch="second")
        await house.server_idle()
        assert of_account(house, "acme") == sent, "nothing else is sent meanwhile, for other work neither"
        assert house.promotions(repo) == []
    later.by = timedelta(seconds=80)
    async with house.bot():
        await house.settle()
        assert len(house.promotions(repo)) == 2
        assert house.states(repo, pull)[-1] == "success"


async def test_a_server_that_tells_nothing_of_limits_works_all_the_same(house: House) -> None:
    house.hub.without_limits()
    repo = await house.repo(level())
    async with house.bot():
        pull = await house.change(repo, CHANGE)
        await house.settle()
        assert len(house.promotions(repo)) == 1
        assert house.states(repo, pull)[-1] == "success"
