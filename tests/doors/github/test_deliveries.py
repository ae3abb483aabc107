"""GitHub's log of what it handed over, page by page, and what it is asked to hand over again."""

from dataclasses import replace

import pytest

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.github.credentials import Token
from telefonistka_py.github.failure import Refused
from tests.doors.github.conftest import Line


async def logged(line: Line, count: int, fine: int) -> None:
    """`count` deliveries in the log, of which the first `fine` were taken; nobody listens."""
    line.hub.set_webhook(line.app, "http://127.0.0.1:9/webhook")
    line.hub.webhooks_will(drop=1_000)
    await line.hub.repo("acme/gitops").commit("alice", "main", {"x": "1"})
    await line.hub.delivered()
    first = line.hub.deliveries[0]
    line.hub.deliveries[:] = [
        replace(first, id=first.id + n, guid=f"guid-{n}", status="OK", status_code=202 if n < fine else 502)
        for n in range(count)
    ]


async def test_the_log_is_read_page_by_page_newest_first(line: Line) -> None:
    await logged(line, 230, fine=200)
    connection = line.connection()
    found, cursor = await connection.attempts()
    pages = 1
    while cursor:
        page, cursor = await connection.attempts(cursor)
        found += page
        pages += 1
    assert [each.guid for each in found] == [f"guid-{n}" for n in reversed(range(230))]
    assert sum(each.succeeded for each in found) == 200
    assert found[0].at == line.clock()
    assert (found[0].event, pages) == ("push", 3)


async def test_a_page_that_did_not_change_still_tells_where_the_next_one_starts(line: Line) -> None:
    await logged(line, 130, fine=0)
    connection = line.connection()
    first = await connection.attempts()
    again = await connection.attempts()
    assert again == first
    assert again[1] != ""
    assert [each.status for each in line.requests("/app/hook/deliveries")] == [200, 304]


async def test_a_delivery_is_handed_over_again_and_keeps_its_guid(line: Line) -> None:
    await logged(line, 1, fine=0)
    connection = line.connection()
    [[failed], _] = await connection.attempts()
    await connection.attempt_again(failed.id)
    await line.hub.delivered()
    [[later, _], _] = await connection.attempts()
    assert later.guid == failed.guid
    assert later.id > failed.id
    assert not later.succeeded


async def test_what_github_has_forgotten_is_refused(line: Line) -> None:
    with pytest.raises(Refused):
        await line.connection().attempt_again(12345)


async def test_a_personal_token_has_no_log(line: Line) -> None:
    connection = line.connection(Token(line.hub.user("alice").token))
    with pytest.raises(OperatorMistake, match="only a GitHub App has"):
        await connection.attempts()
