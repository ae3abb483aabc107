"""The inbox's layout in PostgreSQL: made and updated by a command, refused when it is another; and what people read."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from telefonistka_py.cli import main
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.inbox import postgres, postgres_link, postgres_schema
from telefonistka_py.inbox.model import Inbox
from tests.doors.inbox.conftest import asked
from tests.postgres import Postgres, a_database


async def test_a_database_without_the_layout_is_refused_with_the_command_that_makes_it(postgres: Postgres) -> None:
    with a_database(postgres, layout=False) as url:
        with pytest.raises(OperatorMistake, match=r"has no inbox yet: run `telefonistka migrate`"):
            await opened(url)
        assert asked(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'telefonistka'") == [], "and left as it was"


async def opened(url: str) -> Inbox:
    return await postgres.open_inbox(url, lambda: datetime.now(UTC))


async def test_an_older_layout_is_refused_until_it_is_migrated(database_url: str) -> None:
    undo = (
        "DROP FUNCTION telefonistka.procrastinate_retry_job_v2; ALTER TABLE telefonistka.steps DISABLE TRIGGER ALL;"
        " DELETE FROM telefonistka.steps WHERE name LIKE 'procrastinate 03.04.00_50%' RETURNING name"
    )
    asked(database_url, undo)
    with pytest.raises(OperatorMistake, match=r"older layout: run `telefonistka migrate`"):
        await opened(database_url)
    assert len((await postgres.migrate(database_url)).made) == 1
    await (await opened(database_url)).close()


async def test_a_newer_layout_is_refused_and_left_alone(database_url: str) -> None:
    asked(database_url, "INSERT INTO telefonistka.steps VALUES ('telefonistka 99 more')")
    for use in (opened, postgres.migrate):
        with pytest.raises(OperatorMistake, match=r"newer Telefonistka or procrastinate.*telefonistka 99 more"):
            await use(database_url)


async def test_migrations_that_run_at_once_make_each_step_once(postgres: Postgres) -> None:
    with a_database(postgres, layout=False) as url:
        made = await asyncio.gather(*(postgres_schema.migrate(url) for _ in range(3)))
        steps = asked(url, "SELECT name FROM telefonistka.steps")
        assert sorted(map(len, made)) == [0, 0, len(steps)]
        assert await postgres_schema.migrate(url) == []


def test_the_command_tells_in_a_line_what_it_made_and_that_nothing_was_to_do(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_database(postgres, layout=False) as url:
        monkeypatch.setenv("TELEFONISTKA_DATABASE_URL", url)
        assert main.run(["migrate"]) == 0
        out = capsys.readouterr().out
        [(steps,)] = asked(url, "SELECT count(*) FROM telefonistka.steps")
        place = f"The inbox in the database {postgres_link.where(url)} is at version {steps}"
        assert out == f"{place}; {steps} steps were applied.\n"
        assert main.run(["migrate"]) == 0
        assert capsys.readouterr().out == f"{place}; nothing was to do.\n"


async def test_a_step_that_fails_leaves_nothing_of_itself(postgres: Postgres) -> None:
    with a_database(postgres, layout=False) as url:
        asked(url, "CREATE SCHEMA telefonistka; CREATE TABLE telefonistka.payloads (something_else text)")
        with pytest.raises(OperatorMistake, match=r"can't be migrated \(.*payloads"):
            await postgres_schema.migrate(url)
        assert asked(url, "SELECT to_regclass('telefonistka.deliveries')") == [(None,)]
        asked(url, "DROP TABLE telefonistka.payloads")
        assert len(await postgres_schema.migrate(url)) == 1


# What people read


@pytest.mark.parametrize("use", [opened, postgres.migrate])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:open-sesame@127.0.0.1:1/inbox",
        "postgresql://bot:open-sesame@127.0.0.1:port/inbox",
        "postgresql://bot:open-sesame%zz@127.0.0.1/inbox",
        "postgresql://bot:open/sesame@127.0.0.1:1/inbox",
        "postgresql://bot:12/sesame@127.0.0.1:1/inbox",
        "postgresql://bot:open@sesame@127.0.0.1:1/inbox",
    ],
)
async def test_a_database_that_cant_be_used_is_one_sentence_without_the_password(
    url: str, use: Callable[[str], Awaitable[object]]
) -> None:
    with pytest.raises((OperatorMistake, WorldUnwell)) as caught:
        await use(url)
    assert "TELEFONISTKA_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_without_the_extra_one_is_told_to_install_it() -> None:
    ask = (
        "import asyncio, sys; sys.modules['psycopg'] = None\n"
        "from telefonistka_py.inbox import postgres\n"
        "asyncio.run(postgres.migrate('postgresql://h/d'))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert "OperatorMistake: TELEFONISTKA_DATABASE_URL is set" in done.stderr
    assert "with its extra `postgres`, from its folder by pip install '.[postgres]'" in done.stderr
