"""`telefonistka fanout`: what it shows and changes in a real inbox, and what it finds in a real clone."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from telefonistka_py.cli import main
from telefonistka_py.events import own
from telefonistka_py.events.model import ForwardEvent, lane
from telefonistka_py.fanout import health, model
from telefonistka_py.fanout.health import Health
from telefonistka_py.inbox.model import Delivery, Inbox, RetryAt
from telefonistka_py.inbox.sqlite import open_beside, open_inbox
from telefonistka_py.names import RepoName

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=40_000)
WELL, ILL = "https://well.example.com/hook", "https://ill.example.com/hook?token=x"

Answer = TypeVar("Answer")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "inbox.sqlite3"
    monkeypatch.setenv("TELEFONISTKA_INBOX", str(path))

    async def fill() -> None:
        inbox = await open_inbox(path, lambda: NOW)
        ill = Health(model.shown(ILL), failing_since=NOW, failed_at=NOW, why="500 in 3 ms", next_at=LATER, paused=True)
        await inbox.note(health.NOTES + model.key(WELL), health.write(Health(WELL, ok_at=NOW)))
        await inbox.note(health.NOTES + model.key(ILL), health.write(ill))
        await inbox.put(waiting(ILL))
        claim = await inbox.claim("w")
        assert claim is not None
        await inbox.settle(claim, RetryAt(LATER, "500"))
        await inbox.close()

    asyncio.run(fill())
    return path


def waiting(url: str) -> Delivery:
    event = ForwardEvent(RepoName("acme/gitops"), "p1", model.key(url), (url,), False, 0.0, NOW)
    return Delivery(own.forward_id(event.key, "p1"), own.FORWARD, lane(event), (), own.body(event), NOW)


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str) -> tuple[int, str, str]:
        code = main.run(["fanout", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def look(path: Path, ask: Callable[[Inbox], Awaitable[Answer]]) -> Answer:
    async def looked() -> Answer:
        inbox = await open_beside(path, lambda: NOW)
        try:
            return await ask(inbox)
        finally:
            await inbox.close()

    return asyncio.run(looked())


def test_the_list_shows_health_and_what_waits(run: Run) -> None:
    code, out, _ = run("list")
    ill, well = out.splitlines()
    assert code == 0
    assert ill.startswith(
        f"{model.key(ILL)}  paused    https://ill.example.com/hook  failing since 2024-05-17 12:00: 500"
    )
    assert ill.endswith("1 push waiting")
    assert well == f"{model.key(WELL)}  well      {WELL}  answered at 2024-05-17 12:00"
    assert "token" not in out


def test_the_list_as_json(run: Run) -> None:
    [ill, well] = json.loads(run("list", "--json")[1])
    assert (ill["state"], ill["why"], len(ill["waiting"])) == ("paused", "500 in 3 ms", 1)
    assert (well["url"], well["state"], well["ok_at"]) == (WELL, "well", NOW.isoformat())


@pytest.mark.parametrize("which", [ILL, model.shown(ILL), model.key(ILL), own.forward_id(model.key(ILL), "p1")])
def test_what_waits_is_tried_now(run: Run, path: Path, which: str) -> None:
    assert run("retry", which)[0] == 0
    found = look(path, lambda it: it.find(own.forward_id(model.key(ILL), "p1")))
    assert found is not None
    assert found.entry.due_at is None


def test_nothing_is_done_where_nothing_waits(run: Run) -> None:
    assert run("retry", WELL)[0] == 1
    assert run("retry", "forward:none:p1")[0] == 1
    assert run("resume", WELL)[0] == 1
    assert run("resume", "https://elsewhere.example.com/")[0] == 1
    assert run("pause", "unknown")[0] == 1


@pytest.mark.parametrize("command", ["pause", "resume", "retry"])
def test_an_endpoint_that_nothing_was_forwarded_to_is_refused_with_what_is_known(
    run: Run, path: Path, command: str
) -> None:
    code, out, err = run(command, "https://wel.example.com/hook")
    assert (code, out) == (1, "")
    assert f"Nothing was ever forwarded to https://wel.example.com/hook; did you mean {WELL}?" in err
    assert ("--ahead" in err) == (command == "pause")
    code, _, err = run(command, "https://elsewhere.org/")
    assert code == 1
    assert f"known are {model.shown(ILL)}, {WELL} (telefonistka fanout list)." in err
    assert "token" not in err
    assert look(path, lambda it: it.notes(health.HELD)) == {}


def test_before_anything_was_forwarded_that_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def empty() -> None:
        await (await open_inbox(tmp_path / "empty.sqlite3", lambda: NOW)).close()

    asyncio.run(empty())
    monkeypatch.setenv("TELEFONISTKA_INBOX", str(tmp_path / "empty.sqlite3"))
    assert "Nothing is known of x: nothing was forwarded yet." in run("resume", "x")[2]


def test_an_endpoint_is_paused_before_its_first_push_if_that_is_asked_for(run: Run, path: Path) -> None:
    code, out, _ = run("pause", "--ahead", "HTTPS://New.example.com")
    assert (code, out) == (0, "https://new.example.com/ is paused, before anything was forwarded to it.\n")
    held = look(path, lambda it: it.notes(health.HELD))
    assert list(held) == [health.HELD + model.key("https://new.example.com/")], "the spelling that pushes go by"
    assert run("resume", "https://New.example.com")[0] == 0
    assert "answered" not in next(line for line in run("list")[1].splitlines() if "new.example.com" in line)
    for url in ("new.example.com", "https://user@new.example.com/", "ftp://new.example.com/"):
        assert run("pause", "--ahead", url)[0] == 2


def test_an_endpoint_is_paused_and_resumed(run: Run, path: Path) -> None:
    new = "https://new.example.com/?a=1"
    for url, *how in ((WELL,), (new, "--ahead")):
        assert run("pause", url, *how)[0] == 0
        assert health.HELD + model.key(url) in look(path, lambda it: it.notes(health.HELD))
    assert "paused by hand on " in run("list")[1]
    assert run("retry", WELL)[0] == 1
    assert run("resume", WELL) == (0, f"{WELL} is resumed; 0 pushes will be tried now.\n", "")
    assert list(look(path, lambda it: it.notes(health.HELD))) == [health.HELD + model.key(new)]


def test_one_that_paused_itself_is_resumed_with_what_waits(run: Run, path: Path) -> None:
    assert run("resume", ILL)[0] == 0
    kept = look(path, lambda it: it.notes(health.NOTES))
    known = health.read(kept[health.NOTES + model.key(ILL)])
    assert (known.paused, known.next_at, known.failing_since) == (False, None, NOW)


CONFIG = """
webhookEndpointRegexs:
  - expression: '^workspace/([^/]*)/.*'
    replacements: ['https://argocd-${1}.example.com/api/webhook']
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@e", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(repo), *who, *arguments], check=True, capture_output=True)

    repo.mkdir()
    git("init", "-q", "-b", "main")
    for name in ("dev", "Evil.com"):
        (repo / "workspace" / name).mkdir(parents=True)
        (repo / "telefonistka.yaml").write_text(CONFIG)
        (repo / "workspace" / name / "values.yaml").write_text("x")
        git("add", "-A")
        git("commit", "-q", "-m", name)
    return repo


def test_a_commit_is_tested_without_sending_anything(run: Run, clone: Path) -> None:
    code, out, _ = run("test", "--repo", str(clone), "--rev", "main~1")
    assert (code, out.splitlines()) == (
        0,
        [
            "https://argocd-dev.example.com/api/webhook",
            "    by webhookEndpointRegexs[0] ^workspace/([^/]*)/.*",
            "    for workspace/dev/values.yaml",
        ],
    )


def test_a_refused_endpoint_is_told_with_its_reason(run: Run, clone: Path) -> None:
    code, out, _ = run("test", "--repo", str(clone))
    assert code == 1
    assert out.startswith(
        "Refused: https://argocd-${1}.example.com/api/webhook: 'Evil.com' from the file's name is no part"
    )
    [refused] = json.loads(run("test", "--repo", str(clone), "--json")[1])["refused"]
    assert refused["path"] == "workspace/Evil.com/values.yaml"


def test_the_operators_list_counts(run: Run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANOUT_ALLOWED_HOSTS", "*.corp.example")
    code, out, _ = run("test", "--repo", str(clone), "--rev", "main~1")
    assert code == 1
    assert "argocd-dev.example.com is not among FANOUT_ALLOWED_HOSTS" in out


def test_a_list_that_is_none_and_a_revision_that_is_none_are_told(
    run: Run, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("test", "--repo", str(clone), "--rev", "none")[0] == 2
    monkeypatch.setenv("FANOUT_ALLOWED_HOSTS", "https://e.com")
    code, _, err = run("test", "--repo", str(clone))
    assert (code, "FANOUT_ALLOWED_HOSTS holds 'https://e.com': set it to host names" in err) == (2, True)
