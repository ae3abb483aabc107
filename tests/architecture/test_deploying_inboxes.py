"""The commands of `deploy/README.md` that touch an inbox: the backup, the way back, and the rights that they need."""

import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.inbox import postgres, sqlite
from tests.doors.inbox.conftest import asked, delivery
from tests.postgres import Postgres, a_database

PAPER = (Path(__file__).parents[2] / "deploy" / "README.md").read_text("utf-8")


def now() -> datetime:
    return datetime.now(UTC)


def copied(source: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the backup as the paper writes it, with these files."""
    written = PAPER.replace("\\\n", " ")
    programs = {shlex.split(line)[2] for line in re.findall(r"python3? -c .*sqlite3.*", written)}
    assert len(programs) == 1, "one and the same wherever it is written"
    command = [sys.executable, "-c", programs.pop(), str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


async def test_a_backup_of_a_running_inbox_holds_what_was_put_a_moment_ago(tmp_path: Path) -> None:
    source, target = tmp_path / "inbox.sqlite3", tmp_path / "copy.sqlite3"
    inbox = await sqlite.open_inbox(source, now)
    for number in range(20):
        await inbox.put(delivery(f"d{number}", f"acme/infra#{number}"))
    assert Path(f"{source}-wal").stat().st_size > 0, "the file by itself does not hold it"
    done = copied(source, target)
    assert done.returncode == 0, done.stderr
    await inbox.put(delivery("later", "acme/infra#99"))
    again = await sqlite.open_inbox(target, now)
    assert {entry.id for entry in await again.entries(most=100)} == {f"d{number}" for number in range(20)}
    await again.close()
    assert (await inbox.counts()).waiting == 21, "and the server goes on"
    await inbox.close()


def test_a_backup_of_a_file_that_is_not_there_fails_and_makes_none(tmp_path: Path) -> None:
    done = copied(tmp_path / "inbx.sqlite3", tmp_path / "copy.sqlite3")
    assert done.returncode != 0
    assert "unable to open database file" in done.stderr
    assert not (tmp_path / "inbx.sqlite3").exists()
    assert not (tmp_path / "copy.sqlite3").exists()


async def test_a_backup_of_a_stopped_server_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    source, target = tmp_path / "inbox.sqlite3", tmp_path / "copy.sqlite3"
    inbox = await sqlite.open_inbox(source, now)
    await inbox.put(delivery())
    await inbox.close()
    before = sorted(tmp_path.iterdir())
    assert copied(source, target).returncode == 0
    assert sorted(tmp_path.iterdir()) == sorted([*before, target])
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_after_a_newer_layout_the_old_version_can_begin_anew(database_url: str) -> None:
    asked(database_url, "INSERT INTO telefonistka.steps VALUES ('telefonistka 99 more')")
    with pytest.raises(OperatorMistake, match="newer Telefonistka"):
        await postgres.migrate(database_url)
    [drop] = re.findall(r"psql .* -c '(DROP SCHEMA [^']+)'", PAPER)
    asked(database_url, drop)
    assert (await postgres.migrate(database_url)).made, "nothing of it was anywhere else"
    inbox = await postgres.open_inbox(database_url, now)
    await inbox.put(delivery())
    await inbox.close()


async def test_the_right_that_the_paper_grants_is_all_that_the_user_needs(postgres: Postgres) -> None:
    with a_database(postgres, layout=False) as url:
        database = urlsplit(url).path.removeprefix("/")
        user = f"user_of_{database}"
        asked(url, f"CREATE ROLE {user} LOGIN")
        theirs = url.replace("telefonistka:", f"{user}:", 1)
        try:
            with pytest.raises(OperatorMistake, match="may create a schema"):
                await inbox_of(theirs)
            [grant] = re.findall(r"`(GRANT CREATE ON DATABASE telefonistka TO telefonistka)`", PAPER)
            asked(url, grant.replace("DATABASE telefonistka TO telefonistka", f"DATABASE {database} TO {user}"))
            await inbox_of(theirs)
        finally:
            asked(url, f"DROP OWNED BY {user} CASCADE")
            asked(url, f"DROP ROLE {user}")


async def inbox_of(url: str) -> None:
    """Makes the layout, and uses it."""
    await postgres.migrate(url)
    inbox = await postgres.open_inbox(url, now)
    await inbox.put(delivery())
    await inbox.close()
