"""From nothing to a server in good order: `telefonistka setup`, then `telefonistka doctor`, as commands."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.doors.setup.walk import Person
from tests.stories.house import House, level

WEBHOOK = "https://bot.example.com/webhook"
BARE = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


@dataclass
class Command:
    """A running `telefonistka`."""

    process: asyncio.subprocess.Process
    said: str = ""

    async def address(self) -> str:
        """What it asks to be opened in a browser."""
        assert self.process.stderr is not None
        while True:
            line = (await self.process.stderr.readline()).decode()
            assert line, self.said
            self.said += line
            if line.strip().startswith("http://"):
                return line.strip()

    async def ended(self) -> tuple[int, str]:
        """Its exit code, and what it printed."""
        out, err = await asyncio.wait_for(self.process.communicate(), 30)
        self.said += err.decode()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode()


@asynccontextmanager
async def running(*arguments: str, cwd: Path, environ: Mapping[str, str] = BARE) -> AsyncIterator[Command]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telefonistka_py", *arguments),
        cwd=cwd, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def doctored(cwd: Path, environ: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    async with running("doctor", *arguments, cwd=cwd, environ={**BARE, **environ}) as doctor:
        code, out = await doctor.ended()
        assert "Traceback" not in doctor.said
        return code, out


def environment(file: Path) -> dict[str, str]:
    """What a shell makes of the file that the set-up wrote."""
    script = f"set -a; . {file}; set +a; env -0"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=BARE)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """A server that takes every webhook: its address."""

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/webhook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    finally:
        await runner.cleanup()


async def registered(house: House, cwd: Path, *arguments: str, webhook: str = WEBHOOK) -> tuple[int, str, str]:
    """Walks through the pages. Returns the exit code, standard output and standard error."""
    async with (
        running("setup", "--listen", "127.0.0.1:0", "--github-host", house.hub.url, *arguments, cwd=cwd) as setup,
        aiohttp.ClientSession() as session,
    ):
        person = Person(session)
        page = await person.get(await setup.address())
        page = await person.fill(page, name="My Bot", webhook=webhook) if 'name="webhook"' in page.text else page
        page = await person.submit(await person.submit(page))
        assert "is registered" in page.text
        code, out = await setup.ended()
        install = f"{house.hub.url}/apps/my-bot/installations/new"
        assert install in page.text
        assert install in setup.said
        async with session.post(install) as answer:
            assert answer.status == 200
        return code, out, setup.said


async def test_what_the_set_up_leaves_is_all_that_a_server_needs(house: House, tmp_path: Path) -> None:
    await house.repo(level())
    async with receiver() as webhook:
        code, out, said = await registered(house, tmp_path, webhook=webhook)
        await house.hub.delivered()
    assert code == 0, said
    assert out == ""
    environ = environment(tmp_path / "telefonistka-app" / "telefonistka.env")
    code, out = await doctored(tmp_path, environ)
    assert code == 0, out
    assert "✅ The credentials work: this is the App my-bot" in out
    assert "✅ It has every permission that is needed." in out
    assert "✅ It is subscribed to every event that is used." in out
    assert "deliveries arrived" in out
    assert "❌" not in out
    [app] = [each for each in house.hub.apps.values() if each.slug == "my-bot"]
    for text in (said, out):
        assert app.secret not in text
        assert "PRIVATE KEY" not in text
    code, out = await doctored(tmp_path, environ, "--json")
    data = json.loads(out)
    assert code == 0
    assert data["well"] is True
    assert {"topic", "findings"} == set(data["topics"][0])


async def test_a_command_line_that_says_everything_leads_straight_to_github(house: House, tmp_path: Path) -> None:
    house.hub.add_user("acme", kind="Organization")
    code, out, said = await registered(
        house, tmp_path, "--org", "acme", "--name", "my bot", "--url", WEBHOOK, "--kubernetes-secret"
    )
    assert code == 0
    assert out.startswith("apiVersion: v1\nkind: Secret\n")
    assert "`kubectl -n telefonistka apply -f -`" in said
    assert "set the line `image:` of deploy/kubernetes/one-replica/telefonistka.yaml" in said
    [app] = [each for each in house.hub.apps.values() if each.slug == "my-bot"]
    assert app.owner.login == "acme"
    assert app.secret in out
    assert not (tmp_path / "telefonistka-app").exists()


async def test_without_a_name_the_app_is_called_after_its_owner(house: House, tmp_path: Path) -> None:
    """The sandbox's own App has the plain name, as somebody's has on GitHub."""
    house.hub.add_user("acme", kind="Organization")
    options = ("--listen", "127.0.0.1:0", "--github-host", house.hub.url, "--org", "acme", "--url", WEBHOOK)
    async with running("setup", *options, cwd=tmp_path) as setup, aiohttp.ClientSession() as session:
        person = Person(session)
        page = await person.get(await setup.address())
        assert "<dt>Name</dt><dd>telefonistka-acme</dd>" in page.text
        page = await person.submit(await person.submit(page))
        assert "is registered" in page.text
        assert (await setup.ended())[0] == 0
    assert [each.slug for each in house.hub.apps.values()] == ["telefonistka", "telefonistka-acme"]


async def test_a_file_that_is_there_stops_it_before_anything_is_registered(house: House, tmp_path: Path) -> None:
    (tmp_path / "telefonistka.env").write_text("mine\n")
    async with running("setup", "--out", ".", "--listen", "127.0.0.1:0", cwd=tmp_path) as setup:
        code, _ = await setup.ended()
    assert code == 2
    assert "is there already and is not overwritten" in setup.said
    assert len(house.hub.apps) == 1


async def test_ctrl_c_ends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with running("setup", "--listen", "127.0.0.1:0", cwd=tmp_path) as setup:
        await setup.address()
        setup.process.send_signal(signal.SIGINT)
        code, _ = await setup.ended()
    assert code == 130
    assert "Traceback" not in setup.said
    assert list(tmp_path.iterdir()) == []


async def test_a_host_or_an_address_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    for arguments, part in (
        (("--github-host", "not a host"), "--github-host is 'not a host'"),
        (("--listen", "somewhere"), "--listen is 'somewhere'"),
        (("--kubernetes-secret", "--out", "x"), "leave --out away"),
        (("--url", "foo"), "--url 'foo' can't be used. Write the server's public address"),
        (("--org", "a b"), "--org 'a b' can't be used. Write the organisation's login"),
        (("--name", "n" * 51), "GitHub takes at most 34 characters; this name has 51."),
        (("--name", "n" * 51, "--url", "foo"), "--url 'foo' can't be used"),
    ):
        async with running("setup", *arguments, cwd=tmp_path) as setup:
            code, _ = await setup.ended()
        assert code == 2
        assert part in setup.said


async def test_the_doctor_says_what_is_missing_before_a_server_could_start(tmp_path: Path) -> None:
    code, out = await doctored(tmp_path, {})
    assert code == 2
    assert "❌ No GitHub credentials" in out
    code, out = await doctored(tmp_path, {}, "--json")
    assert code == 2
    assert json.loads(out)["well"] is False


async def test_something_wrong_is_exit_code_1(house: House, tmp_path: Path) -> None:
    await house.repo(level("promotionPaths: yes\n"))
    code, out = await doctored(tmp_path, house.environment())
    assert code == 1
    assert "acme/gitops: telefonistka.yaml:1:1: promotionPaths must be a list" in out
    assert out.splitlines()[-1].startswith("2 wrong")


async def test_a_key_that_is_no_apps_stops_server_and_doctor_at_once(house: House, tmp_path: Path) -> None:
    key = tmp_path / "public.pem"
    key.write_text(house.app.public_key_pem)
    environ = {**house.environment(), "GITHUB_APP_PRIVATE_KEY_PATH": str(key)}
    said = f"GITHUB_APP_PRIVATE_KEY_PATH names {key}, which holds a public key: GitHub issues RSA private keys"
    code, out = await doctored(tmp_path, environ)
    assert (code, said in out) == (2, True)
    async with running("server", cwd=tmp_path, environ={**BARE, **environ}) as server:
        code, _ = await server.ended()
    assert (code, said in server.said) == (2, True)


async def test_a_server_without_credentials_points_to_the_set_up(tmp_path: Path) -> None:
    async with running("server", cwd=tmp_path) as server:
        code, _ = await server.ended()
    assert code == 2
    assert "telefonistka setup" in server.said
