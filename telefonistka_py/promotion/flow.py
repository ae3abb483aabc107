"""A merged pull request becomes promotion pull requests: gather, decide, act."""

import asyncio
from dataclasses import replace

import structlog

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.errors import OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.feedback.status import State
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.reading import together
from telefonistka_py.inbox.model import Done
from telefonistka_py.promotion import carry, draft, gather, landed, metadata, neighbours, outcome, render, route
from telefonistka_py.promotion.carry import Around
from telefonistka_py.promotion.gather import Facts, Ground
from telefonistka_py.promotion.means import Carried, Means
from telefonistka_py.promotion.model import Metadata, Plan, Routes, Trigger
from telefonistka_py.promotion.outcome import Failed, Report, Result
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import landing

log = structlog.get_logger()


async def on_merged(means: Means, pull: PullRequest) -> Done:
    """Promotes what `pull` changed, says on it what came of that, and merges what the flow wants merged.

    Raises `WorldUnwell` when something could not be read or done that may be later: everything done so far is found
    again by the next attempt. Mistakes of the repository's author are told on the pull request.
    """
    carried = await _promoted(means, pull)
    told = asyncio.ensure_future(_tell(means, pull, carried))
    overtaken = asyncio.ensure_future(landed.overtaken(means, carried))
    await together((told, overtaken))
    final = await landed.merged(means, carried, overtaken.result())
    if any(
        isinstance(landed.landing_of(result), landing.Held | landing.Underway | landing.Moved)
        for result in final.results
    ):
        text = render.report(final, means.templates, _said_before(carried))
        await comments.try_to_keep(means.repo, pull.number, render.TOPIC, text)
    await means.status.post(State.ERROR if final.failed else State.SUCCESS)
    wanted = means.wanted_by(carried.config or Config())
    return Done(outcome.in_a_line(final), then=(*landed.looked_at_again(means, carried, final), *wanted))


async def _tell(means: Means, pull: PullRequest, carried: Carried) -> None:
    """One comment on the merged pull request; nothing that follows depends on it."""
    if carried.report.worth_a_comment and not carried.told:
        text = render.report(carried.report, means.templates, _said_before(carried))
        await comments.try_to_keep(means.repo, pull.number, render.TOPIC, text, carried.known)
    await comments.retract(means.repo, render.GIVEN_UP_TOPIC, carried.known or ())


def _said_before(carried: Carried) -> str:
    found = comments.about(render.TOPIC, carried.known or ())
    return found.body if found else ""


async def on_given_up(means: Means, pull: PullRequest, why: str) -> None:
    """Tells that no further attempt is made (N15)."""
    await means.status.post(State.ERROR)
    text = means.templates.render("given-up-comment", why=why.rstrip("."))
    await comments.try_to_keep(means.repo, pull.number, render.GIVEN_UP_TOPIC, text)


async def _promoted(means: Means, pull: PullRequest) -> Carried:
    try:
        ground = await gather.ground(means.repo, pull, lambda: means.status.post(State.PENDING))
        if ground.pin.branch != pull.base_ref:
            return Carried(Report(()))
        if isinstance(ground.config, Invalid):
            return Carried(Report((), ground.config.problems, mistake="telefonistka.yaml can't be used"))
        routes = route.find(ground.config.value, ground.paths, frozenset(pull.labels))
        for passed in routes.passed_over:
            log.info("flow not used", component=passed.component, flow=passed.source_path, reason=passed.reason)
        if not routes.lots:
            # Nothing to promote, but a change by hand may have done what an open promotion was for.
            near = neighbours.read(await means.repo.open_pulls(draft.LABEL))
            await carry.tell_emptied(means, ground, near)
            await carry.hold_back_outdated(means, ground.config.value, ground, near, {})
            return Carried(Report((), ground.config.warnings, routes.passed_over), ground.config.value)
        facts = await gather.facts(means.repo, ground.pin, ground.trees, routes, pull)
        if ground.config.value.dry_run_mode:
            return await _only_told(means, pull, ground.config, facts)
        return await _carried_out(means, pull, ground, ground.config, facts, routes)
    except RepoMistake as error:
        return Carried(Report((), mistake=str(error)))


async def _only_told(means: Means, pull: PullRequest, config: Valid[Config], facts: Facts) -> Carried:
    """`dryRunMode`: the plan is a comment, and nothing is opened."""
    plan = facts.decision.plan
    text = render.dry_run(plan, means.templates, config.warnings)
    await comments.keep(means.repo, pull.number, render.PLAN_TOPIC, text, facts.comments)
    return Carried(Report((), plan.problems), config.value, known=facts.comments, told=True)


async def on_plan_asked(means: Means, pull: PullRequest) -> bool:
    """Comments what merging `pull` would promote; whether it could be planned. The commit status is left pending.

    Component files are read at its head; a fork's are not (N26).
    """
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
    return not failed


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
    means: Means, pull: PullRequest, ground: Ground, valid: Valid[Config], facts: Facts, routes: Routes
) -> Carried:
    """Every promotion is tried, whatever became of the others (N14); what time may heal is raised at the end."""
    config = valid.value
    trigger = Trigger(pull.number, pull.head_ref, pull.author, _remembered(pull), pull.title)
    around = Around(neighbours.read(facts.open_pulls), ground.newest, pull.merge_commit)
    one = carry.One(means, ground, config, facts, trigger, around)
    results: list[Result] = []
    unwell: list[TelefonistkaError] = []
    for promotion, graft in zip(facts.decision.plan.promotions, facts.decision.grafts, strict=True):
        branch = draft.branch(trigger.number, trigger.head_ref, promotion.targets, promotion.branch_suffix)
        try:
            came = await one.opened(promotion, graft, branch)
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
        raise landed.latest(unwell)
    await carry.tell_emptied(means, ground, around.near)
    sync = {target: source for each in facts.decision.plan.promotions for target, source in each.sync.items()}
    await carry.hold_back_outdated(means, config, ground, around.near, sync)
    report = Report(tuple(results), (*valid.warnings, *facts.decision.plan.problems), routes.passed_over)
    return Carried(report, config, ground.pin, facts.comments)


def _remembered(pull: PullRequest) -> Metadata | None:
    try:
        return metadata.read(pull.body)
    except metadata.Broken as error:
        log.warning("metadata ignored", reason=str(error))
        return None
