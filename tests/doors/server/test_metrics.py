"""How long deliveries wait and take is measured once each, and our own work is left out of it."""

import re
from dataclasses import replace
from datetime import timedelta

from telefonistka_py.errors import Limited, WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import Lane
from tests.doors.server.conftest import Gate, Hands, Server, StartServer, payload, signed, utc

AGE = "telefonistka_delivery_age_seconds"
WAIT = "telefonistka_delivery_lane_wait_seconds"
OLDEST = "telefonistka_inbox_oldest_delivery_age_seconds"


async def scraped(server: Server) -> dict[str, float]:
    """Every sample of /metrics by its name and labels."""
    status, text = await server.get("/metrics")
    assert status == 200
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:{.*})?) (\S+)$", text, re.MULTILINE)}


def webhook(id: str, minutes_ago: int) -> Delivery:
    came = utc() - timedelta(minutes=minutes_ago)
    headers = tuple(signed(payload(), id).items())
    return Delivery(id, "pull_request", Lane(f"acme/infra#{id}"), headers, payload(), came)


def own_work(minutes_ago: int) -> Delivery:
    body = b'{"repo": "acme/infra", "installation": null, "number": 1}'
    return replace(webhook("own", minutes_ago), kind=own.MISSED, body=body)


async def test_a_delivery_is_timed_once_from_its_arrival_however_often_it_is_tried(
    start: StartServer, hands: Hands
) -> None:
    """An attempt that a limit held back does not count as one, so that the next is called the first again."""
    hands.will["d1"] = [Limited("wait", retry_at=utc()), WorldUnwell("GitHub answered 502")]
    async with start() as server:
        await server.running.inbox.put(webhook("d1", minutes_ago=10))
        await server.running.worker.settled()
        found = await scraped(server)
    assert found['telefonistka_deliveries_handled_total{kind="pull_request",outcome="retry"}'] == 2
    for name in (AGE, WAIT):
        assert found[f'{name}_count{{kind="pull_request"}}'] == 1
        assert 600 <= found[f'{name}_sum{{kind="pull_request"}}'] < 630


async def test_what_waits_behind_another_in_its_lane_is_measured_as_waiting(server: Server, hands: Hands) -> None:
    gate = Gate()
    hands.will["d1"] = [gate]
    await server.deliver("d1")
    await gate.begun.wait()
    await server.deliver("d2")
    arrived = utc()
    before = await scraped(server)
    assert before[f'{WAIT}_count{{kind="pull_request"}}'] == 1
    held = (utc() - arrived).total_seconds()
    gate.opened.set()
    await server.running.worker.settled()
    found = await scraped(server)
    assert found[f'{WAIT}_count{{kind="pull_request"}}'] == 2
    assert found[f'{WAIT}_sum{{kind="pull_request"}}'] - before[f'{WAIT}_sum{{kind="pull_request"}}'] >= held


async def test_our_own_work_is_not_taken_for_webhooks_that_were_late(server: Server) -> None:
    await server.running.inbox.put(own_work(minutes_ago=600))
    await server.running.worker.settled()
    found = await scraped(server)
    assert found['telefonistka_deliveries_handled_total{kind="other",outcome="done"}'] == 1
    assert not [name for name in found if name.startswith((AGE, WAIT))]
    assert found[OLDEST] == 0


async def test_a_webhook_that_ends_dead_has_no_age_and_one_that_waits_makes_the_oldest(
    server: Server, hands: Hands
) -> None:
    gate = Gate()
    hands.will["dead"] = [KeyError("a bug")]
    hands.will["old"] = [gate]
    await server.running.inbox.put(webhook("dead", minutes_ago=90))
    await server.running.inbox.put(webhook("old", minutes_ago=20))
    await gate.begun.wait()
    await server.running.inbox.put(replace(webhook("new", minutes_ago=1), lane=Lane("acme/infra#old")))
    found = await scraped(server)
    assert 1200 <= found[OLDEST] < 1230
    assert found['telefonistka_inbox_deliveries{state="waiting"}'] == 1
    gate.opened.set()
    await server.running.worker.settled()
    found = await scraped(server)
    assert found[OLDEST] == 0
    assert found['telefonistka_inbox_deliveries{state="dead"}'] == 1
    assert found[f'{AGE}_count{{kind="pull_request"}}'] == 2


async def test_kinds_that_nobody_foresaw_make_no_labels_of_their_own(server: Server) -> None:
    for number in range(5):
        kind = f"kind_{'abcde'[number]}"
        body = b'{"action": "created"}'
        await server.post(body, signed(body, f"d{number}", kind=kind))
    await server.running.worker.settled()
    found = await scraped(server)
    assert found[f'{AGE}_count{{kind="other"}}'] == 5
    assert not [name for name in found if "kind_" in name]


async def test_readiness_is_a_metric_too(server: Server) -> None:
    assert (await scraped(server))["telefonistka_ready"] == 1
    await server.running.worker.drain(0)
    assert (await scraped(server))["telefonistka_ready"] == 0


async def test_gauges_stay_as_they_were_while_the_inbox_cannot_be_read(server: Server) -> None:
    """An error is no zero."""
    await server.running.inbox.put(own_work(minutes_ago=1))
    await server.running.worker.settled()
    before = await scraped(server)
    await server.running.inbox.close()
    after = await scraped(server)
    assert after["telefonistka_ready"] == 0
    name = 'telefonistka_inbox_deliveries{state="done"}'
    assert after[name] == before[name] == 1


async def test_ready_says_in_words_what_was_given_up(server: Server, hands: Hands) -> None:
    hands.will["dead"] = [KeyError("a bug")]
    for id in ("dead", "fine"):
        await server.running.inbox.put(webhook(id, minutes_ago=0))
    await server.running.worker.settled()
    assert await server.ready() == (
        200,
        {
            "ready": True,
            "problems": [],
            "warnings": ["1 delivery ended dead: telefonistka inbox list --state dead"],
        },
    )


async def test_ready_tells_of_a_webhook_that_is_late(server: Server, hands: Hands) -> None:
    """Late is no reason to turn away what can still be stored."""
    gate = Gate()
    hands.will["old"] = [gate]
    await server.running.inbox.put(webhook("old", minutes_ago=20))
    await gate.begun.wait()
    status, report = await server.ready()
    assert (status, report["problems"]) == (200, [])
    assert report["warnings"] == [
        "A webhook that came 20 minutes ago is not handled yet: telefonistka inbox list --state waiting"
    ]
    gate.opened.set()
    await server.running.worker.settled()
    assert (await server.ready())[1]["warnings"] == []
