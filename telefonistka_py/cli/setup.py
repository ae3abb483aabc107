"""`telefonistka setup`: registers the GitHub App in a browser, and keeps its credentials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.settings import GitHubAddress, Listen
    from telefonistka_py.setup.manifest import Wish
    from telefonistka_py.setup.store import Store

FOLDER = "telefonistka-app"


@click.command()
@click.option("--listen", default="127.0.0.1:3000", show_default=True, metavar="HOST:PORT", help="Where the page is.")
@click.option("--org", default="", metavar="ORG", help="The organisation that is to own the App. Default: you.")
@click.option(
    "--name",
    default="",
    metavar="NAME",
    help="The App's name, unique on all of GitHub. Default: telefonistka-ORG, or else named after the host of --url.",
)
@click.option("--url", default="", metavar="URL", help="The server's public address, where GitHub sends webhooks.")
@click.option("--github-host", envvar="GITHUB_HOST", show_envvar=True, default="", metavar="HOST",
              help="GitHub Enterprise's host.")  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help=f"The folder for the files. Default: {FOLDER}."
)
@click.option(
    "--kubernetes-secret",
    is_flag=True,
    help="Print a Kubernetes Secret instead of writing files: pipe it into `kubectl -n telefonistka apply -f -`, or "
    "call `umask 077` before you write it to a file.",
)
def setup(
    listen: str, org: str, name: str, url: str, github_host: str, out: Path | None, kubernetes_secret: bool
) -> None:
    """Register the GitHub App that the server acts as, with the permissions and events it needs.

    Serves a page for your browser that leads to GitHub and back. The App's id, private key and webhook secret are
    written to telefonistka.env and private-key.pem, which only you can read, beside a .gitignore that keeps them out of
    git; existing files are never overwritten.
    With --kubernetes-secret they are printed as a Secret instead, alone on standard output.

    \b
    Exit codes: 0 registered, 2 a wrong option, or a file that is there already.
    """
    import asyncio

    from telefonistka_py import settings
    from telefonistka_py.setup.manifest import Wish
    from telefonistka_py.setup.store import Folder, KubernetesSecret

    if kubernetes_secret and out is not None:
        raise click.UsageError("--kubernetes-secret writes no files; leave --out away")
    wish = Wish(name.strip(), org.strip(), url.strip())
    if wrong := _wrong_options(wish):
        raise click.UsageError(wrong)
    place = settings.read_place(github_host, listen)
    store: Store = (
        KubernetesSecret(lambda text: click.echo(text, nl=False), github_host.strip())
        if kubernetes_secret
        else Folder(out or Path(FOLDER), github_host.strip())
    )
    store.check()
    asyncio.run(_served(place.github, place.listen, wish, store))


def _wrong_options(wish: Wish) -> str:
    """What was given and can't be used, a line for each; empty when all can. What was not given the page asks for."""
    from telefonistka_py.setup import manifest

    wrong = manifest.mistakes(manifest.named(wish))
    given = (
        ("name", "--name", wish.name),
        ("organization", "--org", wish.organization),
        ("webhook", "--url", wish.webhook),
    )
    return "\n".join(
        f"{option} {value!r} can't be used. {wrong[field]}"
        for field, option, value in given
        if value and field in wrong
    )


async def _served(github: GitHubAddress, listen: Listen, wish: Wish, store: Store) -> None:
    import secrets
    from datetime import UTC, datetime

    from telefonistka_py.setup import serve
    from telefonistka_py.setup.web import Site

    site = Site(
        html_url=github.html,
        rest_url=github.rest,
        token=secrets.token_urlsafe(24),
        state=secrets.token_urlsafe(24),
        wish=wish,
        store=store,
        clock=lambda: datetime.now(UTC),
        tell=lambda line: click.echo(line, err=True),
    )
    async with serve.listening(site, listen) as url:
        click.echo(f"Open this address in your browser:\n\n  {url}\n\nCtrl-C ends the set-up.", err=True)
        await site.done.wait()
    assert site.registered is not None
    assert site.kept is not None
    click.echo(
        f"The App {site.registered.slug} (number {site.registered.app_id}) is registered.\n{site.kept.where}\n\n"
        f"1. Install it on your repositories: {site.registered.install_url}\n"
        f"2. Start the server:                {site.kept.command}\n"
        "3. See that all is well, with the same variables: telefonistka doctor",
        err=True,
    )
