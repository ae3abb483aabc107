"""The set-up's pages over HTTP, with the sandbox as GitHub."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from telefonistka_py import needs
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.sandbox import Hub
from telefonistka_py.settings import Listen
from telefonistka_py.setup import serve
from telefonistka_py.setup.manifest import Wish
from telefonistka_py.setup.store import Folder, KubernetesSecret, Store
from telefonistka_py.setup.web import Site
from tests.contracts import github as contract
from tests.doors.setup.walk import Page, Person

WEBHOOK = "http://127.0.0.1:9/webhook"
LOOPBACK = Listen("127.0.0.1", 0)


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    """A hub that plays GitHub, and a person at a browser."""

    hub: Hub
    person: Person
    folder: Path
    clock: Clock
    told: list[str] = field(default_factory=list)

    def site(self, store: Store | None = None, wish: Wish = Wish()) -> Site:  # noqa: B008 - frozen
        return Site(
            self.hub.url,
            f"{self.hub.url}/api/v3",
            token="the-token",
            state="the-state",
            wish=wish,
            store=store or Folder(self.folder, self.hub.url),
            clock=self.clock,
            tell=self.told.append,
        )

    @asynccontextmanager
    async def at_github(self, site: Site, name: str = "bot", organization: str = "") -> AsyncIterator[Page]:
        """GitHub's page that asks to confirm; the set-up listens as long as the context is open."""
        async with serve.listening(site, LOOPBACK) as url:
            page = await self.person.get(url)
            page = await self.person.fill(page, name=name, organization=organization, webhook=WEBHOOK)
            yield await self.person.submit(page)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    async with Hub.running(tmp_path / "hub", clock=clock) as hub, aiohttp.ClientSession() as session:
        yield Desk(hub, Person(session), tmp_path / "out", clock)
        await hub.delivered()
        assert hub.unknown == []
        assert [problem for exchange in hub.exchanges for problem in contract.problems_of(exchange)] == []


async def test_the_app_that_results_has_what_the_bot_needs_and_its_credentials_are_kept(desk: Desk) -> None:
    site = desk.site()
    async with desk.at_github(site) as asked:
        assert asked.status == 200
        last = await desk.person.submit(asked)
        assert last.status == 200
        assert site.done.is_set()
    [app] = desk.hub.apps.values()
    assert app.permissions == {each.name: each.level for each in needs.PERMISSIONS}
    assert set(app.events) == {each.name for each in needs.EVENTS}
    assert app.webhook_url == WEBHOOK
    environment = (desk.folder / "telefonistka.env").read_text()
    assert f"GITHUB_APP_ID={app.id}\n" in environment
    assert f"GITHUB_WEBHOOK_SECRET={app.secret}\n" in environment
    assert f"GITHUB_HOST={desk.hub.url}\n" in environment
    key = desk.folder / "private-key.pem"
    assert key.read_text() == app.private_key_pem
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert f"{desk.hub.url}/apps/bot/installations/new" in last.text


async def test_no_secret_is_on_any_page_nor_in_the_terminal(desk: Desk) -> None:
    """N30."""
    site = desk.site()
    async with desk.at_github(site) as asked:
        last = await desk.person.submit(asked)
    [app] = desk.hub.apps.values()
    for said in (asked.text, last.text, *desk.told):
        assert app.secret not in said
        assert "PRIVATE KEY" not in said
        assert "the-token" not in said


async def test_an_organisation_can_own_the_app(desk: Desk) -> None:
    desk.hub.add_user("acme", kind="Organization")
    async with desk.at_github(desk.site(), organization="acme") as asked:
        await desk.person.submit(asked)
    [app] = desk.hub.apps.values()
    assert app.owner.login == "acme"


async def test_people_may_give_it_another_name_at_github(desk: Desk) -> None:
    async with desk.at_github(desk.site()) as asked:
        last = await desk.person.submit(asked, name="Gitops Bot")
    assert "gitops-bot is registered" in last.text


async def test_who_does_not_have_the_token_sees_nothing(desk: Desk) -> None:
    async with serve.listening(desk.site(), LOOPBACK) as url:
        root = url.removesuffix("the-token/")
        for path in ("", "the-toke/", "other/", "review", "the-toke/review?name=x"):
            assert (await desk.person.get(root + path)).status == 404


async def test_an_answer_with_another_state_is_refused_and_its_code_is_not_used(desk: Desk) -> None:
    site = desk.site()
    async with desk.at_github(site) as asked:
        action, fields = asked.form()
        async with desk.person.session.post(action, data=fields, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        before = len(desk.hub.exchanges)
        for state in ("another", ""):
            page = await desk.person.get(back.replace("the-state", state))
            assert page.status == 403
        assert len(desk.hub.exchanges) == before
        assert not desk.folder.exists()
        assert (await desk.person.get(back)).status == 200
    assert (desk.folder / "telefonistka.env").exists()


async def test_a_reload_goes_on_where_github_failed(desk: Desk) -> None:
    site = desk.site()
    async with desk.at_github(site) as asked:
        desk.hub.will_answer(502, path="conversions")
        failed = await desk.person.submit(asked)
        assert failed.status == 502
        assert "reload this page" in failed.text
        assert not site.done.is_set()
        assert (await desk.person.get(failed.url)).status == 200
    assert (desk.folder / "private-key.pem").exists()
    assert "code=" not in "".join(desk.told)


async def test_a_key_that_could_not_be_written_is_not_lost(desk: Desk) -> None:
    site = desk.site()
    async with desk.at_github(site) as asked:
        desk.folder.mkdir()
        (desk.folder / "private-key.pem").write_text("mine\n")
        failed = await desk.person.submit(asked)
        assert failed.status == 502
        assert "not overwritten" in failed.text
        os.rename(desk.folder / "private-key.pem", desk.folder / "mine.pem")
        assert (await desk.person.get(failed.url)).status == 200
    [app] = desk.hub.apps.values()
    assert (desk.folder / "private-key.pem").read_text() == app.private_key_pem
    assert (desk.folder / "mine.pem").read_text() == "mine\n"


async def test_a_code_that_is_too_old_is_told_with_what_to_do(desk: Desk) -> None:
    async with desk.at_github(desk.site()) as asked:
        action, fields = asked.form()
        async with desk.person.session.post(action, data=fields, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        desk.clock.now += timedelta(hours=2)
        page = await desk.person.get(back)
    assert page.status == 502
    assert "begin again" in page.text
    assert not desk.folder.exists()


async def test_two_answers_at_once_exchange_the_code_once(desk: Desk) -> None:
    async with desk.at_github(desk.site()) as asked:
        action, fields = asked.form()
        async with desk.person.session.post(action, data=fields, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        pages = await asyncio.gather(desk.person.get(back), desk.person.get(back))
    assert [page.status for page in pages] == [200, 200]
    assert len([each for each in desk.hub.exchanges if "conversions" in each.path]) == 1


async def test_a_mistake_is_told_at_its_field_and_what_was_typed_stays(desk: Desk) -> None:
    async with serve.listening(desk.site(), LOOPBACK) as url:
        page = await desk.person.get(url)
        page = await desk.person.fill(page, name='a"b<script>', webhook="bot.example.com")
    assert page.status == 422
    assert "public address, such as" in page.text
    assert "<script>" not in page.text
    _, fields = page.form()
    assert fields["name"] == 'a"b<script>'
    assert fields["webhook"] == "bot.example.com"


async def test_the_pages_load_nothing_and_are_kept_nowhere(desk: Desk) -> None:
    async with serve.listening(desk.site(wish=Wish("bot", "", WEBHOOK)), LOOPBACK) as url:
        assert "/review?" in url, "the command line said everything, so the form is passed over"
        page = await desk.person.get(url)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for loaded in ("<script", "src=", "@import", "url(", "<link"):
        assert loaded not in page.text


async def test_a_kubernetes_secret_is_printed_and_no_file_is_written(desk: Desk) -> None:
    printed: list[str] = []
    async with desk.at_github(desk.site(KubernetesSecret(printed.append, desk.hub.url))) as asked:
        last = await desk.person.submit(asked)
    [app] = desk.hub.apps.values()
    assert app.secret in printed[0]
    assert app.secret not in last.text
    assert not desk.folder.exists()


async def test_a_port_that_is_taken_is_a_sentence(desk: Desk) -> None:
    async with serve.listening(desk.site(), LOOPBACK) as url:
        port = int(url.split(":")[2].split("/")[0])
        with pytest.raises(OperatorMistake, match="--listen"):
            async with serve.listening(desk.site(), Listen("127.0.0.1", port)):
                pass
