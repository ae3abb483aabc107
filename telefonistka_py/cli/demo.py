"""`telefonistka demo`: the main job, offline, on the embedded defaults."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.demo.stage import Stage


@click.command(short_help="Show a whole promotion, offline.")
@click.option("--repo", type=click.Path(path_type=Path), help="Play on a clone of this repository; it is not touched.")
@click.option(
    "--keep", is_flag=True, help="Leave the sandbox and the server running afterwards, to look at and to push to."
)
@click.option("--argocd", is_flag=True, help="Show what changes in the clusters, with an Argo CD in a folder as well.")
def demo(repo: Path | None, keep: bool, argocd: bool) -> int:
    """Show a whole promotion: no account, no network, nothing to configure.

    Starts a GitHub in a folder and the real server beside it. alice merges a change; Telefonistka opens the pull
    requests for the next environments; bob merges them; and so on to production.

    \b
    Exit codes: 0 every check held at the end, 1 one did not or nothing could be shown, 2 a wrong option.
    """
    import asyncio

    if argocd and repo is not None:
        raise click.UsageError("--argocd plays on a repository of its own: leave out --repo.")
    return asyncio.run(_play(repo, keep, argocd))


async def _play(repo: Path | None, keep: bool, argocd: bool) -> int:
    import logging
    import sys
    import tempfile

    from telefonistka_py.demo import clusters, show, stage
    from telefonistka_py.observability import logs

    logs.setup("warn", "auto", sys.stderr)
    # It warns of a git that ended in the very moment that Ctrl-C ended it.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="telefonistka-demo-") as folder:
        async with stage.raised(Path(folder), repo, argocd=argocd) as raised:
            held = await (clusters.play(raised, click.echo) if argocd else show.play(raised, repo, click.echo))
            if keep:
                _explain(raised)
                await _interrupted()
    click.echo("Every check held." if held else "Some checks did not hold; see above.")
    return 0 if held else 1


def _explain(raised: "Stage") -> None:
    alice = raised.hub.users["alice"]
    url = raised.repo.clone_url.replace("://", f"://alice:{alice.token}@")
    click.echo(f"\nStill running. Try it, and stop it with Ctrl-C:\n  git clone {url}")
    click.echo(f"  in a browser   {raised.repo.html_url}   (merge, comment, change a file)")
    click.echo(f"  status page    {raised.status_url}")
    click.echo(f"  server         {raised.server.url}   (health: {raised.server.url}/ready)")


async def _interrupted() -> None:
    """Returns at Ctrl-C, or when the process is told to end."""
    import asyncio
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
