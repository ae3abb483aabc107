"""The status page: who is let in, what it tells, and what it costs."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py import settings
from telefonistka_py.app import chores, trouble
from telefonistka_py.errors import OperatorMistake, WorldUnwell
from telefonistka_py.events.model import Chore, ChoreEvent
from telefonistka_py.fanout import health
from telefonistka_py.fanout.health import Health
from telefonistka_py.github.in_flight import Found
from telefonistka_py.inbox.model import Delivery
from telefonistka_py.names import Lane, RepoName
from telefonistka_py.sandbox import Hub
from telefonistka_py.server.pages import admission
from telefonistka_py.server.status_page_flights import MOST_REPOS, Board
from tests.contracts import github as contract
from tests.doors.browsing import Browser, Page
from tests.doors.server.conftest import AT_ONCE, SECRET, Hands, Server, StartServer, payload
from tests.stories import house as stories
from tests.stories.house import House, level

TOKEN = "a long token that nobody guesses"
HOSTILE = '"><script>alert(1)</script><a href="javascript:alert(1)">x</a>{{7*7}}'


@pytest.fixture
async def server(start: StartServer) -> AsyncIterator[Server]:
    async with start(status_token=TOKEN) as server:
        yield server


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.running.url) as browser:
        yield browser


def basic(password: str) -> str:
    return f"Basic {b64encode(f'anybody:{password}'.encode()).decode()}"


async def looked(browser: Browser, token: str = TOKEN) -> Page:
    return await browser.get("/", Authorization=basic(token))


# Who is let in


async def test_without_a_token_in_the_settings_there_is_no_page(start: StartServer) -> None:
    async with start() as server, Browser(server.running.url) as browser:
        assert (await browser.get("/")).status == 404
        assert (await browser.get("/?token=")).status == 404
        assert (await looked(browser, "")).status == 404


async def test_the_token_opens_it_as_the_password_of_anybody(browser: Browser) -> None:
    page = await looked(browser)
    assert page.status == 200
    assert "Newest deliveries" in page.text


async def test_the_token_in_the_address_gives_a_cookie_and_leaves_the_address(browser: Browser) -> None:
    page = await browser.get(f"/?token={TOKEN}")
    cookie = page.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie + page.source
    assert page.has("meta", content="0; url=/")
    assert "Newest deliveries" in (await browser.get("/")).text


async def test_behind_https_the_cookie_stays_with_https(browser: Browser) -> None:
    page = await browser.get(f"/?token={TOKEN}", X_Forwarded_Proto="https")
    assert "Secure" in page.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?token=", {}),
        ("?token=wrong", {}),
        (f"?token={TOKEN}x", {}),
        ("?token=%FF", {}),
        ("", {"Authorization": basic("")}),
        ("", {"Authorization": basic("wrong")}),
        ("", {"Authorization": "Basic ???"}),
        ("", {"Authorization": f"Bearer {TOKEN}"}),
        ("", {"Cookie": f"{admission.COOKIE}={TOKEN}"}),
        ("", {"Cookie": f"{admission.COOKIE}=99999999999.{'0' * 64}"}),
    ],
)
async def test_nobody_else_is_let_in(browser: Browser, query: str, headers: dict[str, str]) -> None:
    page = await browser.get(f"/{query}", **headers)
    assert page.status == 401
    assert "Basic" in page.headers["WWW-Authenticate"]
    assert "Set-Cookie" not in page.headers
    assert "deliveries" not in page.source


def test_a_pass_ends_and_ends_with_its_token() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    given = admission.pass_for(TOKEN, now)
    assert admission.is_pass(TOKEN, given, now + timedelta(hours=11))
    assert not admission.is_pass(TOKEN, given, now + timedelta(hours=12))
    assert not admission.is_pass("another token", given, now)
    until, _, seal = given.partition(".")
    assert not admission.is_pass(TOKEN, f"{int(until) + 1}.{seal}", now)
    assert not admission.is_pass("", admission.pass_for("", now), now)
    assert not admission.is_token("", "")


async def test_the_page_can_only_be_looked_at(server: Server) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        headers = {"Authorization": basic(TOKEN)}
        async with server.http.request(method, f"{server.running.url}/", headers=headers) as answer:
            assert answer.status == 405


async def test_neither_frames_nor_scripts_nor_caches_get_it(browser: Browser) -> None:
    page = await looked(browser)
    policy = page.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"):
        assert rule in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.forms == []
    assert page.has("meta", content="30")


def test_a_token_that_can_be_guessed_is_refused() -> None:
    environ = {"GITHUB_WEBHOOK_SECRET": "x", "GITHUB_OAUTH_TOKEN": "y"}
    with pytest.raises(OperatorMistake, match=r"TELEFONISTKA_STATUS_TOKEN has 6 characters.*openssl rand -hex 24"):
        settings.read({**environ, "TELEFONISTKA_STATUS_TOKEN": "secret"})
    read = settings.read({**environ, "TELEFONISTKA_STATUS_TOKEN": TOKEN})
    assert TOKEN in read.secrets()
    assert TOKEN not in repr(read)


# What it tells


async def test_what_ended_dead_comes_first_with_the_command_that_repeats_it(
    server: Server, hands: Hands, browser: Browser
) -> None:
    hands.will["d1"] = [KeyError("a bug")]
    await server.deliver("d1", 7)
    await server.deliver("d2", 8)
    await server.running.worker.settled()
    page = await looked(browser)
    assert "1 delivery ended dead" in page.text
    assert "telefonistka inbox retry d1" in page.text
    assert page.text.index("ended dead") < page.text.index("Promotions in flight")
    assert page.text.index("telefonistka inbox retry d1") < page.text.index("nothing to do")
    assert "https://github.com/acme/infra/issues/7" in page.links()
    assert "(1 dead)" in page.source


async def test_an_id_is_safe_to_be_pasted_into_a_shell(server: Server, browser: Browser) -> None:
    id = "x; rm -rf ~ 'y'"
    await server.running.inbox.put(Delivery(id, "push", Lane("a/b"), (), b"no JSON", datetime.now(UTC)))
    await server.running.worker.settled()
    assert """telefonistka inbox retry 'x; rm -rf ~ '"'"'y'"'"''""" in (await looked(browser)).text


async def test_what_waits_is_shown_with_why_and_until_when(start: StartServer, hands: Hands) -> None:
    until = datetime.now(UTC) + timedelta(minutes=42, seconds=30)
    hands.will["d1"] = [WorldUnwell("GitHub is down", retry_at=until)]
    patience = replace(AT_ONCE, longest=timedelta(hours=1))
    async with start(patience=patience, status_token=TOKEN) as server, Browser(server.running.url) as browser:
        await server.deliver("d1", 7)
        await server.running.worker.idle()
        page = await looked(browser)
        waiting = page.text[page.text.index("Waiting") : page.text.index("Left of GitHub's limits")]
        assert "GitHub is down" in waiting
        assert "in 42 min" in waiting


async def test_a_chore_is_not_shown_as_something_that_waits(start: StartServer) -> None:
    now = datetime.now(UTC)
    chore = chores.delivery(ChoreEvent(Chore.TIDYING), now, now + timedelta(hours=1))
    async with start(status_token=TOKEN) as server, Browser(server.running.url) as browser:
        await server.running.inbox.put(chore)
        page = await looked(browser)
        assert "Nothing waits." in page.text
        assert "Beside it: 1 recurring chore, each" in page.text
        assert "chore" not in page.text[page.text.index("Newest deliveries") :]


async def test_what_a_chore_needs_of_an_operator_is_said_there_in_ready_and_in_the_metrics(
    server: Server, browser: Browser
) -> None:
    for chore in ("chore:recovery:", "chore:census:"):
        await trouble.remember(server.running.inbox, chore, "GitHub has no App with the id 7: check GITHUB_APP_ID.")
    assert (await looked(browser)).text.count("GitHub has no App with the id 7") == 1
    assert (await server.ready())[1]["warnings"] == ["GitHub has no App with the id 7: check GITHUB_APP_ID."]
    await server.get("/metrics")
    assert server.metric("telefonistka_deliveries_waiting_for_operator") == 2


async def test_what_an_operator_must_do_is_said(start: StartServer, hands: Hands) -> None:
    sentence = "The App may not write contents of acme/infra: grant it in the App's settings."
    hands.will["d1"] = [OperatorMistake(sentence)]
    patience = replace(AT_ONCE, operator=timedelta(hours=1))
    async with start(patience=patience, status_token=TOKEN) as server, Browser(server.running.url) as browser:
        await server.deliver("d1", 7)
        await server.running.worker.idle()
        page = await looked(browser)
        assert page.has("p", class_="loud", role="alert")
        assert sentence in page.text


async def test_endpoints_that_fail_or_are_paused_are_named(server: Server, browser: Browser) -> None:
    now = datetime.now(UTC)
    failing = Health(
        "https://argocd.example.com/hook",
        failing_since=now - timedelta(hours=30),
        failed_at=now,
        why="502 Bad Gateway",
        next_at=now + timedelta(minutes=10, seconds=30),
        paused=True,
    )
    await server.running.inbox.note(f"{health.NOTES}k1", health.write(failing))
    await server.running.inbox.note(f"{health.NOTES}k2", health.write(Health("https://well.example.com", ok_at=now)))
    await server.running.inbox.note(f"{health.HELD}k3", now.isoformat())
    page = await looked(browser)
    assert re.search(r"argocd\.example\.com/hook\s+is paused, having failed since 30 h ago: 502 Bad Gateway", page.text)
    assert "telefonistka fanout resume k3" in page.text
    assert "well.example.com" not in page.text


async def test_nothing_in_a_delivery_becomes_a_part_of_the_page(server: Server, hands: Hands, browser: Browser) -> None:
    """N28."""
    lane = Lane(f"acme/{HOSTILE}#1")
    await server.running.inbox.put(Delivery(HOSTILE, HOSTILE, lane, (), b"no JSON", datetime.now(UTC)))

    async def said() -> str:
        return f"Straße {HOSTILE}"

    hands.will["d2"] = [said]
    await server.deliver("d2", 9)
    await server.running.worker.settled()
    page = await looked(browser)
    assert page.status == 200
    assert page.dangers() == []
    assert page.text.count("<script>alert(1)</script>") >= 3
    assert "{{7*7}}" in page.text


async def test_no_secret_and_no_payload_is_on_it(start: StartServer, hands: Hands) -> None:
    """N30: not even one that an error quotes."""
    hands.will["d1"] = [OperatorMistake(f"The token ghp_{'a' * 36} and {SECRET} and {TOKEN} were refused")]
    patience = replace(AT_ONCE, operator=timedelta(hours=1))
    async with start(patience=patience, status_token=TOKEN) as server, Browser(server.running.url) as browser:
        await server.deliver("d1", 7)
        await server.running.worker.idle()
        page = await looked(browser)
    assert "[secret]" in page.text
    for secret in ("ghp_aaaa", SECRET, TOKEN, "Raise the replicas"):
        assert secret not in page.source
    assert b"Raise the replicas" in payload()


# Promotions in flight


class Watched(House):
    """A house whose bot has a status page."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "TELEFONISTKA_STATUS_TOKEN": TOKEN}

    async def page(self) -> Page:
        assert self.server is not None
        async with Browser(self.server.url) as browser:
            return await looked(browser)

    def asked(self) -> list[Any]:
        bodies = [each.request_body for each in self.requests() if isinstance(each.request_body, dict)]
        return [body for body in bodies if "InFlight" in str(body.get("query"))]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Watched]:
    async with Hub.running(tmp_path / "hub") as hub:
        house = Watched(hub, hub.add_app(secret=stories.SECRET), tmp_path)
        yield house
        assert hub.unknown == []
        problems = [problem for each in hub.exchanges for problem in contract.problems_of(each)]
        assert not problems, "\n".join(problems)


async def test_promotions_in_flight_are_drawn_with_what_they_wait_for(house: Watched) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2"\n'})
        await house.settle()
        [first] = house.promotions(repo, "open")
        await repo.merge("bob", first.number)
        await house.settle()
        east, west = house.promotions(repo, "open")
        repo.protect("main", reviews=1)
        await repo.set_status("ci", east.head_sha, "ci/test", "failure")
        await house.settle()
        page = await house.page()
    assert page.dangers() == []
    assert "From #1 by alice" in page.text
    said = dict(re.findall(r"<title>([^<:]+): ([^<]+)</title>", page.source))
    assert said == {
        "workspace": "#1 merged",
        "clusters/dev": f"#{first.number} merged",
        "clusters/lab": f"#{first.number} merged",
        "clusters/prod/east": f"#{east.number} a check failed",
        "clusters/prod/west": f"#{west.number} waits for a review",
    }
    assert f"{house.hub.url}/acme/gitops/pull/{east.number}" in page.links()
    assert re.search(r"installation \d+\s*graphql\s*[\d,]+ of 5,000", page.text)


async def test_github_is_asked_once_a_minute_and_only_while_somebody_looks(house: Watched) -> None:
    moments = [datetime(2026, 3, 1, 12, 0, tzinfo=UTC)]
    house.clock = lambda: moments[-1]
    house.hub.clock = house.clock
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2"\n'})
        await house.settle()
        assert house.asked() == []
        for seconds in (0, 2, 30, 59):
            moments.append(moments[0] + timedelta(seconds=seconds))
            assert "waits to be merged" in (await house.page()).text
        assert len(house.asked()) == 1
        moments.append(moments[0] + timedelta(seconds=61))
        await house.page()
        assert len(house.asked()) == 2


async def test_when_github_can_not_be_asked_the_page_says_so_and_shows_the_rest(house: Watched) -> None:
    repo = await house.repo(level())
    async with house.bot():
        await house.change(repo, {"workspace/nginx/values.yaml": 'tag: "2"\n'})
        await house.settle()
        house.hub.will_answer(502, operation="InFlight", times=100)
        page = await house.page()
    assert page.status == 200
    assert "502" in page.text
    assert "opened #2" in page.text
    assert page.has("p", class_="trouble")


async def test_only_so_many_repositories_are_asked_about() -> None:
    asked = []

    async def find(repo: RepoName) -> Found:
        asked.append(repo)
        return Found((), 0)

    board = Board(find, lambda: datetime(2026, 3, 1, tzinfo=UTC))
    known = await board.of(RepoName(f"acme/{n}") for n in range(50))
    await board.close()
    assert len(asked) == len(known) == MOST_REPOS
