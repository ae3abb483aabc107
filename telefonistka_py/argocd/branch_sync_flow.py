"""Sets the apps of a pull request to its branch when people ask for it, and back to what they followed before."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from telefonistka_py.argocd import (
    branch_sync,
    branch_sync_memory,
    branch_sync_moves,
    branch_sync_told,
    components,
    failure,
    lookup,
    writing,
)
from telefonistka_py.argocd.applications import Ref
from telefonistka_py.argocd.branch_sync import Line
from telefonistka_py.argocd.branch_sync_memory import Memory
from telefonistka_py.argocd.branch_sync_moves import Move, Stay
from telefonistka_py.argocd.client import Client
from telefonistka_py.config import patterns
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Valid
from telefonistka_py.errors import RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events.model import BranchEvent, PullRequest, Wish
from telefonistka_py.github.facts import OwnComment
from telefonistka_py.github.reading import together
from telefonistka_py.github.repository import Repository
from telefonistka_py.inbox.model import Inbox
from telefonistka_py.names import Login
from telefonistka_py.promotion import gather
from telefonistka_py.promotion.gather import Ground
from telefonistka_py.templates import Templates

FROM_A_FORK = "the pull request comes from a fork, whose branch is none of this repository"
NOT_OFFERED = "telefonistka.yaml allows it for no component (`allowSyncfromBranchPathRegex`)"
NO_APP = "no component that `allowSyncfromBranchPathRegex` allows has an app"

log = structlog.get_logger()

Key = tuple[str, str, str]
"""An app: instance, namespace, name."""


@dataclass(frozen=True)
class Task:
    """What it is done with."""

    repo: Repository
    us: Callable[[], Awaitable[Login]]
    """Who we are at GitHub."""
    clients: Sequence[Client]
    inbox: Inbox | None
    """Remembers what apps followed; without one they go back to `HEAD`."""
    templates: Templates


@dataclass(frozen=True)
class _Job:
    """One pull request's apps."""

    task: Task
    pull: PullRequest
    apps: Mapping[Key, tuple[Client, Ref]]
    remembered: Mapping[Key, Memory]
    lines: tuple[Line, ...] = ()
    """Of Argo CDs that could not even be asked."""
    errors: tuple[TelefonistkaError, ...] = field(default=())

    @property
    def repo_url(self) -> str:
        return self.pull.html_url.removesuffix(f"/pull/{self.pull.number}")

    def name(self, client: Client, ref: Ref) -> str:
        return f"{client.name}/{ref.name}" if len(self.task.clients) > 1 else ref.name


async def on_due(task: Task, event: BranchEvent) -> str:
    """Does what `event` asks for, and tells it below the box; what came of it, in a line.

    One app's failure does not stop the others. Raises `WorldUnwell` afterwards when time may heal it; what was done is
    found done by the next attempt.
    """
    pull = await task.repo.pull(event.number)
    if event.wish is None:
        return await _closed(task, pull)
    known = await task.repo.own_comments(event.number)
    comment = next((each for each in known if each.id == event.comment_id), None)
    if comment is not None and branch_sync.ticked(comment.body) is not (event.wish == "set"):
        return "the box was changed again since"
    if pull.head_repo != task.repo.name:
        return await _refused(task, comment, event, FROM_A_FORK)
    ground = await gather.ground(task.repo, pull, _nothing)
    if ground.state != "OPEN":
        return "the pull request was closed since"
    try:
        job = await _job(task, pull, ground, everything=event.wish == "back")
    except RepoMistake as error:
        return await _refused(task, comment, event, str(error).rstrip("."))
    if event.wish == "set" and not job.apps and not job.lines:
        return await _refused(task, comment, event, NO_APP if _expression(ground) else NOT_OFFERED)
    return await _done(job, event.wish, [comment] if comment else [], event.sender)


async def on_given_up(task: Task, event: BranchEvent, why: str) -> None:
    """Tells that no further attempt is made (N15): the wish did not come true, and the box says so."""
    known = await task.repo.own_comments(event.number)
    for comment in _with_box(known):
        concerned = branch_sync.ticked(comment.body) if event.wish is None else comment.id == event.comment_id
        if concerned:
            said = branch_sync_told.outcome((), task.templates, note=f"Not all apps could be set. {why}")
            await _edit(task, comment, said, box=event.wish != "set")


async def _closed(task: Task, pull: PullRequest) -> str:
    """The branch may be deleted any moment: nothing is to follow it."""
    if pull.head_repo != task.repo.name:
        return "no app follows a fork's branch"
    # What was merged into another branch is not in the default one, and need not be.
    ground = await gather.ground(task.repo, replace(pull, merge_commit=None), _nothing)
    if ground.state == "OPEN":
        return "the pull request is open again"
    try:
        job = await _job(task, pull, ground, everything=True)
    except RepoMistake as error:
        return str(error)
    if not job.apps and not job.lines:
        return "it has no apps that may follow its branch"
    ticked = [each for each in _with_box(await task.repo.own_comments(pull.number)) if branch_sync.ticked(each.body)]
    return await _done(job, "back", ticked[-1:], None)


async def _job(task: Task, pull: PullRequest, ground: Ground, *, everything: bool) -> _Job:
    """The apps of the components that may be set, and (`everything`) those that were set on this pull request, whatever
    it changes by now. Raises `RepoMistake` for a pattern that takes too long."""
    remembered = await branch_sync_memory.all_of(task.inbox)
    job = _Job(task, pull, {}, remembered)
    expression = _expression(ground)
    apps: dict[Key, tuple[Client, Ref]] = {}
    lines: list[Line] = []
    errors: list[TelefonistkaError] = []
    if expression is not None and isinstance(ground.config, Valid):
        config: Config = ground.config.value
        concerned = components.of(pull, await task.us(), config, ground.paths)
        allowed = [each for each in concerned.components if patterns.search(expression, each)]
        found = await lookup.find(
            task.clients, task.repo.name, job.repo_url, allowed, by_label=config.argocd.use_sha_label
        )
        apps = {place.key: (place.known.client, place.app.ref) for each in found for place in each.places}
        unknown = {each.client.name: each.error for one in found for each in one.unknown}
        lines = [Line(name, None, why=str(error), failed=True) for name, error in unknown.items()]
        errors = list(unknown.values())
    if everything:
        clients = {each.name: each for each in task.clients}
        for key, memory in remembered.items():
            of_it = memory.number == pull.number or pull.head_ref in memory.earlier
            if memory.repo == task.repo.name and of_it and memory.instance in clients:
                apps.setdefault(key, (clients[memory.instance], memory.ref))
    return _Job(task, pull, apps, remembered, tuple(lines), tuple(errors))


def _expression(ground: Ground) -> str | None:
    return ground.config.value.argocd.allow_sync_from_branch if isinstance(ground.config, Valid) else None


async def _done(job: _Job, wish: Wish, told_on: Sequence[OwnComment], asked_by: Login | None) -> str:
    each = _set if wish == "set" else _set_back
    came = await together(each(job, key, *where) for key, where in job.apps.items())
    lines = [*job.lines, *(line for line, _ in came)]
    errors = [*job.errors, *(error for _, error in came if error is not None)]
    unwell = next((error for error in errors if isinstance(error, WorldUnwell)), None)
    # While it is tried again, the box stays as people left it: where nobody asked, it was ticked.
    box = (wish == "set" or asked_by is None) if unwell is not None else branch_sync.fulfilled(lines, wish)
    said = branch_sync_told.outcome(lines, job.task.templates, asked_by=asked_by, again=unwell is not None)
    for comment in told_on:
        await _edit(job.task, comment, said, box=box)
    if unwell is not None:
        raise unwell
    moved, failed = sum(line.moved_to is not None for line in lines), sum(line.failed for line in lines)
    return f"{moved} of {len(job.apps)} apps were {'set' if wish == 'set' else 'set back'}; {failed} failed"


async def _set(job: _Job, key: Key, client: Client, ref: Ref) -> tuple[Line, TelefonistkaError | None]:
    name, branch = job.name(client, ref), job.pull.head_ref
    try:
        move = branch_sync_moves.to_branch(await client.app(ref, refresh=False), job.repo_url, branch)
        if isinstance(move, Stay):
            return Line(name, move.on_branch, why=move.why), None
        known = job.remembered.get(key)
        revisions = {place: _original(known, place, revision) for place, revision in move.before.items()}
        number = job.pull.number
        # Before the change: what is remembered of an app that stays where it is does no harm.
        stood = () if known is None or known.repo != job.task.repo.name else (*known.earlier, known.branch)
        earlier = tuple(each for each in dict.fromkeys(stood) if each != branch)
        memory = Memory(client.name, ref, job.task.repo.name, number, branch, revisions, earlier)
        await branch_sync_memory.keep(job.task.inbox, memory)
        await _patch(client, ref, move)
    except TelefonistkaError as error:
        log.warning("app not set to the branch", app=name, branch=branch, why=str(error))
        return Line(name, None if isinstance(error, WorldUnwell) else False, why=str(error), failed=True), error
    log.info("app set to the branch", app=name, branch=branch)
    return Line(name, True, moved_to=branch), None


def _original(known: Memory | None, place: int, revision: str) -> str:
    """What a source followed before any pull request: it may follow another one's branch now."""
    if known is not None and revision.removeprefix("refs/heads/") in (known.branch, *known.earlier):
        return known.revisions.get(place, branch_sync_moves.DEFAULT)
    return revision


async def _set_back(job: _Job, key: Key, client: Client, ref: Ref) -> tuple[Line, TelefonistkaError | None]:
    name, branch = job.name(client, ref), job.pull.head_ref
    known = job.remembered.get(key)
    ours = known is not None and (known.repo, known.number) == (job.task.repo.name, job.pull.number)
    # Another pull request's attempt to take the app may have failed, or may still be underway.
    lent = known is not None and known.repo == job.task.repo.name and branch in known.earlier
    revisions = known.revisions if known is not None and (ours or lent) else {}
    try:
        try:
            raw = await client.app(ref, refresh=False)
        except failure.Refused as error:
            if error.status != 404:
                raise
            move: Move | Stay = Stay("it is gone", on_branch=False)
        else:
            move = branch_sync_moves.back(raw, job.repo_url, branch, revisions)
        if isinstance(move, Move):
            await _patch(client, ref, move)
        if ours:
            await branch_sync_memory.forget(job.task.inbox, key)
    except TelefonistkaError as error:
        log.warning("app not set back", app=name, branch=branch, why=str(error))
        return Line(name, None if isinstance(error, WorldUnwell) else True, why=str(error), failed=True), error
    if isinstance(move, Stay):
        return Line(name, False, why=move.why if ours else ""), None
    log.info("app set back", app=name, branch=branch, to=move.to)
    return Line(name, False, moved_to=move.to), None


async def _patch(client: Client, ref: Ref, move: Move) -> None:
    if isinstance(move.patch, dict):
        await writing.merge_patch(client, ref, move.patch)
    else:
        await writing.json_patch(client, ref, move.patch)


async def _refused(task: Task, comment: OwnComment | None, event: BranchEvent, why: str) -> str:
    if comment is not None:
        said = branch_sync_told.outcome((), task.templates, note=f"Nothing was set: {why}.")
        await _edit(task, comment, said, box=event.wish != "set")
    return f"not set: {why}"


async def _edit(task: Task, comment: OwnComment, said: Sequence[str], *, box: bool) -> None:
    body = branch_sync_told.body(comment.body, said, box=box)
    if body != comment.body.replace("\r\n", "\n"):
        await task.repo.edit_comment(comment.id, body)


def _with_box(known: Sequence[OwnComment]) -> list[OwnComment]:
    return [each for each in known if not each.minimized and branch_sync.ticked(each.body) is not None]


async def _nothing() -> None:
    return
