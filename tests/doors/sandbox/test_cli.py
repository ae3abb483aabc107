"""`telefonistka sandbox` as people start it."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

RUN = ("-c", "from telefonistka_py.cli.sandbox import sandbox; sandbox()")


async def started(*args: str, path: str | None = None) -> asyncio.subprocess.Process:
    env = {"PATH": path or os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return await asyncio.create_subprocess_exec(
        sys.executable, *RUN, *args, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


async def refused(*args: str, path: str | None = None) -> tuple[int | None, str]:
    process = await started(*args, path=path)
    out, err = await process.communicate()
    assert b"Traceback" not in out + err
    return process.returncode, err.decode()


async def test_it_says_all_one_needs_and_ends_cleanly(tmp_path: Path) -> None:
    mine = tmp_path / "gitops"
    subprocess.run(["git", "init", "-q", "-b", "trunk", mine], check=True)
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", "-C", mine, *author, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    folder = tmp_path / "folder"
    process = await started(
        "--repo",
        f"acme/mine={mine}",
        "--port",
        "0",
        "--folder",
        str(folder),
        "--webhook-secret",
        "s",
        "--webhook-url",
        "http://127.0.0.1:9/",
    )
    assert process.stdout is not None
    said = (await process.stdout.readuntil(b"Ctrl-C ends it.")).decode()
    url = re.findall(r"at (http://127\.0\.0\.1:\d+)", said)[0]
    alice = re.findall(r"alice +(ghp_\w+)", said)[0]
    assert f"git clone http://alice:{alice}@{url[7:]}/acme/mine.git" in said
    variables = dict(re.findall(r"export (\w+)=(.*)", said))
    assert (variables["GITHUB_HOST"], variables["GITHUB_WEBHOOK_SECRET"]) == (url, "s")
    assert variables["LISTEN_ADDR"] == ":9", "where the webhooks go"
    key = Path(variables["GITHUB_APP_PRIVATE_KEY_PATH"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().startswith("-----BEGIN RSA PRIVATE KEY-----")
    headers = {"authorization": f"token {alice}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/repos/acme/mine/branches/trunk", headers=headers) as answer:
            sha = (await answer.json())["commit"]["sha"]
        body = {"ref": "refs/heads/x", "sha": sha}
        async with session.post(f"{url}/repos/acme/mine/git/refs", headers=headers, json=body) as answer:
            assert answer.status == 201
    assert await process.stdout.readuntil(b"host\n") == b"\nwebhook push: 502 failed to connect to host\n"
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


async def test_a_folder_that_an_earlier_sandbox_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "my folder"
    process = await started("--port", "0", "--folder", str(folder))
    assert process.stdout is not None
    said = await process.stdout.readuntil(b"Ctrl-C ends it.")
    assert b"LISTEN_ADDR" not in said, "the bot listens there by itself"
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 0
    code, says = await refused("--port", "0", "--folder", str(folder))
    assert (code, says.count("\n")) == (2, 1)
    assert says.startswith(
        f"Error: {folder} holds the repositories of another sandbox. One that has ended can't be gone on with"
    )
    [advice] = re.findall(r"\((rm -r .*?)\)", says)
    subprocess.run(advice, shell=True, check=True)
    process = await started("--port", "0", "--folder", str(folder))
    assert process.stdout is not None
    await process.stdout.readuntil(b"Ctrl-C ends it.")
    process.send_signal(signal.SIGINT)
    await process.communicate()


async def test_a_folder_that_holds_anything_is_left_as_it_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    code, says = await refused("--port", "0", "--folder", str(tmp_path))
    assert code == 2
    assert says == f"Error: {tmp_path} is not empty. Name a --folder that is, or that is not there yet.\n"
    assert [each.name for each in tmp_path.iterdir()] == [".git"]


async def test_a_sandbox_that_did_not_come_up_leaves_the_folder_empty(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    code, _ = await refused("--port", "0", "--folder", str(folder), "--repo", str(tmp_path / "nowhere"))
    assert code == 2
    assert list(folder.iterdir()) == []


async def test_a_reader_that_has_gone_is_no_matter_of_the_port() -> None:
    """As in `telefonistka sandbox | head -1`."""
    read, write = os.pipe()
    os.close(read)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    main = "from telefonistka_py.cli.main import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", main, "sandbox", "--port", "0", env=env, stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    _, err = await process.communicate()
    assert process.returncode
    assert err == b""


async def test_a_path_that_is_no_repository_gets_one_sentence(tmp_path: Path) -> None:
    code, says = await refused("--repo", str(tmp_path), "--port", "0")
    assert (code, says) == (2, f"Error: {tmp_path} is no git repository.\n")


@pytest.mark.parametrize("address", ["localhost:8080", "http://", "http://localhost:99999/webhook"])
async def test_an_address_that_is_none_gets_one_sentence(address: str) -> None:
    code, says = await refused("--webhook-url", address)
    assert (code, says.count("\n")) == (2, 1)
    assert f"--webhook-url {address}" in says


async def test_a_busy_port_gets_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, says = await refused("--port", str(port))
    assert code == 2
    assert says.startswith(f"Error: Port {port} can't be opened")
    assert says.count("\n") == 1


async def test_a_missing_git_gets_one_sentence(tmp_path: Path) -> None:
    code, says = await refused("--port", "0", path=str(tmp_path))
    assert (code, says) == (2, "Error: There is no `git` on PATH; install git 2.38 or later.\n")


async def test_two_repositories_of_one_name_get_one_sentence(tmp_path: Path) -> None:
    code, says = await refused("--repo", f"{tmp_path}/a/x", "--repo", f"{tmp_path}/b/x")
    assert code == 2
    assert "--repo OWNER/NAME=PATH" in says
