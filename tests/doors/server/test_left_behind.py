"""Who moves to a database is told what still waits in the file, and never loses it without a word (N11)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from telefonistka_py import settings
from telefonistka_py.app import chores, store
from telefonistka_py.inbox.model import Done
from telefonistka_py.inbox.sqlite import open_inbox
from telefonistka_py.settings import Settings
from tests.doors.inbox.conftest import delivery
from tests.doors.server.conftest import SECRET, utc


def configured(path: Path, database_url: str) -> Settings:
    environ = {"TELEFONISTKA_INBOX": str(path), "TELEFONISTKA_DATABASE_URL": database_url}
    return settings.read(environ, webhook=False, github=False)


async def fill(path: Path, *, handled: bool = False) -> None:
    """Two deliveries, and the chores."""
    inbox = await open_inbox(path, utc)
    for each in (delivery("d1", "r#1"), delivery("d2", "r#2"), *chores.standing(utc())):
        await inbox.put(each)
    while handled and (claim := await inbox.claim("w")):
        await inbox.settle(claim, Done(""))
    await inbox.close()


async def test_what_waits_in_the_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    path, database = tmp_path / "inbox.sqlite3", "postgresql://db/inbox"
    assert await store.left_behind(configured(path, database), utc) == "", "there is no file"
    await fill(path)
    said = await store.left_behind(configured(path, database), utc)
    assert said.startswith(f"2 deliveries wait in the file {path}, which no server works on:")
    assert "start one without that variable" in said
    assert await store.left_behind(configured(path, ""), utc) == "", "the file is what the server works on"
    await fill(path, handled=True)
    assert await store.left_behind(configured(path, database), utc) == ""


async def test_a_file_that_cant_be_looked_into_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite3"
    path.write_text("this is no database, and it is long enough to be taken for one" * 20)
    said = await store.left_behind(configured(path, "postgresql://db/inbox"), utc)
    assert f"whether deliveries wait in the file {path} is not known" in said


async def test_the_server_says_so_when_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite3"
    await fill(path)
    environ = {
        "PATH": os.environ.get("PATH", ""),
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_OAUTH_TOKEN": "ghp_nobodys0token0at0all",
        "TELEFONISTKA_INBOX": str(path),
        "TELEFONISTKA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/inbox",
        "LOG_FORMAT": "json",
    }
    done = subprocess.run(
        [sys.executable, "-m", "telefonistka_py", "server"], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, "there is no such database, and there may be one at the next start"
    first = json.loads(done.stderr.splitlines()[0])
    assert (first["level"], first["event"].partition(",")[0]) == ("warning", f"2 deliveries wait in the file {path}")
