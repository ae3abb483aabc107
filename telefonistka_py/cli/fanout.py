"""`telefonistka fanout`: where pushes are forwarded, how the endpoints are doing, and a word by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from telefonistka_py.inbox.model import Inbox
    from telefonistka_py.settings import Settings

NOTHING = 1

Answer = TypeVar("Answer")


@click.group(short_help="Show the endpoints that pushes are forwarded to; retry, pause or resume them.")
def fanout() -> None:
    """Look at the endpoints that pushes are forwarded to, and act on them, also while the server runs.

    An endpoint is named by its URL, or by the short name that `list` shows. TELEFONISTKA_INBOX or
    TELEFONISTKA_DATABASE_URL names the server's inbox.

    \b
    Exit codes: 0 done, 1 there is no such endpoint or nothing was done, 2 a wrong option, variable or file.
    """


@fanout.command("list", short_help="List endpoints with their health and what waits for them.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(as_json: bool) -> None:
    """List the endpoints that were tried: how they are doing, and how many pushes wait for each."""
    from telefonistka_py import markdown
    from telefonistka_py.cli import fanout_known, json_text

    found = _with(fanout_known.endpoints)
    if as_json:
        click.echo(json_text.of([fanout_known.as_data(each) for each in found]))
        return
    for each in found:
        click.echo(markdown.printable(fanout_known.line(each)))
    if not found:
        click.echo("Nothing was forwarded yet.")


@fanout.command(short_help="Try what waits for an endpoint now.")
@click.argument("which")
def retry(which: str) -> int:
    """Have pushes tried now: all that wait for an endpoint, or one delivery by its id (as `inbox list` shows it).

    WHICH is the endpoint's URL or its short name, or the delivery's id. A push that was given up is tried once more. A
    server that runs takes them up within half a minute.
    """
    from telefonistka_py.cli import fanout_known

    async def again(it: Inbox) -> int:
        if which.startswith("forward:"):
            if await it.again(which) is None:
                click.echo(f"The inbox has no delivery {which}: telefonistka inbox list shows them.", err=True)
                return NOTHING
            click.echo(f"{which} is tried now.")
            return 0
        found = await fanout_known.named(it, which)
        if found is None:
            return await _unknown(it, which)
        if not found.waiting:
            click.echo(f"Nothing waits for {which}.", err=True)
            return NOTHING
        if found.held:
            click.echo(f"{which} is paused by hand: resume it first.", err=True)
            return NOTHING
        await fanout_known.due_now(it, found)
        click.echo(f"{fanout_known.many(len(found.waiting))} for {found.url or which} will be tried now.")
        return 0

    return _with(again)


@fanout.command(short_help="Send nothing to an endpoint until it is resumed.")
@click.argument("which")
@click.option("--ahead", is_flag=True, help="WHICH is a URL that nothing was forwarded to yet.")
def pause(which: str, ahead: bool) -> int:
    """Send nothing to the endpoint WHICH, named by its URL or its short name. Pushes wait for it, each as long as it
    would be tried, a day by default.

    One that nothing was forwarded to yet is refused, as a URL that was mistyped would be; --ahead takes it.
    """
    from telefonistka_py.cli import fanout_known

    async def held(it: Inbox) -> int:
        found = await fanout_known.named(it, which)
        if found is None and not ahead:
            code = await _unknown(it, which)
            if "://" in which:
                click.echo("To pause an endpoint before its first push, add --ahead.", err=True)
            return code
        if found is None:
            url = await fanout_known.hold_ahead(it, which, _now())
            click.echo(f"{url} is paused, before anything was forwarded to it.")
        else:
            await fanout_known.hold(it, found.key, _now())
            click.echo(f"{found.url or which} is paused.")
        return 0

    return _with(held)


@fanout.command(short_help="Send to a paused endpoint again.")
@click.argument("which")
def resume(which: str) -> int:
    """Send to the endpoint WHICH again, named by its URL or its short name, that was paused by hand or for failing for
    days. What waits for it is tried now."""
    from telefonistka_py.cli import fanout_known
    from telefonistka_py.fanout import health

    async def resumed(it: Inbox) -> int:
        found = await fanout_known.named(it, which)
        if found is None:
            return await _unknown(it, which)
        if not found.held and not (found.health and found.health.paused):
            click.echo(f"{found.url or which} is not paused.", err=True)
            return NOTHING
        await it.note(health.HELD + found.key, None)
        await fanout_known.due_now(it, found)
        click.echo(f"{found.url or which} is resumed; {fanout_known.many(len(found.waiting))} will be tried now.")
        return 0

    return _with(resumed)


@fanout.command(short_help="Show which endpoints a commit would reach, and by which rule. Sends nothing.")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="A local clone. Default: this folder.")
@click.option("--rev", metavar="REV", default="HEAD", show_default=True, help="The commit that is pushed.")
@click.option("--since", metavar="REV", help="The commit before the push. Default: the first parent of --rev.")
@click.option("--json", "as_json", is_flag=True, help="Print the endpoints as JSON.")
def test(repo: Path, rev: str, since: str | None, as_json: bool) -> int:
    """Show which endpoints a push of a commit would reach, by which rule and which file, and which are refused.

    The configuration is that of the commit itself; FANOUT_ALLOWED_HOSTS counts as for the server. Nothing is sent, and
    no host is looked up.
    """
    import os

    from telefonistka_py import markdown, settings
    from telefonistka_py.cli import fanout_reached, json_text

    allowed = settings.read(os.environ, webhook=False, github=False).fanout.allowed
    found = fanout_reached.reached(repo, rev, since, allowed, os.environ)
    if as_json:
        click.echo(json_text.of(fanout_reached.as_data(found)))
    else:
        for line in fanout_reached.as_lines(found):
            click.echo(markdown.printable(line))
    return NOTHING if found.refusals else 0


# The inbox


def _with(act: Callable[[Inbox], Awaitable[Answer]]) -> Answer:
    import asyncio
    import os

    from telefonistka_py import settings
    from telefonistka_py.app import store

    async def acted() -> Answer:
        read: Settings = settings.read(os.environ, webhook=False, github=False)
        async with store.opened(read, _now, beside=True) as it:
            return await act(it)

    return asyncio.run(acted())


async def _unknown(it: Inbox, which: str) -> int:
    """Says so, with what is known."""
    from telefonistka_py.cli import fanout_known

    known = [each.url or each.key for each in await fanout_known.endpoints(it)]
    click.echo(fanout_known.unknown(which, known), err=True)
    return NOTHING


def _now() -> datetime:
    return datetime.now(UTC)
