"""What GitHub could not hand over is asked for again, and what an outage swallowed is looked for (N18)."""

import json
from datetime import timedelta

from telefonistka_py.app import chores
from telefonistka_py.events import own
from telefonistka_py.events.model import Chore, ChoreEvent
from telefonistka_py.inbox.model import State
from telefonistka_py.recovery import model
from telefonistka_py.recovery.model import Memory
from telefonistka_py.sandbox.model import Exchange
from tests.stories.house import House, level, now

CHORE = "chore:recovery:"
CHANGE = {"workspace/nginx/values.yaml": 'tag: "2.0"\n'}
NOWHERE = "http://127.0.0.1:9/webhook"


async def sweep(house: House) -> list[Exchange]:
    """Ten minutes pass; what the sweep asked of GitHub about the App's webhook."""
    assert house.server is not None
    house.hub.exchanges.clear()
    assert await house.server.inbox.again(CHORE) is State.WAITING
    await house.server_idle()
    return [each for each in house.hub.exchanges if "/app/hook/" in each.path]


async def test_a_merge_that_happened_while_the_server_was_down_is_promoted(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
    await house.change(repo, {**CHANGE})
    await house.hub.delivered()
    assert [each.status_code == 200 for each in house.hub.deliveries if each.action == "closed"] == [False]
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()  # the start looks at once
        [promotion] = house.promotions(repo)
        assert promotion.title.endswith("dev and lab")
        asked = [each for each in await sweep(house) if each.method == "POST"]
        assert asked == []
        assert len(house.promotions(repo)) == 1


async def test_a_redelivery_that_fails_as_well_is_asked_for_again(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        url = house.app.webhook_url
        house.hub.set_webhook(house.app, NOWHERE)
        await house.change(repo, {**CHANGE})
        await sweep(house)
        await sweep(house)
        assert house.promotions(repo) == []
        house.hub.set_webhook(house.app, url)
        await sweep(house)
        assert len(house.promotions(repo)) == 1


async def test_what_failed_before_our_time_is_not_ours_to_repeat(house: House) -> None:
    repo = await house.repo(level())
    house.hub.set_webhook(house.app, NOWHERE)
    await house.change(repo, {**CHANGE})
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        assert [each for each in await sweep(house) if each.method == "POST"] == []


async def test_a_quiet_hour_costs_six_requests(house: House) -> None:
    await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        assert [(each.method, each.path) for each in await sweep(house)] == [
            ("GET", "/api/v3/app/hook/deliveries?per_page=100")
        ]
        assert house.server is not None
        kept = await house.server.inbox.find(CHORE)
        assert kept is not None
        assert kept.entry.due_at is not None
        assert kept.entry.due_at - kept.entry.received_at >= timedelta(minutes=10)


async def test_a_delivery_that_arrived_although_github_saw_no_answer_is_not_asked_for(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        await house.change(repo, {**CHANGE})
        await house.server_idle()
        for each in house.hub.deliveries:
            each.status, each.status_code = "timed out", 0
        assert [each for each in await sweep(house) if each.method == "POST"] == []
        assert len(house.promotions(repo)) == 1


async def test_a_long_log_is_read_in_several_sweeps_and_nothing_in_it_is_passed_over(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        url = house.app.webhook_url
        house.hub.set_webhook(house.app, NOWHERE)
        await house.change(repo, {**CHANGE})
        house.hub.set_webhook(house.app, None)
        await house.hub.delivered()
        house.hub.set_webhook(house.app, url)
        filler = house.hub.deliveries[0]
        missed = [each for each in house.hub.deliveries if each.action == "closed"]
        assert len(missed) == 1
        for number in range(2_100):
            house.hub.deliveries.append(type(filler)(**{**vars(filler), "id": 10**9 + number, "guid": f"g{number}",
                                                        "status": "OK", "status_code": 200}))  # fmt: skip
        house.hub.exchanges.clear()
        await sweep(house)
        assert house.promotions(repo) == []
        await sweep(house)
        assert len(house.promotions(repo)) == 1


async def test_after_an_outage_merges_that_nobody_told_of_are_found_and_promoted_once(house: House) -> None:
    """GitHub keeps its log for three days; a longer outage leaves no trace in it."""
    repo = await house.repo(level())
    house.hub.set_webhook(house.app, None)
    await house.change(repo, {**CHANGE}, branch="while-away")
    await repo.commit("alice", "other", {"README.md": "x\n"})
    await repo.open_pull("alice", head="other", title="not merged")
    house.hub.deliveries.clear()
    last_awake = now() - timedelta(days=5)
    memory = model.write(Memory(awake_at=last_awake, swept_until=last_awake))
    chore = chores.delivery(ChoreEvent(Chore.RECOVERY, memory=memory), now())
    async with house.bot(at_start=(chore,)):
        await house.server_idle()
        [promotion] = house.promotions(repo)
        assert promotion.head_ref.startswith("promotions/1-while-away-")
        assert house.server is not None
        kept = await house.server.inbox.find("missed:acme/gitops#1")
        assert kept is not None
        assert (kept.entry.kind, kept.entry.state) == (own.MISSED, State.DONE)
        after = await house.server.inbox.find(CHORE)
        assert after is not None
        assert model.read(json.loads(after.delivery.body)["memory"], now()).caught_up


async def test_after_an_outage_what_was_handled_is_left_alone(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {**CHANGE})
        await house.settle()
    last_awake = now() - timedelta(hours=1)
    memory = model.write(Memory(awake_at=last_awake, swept_until=last_awake))
    chore = chores.delivery(ChoreEvent(Chore.RECOVERY, memory=memory), now())
    async with house.bot(at_start=(chore,)):
        await house.server_idle()
        assert house.server is not None
        assert await house.server.inbox.find("missed:acme/gitops#1") is None


async def test_what_was_heard_of_a_pull_request_before_its_merge_tells_nothing_of_the_merge(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await repo.commit("alice", "feature", {**CHANGE})
        pull = await repo.open_pull("alice", head="feature", title="Change")
        await house.settle()
    house.hub.set_webhook(house.app, None)
    await repo.merge("alice", pull.number)
    house.hub.deliveries.clear()
    last_awake = now() - timedelta(hours=1)
    memory = model.write(Memory(awake_at=last_awake, swept_until=last_awake))
    chore = chores.delivery(ChoreEvent(Chore.RECOVERY, memory=memory), now())
    async with house.bot(at_start=(chore,)):
        await house.server_idle()
        assert len(house.promotions(repo)) == 1


async def test_a_sweep_asks_for_a_hundred_at_most_and_owes_the_rest(house: House) -> None:
    repo = await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        await house.change(repo, {"README.md": "x\n"})
        await house.server_idle()
        filler = house.hub.deliveries[-1]
        for number in range(130):
            values = {"id": 10**9 + number, "guid": f"g{number}", "status": "Unauthorized", "status_code": 401}
            house.hub.deliveries.append(type(filler)(**{**vars(filler), **values}))
        house.hub.will_answer(202, path=r"/attempts$", body={}, times=1000)
        first = [each for each in await sweep(house) if each.method == "POST"]
        second = [each for each in await sweep(house) if each.method == "POST"]
        assert (len(first), len(second)) == (100, 30)
        assert len({each.path for each in [*first, *second]}) == 130


async def test_a_chore_that_breaks_off_comes_again_with_what_it_remembered(house: House) -> None:
    await house.repo(level())
    async with house.bot(at_start=chores.standing(now())):
        await house.server_idle()
        assert house.server is not None
        before = await house.server.inbox.find(CHORE)
        house.hub.will_answer(200, path=r"/app/hook/deliveries", body=[{"no": "delivery"}])
        await sweep(house)
        after = await house.server.inbox.find(CHORE)
        assert before is not None
        assert after is not None
        assert after.entry.state is State.WAITING
        assert json.loads(after.delivery.body)["memory"] == json.loads(before.delivery.body)["memory"]
        house.hub.exchanges.clear()  # an answer that GitHub would not give
