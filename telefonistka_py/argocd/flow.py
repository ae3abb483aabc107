"""Argo CD on an open pull request: what it changes in the clusters is compared, and told on it (contract §11)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from telefonistka_py import counted, markdown
from telefonistka_py.argocd import (
    components,
    discovery,
    examine,
    failure,
    gather,
    lookup,
    noop,
    render,
    results,
    temporary,
    temporary_flow,
)
from telefonistka_py.argocd.client import Client
from telefonistka_py.argocd.components import Concerned
from telefonistka_py.argocd.examine import Examined, Head
from telefonistka_py.argocd.gather import Seen
from telefonistka_py.argocd.lookup import Found
from telefonistka_py.argocd.model import ComponentResult
from telefonistka_py.argocd.noop import Merge, Verdict
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Valid
from telefonistka_py.errors import OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.feedback.model import Message
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.names import Login
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.templates import Templates

NOT_CONFIGURED = (
    "whoever runs Telefonistka has not configured Argo CD. "
    "They set `ARGOCD_SERVER_ADDR` and `ARGOCD_TOKEN`, or list their servers in the file that "
    "`TELEFONISTKA_ARGOCD_INSTANCES` names; or `commentDiffonPR` is taken out of `telefonistka.yaml`"
)
FROM_A_FORK = "the pull request comes from a fork, whose commits are not rendered with this repository's rights"
NOTHING_LEFT = "the pull request changes no component any more"

log = structlog.get_logger()


@dataclass(frozen=True)
class Task:
    """The pull request that is looked at, and what it is looked at with."""

    repo: Repository
    ground: Ground
    pull: PullRequest
    html_url: str
    """The repository's address as the event names it."""
    us: Callable[[], Awaitable[Login]]
    """Who we are at GitHub."""
    clients: Sequence[Client]
    """One for each Argo CD; none where nobody configured one."""
    templates: Templates
    clock: Callable[[], datetime]
    page: str = ""
    """What the comment's topic ends in, where each head has comments of its own."""

    @property
    def topic(self) -> str:
        return f"{render.TOPIC}{self.page}"

    @property
    def head(self) -> Head:
        return Head(
            self.html_url, self.pull.head_sha, self.pull.head_ref, self.ground.pin.branch, self.ground.pin.commit
        )


@dataclass(frozen=True)
class Report:
    """What came of it."""

    results: tuple[ComponentResult, ...] = ()
    unwell: WorldUnwell | OperatorMistake | None = None
    """What is to be raised, so that everything is tried again: time may heal it."""
    failed: bool = False
    """Something could not be compared, and time won't heal it."""
    merge: Merge | None = None
    """What is to be merged once the status says success."""
    note: str = ""


@dataclass(frozen=True)
class _Compared:
    concerned: Concerned
    found: tuple[Found, ...]
    examined: Mapping[results.Key, Examined] = field(repr=False)
    results: tuple[ComponentResult, ...]
    errors: tuple[TelefonistkaError, ...]


async def check(task: Task) -> Report:
    """Compares what `task.pull` makes of the clusters, and keeps one comment on it that says so, if the repository's
    configuration asks for it. Everything that fails in an Argo CD is told in the comment; the comment comes before what
    is raised afterwards (`Report.unwell`)."""
    if not isinstance(task.ground.config, Valid) or not task.ground.config.value.argocd.comment_diff_on_pr:
        return Report()
    config = task.ground.config.value
    if not task.clients:
        return await _left_alone(task, NOT_CONFIGURED)
    if task.pull.head_repo != task.repo.name:
        return await _left_alone(task, FROM_A_FORK)
    try:
        us = await task.us()
        concerned = components.of(task.pull, us, config, task.ground.paths)
        if not concerned.components:
            return await _retired(task)
        seen = await gather.look(task.repo, task.ground, task.pull, concerned.components)
        if not seen.open:
            return Report(note="Argo CD is not asked: the pull request was closed meanwhile")
        compared = await _compared(task, config, concerned, seen)
        now = await task.repo.pull(task.pull.number)
        known = seen.comments
        if config.argocd.allow_sync_from_branch is not None:
            # Somebody may have ticked the box while the clusters were asked.
            known = await task.repo.own_comments(task.pull.number)
        sync = _box(task, config, compared, known)
    except (RepoMistake, Refused) as error:
        log.warning("not compared with the clusters", reason=str(error))
        return replace(await _left_alone(task, markdown.plain(str(error).rstrip("."))), failed=True)
    except (WorldUnwell, OperatorMistake) as error:
        return Report(unwell=error, note=str(error))
    verdict = noop.decide(compared.results, concerned, task.pull.head_sha, now, us, config)
    said = _message(task, compared, verdict, sync)
    await comments.keep(task.repo, task.pull.number, task.topic, said, known)
    if now.head_sha == task.pull.head_sha:
        await noop.mark(task.repo, now, wanted=verdict.label)
    return _report(compared, verdict)


async def _compared(task: Task, config: Config, concerned: Concerned, seen: Seen) -> _Compared:
    found = await lookup.find(
        task.clients,
        task.repo.name,
        task.html_url,
        concerned.components,
        by_label=config.argocd.use_sha_label,
    )
    several = len(task.clients) > 1
    places = {place.key: place for each in found for place in each.places}
    until = asyncio.get_running_loop().time() + examine.PATIENCE * max(each.limits.timeout for each in task.clients)
    examined = await together(
        examine.app(place, task.head, named_by_instance=several, until=until) for place in places.values()
    )
    by_key = dict(zip(places, await _sorted_out(task, examined), strict=True))
    told = results.of(found, by_key, seen.silent, several=several)
    tried = await _nothing_found(task, config, [each for each in told if results.without_app(each)])
    errors = (*results.errors(found, by_key), *tried.errors)
    whole = tuple(tried.results.get(each.component, each) for each in told)
    return _Compared(concerned, found, by_key, whole, errors)


async def _sorted_out(task: Task, examined: Sequence[Examined]) -> list[Examined]:
    """`examined`, with those told apart that failed because the pull request deletes what they are rendered from."""
    refused = [each for each in examined if isinstance(each.error, failure.Refused)]
    folders = {each.place.key: discovery.folders(each.place.app, task.html_url) for each in refused}
    wanted = sorted({folder for every in folders.values() for folder in every})
    if not wanted:
        return list(examined)
    commits = (task.ground.pin.commit, task.pull.head_sha)
    before, after = await together(task.repo.entries(commit, wanted) for commit in commits)
    deleted = {folder for folder, was, now in zip(wanted, before, after, strict=True) if was and not now}
    gone = {key for key, every in folders.items() if deleted.intersection(every)}
    return [examine.without_source(each) if each.place.key in gone else each for each in examined]


async def _nothing_found(task: Task, config: Config, without: Sequence[ComponentResult]) -> temporary_flow.Tried:
    """What is told of components that have no app, as every Argo CD that applies to them has said."""
    if not without or not config.argocd.create_temp_apps:
        return temporary_flow.Tried({})
    search = temporary_flow.Search(
        temporary.Mark(task.repo.name, task.pull.number),
        task.head,
        by_label=config.argocd.use_sha_label,
        several=len(task.clients) > 1,
        now=task.clock(),
    )
    return await temporary_flow.compare(task.clients, search, without)


def _box(task: Task, config: Config, compared: _Compared, known: Sequence[OwnComment]) -> render.BranchSync | None:
    """As people left it; ticked where all apps that may follow the branch do, so that it can be unticked."""
    ticked, standing = gather.ticked(known), results.follows_branch(compared.found, compared.examined, config)
    if not ticked and not standing:
        return None
    return render.BranchSync(task.pull.head_ref, ticked or all(standing))


def _message(task: Task, compared: _Compared, verdict: Verdict, sync: render.BranchSync | None) -> Message:
    made = render.comment(compared.results, task.templates, sync)
    more = [verdict.says] if verdict.says else []
    if compared.concerned.beyond:
        more.append(f"{compared.concerned.beyond:,} more components are not compared: {components.MOST} is the most.")
    return Message("\n\n".join([made.head.rstrip(), *more]), made.sections, made.foot)


def _report(compared: _Compared, verdict: Verdict) -> Report:
    errors = compared.errors
    failed = any(each.errors for each in compared.results)
    apps = len(compared.examined)
    note = f"{counted.of(apps, 'app')} of {counted.of(len(compared.results), 'component')} compared"
    unwell = results.worth_another_try(errors)
    log.info("compared with the clusters", apps=apps, failed=len(errors), components=len(compared.results))
    return Report(compared.results, unwell, failed and unwell is None, verdict.merge, note)


async def _left_alone(task: Task, why: str) -> Report:
    """Says, once, why nothing is compared: `why` in Markdown."""
    text = task.templates.render("argoCD-not-compared", why=why)
    await comments.keep(task.repo, task.pull.number, task.topic, text)
    await noop.mark(task.repo, task.pull, wanted=False)
    return Report(note=f"not compared with the clusters: {why}")


async def _retired(task: Task) -> Report:
    """An earlier comment says that nothing is compared any more, and is folded away. Without one nothing is said."""
    await noop.mark(task.repo, task.pull, wanted=False)
    known: tuple[OwnComment, ...] = await task.repo.own_comments(task.pull.number)
    if standing := comments.about(task.topic, known):
        text = task.templates.render("argoCD-not-compared", why=NOTHING_LEFT)
        await comments.keep(task.repo, task.pull.number, task.topic, text, known)
        await task.repo.minimize(standing)
    return Report(note="no component changes")
