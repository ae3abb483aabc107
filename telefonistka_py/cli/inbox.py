"""`telefonistka inbox`: looks into the server's inbox and acts on single deliveries, also while the server runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from telefonistka_py.inbox.model import Entry, Inbox, Kept

STATES = ("waiting", "underway", "done", "dead")
NOT_FOUND = 1

_SHORTEST_START = 4
"""Characters of an id that may stand for it."""
_MOST_TOLD = 3

Answer = TypeVar("Answer")


@click.group(short_help="Look into the server's inbox: list, show, retry or drop deliveries.")
def inbox() -> None:
    """Look into the inbox of a server and act on single deliveries, also while the server runs.

    TELEFONISTKA_INBOX names the file (default: telefonistka.sqlite3 in this folder), or TELEFONISTKA_DATABASE_URL the
    database. No GitHub credentials are needed. An ID may be cut short after four characters or more, as long as it is
    the start of one delivery's alone.

    \b
    Exit codes: 0 done, 1 there is no such delivery or nothing was done, 2 a wrong option or variable.
    """


@inbox.command("list", short_help="List deliveries, newest first.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--lane", metavar="LANE", help="Only those of one lane, such as acme/gitops#7.")
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@click.option("--all", "everything", is_flag=True, help="Also chores, and events of checks that were handled.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(state: str | None, lane: str | None, most: int, everything: bool, as_json: bool) -> None:
    """List deliveries, newest first: when they came, what they are, and what came of them.

    That is the webhooks that GitHub sent, and the work that they led to. Left out, unless --all or --lane is given, are
    the chores that the server does again and again, and the many events of checks and statuses that were handled.
    """
    from telefonistka_py.app import backlog
    from telefonistka_py.inbox.model import State

    asked = State(state) if state else None
    seen = _with(lambda it: backlog.newest(it, asked, lane, most, everything=everything or lane is not None))
    if as_json:
        _print_json([_as_data(entry) for entry in seen.shown])
        return
    for entry in seen.shown:
        click.echo(_line(entry))
    if not seen.shown:
        click.echo("No deliveries.")
    if seen.chores or seen.echoes:
        click.echo(backlog.left_out(seen), err=True)


@inbox.command(short_help="Show one delivery with its payload.")
@click.argument("id")
@click.option("--body", is_flag=True, help="Print the raw body alone, as it came.")
def show(id: str, body: bool) -> int:
    """Show one delivery: its state, its headers and its payload. What is secret in the headers is left out."""

    async def found(it: Inbox) -> Kept | None:
        named = await _named(it, id)
        return None if named is None else await it.find(named)

    kept = _with(found)
    if kept is None:
        return NOT_FOUND
    if body:
        click.echo(kept.delivery.body, nl=False)
    else:
        _print_json(_in_full(kept))
    return 0


@inbox.command(short_help="Have a delivery handled again.")
@click.argument("ids", nargs=-1)
@click.option("--dead", is_flag=True, help="All that ended dead.")
def retry(ids: tuple[str, ...], dead: bool) -> int:
    """Have deliveries handled again. One that ended, done or dead, begins anew; one that waits is due at once.

    A server that runs on the same inbox takes them up within half a minute, any other when it starts.
    """
    from telefonistka_py.inbox.model import State

    async def again(it: Inbox) -> int:
        named = [await _named(it, id) for id in ids]
        wanted = [id for id in named if id is not None]
        wanted += [entry.id for entry in await it.entries(state=State.DEAD, most=10_000)] if dead else []
        if not wanted and not named:
            click.echo("No delivery ended dead. One that waits is due at once with `telefonistka inbox retry ID`.")
        failed = [_told(id, await it.again(id), "will be handled again", State.UNDERWAY) for id in wanted]
        return sum(failed) + named.count(None)

    if not ids and not dead:
        raise click.UsageError("name a delivery, or give --dead for all that ended dead")
    return NOT_FOUND if _with(again) else 0


@inbox.command(short_help="Forget a delivery.")
@click.argument("ids", nargs=-1, required=True)
def drop(ids: tuple[str, ...]) -> int:
    """Forget deliveries, whatever state they are in; one that is being handled is left alone. Its lane goes on.

    The server's own chores, which come again and again, are not dropped unless they ended dead.
    """
    from telefonistka_py.app import trouble
    from telefonistka_py.inbox.model import State

    async def dropped(it: Inbox) -> int:
        failed = 0
        for given in ids:
            id = await _named(it, given)
            if id is None or await _is_kept(it, id):
                failed += 1
            else:
                failed += _told(id, await it.drop(id), "is forgotten", State.UNDERWAY)
                await trouble.remember(it, id, "")  # of a chore that ended dead
        return failed

    return NOT_FOUND if _with(dropped) else 0


@inbox.command(short_help="Count the deliveries in each state.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def stats(as_json: bool) -> None:
    """Count the deliveries in each state: webhooks and the work that they led to, and apart from them the chores that
    the server does again and again."""
    from telefonistka_py.app import backlog

    found = _with(backlog.of)
    data = {state: getattr(found.webhooks, state) for state in STATES}
    if as_json:
        _print_json({**data, "chores": found.chores})
        return
    for state, count in data.items():
        click.echo(f"{state:<9}{count:>9,}")
    if found.chores:
        click.echo(f"Beside these, {backlog.told(found.chores)} of the server.")


def _with(act: Callable[[Inbox], Awaitable[Answer]]) -> Answer:
    import asyncio
    import os

    from telefonistka_py import settings
    from telefonistka_py.app import store

    async def acted() -> Answer:
        read = settings.read(os.environ, webhook=False, github=False)
        async with store.opened(read, lambda: datetime.now(UTC), beside=True) as it:
            return await act(it)

    return asyncio.run(acted())


async def _named(it: Inbox, given: str) -> str | None:
    """The id that `given` is, or is the start of; None, and it is said, when there is none or more than one."""
    if await it.find(given) is not None:
        return given
    found = await it.ids(given, most=_MOST_TOLD + 1) if len(given) >= _SHORTEST_START else ()
    if len(found) == 1:
        return found[0]
    if not found:
        _unknown(given)
        return None
    listed = ", ".join(found[:_MOST_TOLD]) + (" and others" if len(found) > _MOST_TOLD else "")
    click.echo(f"{given} is the start of several deliveries ({listed}): give more of the one that you mean.", err=True)
    return None


async def _is_kept(it: Inbox, id: str) -> bool:
    """Whether it is a chore that has a turn to come, which is said: without it missed webhooks would not be asked for,
    and nothing be forgotten, until the server starts anew."""
    from telefonistka_py.app import backlog
    from telefonistka_py.inbox.model import State

    kept = await it.find(id)
    if kept is None or not backlog.is_chore(kept.entry) or kept.entry.state is State.DONE:
        return False
    click.echo(
        f"{id} is a chore that the server needs, and is not dropped: `telefonistka inbox retry {id}` runs it now.",
        err=True,
    )
    return True


def _told(id: str, before: object, what: str, underway: object) -> bool:
    """Says what became of a delivery; whether nothing did."""
    if before is None:
        _unknown(id)
    elif before is underway:
        click.echo(f"{id} is being handled just now: nothing was done.", err=True)
    else:
        click.echo(f"{id} {what}.")
    return before is None or before is underway


def _unknown(id: str) -> int:
    click.echo(f"The inbox has no delivery {id}.", err=True)
    return NOT_FOUND


def _line(entry: Entry) -> str:
    from telefonistka_py import markdown

    due = f" until {entry.due_at:%Y-%m-%d %H:%M:%S}" if entry.due_at else ""
    tries = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
    note = f"  {entry.note}" if entry.note else ""
    what = f"{entry.id}  {entry.kind}  {entry.lane}  {entry.state}"
    return markdown.printable(f"{entry.received_at:%Y-%m-%d %H:%M:%S}  {what}{due}{tries}{note}")


def _as_data(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "lane": entry.lane,
        "state": entry.state,
        "received_at": entry.received_at.isoformat(),
        "attempt": entry.attempt,
        "crashes": entry.crashes,
        "due_at": entry.due_at.isoformat() if entry.due_at else None,
        "settled_at": entry.settled_at.isoformat() if entry.settled_at else None,
        "worker": entry.worker,
        "note": entry.note,
    }


def _in_full(kept: Kept) -> dict[str, Any]:
    import json

    try:
        body: object = json.loads(kept.delivery.body)
    except ValueError:
        body = kept.delivery.body.decode("utf-8", "replace")
    secret = ("authorization", "cookie", "x-hub-signature", "x-hub-signature-256")
    headers = [[name, "…" if name.lower() in secret else value] for name, value in kept.delivery.headers]
    return {**_as_data(kept.entry), "headers": headers, "body": body}


def _print_json(data: object) -> None:
    from telefonistka_py.cli import json_text

    click.echo(json_text.of(data))
