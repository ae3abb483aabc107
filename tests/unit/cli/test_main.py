import subprocess
import sys

import pytest

from telefonistka_py.cli import main
from tests.builders import ENVIRON


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    said = capsys.readouterr().out
    for command in ("demo", "plan", "sandbox", "server"):
        assert f"  {command}  " in said


def test_the_help_loads_no_command() -> None:
    """What makes it instant: none of the libraries that a command needs."""
    code = (
        "import sys; from telefonistka_py.cli import main; main.run(['--help']); "
        "heavy = {'aiohttp', 'pydantic', 'jinja2', 'graphql', 'httpx'}; "
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRON)
    assert done.stderr.split() == []


def test_an_unknown_command_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["plam"]) == 2
    assert "plam" in capsys.readouterr().err


def test_python_m_starts_it_too() -> None:
    done = subprocess.run([sys.executable, "-m", "telefonistka_py", "plan", "--repo", "/nonexistent", "--merge", "x"],
                          capture_output=True, text=True, check=False, env=ENVIRON)  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == "Error: /nonexistent is no directory; give the path of a local clone with --repo\n"
