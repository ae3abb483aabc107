"""`telefonistka demo`: the main job, offline, on the embedded defaults."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from telefonistka_py.demo.stage import Stage


@click.command(short_help="Show a whole promotion, offline.")
@click.option("--repo", type=click.Path(path_type=Path), help="Play on a clone of this repository; it is not touched.")
@click.option("--keep", is_flag=True, help="Leave the sandbox and the server running afterwards, to push to with git.")
def demo(repo: Path | None, keep: bool) -> int:
    """Show a whole promotion: no account, no network, nothing to configure.

    Starts a GitHub in a folder and the real server beside it. alice merges a change; Telefonistka opens the pull
    requests for the next environments; bob merges them; and so on to production. The exit code is 0 only when every
    check held at the end.
    """
    import asyncio

    return asyncio.run(_play(repo, keep))


async def _play(repo: Path | None, keep: bool) -> int:
    import sys
    import tempfile

    from telefonistka_py.demo import show, stage
    from telefonistka_py.observability import logs

    logs.setup("warn", "auto", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="telefonistka-demo-") as folder:
        async with stage.raised(Path(folder), repo) as raised:
            held = await show.play(raised, repo, click.echo)
            if keep:
                _explain(raised)
                await _interrupted()
    click.echo("Every check held." if held else "Some checks did not hold; see above.")
    return 0 if held else 1


def _explain(raised: "Stage") -> None:
    alice = raised.hub.users["alice"]
    url = raised.repo.clone_url.replace("://", f"://alice:{alice.token}@")
    click.echo(f"\nStill running. Try it, and stop it with Ctrl-C:\n  git clone {url}")
    click.echo(f"  server   {raised.server.url}   (health: {raised.server.url}/ready)")


async def _interrupted() -> None:
    """Returns at Ctrl-C, or when the process is told to end."""
    import asyncio
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
