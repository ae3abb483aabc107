"""`telefonistka migrate`: makes or updates the inbox's layout in PostgreSQL."""

import click


@click.command()
def migrate() -> None:
    """Make or update the inbox in the database that TELEFONISTKA_DATABASE_URL names.

    Run it before the first start and after each update of Telefonistka. Several may run at once. An inbox in a
    file updates itself.

    \b
    Exit codes: 0 up to date, 2 the variable is missing, or the database can't be used.
    """
    import asyncio
    import os

    from telefonistka_py import counted, settings
    from telefonistka_py.errors import OperatorMistake
    from telefonistka_py.inbox import postgres

    url = settings.read_database_url(os.environ)
    if url is None:
        raise OperatorMistake(
            "TELEFONISTKA_DATABASE_URL is missing: set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE. An inbox "
            "in a file needs no migration: the server updates it."
        )
    done = asyncio.run(postgres.migrate(url))
    count = len(done.made)
    said = f"{counted.of(count, 'step was', 'steps were')} applied" if count else "nothing was to do"
    click.echo(f"The inbox in the database {done.where} is at version {done.version}; {said}.")
