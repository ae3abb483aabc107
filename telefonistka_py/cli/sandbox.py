"""`telefonistka sandbox`: GitHub in a folder, over clones of one's own repositories."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from telefonistka_py.sandbox import App, Delivery, Hub

PEOPLE = ("alice", "bob", "gitops-bot")
KEY = "private-key.pem"
OURS = {KEY, "gitconfig", "repositories"}
"""What a sandbox puts into its folder."""
WEBHOOK_SECRET = "the-sandbox-s-secret"  # noqa: S105 - the sandbox's own, and shown on its first screen


@click.command()
@click.option("--repo", "repos", multiple=True, metavar="[OWNER/NAME=]PATH", help="A local git repository; repeatable.")
@click.option("--port", default=9000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free one.")
@click.option("--webhook-url", default="http://127.0.0.1:8080/webhook", show_default=True, metavar="URL",
              help="Where webhooks are sent: the server that is tried out.")  # fmt: skip
@click.option("--webhook-secret", default=WEBHOOK_SECRET, show_default=True, metavar="SECRET",
              help="What they are signed with: the server's GITHUB_WEBHOOK_SECRET.")  # fmt: skip
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where clones and the key are kept: a new or empty one. Default: one that goes with the sandbox.",
)
def sandbox(repos: tuple[str, ...], port: int, webhook_url: str, webhook_secret: str, folder: Path | None) -> None:
    """GitHub in a folder: a local stand-in to try your configuration in.

    Each --repo is cloned as it was last committed, and the original is never touched. Push to the printed address
    with plain git; open and merge pull requests in a browser, or over the REST API with the printed tokens. Without
    --repo there is one repository that is almost empty. Ctrl-C ends it, and with it its pull requests: a --folder can
    be looked into afterwards, but not gone on with.
    """
    if not _is_address(webhook_url):
        raise _bad(f"--webhook-url {webhook_url} is no address; it starts with http:// or https://.")
    with _folder(folder) as place:
        try:
            asyncio.run(_serve(_named(repos), port, webhook_url, webhook_secret, place))
        except KeyboardInterrupt:
            click.echo("\nThe sandbox has ended.")


@contextlib.contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        _refuse_used(chosen)
        try:
            yield chosen
        except click.ClickException:
            _clear(chosen)  # it did not come up: the next attempt finds the folder as it was
            raise
        return
    with tempfile.TemporaryDirectory(prefix="telefonistka-sandbox-") as made:
        yield Path(made)


def _refuse_used(folder: Path) -> None:
    """What is there may be somebody's own, such as a clone: nothing of ours is put beside it. An ended sandbox left its
    repositories there, and took the pull requests that belong to their branches along."""
    try:
        there = {each.name for each in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise _bad(f"{folder} can't be looked into: {error.strerror}.") from error
    if there and there <= OURS:
        left = " ".join(shlex.quote(str(folder / name)) for name in sorted(there))
        raise _bad(
            f"{folder} holds the repositories of another sandbox. One that has ended can't be gone on with, as its "
            f"pull requests ended with it: remove them (rm -r {left}), or choose another --folder."
        )
    if there:
        raise _bad(f"{folder} is not empty. Name a --folder that is, or that is not there yet.")


def _clear(folder: Path) -> None:
    """Removes what a sandbox put into a folder that was empty before."""
    for name in OURS:
        place = folder / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def _named(repos: tuple[str, ...]) -> dict[str, str]:
    """Repository name to path. Without a name, it is `sandbox/` and the folder's."""
    named: dict[str, str] = {}
    for text in repos:
        name, equals, path = text.rpartition("=")
        if not equals or Path(text).exists():
            name, path = "", text
        name = name or Path(path).resolve().name.removesuffix(".git")
        name = name if "/" in name else f"sandbox/{name}"
        if name in named:
            raise _bad(f"Two repositories would be called {name}; name one of them with --repo OWNER/NAME=PATH.")
        named[name] = path
    return named


class _BadInput(click.ClickException):
    exit_code = 2


def _bad(sentence: str) -> click.ClickException:
    return _BadInput(sentence)


async def _serve(repos: dict[str, str], port: int, webhook_url: str, secret: str, folder: Path) -> None:
    from telefonistka_py.sandbox import Hub, SandboxError

    try:
        async with Hub.running(folder, port=port) as hub:
            for person in PEOPLE:
                hub.add_user(person)
            for name, path in repos.items():
                await hub.add_repo(name, from_path=path, collaborators=dict.fromkeys(PEOPLE, "write"))
            if not repos:
                files = {"README.md": "# A repository to try things in\n"}
                await hub.add_repo("sandbox/gitops", files=files, collaborators=dict.fromkeys(PEOPLE, "write"))
            app = hub.add_app(webhook_url=None, secret=secret)
            hub.set_webhook(app, webhook_url)
            hub.webhooks.watcher = _report
            with _end() as ended:  # from before anybody is told how to end it
                click.echo(_greeting(hub, app, _written_key(folder, app)))
                await ended.wait()
            click.echo("\nThe sandbox has ended.")
    except SandboxError as error:
        raise _bad(str(error)) from error
    except PermissionError as error:
        raise _bad(f"{error.filename or folder} can't be written: {error.strerror}.") from error
    except BrokenPipeError:
        raise  # whoever read us has gone
    except OSError as error:
        raise _bad(f"Port {port} can't be opened ({error.strerror}); choose another with --port.") from error


def _report(delivery: Delivery) -> None:
    """One line per webhook, so that one sees whether the bot listens."""
    event = f"{delivery.event} {delivery.action}" if delivery.action else delivery.event
    click.echo(f"webhook {event}: {delivery.status_code} {delivery.status}")


@contextmanager
def _end() -> Iterator[asyncio.Event]:
    """Set by Ctrl-C, or when the process is told to end."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    try:
        yield ended
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)


def _written_key(folder: Path, app: App) -> Path:
    """Writes the App's private key so that only its owner can read it."""
    path = folder.resolve() / KEY
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(app.private_key_pem)
    return path


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _listening(webhook_url: str) -> list[str]:
    """Where the bot must listen for the webhooks to come, unless it does so by itself. Behind TLS something else
    listens."""
    parts = urlsplit(webhook_url)
    port = parts.port or 80
    return [f"  export LISTEN_ADDR=:{port}"] if parts.scheme == "http" and port != 8080 else []


def _greeting(hub: Hub, app: App, key: Path) -> str:
    alice = hub.user("alice").token
    clone = [f"  git clone {repo.clone_url.replace('://', f'://alice:{alice}@')}" for repo in hub.repos.values()]
    first = next(iter(hub.repos.values()))
    tokens = [f"  {login:<20} {hub.user(login).token}" for login in PEOPLE]
    lines = [
        f"GitHub in a folder, at {hub.url}",
        f"  REST     {hub.url}/api/v3",
        f"  GraphQL  {hub.url}/api/graphql",
        "Open that address in a browser to see the repositories, to merge, to comment and to change files.",
        "",
        "Clone and push with plain git:",
        *clone,
        "",
        "Tokens, for the REST API, GraphQL and git:",
        *tokens,
        "",
        "Open a pull request from a branch that you pushed:",
        f"  curl -H 'Authorization: Bearer {alice}' {hub.url}/repos/{first.name}/pulls \\",
        f"""    -d '{{"title": "Try", "head": "BRANCH", "base": "{first.default_branch}"}}'""",
        "Merge it:",
        f"  curl -X PUT -H 'Authorization: Bearer {alice}' {hub.url}/repos/{first.name}/pulls/NUMBER/merge",
        "",
        f"Its App is number {app.id}; its private key is in {key}",
        f"and its webhooks go to {app.webhook_url}.",
        "",
        "Start the bot against it, in another terminal:",
        f"  export GITHUB_HOST={hub.url}",
        f"  export GITHUB_APP_ID={app.id}",
        f"  export GITHUB_APP_PRIVATE_KEY_PATH={key}",
        f"  export GITHUB_WEBHOOK_SECRET={app.secret}",
        *_listening(app.webhook_url or ""),
        "  telefonistka server",
        "Instead of the App it can use a token: export GITHUB_OAUTH_TOKEN, with the one of gitops-bot.",
        "",
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)


command = sandbox
