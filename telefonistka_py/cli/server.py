"""`telefonistka server`: takes GitHub's webhooks in and handles them."""

import click


@click.command()
def server() -> None:
    """Take GitHub's webhooks in and handle them, until stopped.

    Everything is configured by environment variables. At the least they are GITHUB_WEBHOOK_SECRET, and GITHUB_APP_ID
    with GITHUB_APP_PRIVATE_KEY_PATH, or GITHUB_OAUTH_TOKEN. `telefonistka setup` writes them, and `telefonistka doctor`
    says what is missing.

    \b
    Exit codes: 0 stopped, 1 the database can't be reached, 2 a variable is missing or wrong.
    """
    import asyncio

    asyncio.run(_serve())


async def _serve() -> None:
    import os
    import random
    import sys
    from contextlib import closing
    from datetime import UTC, datetime

    from telefonistka_py import settings
    from telefonistka_py.observability import logs

    read = settings.read(os.environ)
    logs.setup(read.log_level, read.log_format, sys.stderr, read.secrets())

    from telefonistka_py.app import chores, store, wiring
    from telefonistka_py.observability import tracing
    from telefonistka_py.observability.metrics import Metrics
    from telefonistka_py.server import run

    def clock() -> datetime:
        return datetime.now(UTC)

    metrics = Metrics()
    # The tracer is closed last: it sends what the drain brought.
    with closing(tracing.start(read.traces, read.replica, clock)) as tracer:
        if waits := await store.left_behind(read, clock):
            logs.get().warning(waits)
        async with store.opened(read, clock) as inbox, wiring.build(read, metrics, clock, inbox, tracer) as handler:
            parts = run.Parts(
                inbox,
                handler.handle,
                metrics,
                clock,
                random.random,
                handler.on_dead,
                hook_addresses=handler.github.hook_addresses,
                on_scrape=handler.chores.on_scrape,
                at_start=chores.standing(clock()),
                github=handler.github,
                tracer=tracer,
            )
            await run.serve(read, parts)
