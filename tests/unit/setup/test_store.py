"""Where the credentials go: readable by their owner alone, never over something that is there."""

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from telefonistka_py import settings
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.sandbox import auth
from telefonistka_py.setup import store
from telefonistka_py.setup.model import Registered
from telefonistka_py.setup.store import Folder

PEM, _ = auth.key_pair(0)
APP = Registered(7, "bot", "acme", "https://github.com/apps/bot", PEM, "hook$ecret'\"")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    before = os.umask(0)
    try:
        Folder(folder, "").keep(APP)
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert mode(folder / "telefonistka.env") == 0o600
    assert mode(folder / "private-key.pem") == 0o600
    assert (folder / "private-key.pem").read_text() == PEM


def test_a_shell_reads_the_file_as_the_server_needs_it(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    kept = Folder(folder, "github.example.com").keep(APP)
    assert kept.command.endswith("; telefonistka server")
    script = kept.command.removesuffix("telefonistka server") + "env -0"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    read = settings.read(dict(line.split("=", 1) for line in done.stdout.split("\0") if line))
    assert read.identity == settings.AppIdentity(7, PEM)
    assert read.webhook_secrets == (APP.webhook_secret,)
    assert read.github.html == "https://github.example.com"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.sandbox import auth
from telefonistka_py.setup.model import Registered
from telefonistka_py.setup.store import Folder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
app = Registered(7, "bot", "acme", "https://github.com/apps/bot", "a short key", "s" * int(sys.argv[2]))
try:
    Folder(Path(sys.argv[1]), "").keep(app)
except OperatorMistake as error:
    print(error)
"""


def test_what_could_not_be_written_whole_is_not_there_at_all(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "telefonistka.env can't be written: File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["telefonistka.env", "private-key.pem"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    folder = Folder(tmp_path, "")
    for act in (folder.check, lambda: folder.keep(APP)):
        with pytest.raises(OperatorMistake, match="not overwritten"):
            act()
    assert (tmp_path / name).read_text() == "mine\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "private-key.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OperatorMistake):
        Folder(tmp_path, "").keep(APP)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorMistake, match="--out"):
        Folder(tmp_path / "file", "").check()


def test_the_secret_is_yaml_with_the_names_of_the_deployment() -> None:
    made = yaml.safe_load(store.secret(APP))
    assert made["kind"] == "Secret"
    assert made["metadata"]["name"] == "telefonistka"
    assert made["stringData"] == {
        "GITHUB_APP_ID": "7",
        "GITHUB_WEBHOOK_SECRET": APP.webhook_secret,
        "private-key.pem": PEM,
    }


def test_what_is_shown_holds_no_secret(tmp_path: Path) -> None:
    said = repr(APP) + repr(Folder(tmp_path, "").keep(APP))
    assert APP.webhook_secret not in said
    assert "BEGIN" not in said
    assert shlex.quote(str(tmp_path)) in said


def test_git_ignores_what_is_written(tmp_path: Path) -> None:
    Folder(tmp_path / "made", "").keep(APP)
    assert (tmp_path / "made" / ".gitignore").read_text() == "*\n"


def test_in_a_folder_with_files_of_others_git_ignores_ours_alone(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "README.md").write_text("theirs\n")
    Folder(tmp_path, "").keep(APP)
    seen = ["git", "-C", str(tmp_path), "status", "--porcelain", "-uall"]
    left = subprocess.run(seen, capture_output=True, text=True, check=True).stdout.splitlines()
    assert left == ["?? .gitignore", "?? README.md"]


def test_a_gitignore_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("theirs\n")
    Folder(tmp_path, "").keep(APP)
    assert (tmp_path / ".gitignore").read_text() == "theirs\n"


def test_a_check_makes_nothing(tmp_path: Path) -> None:
    Folder(tmp_path / "a" / "b", "").check()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorMistake, match="is no folder; choose another with --out"):
        Folder(tmp_path / "file" / "below", "").check()
