"""Shells complete commands, subcommands and options, though no command is loaded before it is needed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BASH = """
PATH={bin}:$PATH
source <(_TELEFONISTKA_COMPLETE=bash_source telefonistka)
complete -p telefonistka
COMP_WORDS=({words}) COMP_CWORD={last}
_telefonistka_completion telefonistka
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a `telefonistka` that runs this source tree."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "telefonistka"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m telefonistka_py "$@"\n')
    program.chmod(0o755)
    return folder


def completed(line: str, folder: Path) -> list[str]:
    """What bash offers at the end of `line`."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    script = BASH.format(bin=folder, words=" ".join(map(shlex.quote, words)), last=len(words) - 1)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ))
    registered, *offered = done.stdout.splitlines()
    assert registered.endswith("_telefonistka_completion telefonistka"), done
    assert done.stderr == ""
    return offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("telefonistka bump-", ["bump-overwrite", "bump-regex", "bump-yaml"]),
        ("telefonistka inbox ", ["drop", "list", "retry", "show", "stats"]),
        ("telefonistka fanout re", ["resume", "retry"]),
        ("telefonistka templates ", ["check", "export", "list"]),
        ("telefonistka inbox list --st", ["--state"]),
        ("telefonistka inbox list --state d", ["done", "dead"]),
        ("telefonistka plan --ba", ["--base"]),
    ],
)
def test_bash_completes(line: str, offered: list[str], bin_folder: Path) -> None:
    assert completed(line, bin_folder) == offered


@pytest.mark.parametrize(("shell", "words"), [("zsh", "#compdef telefonistka"), ("fish", "complete --no-files")])
def test_other_shells_are_given_their_script(shell: str, words: str, bin_folder: Path) -> None:
    done = subprocess.run(
        [bin_folder / "telefonistka"],
        env={**os.environ, "_TELEFONISTKA_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert words in done.stdout
