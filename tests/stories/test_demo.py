"""`telefonistka demo`, as somebody runs it who has just installed it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests import builders

COMMAND = [sys.executable, "-m", "telefonistka_py", "demo"]


def test_the_demo_promotes_to_production_and_every_check_holds() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "clusters/production/europe-west4/c1/nginx = clusters/staging/nginx (git tree " in done.stdout
    assert done.stdout.count("✅") >= 12
    assert "❌" not in done.stdout
    assert re.search(r"\d+ requests to GitHub for 4 merges, 1 of them for a token", done.stdout)
    assert done.stderr == ""


def test_the_demo_plays_on_a_clone_of_ones_own_repository_and_leaves_it_alone(tmp_path: Path) -> None:
    own = tmp_path / "own repo"
    config = (
        "promotionPaths:\n- sourcePath: a/\n  conditions: {prHasLabels: [go]}\n  promotionPrs: [{targetPaths: [b/]}]\n"
    )
    builders.repository(own, {"telefonistka.yaml": config, "a/app/f.yaml": "1\n", "b/app/f.yaml": "1\n"})
    before = snapshot(own)
    done = subprocess.run([*COMMAND, "--repo", str(own)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "b/app = a/app (git tree " in done.stdout
    assert "    1 file changed, on promotions/" in done.stdout
    assert "merged, 1 file, label promotion, branch" in done.stdout
    assert snapshot(own) == before


def snapshot(repo: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in repo.rglob("*") if path.is_file()}


def test_the_demo_says_what_a_repository_lacks(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    builders.repository(tmp_path / "bare", {"README.md": "x\n"})
    builders.repository(tmp_path / "wrong", {"telefonistka.yaml": "promotionPaths: yes\n"})
    for name, said in {
        "missing": "missing",
        "empty": "is no git repository",
        "bare": "has no telefonistka.yaml at its root",
        "wrong": "telefonistka.yaml:1:1: promotionPaths must be a list, not true",
    }.items():
        call = [*COMMAND, "--repo", str(tmp_path / name)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1, name
        assert done.stderr.startswith("Error: "), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_ctrl_c_ends_the_demo_and_all_it_started_without_a_traceback() -> None:
    pipe = subprocess.PIPE
    for line in ("GitHub in a folder", "alice opens #1", "bob merges"):
        process = subprocess.Popen(COMMAND, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        try:
            assert process.stdout is not None
            for said in process.stdout:
                if said.startswith(line):
                    break
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
            _, errors = process.communicate(timeout=30)
            assert (process.returncode, errors) == (130, "\nStopped.\n")
        finally:
            process.kill()
            process.communicate()


def test_kept_running_it_takes_pushes_with_plain_git_until_it_is_stopped(tmp_path: Path) -> None:
    process = subprocess.Popen([*COMMAND, "--keep"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "health:" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        clone = re.search(r"git clone (\S+)", said)
        assert clone
        git = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
        work = tmp_path / "work"
        subprocess.run(["git", "clone", "-q", clone[1], work], env=git, check=True, timeout=60)
        (work / "workspace/nginx/pushed.yaml").write_text("pushed: true\n")
        identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"]
        for call in (["add", "-A"], [*identity, "commit", "-qm", "Pushed"], ["push", "-q", "origin", "HEAD:pushed"]):
            subprocess.run(["git", *call], cwd=work, env=git, check=True, timeout=60)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[0]
        assert "Every check held." in rest
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
