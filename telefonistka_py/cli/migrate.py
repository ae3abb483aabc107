"""`telefonistka migrate`: makes or updates the inbox's layout in PostgreSQL."""

import click


@click.command()
def migrate() -> None:
    """Make or update the inbox in the database that TELEFONISTKA_DATABASE_URL names.

    Run it before the first start and after each update of Telefonistka. Several may run at once. An inbox in a
    file updates itself.

    \b
    Exit codes: 0 up to date, 2 the database can't be used.
    """
    import asyncio
    import os

    from telefonistka_py import settings

    url = settings.read_database_url(os.environ)
    if url is None:
        click.echo("Nothing to do: TELEFONISTKA_DATABASE_URL is not set, and the inbox in a file updates itself.")
        return

    from telefonistka_py.inbox import postgres

    steps = asyncio.run(postgres.migrate(url))
    for step in steps:
        click.echo(f"made {step}")
    click.echo(f"{len(steps)} steps made; the database is up to date." if steps else "Nothing to do: up to date.")
