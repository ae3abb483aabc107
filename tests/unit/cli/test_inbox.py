"""`telefonistka inbox`: what it lists, shows, repeats and forgets, in a real file, beside whoever uses it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.app import chores, trouble
from telefonistka_py.cli import main
from telefonistka_py.inbox.model import Claim, Dead, Delivery, Done, GivenBack, Inbox, RetryAt, State
from telefonistka_py.inbox.sqlite import open_beside, open_inbox
from telefonistka_py.names import Lane

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)


def delivery(id: str, number: int) -> Delivery:
    headers = (("X-GitHub-Event", "pull_request"), ("X-Hub-Signature-256", "sha256=abc"))
    return Delivery(id, "pull_request", Lane(f"acme/gitops#{number}"), headers, b'{"action": "closed"}', NOW)


async def _filled(inbox: Inbox) -> None:
    """One of each state; `now` is underway."""

    async def claimed() -> Claim:
        claim = await inbox.claim("w")
        assert claim is not None
        return claim

    for number, id in enumerate(("gone", "fine", "later", "now", "next"), 1):
        await inbox.put(delivery(id, number))
    await inbox.settle(await claimed(), Dead("This is a bug: KeyError: 'x'"))
    await inbox.settle(await claimed(), Done("opened 1 pull request"))
    await inbox.settle(await claimed(), RetryAt(NOW + timedelta(hours=1), "502 \x1b[31mBad Gateway"))
    await claimed()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "inbox.sqlite3"

    async def fill() -> None:
        inbox = await open_inbox(path, lambda: NOW)
        await _filled(inbox)
        await inbox.close()

    asyncio.run(fill())
    monkeypatch.setenv("TELEFONISTKA_INBOX", str(path))
    return path


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str) -> tuple[int, str, str]:
        code = main.run(["inbox", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def states(run: Run) -> dict[str, str]:
    _, out, _ = run("list", "--json")
    return {each["id"]: each["state"] for each in json.loads(out)}


def test_deliveries_are_listed_newest_first_with_what_came_of_them(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0
    lines = out.splitlines()
    assert [line.split()[2] for line in lines] == ["next", "now", "later", "fine", "gone"]
    assert "done  opened 1 pull request" in lines[3]
    assert "waiting until 2024-05-17 13:00:00" in lines[2]
    assert "\x1b" not in out


def test_a_state_or_a_lane_is_listed_alone(run: Run) -> None:
    assert [line.split()[2] for line in run("list", "--state", "dead")[1].splitlines()] == ["gone"]
    assert [line.split()[2] for line in run("list", "--lane", "acme/gitops#2")[1].splitlines()] == ["fine"]
    assert run("list", "--lane", "acme/gitops#9")[1] == "No deliveries.\n"


def test_one_is_shown_with_its_payload_and_without_its_signature(run: Run) -> None:
    code, out, _ = run("show", "gone")
    shown: dict[str, Any] = json.loads(out)
    assert code == 0
    assert shown["body"] == {"action": "closed"}
    assert shown["note"] == "This is a bug: KeyError: 'x'"
    assert ["X-Hub-Signature-256", "…"] in shown["headers"]
    assert run("show", "gone", "--body")[1] == '{"action": "closed"}'


def test_what_ended_is_handled_again(run: Run) -> None:
    assert run("retry", "gone", "fine")[0] == 0
    assert states(run) == {
        "gone": "waiting",
        "fine": "waiting",
        "later": "waiting",
        "now": "underway",
        "next": "waiting",
    }


def test_all_that_ended_dead_is_handled_again_at_once(run: Run) -> None:
    code, out, _ = run("retry", "--dead")
    assert (code, out) == (0, "gone will be handled again.\n")
    assert run("retry", "--dead")[:2] == (
        0,
        "No delivery ended dead. One that waits is due at once with `telefonistka inbox retry ID`.\n",
    )


def test_what_is_dropped_is_forgotten(run: Run) -> None:
    assert run("drop", "gone", "later")[0] == 0
    assert states(run) == {"fine": "done", "now": "underway", "next": "waiting"}


def test_what_is_being_handled_is_left_alone(run: Run) -> None:
    code, _, err = run("drop", "now")
    assert (code, err) == (1, "now is being handled just now: nothing was done.\n")
    assert run("retry", "now")[0] == 1
    assert states(run)["now"] == State.UNDERWAY


def test_an_unknown_delivery_is_said(run: Run) -> None:
    for command in ("show", "retry", "drop"):
        code, _, err = run(command, "nobody")
        assert (code, err) == (1, "The inbox has no delivery nobody.\n")


def test_states_are_counted(run: Run) -> None:
    counts = {"waiting": 2, "underway": 1, "done": 1, "dead": 1, "chores": 0}
    assert json.loads(run("stats", "--json")[1]) == counts
    assert run("stats")[1].splitlines()[0].split() == ["waiting", "2"]
    assert "chore" not in run("stats")[1]


# What a server that nobody used holds: its chores, and what its own statuses send back to it


@pytest.fixture
def noise(path: Path) -> None:
    async def fill() -> None:
        inbox = await open_beside(path, lambda: NOW)
        first = await inbox.claim("w")
        assert first is not None
        for each in chores.standing(NOW):
            await inbox.put(replace(each, not_before=NOW + timedelta(hours=1)))
        for number in range(70):
            await inbox.put(replace(delivery(f"s{number}", 1), kind="status", lane=Lane(f"acme/gitops!{number}")))
            claim = await inbox.claim("w")
            assert claim is not None
            await inbox.settle(claim, Done("nothing waits for it"))
        await inbox.settle(first, GivenBack())
        await inbox.close()

    asyncio.run(fill())


def test_webhooks_are_listed_and_chores_and_handled_checks_are_left_out(run: Run, noise: None) -> None:
    _, out, err = run("list", "--most", "4")
    assert [line.split()[2] for line in out.splitlines()] == ["next", "now", "later", "fine"]
    assert err == "Left out: 4 recurring chores and 70 handled events of checks; --all shows them.\n"
    assert len(states(run)) == 5
    assert len(json.loads(run("list", "--all", "--json", "--most", "100")[1])) == 79
    assert "chore:recovery:" in run("list", "--lane", "chore:recovery:")[1]


def test_chores_are_counted_apart(run: Run, noise: None) -> None:
    counts = json.loads(run("stats", "--json")[1])
    assert (counts["waiting"], counts["underway"], counts["chores"]) == (2, 1, 4)
    assert run("stats")[1].splitlines()[-1] == "Beside these, 4 recurring chores of the server."


def test_an_inbox_that_is_not_there_is_said_and_not_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEFONISTKA_INBOX", str(tmp_path / "elsewhere.sqlite3"))
    code, _, err = run("list")
    assert code == 2
    assert "There is no inbox at" in err
    assert not (tmp_path / "elsewhere.sqlite3").exists()


def test_nothing_to_repeat_is_a_wrong_call(run: Run) -> None:
    assert run("retry")[0] == 2


# The server's chores


def test_a_chore_is_not_dropped_and_one_is_told_how_to_run_it(run: Run, noise: None) -> None:
    code, out, err = run("drop", "chore:recovery:", "gone")
    assert (code, out) == (1, "gone is forgotten.\n")
    assert err == (
        "chore:recovery: is a chore that the server needs, and is not dropped: "
        "`telefonistka inbox retry chore:recovery:` runs it now.\n"
    )
    assert json.loads(run("stats", "--json")[1])["chores"] == 4
    assert run("retry", "chore:recovery:")[0] == 0


def test_a_chore_that_ended_dead_is_dropped_with_what_it_asked_of_the_operator(run: Run, path: Path) -> None:
    async def fill() -> None:
        inbox = await open_beside(path, lambda: NOW)
        while claim := await inbox.claim("w"):
            await inbox.settle(claim, Done(""))
        await inbox.put(chores.standing(NOW)[0])
        claim = await inbox.claim("w")
        assert claim is not None
        await inbox.settle(claim, Dead("This is a bug"))
        await trouble.remember(inbox, claim.delivery.id, "Check GITHUB_APP_ID.")
        await inbox.close()

    async def asked() -> tuple[str, ...]:
        inbox = await open_beside(path, lambda: NOW)
        try:
            return await trouble.told(inbox)
        finally:
            await inbox.close()

    asyncio.run(fill())
    assert asyncio.run(asked()) == ("Check GITHUB_APP_ID.",)
    assert run("drop", "chore:recovery:")[:2] == (0, "chore:recovery: is forgotten.\n")
    assert asyncio.run(asked()) == ()


# Ids that are cut short


@pytest.fixture
def uuids(path: Path) -> None:
    async def fill() -> None:
        inbox = await open_beside(path, lambda: NOW)
        for id in ("0b989ba4-242f", "0b989ba4-9999", "72d3162e-cc78", "72d3"):
            await inbox.put(delivery(id, 1))
        await inbox.close()

    asyncio.run(fill())


def test_the_start_of_an_id_stands_for_it(run: Run, uuids: None) -> None:
    assert json.loads(run("show", "72d3162e")[1])["id"] == "72d3162e-cc78"
    assert run("retry", "0b989ba4-2")[:2] == (0, "0b989ba4-242f will be handled again.\n")
    assert run("drop", "0b989ba4-9")[:2] == (0, "0b989ba4-9999 is forgotten.\n")
    assert json.loads(run("show", "72d3")[1])["id"] == "72d3", "what is an id itself is no start of another"


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_the_start_of_several_ids_stands_for_none(run: Run, uuids: None, command: str) -> None:
    code, out, err = run(command, "0b989ba4")
    assert (code, out) == (1, "")
    assert err == (
        "0b989ba4 is the start of several deliveries (0b989ba4-242f, 0b989ba4-9999): give more of the one that you "
        "mean.\n"
    )
    assert run(command, "0b9")[2] == "The inbox has no delivery 0b9.\n"
