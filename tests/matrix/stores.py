"""Where a server keeps its deliveries, fresh for each run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import Postgres, a_database


@dataclass(frozen=True)
class Store:
    """One kind of inbox."""

    name: str
    empty: Callable[[Path], AbstractContextManager[dict[str, str]]]
    """Takes a folder of one's own; the context gives the variables that lead a server to an inbox that is empty."""
    at_once: int
    """How many runs are worth making at the same time on 2 cores; where they wait for a moment to come, more."""


@contextmanager
def _file(folder: Path) -> Iterator[dict[str, str]]:
    yield {"TELEFONISTKA_INBOX": str(folder / "inbox.sqlite3")}


sqlite = Store("SQLite", _file, at_once=2)


def postgres(server: Postgres, *, stale_seconds: float = 2) -> Store:
    """Databases of `server`'s. What a dead server had underway is taken over `stale_seconds` later."""

    @contextmanager
    def database(folder: Path) -> Iterator[dict[str, str]]:
        with a_database(server) as url:
            yield {"TELEFONISTKA_DATABASE_URL": url, "TELEFONISTKA_STALE_SECONDS": f"{stale_seconds:g}"}

    return Store("PostgreSQL", database, at_once=5)
