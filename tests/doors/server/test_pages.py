"""Liveness, readiness and metrics."""

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.server.verdict import Patience
from tests.doors.server.conftest import Gate, Hands, Server, StartServer


async def test_a_running_server_is_alive_and_ready(server: Server) -> None:
    assert (await server.get("/live"))[0] == 200
    assert await server.ready() == (200, {"ready": True, "problems": [], "warnings": []})


async def test_a_stopping_server_is_alive_and_not_ready_and_still_stores_deliveries(server: Server) -> None:
    await server.running.worker.drain(0)
    assert (await server.get("/live"))[0] == 200
    status, report = await server.ready()
    assert status == 503
    assert "stopping" in report["problems"][0]
    assert await server.deliver() == 202


async def test_what_an_operator_must_do_is_shown_until_it_is_done(start: StartServer, hands: Hands) -> None:
    """It does not make the server unready: a load balancer would then turn away deliveries that it can store."""
    sentence = "The App may not write contents of acme/infra: grant it in the App's settings."
    gate = Gate()
    hands.will["d1"] = [OperatorMistake(sentence), gate]
    async with start(patience=Patience(operator=Patience.first * 0)) as server:
        await server.deliver()
        await gate.begun.wait()
        assert await server.ready() == (200, {"ready": True, "problems": [], "warnings": [sentence]})
        assert server.metric("telefonistka_deliveries_waiting_for_operator") == 1
        gate.opened.set()
        await server.running.worker.settled()
        assert (await server.ready())[1]["warnings"] == []


async def test_metrics_count_hits_and_show_the_inbox(server: Server, hands: Hands) -> None:
    hands.will["d1"] = [KeyError("a bug")]
    await server.deliver("d1", 1)
    await server.deliver("d2", 2)
    await server.running.worker.settled()
    status, text = await server.get("/metrics")
    assert status == 200
    for line in (
        'telefonistka_webhook_server_webhook_hits_total{parsing="successful"} 2.0',
        'telefonistka_webhook_server_webhook_hits_total{parsing="validation_failed"} 0.0',
        'telefonistka_inbox_deliveries{state="done"} 1.0',
        'telefonistka_inbox_deliveries{state="dead"} 1.0',
        'telefonistka_deliveries_handled_total{kind="pull_request",outcome="dead"} 1.0',
        "process_resident_memory_bytes",
    ):
        assert line in text
    assert "_created" not in text
