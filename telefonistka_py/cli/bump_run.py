"""Runs a bump: at GitHub, or with `--dry-run` on a local checkout."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from telefonistka_py.bump import content, edit, paths, render
from telefonistka_py.bump.model import BadOption, Change
from telefonistka_py.cli.bump_options import Given
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.names import Login, RepoName, RepoPath

if TYPE_CHECKING:
    from telefonistka_py.bump.flow import Order, Outcome
    from telefonistka_py.settings import Access

DONE, CANNOT = 0, 1

PATIENCE = timedelta(minutes=5)
"""How long GitHub is waited for when it is unwell, or a limit is reached."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)


def run(given: Given, changes: tuple[Change, ...]) -> int:
    """Does what the options ask for, and answers the exit code."""
    # A large file becomes one large tree of nodes: looking for garbage in it takes longer than the edit itself.
    collecting = gc.isenabled()
    gc.disable()
    try:
        edit.check(changes, allow_empty=given.allow_empty)
        if given.dry_run:
            return _show_local(given, changes)
        return _ask(given, changes)
    except BadOption as error:
        raise click.UsageError(str(error)) from None
    finally:
        if collecting:
            gc.enable()


def _show_local(given: Given, changes: tuple[Change, ...]) -> int:
    places = dict.fromkeys(change.path for change in changes)
    files = content.make(changes, {path: _read(given.checkout, path) for path in places})
    if not given.quiet:
        click.echo(render.diff(files) or "nothing to change\n", nl=False)
    _tell_notes(files)
    return DONE


def _read(checkout: Path, path: RepoPath) -> bytes | None:
    """A file of the checkout. Raises `OperatorMistake` for one that leads elsewhere (N10)."""
    if not checkout.is_dir():
        raise OperatorMistake(f"{checkout} is no directory; give the path of a checkout with --checkout")
    place = checkout / path
    try:
        if place.resolve(strict=False) != checkout.resolve() / path:
            raise OperatorMistake(f"{path} is, or lies behind, a symlink; name a plain file")
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorMistake(f"{place} can't be read: {error.strerror}") from error


def _ask(given: Given, changes: tuple[Change, ...]) -> int:
    import asyncio

    from telefonistka_py import settings
    from telefonistka_py.bump import draft
    from telefonistka_py.bump.flow import Order

    _check(given)
    trigger = draft.Trigger(
        given.triggering_repo,
        given.triggering_repo_sha,
        Login(given.triggering_actor) if given.triggering_actor else None,
    )
    order = Order(changes, draft.wanted(trigger, changes), given.auto_merge)
    environ = {**os.environ, **({"GITHUB_HOST": given.github_host} if given.github_host else {})}
    try:
        access = settings.access(environ)
    except OperatorMistake as error:
        raise click.UsageError(str(error)) from None
    outcome = asyncio.run(_at_github(access, RepoName(given.target_repo), order))
    return tell(outcome, given.quiet, os.environ)


def _check(given: Given) -> None:
    needed = {
        "--target-repo (TARGET_REPO)": given.target_repo,
        "--triggering-repo (GITHUB_REPOSITORY)": given.triggering_repo,
        "--triggering-repo-sha (GITHUB_SHA)": given.triggering_repo_sha,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise click.UsageError(f"missing: {', '.join(missing)}")
    if not re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+", given.target_repo):
        raise click.UsageError(f"--target-repo is {given.target_repo!r}; give it as owner/name")


def tell(outcome: Outcome, quiet: bool, environ: Mapping[str, str]) -> int:
    """Prints what came of it, sets the outputs of GitHub Actions, and answers the exit code."""
    if not quiet:
        click.echo(render.diff(outcome.files), nl=False)
    _tell_notes(outcome.files)
    click.echo(f"Error: {outcome.unmerged}" if outcome.unmerged else outcome.said, err=True)
    if outcome.url:
        click.echo(outcome.url)
    if place := environ.get("GITHUB_OUTPUT"):
        # GitHub Actions' own format: one NAME=VALUE a line.
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(f"pr-url={outcome.url}\nchanged={'true' if outcome.url else 'false'}\n")
    return CANNOT if outcome.unmerged else DONE


def _tell_notes(files: tuple[content.File, ...]) -> None:
    for file in files:
        for note in dict.fromkeys(file.notes):
            click.echo(f"Note: {file.path}: {note}", err=True)
        if file.places > 1:
            click.echo(f"{file.path}: {file.places} places", err=True)


async def _at_github(access: Access, repo: RepoName, order: Order) -> Outcome:
    import asyncio

    import aiohttp

    from telefonistka_py.bump import flow
    from telefonistka_py.github.connection import Connection
    from telefonistka_py.github.credentials import App, Token
    from telefonistka_py.settings import AppIdentity

    def clock() -> datetime:
        return datetime.now(UTC)

    async def pause(wait: timedelta) -> None:
        await asyncio.sleep(wait.total_seconds())

    who = access.identity
    credentials = App(str(who.app_id), who.private_key) if isinstance(who, AppIdentity) else Token(who.token)
    async with aiohttp.ClientSession(trust_env=True) as session:
        connection = Connection(
            session,
            credentials,
            rest_url=access.github.rest,
            graphql_url=access.github.graphql,
            clock=clock,
            observe=lambda *_: None,
        )

        async def attempt() -> Outcome:
            return await flow.run(await connection.repository(repo, None), order)

        return await patiently(attempt, PATIENCE, clock, pause)


async def patiently(
    attempt: Callable[[], Awaitable[Outcome]],
    patience: timedelta,
    clock: Callable[[], datetime],
    pause: Callable[[timedelta], Awaitable[None]],
) -> Outcome:
    """Tries again while GitHub is unwell, as long as the wait ends within `patience` of the start: every attempt
    completes what the one before it left."""
    end, usual = clock() + patience, FIRST_PAUSE
    while True:
        try:
            return await attempt()
        except WorldUnwell as error:
            wait = max(error.retry_at - clock(), FIRST_PAUSE) if error.retry_at else usual
            if clock() + wait > end:
                raise
            until = f"{end.astimezone():%H:%M:%S %Z}"
            click.echo(f"tried again in {wait.total_seconds():.0f} s, and until {until}: {error}", err=True)
            await pause(wait)
            usual = min(2 * usual, LONGEST_PAUSE)


def local_file(place: Path) -> bytes:
    """The file whose content is to be written. Raises `UsageError`."""
    try:
        return place.read_bytes()
    except OSError as error:
        raise click.UsageError(f"--file names {place}, which can't be read: {error.strerror}") from None


def path(text: str) -> RepoPath:
    """A file's path inside the repository. Raises `UsageError`."""
    try:
        return paths.check(text)
    except BadOption as error:
        raise click.UsageError(f"--target-file: {error}") from None
