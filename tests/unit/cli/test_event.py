"""`telefonistka event`: one event from a file, handled with all the real parts against a real GitHub in a folder."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from telefonistka_py.cli import main, patiently
from telefonistka_py.errors import HeldBack, OperatorMistake, RepoMistake, WorldUnwell
from telefonistka_py.events import parse
from telefonistka_py.events.model import Event
from telefonistka_py.inbox.model import Delivery, Done
from telefonistka_py.names import Lane
from telefonistka_py.sandbox import Hub
from telefonistka_py.sandbox.repository import Repo
from tests.stories.house import SECRET, House, level

NOBODY = "http://127.0.0.1:9/"
"""Where no server listens: the sandbox notes the deliveries all the same."""


@dataclass
class Job:
    """A job of GitHub Actions: a token, a payload, and the command."""

    house: House
    repo: Repo
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    async def merged(self) -> Path:
        """alice merges a change; the payload of the event."""
        await self.house.change(self.repo, {"workspace/nginx/values.yaml": 'tag: "2.0"\n'})
        await self.house.hub.delivered()
        [closed] = [each for each in self.house.hub.deliveries if each.action == "closed"]
        payload = json.loads(closed.body)
        del payload["installation"]  # in Actions there is none
        return self.file(json.dumps(payload))

    def file(self, content: str) -> Path:
        file = self.folder / "event.json"
        file.write_text(content)
        return file

    def variables(self, **variables: str) -> None:
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    async def run(self, *arguments: str) -> int:
        code = await asyncio.to_thread(main.run, ["event", *arguments])
        self.out, self.err = self.capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code


@pytest.fixture
def _quiet() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
async def job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], _quiet: None
) -> AsyncIterator[Job]:
    async with Hub.running(tmp_path / "hub") as hub:
        app = hub.add_app(slug="telefonistka", secret=SECRET, webhook_url=NOBODY)
        house = House(hub, app, tmp_path)
        repo = await house.repo(level())
        for name in ("GITHUB_OAUTH_TOKEN", "GITHUB_APP_ID", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"):
            monkeypatch.delenv(name, raising=False)
        found = Job(house, repo, tmp_path, monkeypatch, capsys)
        found.variables(GITHUB_HOST=hub.url, GITHUB_TOKEN=hub.user("bob").token)
        yield found
        assert hub.unknown == []


async def test_a_merged_pull_request_is_promoted_with_the_token_of_actions(job: Job) -> None:
    job.variables(GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH=str(await job.merged()))
    assert await job.run() == 0
    promotion = job.repo.pull(2)
    assert promotion.title == "🚀 Promotion: nginx ➡️  dev and lab"
    assert promotion.author.login == "bob"
    assert "opened #2" in job.out
    assert [each.state for each in job.repo.statuses(job.repo.pull(1).head_sha)] == ["pending", "success"]


async def test_run_twice_it_makes_nothing_twice(job: Job) -> None:
    """N12."""
    file = str(await job.merged())
    assert await job.run("--type", "pull_request_target", "--file", file) == 0
    assert await job.run("--type", "pull_request", "--file", file) == 0
    assert len(job.repo.pulls()) == 2


async def test_an_event_that_starts_nothing_is_handled(job: Job) -> None:
    assert await job.run("--type", "watch", "--file", str(job.file("{}"))) == 0
    assert job.out == "nothing follows from the event watch\n"


async def test_an_app_is_used_when_one_is_set(job: Job) -> None:
    key = job.folder / "app.pem"
    key.write_text(job.house.app.private_key_pem)
    job.variables(GITHUB_APP_ID=str(job.house.app.id), GITHUB_APP_PRIVATE_KEY_PATH=str(key))
    assert await job.run("--type", "pull_request", "--file", str(await job.merged())) == 0
    assert job.repo.pull(2).author is job.house.app.bot


async def test_a_configuration_that_is_wrong_fails_the_job_too(job: Job) -> None:
    """N15: what was told on the pull request must not look fine here."""
    await job.repo.commit("alice", "main", {"telefonistka.yaml": "promotionPaths: 1\n"})
    assert await job.run("--type", "pull_request", "--file", str(await job.merged())) == 1
    assert "telefonistka.yaml can't be used" in job.out
    assert [each.state for each in job.repo.statuses(job.repo.pull(1).head_sha)] == ["pending", "error"]


async def test_a_github_that_stays_unwell_fails_the_job_with_a_sentence(job: Job) -> None:
    file = str(await job.merged())
    job.house.hub.will_answer(502, method="POST", path=r"/git/trees$", times=100)
    assert await job.run("--type", "pull_request", "--file", file, "--patience", "0") == 1
    assert job.out == ""
    assert "Error: " in job.err
    assert "502" in job.err
    assert len(job.repo.pulls()) == 1
    assert [each.state for each in job.repo.statuses(job.repo.pull(1).head_sha)][-1] == "error"


async def test_a_token_that_is_refused_fails_the_job_and_is_not_shown(job: Job) -> None:
    """N30."""
    file = str(await job.merged())
    job.variables(GITHUB_TOKEN="ghp_wrongwrongwrongwrongwrongwrongwrong1")
    assert await job.run("--type", "pull_request", "--file", file) == 1
    assert "Error: " in job.err
    assert "ghp_wrong" not in job.out + job.err


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("{}", (), "Missing option '-t' / '--type'"),
        ("{}", ("--type", "pull_request"), "Missing option '-f' / '--file'"),
        ("{}", ("--type", "pull_request", "--file", "nowhere.json"), "nowhere.json can't be read: No such file"),
        ("{}", ("--type", "pull_request", "--file", "event.json"), "event.json holds no pull_request event: "),
        ("not JSON", ("--type", "push", "--file", "event.json"), "event.json holds no push event: "),
        ("{}", ("--type", "watch", "--file", "event.json", "--patience", "soon"), "'soon' is no duration"),
    ],
)
async def test_a_wrong_option_or_file_is_exit_code_2(
    job: Job, content: str, arguments: tuple[str, ...], said: str
) -> None:
    job.file(content)
    job.monkeypatch.chdir(job.folder)
    assert await job.run(*arguments) == 2
    assert said in job.err


async def test_without_credentials_the_variables_are_named(job: Job) -> None:
    job.monkeypatch.delenv("GITHUB_TOKEN")
    assert await job.run("--type", "watch", "--file", str(job.file("{}"))) == 2
    assert "No GitHub credentials" in job.err


async def test_the_help_says_that_the_token_of_actions_is_taken(job: Job) -> None:
    assert await job.run("--help") == 0
    assert "GITHUB_TOKEN is" in job.out


# Waiting, with a clock and a pause of the test's own


START = datetime(2026, 1, 1, tzinfo=UTC)


def delivery(name: str = "one") -> Delivery:
    return Delivery(name, "watch", Lane("-"), (), b"{}", START)


@dataclass
class Bot:
    """Answers with `answers` in turn. Its time passes only while it pauses."""

    answers: list[str | Done | Exception]
    now: datetime = START
    pauses: list[float] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)

    async def handle(self, delivery: Delivery, event: Event) -> str | Done:
        self.handled.append(delivery.id)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def on_dead(self, delivery: Delivery, event: Event, why: str) -> None:
        self.dead.append(why)

    async def pause(self, wait: timedelta) -> None:
        self.pauses.append(wait.total_seconds())
        self.now += wait

    async def run(self, minutes: float = 5) -> str:
        patience = timedelta(minutes=minutes)
        return await patiently.handle(self.handle, self.on_dead, delivery(), patience, lambda: self.now, self.pause)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def test_what_time_may_heal_is_tried_again_with_growing_waits() -> None:
    bot = Bot([WorldUnwell("502"), WorldUnwell("502"), WorldUnwell("502"), "done"])
    assert await bot.run() == "done"
    assert bot.pauses == [1, 2, 4]


async def test_a_wait_that_github_names_is_kept() -> None:
    """N20."""
    bot = Bot([WorldUnwell("a limit", retry_at=after(90)), WorldUnwell("again", retry_at=after(10)), "done"])
    assert await bot.run() == "done"
    assert bot.pauses == [90, 1], "a moment that has passed is no advice, and nothing is hammered"


async def test_a_wait_beyond_the_patience_is_not_begun() -> None:
    bot = Bot([WorldUnwell("a limit", retry_at=after(3600))])
    with pytest.raises(WorldUnwell, match="a limit"):
        await bot.run()
    assert bot.pauses == []
    assert bot.dead == ["Given up: a limit"]


async def test_patience_ends() -> None:
    bot = Bot([WorldUnwell("502")] * 100)
    with pytest.raises(WorldUnwell):
        await bot.run(minutes=2)
    assert sum(bot.pauses) <= 120
    assert max(bot.pauses) == 30
    assert len(bot.dead) == 1


@pytest.mark.parametrize(("error", "dead"), [(OperatorMistake("a key"), 1), (RepoMistake("a conflict"), 0)])
async def test_what_time_does_not_heal_fails_at_once(error: Exception, dead: int) -> None:
    """Mistakes of the repository's author were told by whoever found them."""
    bot = Bot([error])
    with pytest.raises(type(error)):
        await bot.run()
    assert (bot.pauses, len(bot.dead)) == ([], dead)


async def test_what_follows_is_handled_too() -> None:
    bot = Bot([Done("opened #7", then=(delivery("two"), delivery("three"))), "merged #7", "merged #8"])
    assert await bot.run() == "opened #7; merged #7; merged #8"
    assert bot.handled == ["one", "two", "three"]


async def test_what_is_held_back_stops_nothing_else_and_is_no_failure() -> None:
    first, later = (HeldBack("#7 waits for ci/test", retry_at=after(seconds)) for seconds in (200, 400))
    bot = Bot([Done("opened #7", then=(delivery("two"), delivery("three"))), first, "merged #8", later])
    assert await bot.run() == (
        "opened #7; merged #8; still held back, and not waited for any longer: #7 waits for ci/test"
    )
    assert bot.handled == ["one", "two", "three", "two"]
    assert bot.pauses == [200]
    assert bot.dead == []


async def test_a_payload_that_is_none_is_refused() -> None:
    broken = Delivery("one", "push", Lane("-"), (), b"[]", START)
    bot = Bot([])
    with pytest.raises(parse.MalformedEvent):
        await patiently.handle(bot.handle, bot.on_dead, broken, timedelta(0), lambda: START, bot.pause)
