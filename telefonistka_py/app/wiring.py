"""Builds what handles a delivery, from the settings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import aiohttp

from telefonistka_py import reactions
from telefonistka_py.app import argo, chores, counted, endpoints, rechecks, texts
from telefonistka_py.app.branches import Branches
from telefonistka_py.app.chores import Chores
from telefonistka_py.app.rechecks import Rechecks
from telefonistka_py.argocd import flow as argocd
from telefonistka_py.argocd import noop
from telefonistka_py.argocd.client import Client
from telefonistka_py.census.flow import Census
from telefonistka_py.commands import flow as commands
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Valid
from telefonistka_py.drift import flow as drift
from telefonistka_py.drift import model as drifting
from telefonistka_py.events.model import CommentEvent, Event, MissedEvent, PullRequest, RecheckEvent, Repo
from telefonistka_py.fanout import flow as forwarding
from telefonistka_py.feedback import comments
from telefonistka_py.feedback.status import State, Status
from telefonistka_py.github.connection import Connection
from telefonistka_py.github.credentials import App, Credentials, Token
from telefonistka_py.github.reading import together
from telefonistka_py.inbox.model import Delivery, Done, Inbox
from telefonistka_py.names import RepoName
from telefonistka_py.observability import tracing
from telefonistka_py.observability.metrics import Metrics
from telefonistka_py.observability.tracing import Tracer
from telefonistka_py.promotion import checking, gather, held, landed
from telefonistka_py.promotion import flow as promotion
from telefonistka_py.promotion.means import Means
from telefonistka_py.reactions import (
    AskBranch,
    Check,
    CheckAgain,
    DoChore,
    FanOut,
    Forward,
    Hasten,
    LandAgain,
    LeaveBranch,
    Nothing,
    Obey,
    Promote,
    PromoteMissed,
    SetBranch,
    ShowPlan,
)
from telefonistka_py.settings import AppIdentity, Identity, Settings
from telefonistka_py.templates import Templates

_CONNECTIONS = 50
"""Open connections to GitHub at most; it allows 100 requests at once."""


@dataclass(frozen=True)
class Handler:
    """What the worker calls."""

    github: Connection
    approver: Connection | None
    texts: Templates
    status_link: Callable[[datetime], str]
    clock: Callable[[], datetime]
    count_status: Callable[[RepoName, str], None]
    chores: Chores
    forwards: forwarding.FanOut | None
    """None where there is no server: there is no signed webhook then."""
    obey_ourselves: bool
    """Whether commands in our own comments count (`HANDLE_SELF_COMMENT`)."""
    clusters: tuple[Client, ...]
    """One for each Argo CD that somebody configured."""
    branches: Branches
    rechecks: Rechecks

    async def handle(self, delivery: Delivery, event: Event) -> Done:
        """Handles `event` to its end; says in a line what came of it."""
        reaction = reactions.to(event)
        match reaction:
            case Nothing(why):
                return Done(why)
            case Hasten(start):
                return Done("what waits for these checks is looked at", hasten=start)
            case Promote(repo, installation, pull):
                return await promotion.on_merged(await self._means(repo.name, installation, pull), pull)
            case ShowPlan(repo, installation, pull):
                return await self._show_plan(await self._means(repo.name, installation, pull), pull, repo)
            case Check(repo, installation, pull):
                return await self._check(await self._means(repo.name, installation, pull), pull, repo.html_url)
            case LandAgain(landing):
                repository = await self.github.repository(landing.repo, landing.installation)
                return Done(await held.on_due(repository, landing, self.clock, self.texts))
            case Obey(comment):
                return await self._obey(comment)
            case AskBranch(comment, wish):
                return await self.branches.on_asked(comment, wish, delivery)
            case LeaveBranch(repo, installation, pull):
                return self.branches.on_closed(repo.name, installation, pull, delivery)
            case SetBranch(branch):
                return await self.branches.on_due(branch)
            case CheckAgain(again):
                return await self._check_again(again)
            case PromoteMissed(missed):
                return await self._promote_missed(missed)
            case FanOut(push):
                if self.forwards is None:
                    return Done("nothing is forwarded: only a server has the signed webhook")
                repository = await self.github.repository(push.repo.name, push.installation)
                return await self.forwards.on_push(repository, push, delivery)
            case Forward(forward):
                assert self.forwards is not None
                return await self.forwards.on_forward(forward)
            case DoChore(due):
                return await self.chores.on_due(due)
            case _:
                assert_never(reaction)

    async def _promote_missed(self, missed: MissedEvent) -> Done:
        repository = await self.github.repository(missed.repo, missed.installation)
        pull = await repository.pull(missed.number)
        if not pull.merged:
            return Done("it is not merged")
        return await promotion.on_merged(await self._means(missed.repo, missed.installation, pull), pull)

    async def on_dead(self, delivery: Delivery, event: Event, why: str) -> None:
        """Tells, where people look, that no further attempt is made."""
        match reactions.to(event):
            case Promote(repo, installation, pull):
                await self._given_up(repo.name, installation, pull, why)
            case PromoteMissed(missed):
                repository = await self.github.repository(missed.repo, missed.installation)
                pull = await repository.pull(missed.number)
                await self._given_up(missed.repo, missed.installation, pull, why)
            case Check(repo, installation, pull) | ShowPlan(repo, installation, pull):
                await (await self._means(repo.name, installation, pull)).status.post(State.ERROR)
            case SetBranch(branch):
                await self.branches.on_given_up(branch, why)
            case LandAgain(landing):
                await held.on_given_up(
                    await self.github.repository(landing.repo, landing.installation), landing, self.texts, why
                )
            case CheckAgain(again):
                repository = await self.github.repository(again.repo, again.installation)
                pull = await repository.pull(again.number)
                if pull.head_sha == again.sha:
                    await (await self._means(again.repo, again.installation, pull)).status.post(State.ERROR)
            case Obey(comment) if comment.body.strip() == "/retrigger":
                repository = await self.github.repository(comment.repo.name, comment.installation)
                if not await repository.may_write(comment.sender):
                    return
                pull = await repository.pull(comment.number)
                if pull.merged:
                    await self._given_up(comment.repo.name, comment.installation, pull, why)
                else:
                    means = await self._means(comment.repo.name, comment.installation, pull)
                    await means.status.post(State.ERROR)
            case _:
                return

    async def _given_up(self, repo: RepoName, installation: int | None, pull: PullRequest, why: str) -> None:
        await self.branches.although_given_up(repo, installation, pull)
        await promotion.on_given_up(await self._means(repo, installation, pull), pull, why)

    async def _show_plan(self, means: Means, pull: PullRequest, repo: Repo) -> Done:
        planned = await promotion.on_plan_asked(means, pull)
        if pull.base_ref == repo.default_branch:
            # The status says how all checks went, and the plan is one more: a wrong configuration stays an error.
            done = await self._check(means, pull, repo.html_url, fine=planned)
            return replace(done, note=f"commented the plan; {done.note}")
        await means.status.post(State.SUCCESS if planned else State.ERROR)
        return Done("commented the plan")

    async def _check_again(self, event: RecheckEvent) -> Done:
        if not event.due:
            return Done("its turn comes", then=(self.rechecks.due(event),))
        repository = await self.github.repository(event.repo, event.installation)
        pull = await repository.pull(event.number)
        if pull.head_sha != event.sha:
            return Done("it was pushed to; that is checked by itself")
        means = await self._means(event.repo, event.installation, pull)
        return await self._check(means, pull, rechecks.repository_page(pull), tries=event.tries)

    async def _check(
        self, means: Means, pull: PullRequest, html_url: str, *, fine: bool = True, tries: int = 0
    ) -> Done:
        """Everything that looks at an open pull request, on facts that are gathered once.

        `fine`: how what went before went. `tries`: how often an Argo CD could not be asked for it.
        """
        ground = await gather.ground(means.repo, pull, lambda: means.status.post(State.PENDING))
        if ground.state != "OPEN":
            # Merged or closed before this was handled: what it brought would look like drift by now.
            await means.status.post(State.SUCCESS)
            return Done(f"not checked: it is {ground.state.lower()} by now")
        config = ground.config.value if isinstance(ground.config, Valid) else Config()
        page = ""
        if config.comments == "minimize":
            page = comments.page(pull.head_sha)
            await comments.turn(means.repo, pull.number, page)
        if checking.concerns(ground.paths):
            fine = await checking.on_changed(means.repo, pull, self.texts, page) and fine
        us = partial(self.github.own_login, means.repo.name, means.installation)
        task = argocd.Task(means.repo, ground, pull, html_url, us, self.clusters, self.texts, self.clock, page)
        drifted = asyncio.ensure_future(drift.check(means.repo, ground, pull, html_url, self.texts, page))
        clusters = asyncio.ensure_future(argocd.check(task))
        await together((drifted, clusters))
        found, seen = drifted.result(), clusters.result()
        if found.unwell is not None:
            raise landed.latest([error for error in (found.unwell, seen.unwell) if error is not None])
        if seen.unwell is not None:
            # Not raised: what the inbox tries again holds its lane, and the merge of this pull request waits in it.
            again = self.rechecks.later(means.repo.name, means.installation, pull, tries, seen.unwell)
            if again is not None:
                return Done(f"asked again later: {seen.unwell}", then=(*means.wanted_by(config), again))
            fine = False
        await comments.fold_former(means.repo, found.comments)
        fine = fine and not found.failed and not seen.failed
        await means.status.post(State.SUCCESS if fine else State.ERROR)
        if not fine:
            return Done("checked: something needs a correction", then=means.wanted_by(config))
        said: list[str] = [drifting.in_a_line(found), seen.note]
        waiting: tuple[Delivery, ...] = ()
        if seen.merge is not None:
            # After the status, which may be what holds the merge.
            line, waiting = await noop.land(means.repo, means.installation, seen.merge, ground.pin, config, self.clock)
            said.append(line)
        return Done("; ".join(["checked", *filter(None, said)]), then=(*means.wanted_by(config), *waiting))

    async def _obey(self, event: CommentEvent) -> Done:
        if not self.obey_ourselves and await self._our_own(event):
            return Done("our own comment")
        repository = await self.github.repository(event.repo.name, event.installation)
        obeyed = await commands.obey(repository, event, self.texts)
        pull = obeyed.retrigger
        if pull is None or pull.base_ref != event.repo.default_branch:
            return Done(obeyed.note)
        means = await self._means(event.repo.name, event.installation, pull)
        return (
            await promotion.on_merged(means, pull)
            if pull.merged
            else await self._check(means, pull, event.repo.html_url)
        )

    async def _our_own(self, event: CommentEvent) -> bool:
        # What carries our tag is no command, whoever wrote it; that spares the question who we are.
        if event.body.startswith(comments.TAG):
            return True
        return event.author == await self.github.own_login(event.repo.name, event.installation)

    async def _means(self, repo: RepoName, installation: int | None, pull: PullRequest) -> Means:
        repository = await self.github.repository(repo, installation)
        return Means(
            repo=repository,
            approver=partial(self.approver.repository, repo, None) if self.approver else None,
            installation=installation,
            templates=self.texts,
            status=Status(repository, pull.head_sha, self.status_link(self.clock()), self.count_status),
            clock=self.clock,
            wanted_by=lambda config: (
                *chores.wanted_by(config, repo, installation, self.clock()),
                *self.branches.wanted_by(repo, installation, pull),
            ),
        )


@asynccontextmanager
async def build(
    settings: Settings,
    metrics: Metrics,
    clock: Callable[[], datetime],
    inbox: Inbox | None = None,
    tracer: Tracer = tracing.OFF,
    rechecks: Rechecks | None = None,
) -> AsyncIterator[Handler]:
    """The handler; its connections to GitHub live as long as the context. `inbox` is a server's; `rechecks` says
    when an Argo CD that could not be asked is asked again."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with (
        aiohttp.ClientSession(connector=connector, trust_env=True) as session,
        endpoints.forwarding(settings, metrics, clock, inbox) as forwards,
        argo.clients(settings, metrics, tracer) as clusters,
    ):

        def connection(identity: Identity) -> Connection:
            return Connection(
                session,
                _credentials(identity),
                rest_url=settings.github.rest,
                graphql_url=settings.github.graphql,
                clock=clock,
                observe=counted.Requests(metrics, tracer),
                turns=nullcontext if inbox is None else inbox.turn,
            )

        github, wording = connection(settings.identity), texts.load(settings.templates)
        yield Handler(
            github,
            connection(settings.approver) if settings.approver else None,
            wording,
            texts.status_link(settings.status_url_template),
            clock,
            lambda repo, state: metrics.status_updates.labels(repo_slug=repo, status=state).inc(),
            Chores(
                github,
                inbox,
                wording,
                clock,
                timedelta(days=settings.keep_days),
                Census(github, metrics, clock),
                clusters,
            ),
            forwards,
            settings.handle_self_comment,
            clusters,
            Branches(github, clusters, inbox, wording, clock),
            rechecks or Rechecks(clock),
        )


def _credentials(identity: Identity) -> Credentials:
    if isinstance(identity, AppIdentity):
        return App(str(identity.app_id), identity.private_key)
    return Token(identity.token)
