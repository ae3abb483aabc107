"""Gathers topic by topic, has each judged, and goes on where one fails: the others are told all the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import aiohttp

from telefonistka_py.app import backlog, store, texts
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.instances import Instance
from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Valid
from telefonistka_py.doctor import judge_github, judge_texts, judge_webhook, judge_work
from telefonistka_py.doctor.asking import Asking, reach
from telefonistka_py.doctor.facts import AppFacts, ApproverFacts, ArgoFacts, InboxFacts, Installed, Left, Person, Seen
from telefonistka_py.doctor.model import Finding, Topic, doubtful, fine, wrong
from telefonistka_py.errors import TelefonistkaError
from telefonistka_py.github.reading import together
from telefonistka_py.inbox.model import State
from telefonistka_py.names import RepoName
from telefonistka_py.settings import Settings

AT_ONCE = 8
"""Requests that are made at the same time."""
MOST_ASKED = 20
"""Repositories that an approver with a personal token is tried on."""

Progress = Callable[[str], None]
"""Takes a few words on what is being looked at."""
Answer = TypeVar("Answer")


@dataclass
class Doctor:
    """One examination. `only` names repositories to look at; none: all that the App is installed on."""

    settings: Settings
    clock: Callable[[], datetime]
    session: aiohttp.ClientSession
    progress: Progress
    only: tuple[RepoName, ...] = ()
    _ahead: timedelta = timedelta(0)
    _who: AppFacts | Person | None = None
    _installations: tuple[Installed, ...] = ()
    _seen: list[Seen] = field(default_factory=list)

    async def topics(self) -> AsyncIterator[Topic]:
        """Each as soon as it is judged."""
        yield Topic("Settings", tuple(self._settings()))
        if own := await self._told("texts", self._texts()):
            yield Topic("Texts", own)
        findings = await self._told("GitHub", self._reach())
        yield Topic("GitHub", findings)
        if judged_well(findings):
            async for topic in self._at_github():
                if topic.findings:
                    yield topic
        yield Topic("Inbox", await self._told("the inbox", self._inbox()))
        for instance in self.settings.argocd_instances:
            yield Topic(f"Argo CD ({instance.name})", await self._told(instance.name, self._argocd(instance)))
        if not self.settings.argocd_instances and (lacking := self._wanting(judge_work.wants_argocd)):
            yield Topic("Argo CD", tuple(judge_work.no_argocd(lacking)))

    async def _at_github(self) -> AsyncIterator[Topic]:
        asking = Asking(self.session, self.settings.github, self.settings.identity, self._now)
        title = "GitHub App" if asking.is_app else "GitHub token"
        findings = await self._told("the credentials", self._identity(asking))
        yield Topic(title, findings)
        if self._who is None:
            return
        if isinstance(self._who, AppFacts):
            yield Topic("Installations", await self._told("installations", self._installed(asking, self._who)))
            yield Topic("Webhook", await self._told("the webhook", self._webhook(asking)))
        yield Topic("Limits", await self._told("limits", self._limits(asking)))
        yield Topic("Repositories", await self._told("repositories", self._repositories(asking)))
        yield Topic("Approver", await self._told("the approver", self._approver(self._who)))

    def _settings(self) -> Iterable[Finding]:
        yield fine("The environment is complete.")
        yield from judge_webhook.secrets(len(self.settings.webhook_secrets))
        for notice in self.settings.notices:
            yield doubtful(notice)

    async def _texts(self) -> Iterable[Finding]:
        found: list[Finding] = []
        if self.settings.templates is not None:
            found += judge_texts.texts(texts.look(self.settings.templates))
        if self.settings.status_url_template is not None:
            found += judge_texts.status_link(texts.look_at_status_link(self.settings.status_url_template))
        return found

    async def _reach(self) -> Iterable[Finding]:
        found = await reach(self.session, self.settings.github, self.clock)
        self._ahead = found.ahead
        return judge_github.reached(found, self.settings.github.rest)

    async def _identity(self, asking: Asking) -> Iterable[Finding]:
        if asking.is_app:
            app = await asking.app()
            self._who = app
            return judge_github.app(app)
        person = await asking.person()
        self._who = person
        return judge_github.person(person)

    async def _installed(self, asking: Asking, app: AppFacts) -> Iterable[Finding]:
        self._installations = await asking.installations()
        return judge_github.installations(app, self._installations)

    async def _webhook(self, asking: Asking) -> Iterable[Finding]:
        hook, handed = await asking.hook(), await asking.handed()
        return (*judge_webhook.hook(hook), *judge_webhook.deliveries(handed, self._now()))

    async def _limits(self, asking: Asking) -> Iterable[Finding]:
        whose: dict[str, int | None] = {"The token": None}
        if asking.is_app:
            whose = {each.account: each.id for each in self._working()}
        failed: list[Finding] = []

        async def left(account: str, installation: int | None) -> tuple[Left, ...] | None:
            try:
                return await asking.limits(installation)
            except TelefonistkaError as error:
                failed.append(wrong(f"{account}: {str(error).rstrip('.')}."))
                return ()

        found = await _few_at_a_time(left(account, number) for account, number in whose.items())
        return (*failed, *judge_github.limits(dict(zip(whose, found, strict=True)), self._now()))

    async def _repositories(self, asking: Asking) -> Iterable[Finding]:
        accounts = {each.account.lower(): each.id for each in self._working()}
        names = {name: accounts.get(name.partition("/")[0].lower()) for name in self.only}
        if not self.only:
            for each in self._working():
                names |= {repo.name: each.id for repo in await asking.connection.repositories(each.id)}
        done = 0

        async def look(name: RepoName, installation: int | None) -> Seen:
            nonlocal done
            seen = await _look(asking, name, installation)
            done += 1
            self.progress(f"repositories: {done} of {len(names)}")
            return seen

        found = await _few_at_a_time(look(name, number) for name, number in names.items())
        self._seen = sorted(found, key=lambda seen: seen.name)
        return judge_work.repositories(self._seen)

    async def _approver(self, main: AppFacts | Person) -> Iterable[Finding]:
        wanted = self._wanting(judge_work.wants_approval)
        if self.settings.approver is None:
            return judge_work.approver(None, wanted)
        asking = Asking(self.session, self.settings.github, self.settings.approver, self._now)
        return judge_work.approver(await self._approving(asking, main, wanted), wanted)

    async def _approving(self, asking: Asking, main: AppFacts | Person, wanted: Sequence[Seen]) -> ApproverFacts:
        if asking.is_app:
            app = await asking.app()
            same = isinstance(main, AppFacts) and main.id == app.id
            there = {each.account.lower() for each in await asking.installations() if not each.suspended}
            owners = dict.fromkeys(seen.name.partition("/")[0] for seen in wanted)
            missing = tuple(owner for owner in owners if owner.lower() not in there)
            return ApproverFacts(app.slug, same, app.permissions.get("pull_requests") in ("write", "admin"), missing)
        person = await asking.person()
        same = isinstance(main, Person) and main.login.lower() == person.login.lower()
        missing = tuple([seen.name for seen in wanted[:MOST_ASKED] if not await asking.may_push(seen.name)])
        return ApproverFacts(person.login, same, True, missing)

    async def _inbox(self) -> Iterable[Finding]:
        path = self.settings.inbox
        if self.settings.database_url is None and not path.exists():
            return (fine(f"There is no inbox at {path} yet; the server makes it when it starts."),)
        async with store.opened(self.settings, self.clock, beside=True) as it:
            found, dead = await backlog.of(it), await it.entries(state=State.DEAD, most=3)
        where = "The database" if self.settings.database_url else str(path)
        waits = await store.left_behind(self.settings, self.clock)
        return judge_work.inbox(InboxFacts(where, found.webhooks, tuple(dead), found.chores, waits))

    async def _argocd(self, instance: Instance) -> Iterable[Finding]:
        client = Client(instance, self.settings.argocd_limits)
        try:
            version = await client.version()
            await client.settings()
            apps = await client.apps()
        finally:
            await client.close()
        return judge_work.argocd(ArgoFacts(instance.name, version, len(apps)))

    def _working(self) -> Iterable[Installed]:
        return (each for each in self._installations if not each.suspended)

    def _wanting(self, wants: Callable[[Config], bool]) -> list[Seen]:
        return [seen for seen in self._seen if isinstance(seen.config, Valid) and wants(seen.config.value)]

    def _now(self) -> datetime:
        return self.clock() + self._ahead

    async def _told(self, what: str, examined: Awaitable[Iterable[Finding]]) -> tuple[Finding, ...]:
        """A failure is a finding: its sentence says who must act."""
        self.progress(what)
        try:
            return tuple(await examined)
        except TelefonistkaError as error:
            return (wrong(f"{str(error).rstrip('.')}."),)


async def _few_at_a_time(work: Iterable[Awaitable[Answer]]) -> list[Answer]:
    """All answers, in order."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[Answer]) -> Answer:
        async with room:
            return await each

    return await together(one(each) for each in work)


async def _look(asking: Asking, name: RepoName, installation: int | None) -> Seen:
    try:
        found = await asking.configuration(name, installation)
    except TelefonistkaError as error:
        return Seen(name, failure=f"{str(error).rstrip('.')}.")
    return Seen(name) if found is None else Seen(name, read.root(found))


def judged_well(findings: Iterable[Finding]) -> bool:
    """Whether it makes sense to go on."""
    return all(finding.health != "wrong" for finding in findings)
