"""A merged pull request becomes promotion pull requests: gather, decide, act."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from telefonistka_py.config import read
from telefonistka_py.config.model import Config
from telefonistka_py.config.problem import Invalid, Problem, Valid
from telefonistka_py.errors import OperatorMistake, RepoMistake, TelefonistkaError, WorldUnwell
from telefonistka_py.events.model import PullRequest
from telefonistka_py.feedback import comments
from telefonistka_py.feedback.status import State, Status
from telefonistka_py.github.facts import Existing, File, Pin
from telefonistka_py.github.failure import Refused
from telefonistka_py.github.repository import Repository, together
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import decide, draft, metadata, outcome, plan, render, route
from telefonistka_py.promotion.decide import Decision
from telefonistka_py.promotion.model import Draft, Metadata, Promotion, Routes, Trigger
from telefonistka_py.promotion.outcome import Failed, Level, Opened, Outcome, Report, Result, Skipped, Standing
from telefonistka_py.pulls import flow as pulls
from telefonistka_py.pulls import opening
from telefonistka_py.templates import Templates
from telefonistka_py.tree import difference
from telefonistka_py.tree.graft import Graft
from telefonistka_py.tree.model import Entry, Mode, ancestors
from telefonistka_py.tree.reading import Trees

log = structlog.get_logger()


@dataclass(frozen=True)
class _Facts:
    """All that the decision and the effects rest on, read at one pinned commit."""

    pin: Pin
    decision: Decision
    existing: dict[str, Existing]


async def on_merged(repo: Repository, pull: PullRequest, templates: Templates, status: Status) -> str:
    """Promotes what `pull` changed; returns in a line what came of it.

    Raises `WorldUnwell` when something could not be read or done that may be later: everything done so far is found
    again by the next attempt. Mistakes of the repository's author are told on the pull request.
    """
    report = await _promoted(repo, pull, templates, status)
    if report.worth_a_comment:
        await comments.keep(repo, pull.number, render.TOPIC, render.report(report, templates))
    await status.post(State.ERROR if report.failed else State.SUCCESS)
    return outcome.in_a_line(report)


async def on_given_up(repo: Repository, pull: PullRequest, templates: Templates, status: Status, why: str) -> None:
    """Tells that no further attempt is made (N15)."""
    report = Report((), mistake=f"{why}. A redelivery of the webhook tries again")
    await comments.keep(repo, pull.number, render.TOPIC, render.report(report, templates))
    await status.post(State.ERROR)


async def _promoted(repo: Repository, pull: PullRequest, templates: Templates, status: Status) -> Report:
    trees = Trees()
    (pin, file), paths = await _first_round(repo, pull, trees, status)
    if pin.branch != pull.base_ref:
        return Report((), passed_over=())
    if pull.merge_commit and not await repo.contains(pin.commit, pull.merge_commit):
        raise WorldUnwell(f"GitHub shows {pin.branch} as it was before #{pull.number} was merged")
    config = _config(file)
    if isinstance(config, Invalid):
        return Report((), config.problems, mistake="telefonistka.yaml can't be used")
    try:
        if paths is None:
            paths = await _compared(repo, pull, trees)
        routes = route.find(config.value, paths, frozenset(pull.labels))
        for passed in routes.passed_over:
            log.info("flow not used", component=passed.component, flow=passed.source_path, reason=passed.reason)
        if not routes.lots:
            return Report((), passed_over=routes.passed_over)
        facts = await _gathered(repo, pin, trees, routes, pull)
    except RepoMistake as error:
        return Report((), mistake=str(error))
    trigger = Trigger(pull.number, pull.head_ref, pull.author, _remembered(pull))
    promotions = facts.decision.plan.promotions
    drafts = [draft.write(promotion, trigger, config.value.labels, templates) for promotion in promotions]
    return await _carried_out(repo, facts, drafts, routes)


async def _first_round(
    repo: Repository, pull: PullRequest, trees: Trees, status: Status
) -> tuple[tuple[Pin, File | None], list[RepoPath] | None]:
    """What needs nothing else first goes out at once."""
    pinned = asyncio.create_task(repo.pin(trees))
    paths = asyncio.create_task(repo.changed_paths(pull.number, pull.changed_files))
    pending = asyncio.create_task(status.post(State.PENDING))
    await together((pinned, paths, pending))
    return pinned.result(), paths.result()


def _config(file: File | None) -> Valid[Config] | Invalid:
    """No file at all means that nothing is configured, which is no mistake."""
    if file is None:
        return Valid(Config())
    if file.content is None or file.entry.mode not in (Mode.FILE, Mode.EXECUTABLE):
        return Invalid((Problem(read.ROOT, "", None, None, f"must be a plain file, not a {file.entry.kind}"),))
    return read.root(file.content)


async def _compared(repo: Repository, pull: PullRequest, trees: Trees) -> list[RepoPath]:
    """The changed files of a pull request too large for GitHub's list: the two trees, walked where they differ."""
    fork = await repo.merge_base(pull.base_sha, pull.head_sha)
    before, after = (Entry(Mode.DIRECTORY, tree) for tree in await repo.trees_of([fork, pull.head_sha]))
    found = await repo.walk(trees, lambda reader: list(difference.differences(reader, before, after, RepoPath(""))))
    return [difference.path for difference in found]


async def _gathered(repo: Repository, pin: Pin, trees: Trees, routes: Routes, pull: PullRequest) -> _Facts:
    """One look at everything the routes touch; more only where directories lie deeper than one query reaches."""
    sources = {changed.path for lot in routes.lots for changed in lot.components}
    targets = {changed.within(target) for lot in routes.lots for changed in lot.components for target in lot.targets}
    deep = sources | targets
    flat = {directory for path in deep for directory in ancestors(path) if directory} - deep
    texts, existing = await repo.look(
        pin,
        trees,
        flat=sorted(flat),
        deep=sorted(deep),
        files=sorted(plan.component_file(source) for source in sources),
        branches=_branches(pull, routes),
    )
    entries = await repo.walk(trees, lambda reader: decide.component_files(reader, pin.tree, routes))
    files = {
        component: decide.read_component(
            component, entry, await repo.content(texts.get(plan.component_file(component)), entry)
        )
        for component, entry in entries.items()
    }
    decision = await repo.walk(trees, lambda reader: decide.on(reader, pin.tree, routes, files))
    return _Facts(pin, decision, existing)


def _branches(pull: PullRequest, routes: Routes) -> list[str]:
    """The branch of each lot, in the order of the lots."""
    return [draft.branch(pull.number, pull.head_ref, lot.targets, lot.branch_suffix) for lot in routes.lots]


def _remembered(pull: PullRequest) -> Metadata | None:
    try:
        return metadata.read(pull.body)
    except metadata.Broken as error:
        log.warning("metadata ignored", reason=str(error))
        return None


async def _carried_out(repo: Repository, facts: _Facts, drafts: Iterable[Draft], routes: Routes) -> Report:
    """Every promotion is tried, whatever became of the others (N14); what time may heal is raised at the end."""
    results: list[Result] = []
    unwell: list[TelefonistkaError] = []
    for promotion, graft, wanted in zip(facts.decision.plan.promotions, facts.decision.grafts, drafts, strict=True):
        try:
            came = await _one(repo, facts, promotion, graft, wanted)
        except (WorldUnwell, OperatorMistake) as error:
            unwell.append(error)
            log.warning("promotion not finished", branch=wanted.branch, reason=str(error))
            if getattr(error, "retry_at", None):
                break  # a limit holds for the rest too: more requests would only prolong it
            continue
        except (RepoMistake, Refused, pulls.WrongTree) as error:
            came = Failed(str(error))
        log.info("promotion", branch=wanted.branch, outcome=outcome.word(came))
        results.append(Result(promotion, came))
    if unwell:
        raise unwell[0]
    return Report(tuple(results), facts.decision.plan.problems, routes.passed_over)


async def _one(repo: Repository, facts: _Facts, promotion: Promotion, graft: Graft, wanted: Draft) -> Outcome:
    for skip in promotion.skips:
        log.info("target skipped", component=skip.component, target=skip.target, reason=skip.reason)
    asked = pulls.Wanted(**vars(wanted))
    found = opening.decide(facts.existing[wanted.branch], graft, facts.pin, wanted.labels, wanted.commit_message)
    match found:
        case opening.Standing():
            if found.missing_labels:
                await pulls.complete(repo, asked, found)
            return Standing(found.pull.number, found.pull.state)
        case opening.Level():
            return Level() if promotion.sync else Skipped()
        case opening.Refuse():
            return Failed(f"{wanted.branch}: {found.why}")
        case opening.Make():
            return Opened(await pulls.make(repo, facts.pin, graft, asked, found))
