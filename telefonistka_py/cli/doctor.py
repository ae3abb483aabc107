"""`telefonistka doctor`: looks at everything that the server needs, and says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.doctor.model import Topic
    from telefonistka_py.settings import Settings

FINE, WRONG, CANNOT_START = 0, 1, 2


@click.command()
@click.option("--repo", "repos", multiple=True, metavar="OWNER/NAME", help="Look at this repository only; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(repos: tuple[str, ...], as_json: bool) -> int:
    """Look at everything that the server needs, with the same environment variables, and say what to do.

    Credentials, permissions and events of the App, its installations, the webhook as GitHub's log of deliveries sees
    it, this machine's clock, what is left of GitHub's limits, the inbox, who approves, each repository's
    telefonistka.yaml, and every Argo CD. Nothing is changed. It can run beside the server.

    \b
    Exit codes: 0 fine (warnings allowed), 1 something is wrong, 2 the settings can't be used.
    """
    import asyncio
    import os

    from telefonistka_py import settings
    from telefonistka_py.doctor import model, render
    from telefonistka_py.errors import OperatorMistake
    from telefonistka_py.observability import logs

    for name in repos:
        if name.count("/") != 1 or not all(name.split("/")):
            raise click.UsageError(f"--repo {name} is no repository; write OWNER/NAME")
    try:
        read = settings.read(os.environ)
    except OperatorMistake as error:
        found = [model.Topic("Settings", tuple(model.wrong(line) for line in str(error).splitlines()))]
        _show(found, as_json)
        return CANNOT_START
    # What the doors have to say is among the findings already.
    logs.setup("error", read.log_format, sys.stderr, read.secrets())
    found = asyncio.run(_examined(read, repos, as_json))
    if as_json:
        _show(found, as_json)
    else:
        click.echo(f"\n{render.summary(found)}")
    return FINE if model.is_well(found) else WRONG


async def _examined(read: Settings, repos: tuple[str, ...], quiet: bool) -> list[Topic]:
    from datetime import UTC, datetime

    import aiohttp

    from telefonistka_py.doctor.flow import Doctor
    from telefonistka_py.names import RepoName

    found: list[Topic] = []
    on_terminal = sys.stderr.isatty()

    def progress(words: str) -> None:
        if on_terminal:
            click.echo(f"\r\x1b[K{words} …", err=True, nl=False)

    async with aiohttp.ClientSession(trust_env=True) as session:
        patient = Doctor(read, lambda: datetime.now(UTC), session, progress, tuple(RepoName(name) for name in repos))
        async for topic in patient.topics():
            if on_terminal:
                click.echo("\r\x1b[K", err=True, nl=False)
            found.append(topic)
            if not quiet:
                _show([topic], False)
    return found


def _show(topics: list[Topic], as_json: bool) -> None:
    from telefonistka_py.cli import json_text
    from telefonistka_py.doctor import render

    if as_json:
        click.echo(json_text.of(render.data(topics)))
        return
    for topic in topics:
        click.echo("\n".join(render.lines(topic)))
