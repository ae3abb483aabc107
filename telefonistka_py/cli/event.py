"""`telefonistka event`: handles one event from a file, as in GitHub Actions: no server, no inbox, no webhook secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.inbox.model import Delivery
    from telefonistka_py.observability.metrics import Metrics
    from telefonistka_py.settings import Settings

HANDLED, FAILED = 0, 1

_UNITS = {"s": 1, "m": 60, "h": 3600}


class _Duration(click.ParamType[timedelta]):
    """`90s`, `5m`, `1h`; a bare number is seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([0-9]{1,5})([smh]?)", str(value))
        if not found:
            self.fail(f"{value!r} is no duration; write it as 90s, 5m or 1h", param, ctx)
        return timedelta(seconds=int(found[1]) * _UNITS[found[2] or "s"])


@click.command(short_help="Handle one event from a file, as in GitHub Actions.")
@click.option("-t", "--type", "kind", metavar="T", envvar="GITHUB_EVENT_NAME", show_envvar=True, required=True,
              help="The event, as in the webhook's X-GitHub-Event: pull_request, push, issue_comment, …")  # fmt: skip
@click.option("-f", "--file", "file", metavar="F", envvar="GITHUB_EVENT_PATH", show_envvar=True, required=True,
              type=click.Path(path_type=Path), help="The event's payload, JSON.")  # fmt: skip
@click.option("--patience", metavar="TIME", type=_Duration(), default="5m", show_default=True,
              help="How long to wait for GitHub to recover, a limit to pass, or checks that hold a merge.")  # fmt: skip
def event(kind: str, file: Path, patience: timedelta) -> int:
    """Handle one event, with what it leads to, and print in a line what came of it. The log goes to stderr.

    The same variables as for the server configure it; no webhook secret is needed. With neither GITHUB_OAUTH_TOKEN
    nor an App set, GITHUB_TOKEN is used, here alone: the workflow must pass it on and allow it to write contents,
    pull requests, issues and statuses. What it opens starts no workflows of its own; an App's pull requests do.

    \b
    Exit codes: 0 handled, 1 handling failed, 2 a wrong option, file or variable.
    """
    import asyncio
    import sys

    from telefonistka_py import settings
    from telefonistka_py.errors import TelefonistkaError
    from telefonistka_py.observability import logs

    read = settings.read(_environment(os.environ), webhook=False)
    delivery = _delivery(kind, file)
    logs.setup(read.log_level, read.log_format, sys.stderr, read.secrets())
    try:
        note, failed = asyncio.run(_run(read, delivery, patience))
    except TelefonistkaError as error:
        click.echo(f"Error: {error}", err=True)
        return FAILED
    click.echo(note)
    return FAILED if failed else HANDLED


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, with the token of GitHub Actions in place of one of our own where nothing else is set."""
    ours = ("GITHUB_OAUTH_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY_PATH")
    token = environ.get("GITHUB_TOKEN", "")
    if not token or any(environ.get(name, "").strip() for name in ours):
        return dict(environ)
    return {**environ, "GITHUB_OAUTH_TOKEN": token}


def _delivery(kind: str, file: Path) -> Delivery:
    """The event as a webhook would bring it. Raises `UsageError` for a file that holds no such event."""
    from telefonistka_py.events import model, parse
    from telefonistka_py.inbox.model import Delivery

    # GitHub Actions' own name for an event of pull requests that runs in the context of the base.
    kind = "pull_request" if kind == "pull_request_target" else kind
    try:
        body = file.read_bytes()
        lane = model.lane(parse.parse(kind, body, parse.JSON))
    except OSError as error:
        raise click.UsageError(f"{file} can't be read: {error.strerror}") from None
    except parse.MalformedEvent as error:
        raise click.UsageError(f"{file} holds no {kind} event: {error}") from None
    headers = (("content-type", parse.JSON), ("x-github-event", kind))
    return Delivery(f"file:{file.name}", kind, lane, headers, body, datetime.fromtimestamp(file.stat().st_mtime, UTC))


async def _run(read: Settings, delivery: Delivery, patience: timedelta) -> tuple[str, bool]:
    import asyncio

    from telefonistka_py.app import wiring
    from telefonistka_py.cli import patiently
    from telefonistka_py.observability.metrics import Metrics

    def clock() -> datetime:
        return datetime.now(UTC)

    async def pause(wait: timedelta) -> None:
        await asyncio.sleep(wait.total_seconds())

    metrics = Metrics()
    async with wiring.build(read, metrics, clock) as handler:
        note = await patiently.handle(handler.handle, handler.on_dead, delivery, patience, clock, pause)
    return note, _told_of_an_error(metrics)


def _told_of_an_error(metrics: Metrics) -> bool:
    """Whether our commit status was set to `error`: the author was told, and the job must not look as if all is well
    (N15)."""
    samples = (sample for found in metrics.status_updates.collect() for sample in found.samples)
    return any(sample.labels.get("status") == "error" and sample.value for sample in samples)
