"""`telefonistka init` on real repositories."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from telefonistka_py.cli import main
from telefonistka_py.config import read
from telefonistka_py.config.problem import Valid
from tests import builders

FILES = {
    f"{place}/{app}/values.yaml": f"{place} {app}\n"
    for place in ("workspace", "clusters/dev", "clusters/prod/us", "clusters/prod/eu")
    for app in ("nginx", "redis")
}


def checkout(path: Path, *snapshots: builders.Files) -> None:
    """A clone with these commits; nothing of them lies on disk, since what its last commit holds is looked at."""
    builders.repository(path / ".git", *snapshots)
    config = path / ".git" / "config"
    config.write_text(config.read_text().replace("bare = true", "bare = false"))


def snapshot(repo: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in repo.rglob("*") if path.is_file()}


def run(*arguments: str) -> int:
    return main.run(["init", *arguments])


def test_it_writes_a_file_that_is_fine_and_shows_the_last_change_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(tmp_path, FILES, {**FILES, "workspace/nginx/values.yaml": "new\n"})
    assert run(str(tmp_path), "--yes") == 0
    said = capsys.readouterr().out
    assert isinstance(found := read.root((tmp_path / "telefonistka.yaml").read_bytes()), Valid)
    assert found.warnings == ()
    assert [flow.source_path for flow in found.value.promotion_paths] == ["workspace/", "clusters/dev/"]
    assert "would have been promoted" in said
    assert "workspace/nginx ➡️  clusters/dev/nginx" in said
    assert main.run(["check", str(tmp_path)]) == 0


def test_without_a_change_that_concerns_it_it_says_what_the_first_one_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The first commit brings every folder at once, so that all are equal already.
    level = dict.fromkeys(FILES, "the same\n")
    checkout(tmp_path, level, {**level, "README.md": "new\n"})
    assert run(str(tmp_path), "--yes") == 0
    assert "A change of workspace/nginx would open:\n  a pull request for dev: clusters/dev" in capsys.readouterr().out


def test_the_preview_writes_nothing_into_the_repository(tmp_path: Path) -> None:
    checkout(tmp_path, FILES, {**FILES, "workspace/nginx/values.yaml": "new\n"})
    before = snapshot(tmp_path)
    assert run(str(tmp_path), "--yes") == 0
    after = snapshot(tmp_path)
    assert after.pop(str(tmp_path / "telefonistka.yaml"))
    assert after == before


def test_a_shallow_clone_gets_its_proposal_without_the_preview(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(tmp_path / "whole", FILES, {**FILES, "workspace/nginx/values.yaml": "new\n"})
    whole, clone = tmp_path / "whole", tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{whole}/.git", clone], check=True, env=builders.ENVIRON)
    assert run(str(clone), "--yes") == 0
    assert "can't be shown" in capsys.readouterr().out
    assert (clone / "telefonistka.yaml").exists()


def test_print_prints_the_file_alone_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path, FILES)
    assert run(str(tmp_path), "--print") == 0
    out, err = capsys.readouterr()
    assert isinstance(read.root(out.encode()), Valid)
    assert err == ""
    assert not (tmp_path / "telefonistka.yaml").exists()


@pytest.mark.parametrize("committed", [True, False])
def test_what_is_there_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], committed: bool
) -> None:
    checkout(tmp_path, {**FILES, "telefonistka.yaml": "x-mine: 1\n"} if committed else FILES)
    if not committed:
        (tmp_path / "telefonistka.yaml").symlink_to("elsewhere")
    before = snapshot(tmp_path)
    assert run(str(tmp_path), "--yes") == 1
    assert "not overwritten" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


def test_nothing_sensible_is_said_with_where_to_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path, {"src/main.py": "x\n"})
    assert run(str(tmp_path), "--yes") == 1
    assert "config-examples" in capsys.readouterr().err


def test_without_a_terminal_nothing_is_written_unless_told(tmp_path: Path) -> None:
    checkout(tmp_path, FILES)
    done = subprocess.run(
        [sys.executable, "-m", "telefonistka_py", "init", str(tmp_path)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=builders.ENVIRON,
    )  # fmt: skip
    assert done.returncode == 1
    assert "--yes writes it" in done.stderr
    assert "promotionPaths" in done.stdout
    assert not (tmp_path / "telefonistka.yaml").exists()


def test_what_is_no_repository_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    assert run(str(tmp_path / "folder")) == 2
    assert run(str(tmp_path / "missing")) == 2
    said = capsys.readouterr().err
    assert "not a git repository" in said
    assert "is no folder" in said


def test_on_a_terminal_it_asks_for_order_and_grouping(tmp_path: Path) -> None:
    checkout(tmp_path, FILES | {"clusters/lab/nginx/x.yaml": "1\n"})
    said, code = _at_a_terminal(tmp_path, ["workspace nowhere", "workspace dev+lab prod", "n", "n", "y"])
    assert code == 0, said
    assert "lab: clusters/lab  (1 component)" in said
    assert "there is no 'nowhere'" in said
    found = read.root((tmp_path / "telefonistka.yaml").read_bytes())
    assert isinstance(found, Valid)
    first, second = found.value.promotion_paths
    assert [pull.target_paths for pull in first.promotion_prs] == [("clusters/dev/", "clusters/lab/")]
    assert second.source_path == "clusters/lab/"
    assert [pull.target_paths for pull in second.promotion_prs] == [("clusters/prod/eu/", "clusters/prod/us/")]


def test_it_asks_nothing_that_makes_no_difference(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        {
            f"envs/{stage}/{region}/{app}/values.yaml": stage
            for stage in ("dev", "staging", "prod")
            for region in ("eu", "us")
            for app in ("nginx", "redis")
        },
    )
    said, code = _at_a_terminal(tmp_path, ["", "y"])
    assert code == 0, said
    assert "one pull request for each" not in said
    assert (tmp_path / "telefonistka.yaml").exists()


def test_files_that_the_first_promotion_would_remove_are_named_before_the_proposal_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # prod/us/nginx has a file of its own; prod/eu/own is a component of its own, which no promotion touches.
    checkout(
        tmp_path, FILES | {"clusters/prod/us/nginx/values-us.yaml": "x\n", "clusters/prod/eu/own/values.yaml": "x\n"}
    )
    assert run(str(tmp_path), "--print") == 0
    out, err = capsys.readouterr()
    assert isinstance(read.root(out.encode()), Valid)
    assert "would remove 1 file that a target alone has:\n  clusters/prod/us/nginx/values-us.yaml\nTo keep" in err
    assert run(str(tmp_path), "--yes") == 0
    assert "  clusters/prod/us/nginx/values-us.yaml\n" in capsys.readouterr().out


def test_a_proposal_that_is_not_wanted_is_not_written(tmp_path: Path) -> None:
    checkout(tmp_path, FILES)
    _, code = _at_a_terminal(tmp_path, ["", "", "n"])
    assert code == 1
    assert not (tmp_path / "telefonistka.yaml").exists()


def _at_a_terminal(repo: Path, lines: list[str]) -> tuple[str, int]:
    """Runs it on a real terminal, types `lines`, and returns all that was shown and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "telefonistka_py", "init", str(repo)],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**builders.ENVIRON, "TERM": "dumb"},
    )  # fmt: skip
    os.close(theirs)
    # Ctrl-D after them: one question too many ends it.
    os.write(ours, "".join(f"{line}\n" for line in lines).encode() + b"\x04")
    said = b""
    try:
        while chunk := os.read(ours, 65536):
            said += chunk
    except OSError:
        pass  # the terminal's end, once the process is gone
    os.close(ours)
    return said.decode(), process.wait(30)
