"""The inbox in PostgreSQL, for any number of replicas: built on procrastinate, in the extra `postgres`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from telefonistka_py.errors import OperatorMistake

if TYPE_CHECKING:
    from telefonistka_py.inbox.postgres_store import PostgresInbox

STALE_AFTER = timedelta(seconds=45)
"""A claim whose worker was not heard of for so long is taken over; looked for every five seconds."""


async def open_inbox(
    url: str, clock: Callable[[], datetime], *, stale_after: timedelta = STALE_AFTER, patience_seconds: float = 3.0
) -> "PostgresInbox":
    """The inbox in the database at `url` (`postgresql://…`), beside any others who use it.

    `clock` gives aware UTC. `patience_seconds` is how long whoever asks later waits for a connection, as while the
    database restarts. Raises `WorldUnwell` when the database can't be reached, `OperatorMistake` when its layout is not
    this code's, or when the extra is not installed.
    """
    _require_extra()
    from telefonistka_py.inbox import postgres_store

    return await postgres_store.opened(url, clock, stale_after, patience_seconds)


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did: to which database, as people may read it, at which version it is, and the steps made now."""

    where: str
    version: int
    made: tuple[str, ...]


async def migrate(url: str) -> Migrated:
    """Makes or updates the layout in the database at `url`.

    Raises `OperatorMistake` when the database can't be used, when it is newer, or when the extra is not installed.
    """
    _require_extra()
    from telefonistka_py.inbox import postgres_link, postgres_schema

    made = await postgres_schema.migrate(url)
    return Migrated(postgres_link.where(url), postgres_schema.version(), tuple(made))


def _require_extra() -> None:
    try:
        import procrastinate
        import psycopg
        import psycopg_pool
    except ImportError as missing:
        raise OperatorMistake(
            f"TELEFONISTKA_DATABASE_URL is set, but what speaks to PostgreSQL is not installed ({missing}): "
            "install Telefonistka with its extra `postgres`, from its folder by pip install '.[postgres]'."
        ) from None
    del procrastinate, psycopg, psycopg_pool
