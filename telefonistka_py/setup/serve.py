"""Serves the set-up on an address of this machine until the App is registered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from telefonistka_py.errors import OperatorMistake
from telefonistka_py.settings import Listen
from telefonistka_py.setup.web import Site


@asynccontextmanager
async def listening(site: Site, listen: Listen) -> AsyncIterator[str]:
    """The address of the first page, its token included, as long as the context is open.

    Raises `OperatorMistake` when nothing can listen there.
    """
    # Requests are not logged: their addresses hold the token and GitHub's code.
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, listen.host, listen.port).start()
        except OSError as error:
            where = f"{listen.host or ''}:{listen.port}"
            raise OperatorMistake(
                f"nothing can listen on {where} ({error.strerror or error}); choose another with --listen"
            ) from None
        port = runner.addresses[0][1]
        host = listen.host or "localhost"
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}{site.entrance}"
    finally:
        await runner.cleanup()
