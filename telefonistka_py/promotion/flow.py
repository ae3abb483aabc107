"""A merged pull request becomes promotion pull requests: gather, decide, act."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.errors import OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events import own
from telefonistka_py.events.model import LandingEvent, PullRequest, lane
from telefonistka_py.feedback import comments
from telefonistka_py.feedback.status import State, Status
from telefonistka_py.github.facts import Existing, MadePull, OwnComment, Pin
from telefonistka_py.github.failure import Forbidden, Refused
from telefonistka_py.github.repository import Repository, together
from telefonistka_py.inbox.model import Delivery, Done
from telefonistka_py.names import Branch, RepoPath, Sha
from telefonistka_py.promotion import draft, gather, metadata, neighbours, outcome, render, route
from telefonistka_py.promotion.gather import Facts, Ground
from telefonistka_py.promotion.model import Draft, Metadata, Plan, Promotion, Routes, Trigger
from telefonistka_py.promotion.neighbours import Neighbour
from telefonistka_py.promotion.outcome import Failed, Level, Outcome, Report, Result, Skipped, Stands
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import landing, merge, opening
from telefonistka_py.pulls.landing import Held, Moved
from telefonistka_py.templates import Templates
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.reading import Reader

log = structlog.get_logger()

_MOST_COMPARED = 200
"""Paths of an older promotion that are looked at: its body, which names them, can be edited (N25)."""


@dataclass(frozen=True)
class Means:
    """What a flow works with."""

    repo: Repository
    approver: Callable[[], Awaitable[Repository]] | None
    """Opens the same repository as the identity that approves; None when none is configured."""
    installation: int | None
    templates: Templates
    status: Status
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class _Carried:
    """What was done so far, and our comments on the merged pull request if they were read."""

    report: Report
    config: Config | None = None
    pin: Pin | None = None
    known: tuple[OwnComment, ...] | None = None
    told: bool = False
    """Another comment says it all."""


async def on_merged(means: Means, pull: PullRequest) -> Done:
    """Promotes what `pull` changed, says on it what came of that, and merges what the flow wants merged.

    Raises `WorldUnwell` when something could not be read or done that may be later: everything done so far is found
    again by the next attempt. Mistakes of the repository's author are told on the pull request.
    """
    carried = await _promoted(means, pull)
    told = asyncio.ensure_future(_tell(means, pull, carried))
    overtaken = asyncio.ensure_future(_overtaken(means, carried))
    await together((told, overtaken))
    landed = await _landed(means, carried, overtaken.result())
    if any(isinstance(_landing(result), landing.Held | landing.Underway | landing.Moved) for result in landed.results):
        await comments.try_to_keep(means.repo, pull.number, render.TOPIC, render.report(landed, means.templates))
    await means.status.post(State.ERROR if landed.failed else State.SUCCESS)
    return Done(outcome.in_a_line(landed), then=_looked_at_again(means, carried, landed))


async def _tell(means: Means, pull: PullRequest, carried: _Carried) -> None:
    """One comment on the merged pull request; nothing that follows depends on it."""
    if carried.report.worth_a_comment and not carried.told:
        text = render.report(carried.report, means.templates)
        await comments.try_to_keep(means.repo, pull.number, render.TOPIC, text, carried.known)
    await comments.retract(means.repo, render.GIVEN_UP_TOPIC, carried.known or ())


async def on_given_up(means: Means, pull: PullRequest, why: str) -> None:
    """Tells that no further attempt is made (N15)."""
    await means.status.post(State.ERROR)
    text = means.templates.render("given-up-comment", why=why.rstrip("."))
    await comments.try_to_keep(means.repo, pull.number, render.GIVEN_UP_TOPIC, text)


async def _promoted(means: Means, pull: PullRequest) -> _Carried:
    try:
        ground = await gather.ground(means.repo, pull, lambda: means.status.post(State.PENDING))
        if ground.pin.branch != pull.base_ref:
            return _Carried(Report(()))
        if isinstance(ground.config, Invalid):
            return _Carried(Report((), ground.config.problems, mistake="telefonistka.yaml can't be used"))
        routes = route.find(ground.config.value, ground.paths, frozenset(pull.labels))
        for passed in routes.passed_over:
            log.info("flow not used", component=passed.component, flow=passed.source_path, reason=passed.reason)
        if not routes.lots:
            # Nothing to promote, but a change by hand may have done what an open promotion was for.
            await _tell_emptied(means, ground, neighbours.read(await means.repo.open_pulls(draft.LABEL)))
            return _Carried(Report((), passed_over=routes.passed_over))
        facts = await gather.facts(means.repo, ground.pin, ground.trees, routes, pull)
        if ground.config.value.dry_run_mode:
            return await _only_told(means, pull, ground.config, facts)
        return await _carried_out(means, pull, ground, ground.config.value, facts, routes)
    except RepoMistake as error:
        return _Carried(Report((), mistake=str(error)))


async def _only_told(means: Means, pull: PullRequest, config: Valid[Config], facts: Facts) -> _Carried:
    """`dryRunMode`: the plan is a comment, and nothing is opened."""
    plan = facts.decision.plan
    text = render.dry_run(plan, means.templates, config.warnings)
    await comments.keep(means.repo, pull.number, render.PLAN_TOPIC, text, facts.comments)
    return _Carried(Report((), plan.problems), known=facts.comments, told=True)


async def on_plan_asked(means: Means, pull: PullRequest) -> str:
    """Comments what merging `pull` would promote. Component files are read at its head; a fork's are not (N26)."""
    ground = await gather.ground(means.repo, pull, lambda: means.status.post(State.PENDING))
    failed = True
    try:
        if isinstance(ground.config, Invalid):
            text = render.report(
                Report((), ground.config.problems, mistake="telefonistka.yaml can't be used"), means.templates
            )
        else:
            text, failed = await _planned(means, pull, ground, ground.config)
    except RepoMistake as error:
        text = render.report(Report((), mistake=str(error)), means.templates)
    await comments.keep(means.repo, pull.number, render.PLAN_TOPIC, text)
    await means.status.post(State.ERROR if failed else State.SUCCESS)
    return "commented the plan"


async def _planned(means: Means, pull: PullRequest, ground: Ground, config: Valid[Config]) -> tuple[str, bool]:
    """The plan's text, and whether a component's own file is wrong."""
    routes = route.find(config.value, ground.paths, frozenset(pull.labels))
    plan = Plan((), routes.passed_over)
    if routes.lots:
        at = ground.pin
        if pull.head_repo == means.repo.name:
            [tree] = await means.repo.trees_of([pull.head_sha])
            at = replace(at, commit=pull.head_sha, tree=tree)
        plan = (await gather.facts(means.repo, at, ground.trees, routes, pull)).decision.plan
    changed = ground.pin.branch if read.ROOT in ground.paths else ""
    text = render.dry_run(plan, means.templates, config.warnings, config_from=changed)
    return text, Report((), plan.problems).failed


async def _carried_out(
    means: Means, pull: PullRequest, ground: Ground, config: Config, facts: Facts, routes: Routes
) -> _Carried:
    """Every promotion is tried, whatever became of the others (N14); what time may heal is raised at the end."""
    trigger = Trigger(pull.number, pull.head_ref, pull.author, _remembered(pull))
    near = neighbours.read(facts.open_pulls)
    results: list[Result] = []
    unwell: list[TelefonistkaError] = []
    for promotion, graft in zip(facts.decision.plan.promotions, facts.decision.grafts, strict=True):
        branch = draft.branch(trigger.number, trigger.head_ref, promotion.targets, promotion.branch_suffix)
        try:
            came = await _One(means, ground, config, facts, trigger, near).opened(promotion, graft, branch)
        except (WorldUnwell, OperatorMistake, Refused) as error:
            # What GitHub refuses may pass, too: its replicas lag. The worker bounds how often that is tried.
            unwell.append(error)
            log.warning("promotion not finished", branch=branch, reason=str(error))
            if getattr(error, "retry_at", None):
                break  # a limit holds for the rest too: more requests would only prolong it
            continue
        except (RepoMistake, pulls.WrongTree) as error:
            came = Failed(str(error))
        log.info("promotion", branch=branch, outcome=outcome.word(came))
        results.append(Result(promotion, came))
    if unwell:
        raise _latest(unwell)
    await _tell_emptied(means, ground, near)
    report = Report(tuple(results), facts.decision.plan.problems, routes.passed_over)
    return _Carried(report, config, ground.pin, facts.comments)


@dataclass(frozen=True)
class _One:
    """Carries out one promotion after the other."""

    means: Means
    ground: Ground
    config: Config
    facts: Facts
    trigger: Trigger
    near: tuple[Neighbour, ...]

    async def opened(self, promotion: Promotion, graft: Graft | RepoMistake, branch: str) -> Outcome:
        """Sees to it that the pull request of `promotion` stands."""
        for skip in promotion.skips:
            log.info("target skipped", component=skip.component, target=skip.target, reason=skip.reason)
        if isinstance(graft, RepoMistake):
            return Failed(str(graft))
        existing = self.facts.existing[branch]
        before = min((pull.number for pull in existing.pulls), default=None)
        older = neighbours.superseded(self.near, promotion.sync, branch, before)
        if not existing.pulls and not graft.steps:
            for neighbour in older:
                await _supersede(self.means, self.config, neighbour, None)
            return Level() if promotion.sync else Skipped()
        wanted = self._draft(promotion, older)
        asked = pulls.Wanted(**vars(wanted))
        found = opening.decide(existing, graft, self.ground.pin, wanted.labels, wanted.commit_message)
        match found:
            case opening.Level():
                return Level() if promotion.sync else Skipped()
            case opening.Refuse():
                return Failed(f"{wanted.branch}: {found.why}")
            case opening.Standing(pull):
                if found.missing_labels:
                    await pulls.complete(self.means.repo, asked, found)
                stands = Stands(pull.number, pull.node_id, pull.head_sha, pull.state, new=False)
                return await self._stood(promotion, existing, stands, older)
            case opening.Make():
                return await self._made(promotion, graft, asked, found, older)

    async def _made(
        self,
        promotion: Promotion,
        graft: Graft,
        asked: pulls.Wanted,
        decision: opening.Make,
        older: tuple[Neighbour, ...],
    ) -> Stands:
        trouble = ""

        async def approve(made: MadePull) -> None:
            nonlocal trouble
            trouble = await self._approved(made.number, made.head_sha, new=True)

        beside = approve if self.config.auto_approve else None
        made = await pulls.make(self.means.repo, self.ground.pin, graft, asked, decision, beside)
        for neighbour in older:
            await _supersede(self.means, self.config, neighbour, made.number)
        stands = Stands(made.number, made.node_id, made.head_sha, proven=True, trouble=trouble)
        return replace(stands, to_merge=promotion.auto_merge, sources=await self._sources(promotion))

    async def _sources(self, promotion: Promotion) -> tuple[tuple[RepoPath, Sha | None], ...]:
        """What the promotion carries, as it was read; nothing is fetched for it any more."""
        if not promotion.auto_merge:
            return ()
        root = self.ground.pin.tree

        def read(reader: Reader) -> tuple[tuple[RepoPath, Sha | None], ...]:
            found = ((path, reader.find(root, path)) for path in dict.fromkeys(promotion.sync.values()))
            return tuple((path, entry.sha if entry else None) for path, entry in found)

        return await self.means.repo.walk(self.ground.trees, read)

    def _draft(self, promotion: Promotion, older: tuple[Neighbour, ...]) -> Draft:
        numbers = tuple(sorted(neighbour.open.pull.number for neighbour in older))
        return draft.write(promotion, self.trigger, self.config.labels, self.means.templates, supersedes=numbers)

    async def _stood(
        self, promotion: Promotion, existing: Existing, stands: Stands, older: tuple[Neighbour, ...]
    ) -> Stands:
        """What is left to do for one that an earlier attempt opened; only if it is certainly ours and still wanted."""
        stands = replace(stands, to_merge=promotion.auto_merge)
        if stands.state != "OPEN":
            return stands
        for neighbour in older:
            await _supersede(self.means, self.config, neighbour, stands.number)
        if not (promotion.auto_merge or self.config.auto_approve):
            return stands
        branch = existing.branch
        proven = branch is not None and branch.commit == stands.head_sha
        proven = proven and await pulls.proven(
            self.means.repo, self.ground.pin, self.ground.trees, branch, promotion.sync
        )
        stands = replace(stands, proven=proven, sources=await self._sources(promotion))
        if not proven or not self.config.auto_approve:
            return stands
        return replace(stands, trouble=await self._approved(stands.number, stands.head_sha, new=False))

    async def _approved(self, number: int, sha: Sha, *, new: bool) -> str:
        """Approves by the second identity; what went wrong, in a sentence."""
        if self.means.approver is None:
            return "it could not be approved: no approver is configured (APPROVER_GITHUB_APP_ID or _OAUTH_TOKEN)"
        try:
            approver = await self.means.approver()
            if new or not await approver.approved(number, sha):
                await approver.approve(number, sha)
        except (Refused, OperatorMistake) as error:
            return f"it could not be approved: {error}"
        return ""


async def _supersede(means: Means, config: Config, older: Neighbour, newer: int | None) -> None:
    """Tells on the older promotion, takes its auto-merge back, and closes it where that is wanted and nobody's work.

    `newer` None: its source is back at what the targets hold. Whatever fails here must not stop the newer promotion.
    """
    number, touched = older.open.pull.number, older.open.touched
    close = config.supersede == "close" and not touched
    log.info("promotion superseded", older=number, newer=newer, closed=close)
    text = render.superseded(newer, close, touched and config.supersede == "close", means.templates)
    await comments.try_to_keep(means.repo, number, render.NEIGHBOUR_TOPIC, text)
    try:
        await means.repo.disarm(older.open.pull.node_id)
        if close and (await means.repo.landing(number)).head_sha == older.open.pull.head_sha:
            # In this order an attempt that ends in between finds the rest still to be done: the pull request is open.
            await means.repo.delete_branch(older.open.branch)
            await means.repo.close(number)
    except (Refused, Forbidden) as error:
        log.warning("older promotion not put away", older=number, reason=str(error))


async def _tell_emptied(means: Means, ground: Ground, near: tuple[Neighbour, ...]) -> None:
    """Promotions into whose targets this merge reached, and whose contents the default branch holds now."""
    for neighbour in neighbours.touched_by(near, ground.paths):
        paths = sorted(neighbour.promoted)[:_MOST_COMPARED]
        there = await means.repo.entries(neighbour.open.pull.head_sha, paths)
        if there == await means.repo.entries(ground.pin.commit, paths):
            text = render.emptied(means.templates)
            await comments.try_to_keep(means.repo, neighbour.open.pull.number, render.NEIGHBOUR_TOPIC, text)


def _latest(errors: list[TelefonistkaError]) -> TelefonistkaError:
    """The one to raise: whoever asks to be left alone the longest is heeded (N20)."""
    return max(errors, key=lambda error: getattr(error, "retry_at", None) or datetime.min.replace(tzinfo=UTC))


def _remembered(pull: PullRequest) -> Metadata | None:
    try:
        return metadata.read(pull.body)
    except metadata.Broken as error:
        log.warning("metadata ignored", reason=str(error))
        return None


# Merging


async def _overtaken(means: Means, carried: _Carried) -> frozenset[RepoPath]:
    """The sources of what is to be merged that are others on the default branch by now: another merge was quicker."""
    wanted = {path: sha for made in _to_merge(carried.report) for path, sha in made.sources}
    if not wanted or carried.pin is None:
        return frozenset()
    now = await means.repo.entries_now(carried.pin.branch, list(wanted))
    return frozenset(path for (path, sha), there in zip(wanted.items(), now, strict=True) if sha != there)


def _to_merge(report: Report) -> list[Stands]:
    made = [result.outcome for result in report.results if isinstance(result.outcome, Stands)]
    return [each for each in made if each.to_merge and each.state == "OPEN"]


async def _landed(means: Means, carried: _Carried, overtaken: frozenset[RepoPath]) -> Report:
    """Merges what is to be merged, one after the other; a failure of one does not stop the others."""
    report, config, pin = carried.report, carried.config, carried.pin
    if config is None or pin is None:
        return report
    method = landing.method(config.merge_method, pin.methods)
    results: list[Result] = []
    unwell: list[TelefonistkaError] = []
    for result in report.results:
        made = result.outcome
        if not isinstance(made, Stands) or not made.to_merge or made.state != "OPEN":
            results.append(result)
            continue
        if not made.proven:
            results.append(result.landed(Moved("it is not certain to hold what was planned, so it is left to people")))
            continue
        if any(path in overtaken for path, _ in made.sources):
            results.append(result.landed(Moved("its source has changed again; what carries that is another one")))
            continue
        try:
            came = await merge.land(means.repo, made.number, made.node_id, made.head_sha, method)
        except (WorldUnwell, OperatorMistake, Refused) as error:
            log.warning("not merged", number=made.number, reason=str(error))
            unwell.append(error)
            continue
        log.info("merged", number=made.number, outcome=type(came).__name__)
        results.append(result.landed(came))
    if unwell:
        raise _latest(unwell)
    return Report(tuple(results), report.problems, report.passed_over, report.mistake)


def _landing(result: Result) -> object:
    return result.outcome.landing if isinstance(result.outcome, Stands) else None


def _looked_at_again(means: Means, carried: _Carried, landed: Report) -> tuple[Delivery, ...]:
    """What is held back waits in the inbox: for an event of its checks, or for a timer."""
    if carried.config is None or carried.pin is None:
        return ()
    method = landing.method(carried.config.merge_method, carried.pin.methods)
    return tuple(
        _landing_delivery(means, result.outcome, method, carried.pin.branch)
        for result in landed.results
        if isinstance(result.outcome, Stands) and isinstance(result.outcome.landing, Held)
    )


def _landing_delivery(means: Means, made: Stands, method: str, branch: Branch) -> Delivery:
    event = LandingEvent(means.repo.name, means.installation, made.number, made.head_sha, method, branch, made.sources)
    return Delivery(
        id=own.landing_id(means.repo.name, made.head_sha, made.number),
        kind=own.LANDING,
        lane=lane(event),
        headers=(("Content-Type", "application/json"),),
        body=own.body(event),
        received_at=means.clock(),
    )
