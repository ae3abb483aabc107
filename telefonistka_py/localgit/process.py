"""Runs git. The only place that starts it for a clone on disk."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from telefonistka_py.errors import OperatorMistake, WorldUnwell


def environment(environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """What git is given: enough of the caller's environment to be found and to read its settings, nothing that points
    it at another repository."""
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **more}


def run(repo: Path, *arguments: str, env: Mapping[str, str], check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """`git -C repo arguments`. Raises `OperatorMistake` when git can't be started, `WorldUnwell` when it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(repo), *arguments],
            capture_output=True,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        raise missing() from None
    if check and done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise WorldUnwell(f"git {arguments[0]} failed in {repo}: {said[-1] if said else f'exit {done.returncode}'}")
    return done


def missing() -> OperatorMistake:
    return OperatorMistake("git was not found on PATH; install it (Debian: apt-get install git) and try again")
