"""Commands that look at a commit say when the configuration on disk is another one."""

import json
import os
from pathlib import Path

import pytest

from telefonistka_py.cli import main
from tests import builders

CONFIG = builders.yaml({"promotionPaths": [builders.flow("w/", ["dev/"])]})
COMMANDS = (["plan", "--merge", "HEAD"], ["explain", "w/nginx"], ["drift"])


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree whose last commit changes a component."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    path = tmp_path / "repo"
    files: builders.Files = {"telefonistka.yaml": CONFIG, "w/nginx/f": "1\n", "dev/nginx/f": "1\n"}
    builders.repository(path / ".git", files, {**files, "w/nginx/f": "2\n"})
    builders.git(path / ".git", "config", "core.bare", "false")
    builders.git(path, "reset", "--quiet", "--hard")
    monkeypatch.chdir(path)
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_root_file_that_is_not_what_head_holds_is_said(
    clone: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main.run(command)
    assert "note:" not in capsys.readouterr().out
    (clone / "telefonistka.yaml").write_bytes(CONFIG.replace(b"\n", b"\r\n"))
    main.run(command)
    assert "note:" not in capsys.readouterr().out, "git itself writes such line ends on some machines"
    (clone / "telefonistka.yaml").write_bytes(CONFIG + b"\n# new\n")
    main.run(command)
    said = capsys.readouterr().out
    assert "note: telefonistka.yaml on disk is not what HEAD holds, and this goes by what is committed: commit" in said
    main.run([*command, "--config", "telefonistka.yaml"])
    assert "note:" not in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_root_file_that_was_never_committed_is_said(
    clone: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    builders.git(clone, "rm", "--quiet", "--cached", "telefonistka.yaml")
    builders.git(clone, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=x")
    main.run(command)
    assert "note: telefonistka.yaml on disk is not committed" in capsys.readouterr().out


def test_the_json_has_it_too(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / "telefonistka.yaml").unlink()
    for command in COMMANDS[:2]:
        main.run([*command, "--json"])
        [note] = json.loads(capsys.readouterr().out)["notes"]
        assert note == "telefonistka.yaml lies in HEAD and not on disk; this goes by what is committed."
